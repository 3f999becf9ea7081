#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool accepts_opus(const char *fmtp, const void *impl)
{
    (void)impl;
    return !strstr(fmtp, "refuse-me");
}

static int print_opus(char *buf, size_t cap, uint32_t max_bps, const void *impl)
{
    if (max_bps)
        return snprintf(buf, cap, "useinbandfec=%s;maxaveragebitrate=%u", (const char *)impl,
            (unsigned)max_bps);
    return snprintf(buf, cap, "useinbandfec=%s", (const char *)impl);
}

const struct answer_codec answering_codecs[ANSWERING_CODECS] = {
    {.name = "opus",
        .clock_hz = 48000,
        .channels = 2,
        .impl = "1",
        .accepts = accepts_opus,
        .print_fmtp = print_opus},
    {.name = "L16", .clock_hz = 48000, .channels = 1, .max_ptime_ms = 10},
    {.name = "G722", .clock_hz = 8000, .channels = 1},
    {.name = "PCMA", .clock_hz = 8000, .channels = 1},
    {.name = "PCMU", .clock_hz = 8000},
};

static uint8_t next_byte;
static int counting_bytes(void *buf, size_t n, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)buf)[i] = next_byte++;
    return 0;
}

struct answer_config answering_config(void)
{
    struct answer_config c = {
        .rtcp_port = 20001,
        .rtcp_mux = true,
        .codecs = answering_codecs,
        .n_codecs = ANSWERING_CODECS,
        .telephone_event = true,
        .comfort_noise = true,
        .srtp = ANSWER_SRTP_PREFER,
        .audio_level = true,
        .random = counting_bytes,
    };
    net_addr_parse(&c.local, "192.0.2.1", 20000);
    return c;
}

struct answer *answering(const char *offer, struct answer_config cfg, const struct answer *prev)
{
    struct answer *a = NULL;
    struct sdp_error why;
    int err = answer_create(offer, strlen(offer), &cfg, prev, &a, &why);
    cr_assert_eq(err, 0, "%d, line %u: %s", err, why.line, why.text);
    return a;
}

int answering_refused(const char *offer, struct answer_config cfg, const struct answer *prev)
{
    struct answer *a = NULL;
    struct sdp_error why = {0};
    int err = answer_create(offer, strlen(offer), &cfg, prev, &a, &why);
    cr_assert_null(a, "%s", a ? answer_sdp(a) : "");
    cr_assert_not_null(why.text);
    return err;
}

static bool has_line(const struct answer *a, const char *line)
{
    char whole[512];
    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    return strstr(answer_sdp(a), whole) != NULL;
}

void answering_assert_line(const struct answer *a, const char *line)
{
    cr_assert(has_line(a, line), "no %s in\n%s", line, answer_sdp(a));
}

void answering_assert_no_line(const struct answer *a, const char *line)
{
    cr_assert_not(has_line(a, line), "%s in\n%s", line, answer_sdp(a));
}
