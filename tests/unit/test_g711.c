#include "codecs/acodec.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { ALL = 65536, FRAME = 480 };

/* ITU-T G.711 in its own terms: chords of a logarithmic curve, in units of a 14-bit (mu) or 13-bit
 * (A) number, here scaled to 16 bits. */
static int ulaw_value(int code)
{
    int chord = ~code >> 4 & 7, step = ~code & 15;
    int magnitude = 4 * ((2 * step + 33) * (1 << chord) - 33);
    return code & 0x80 ? magnitude : -magnitude;
}

static int alaw_value(int code)
{
    int chord = (code ^ 0x55) >> 4 & 7, step = (code ^ 0x55) & 15;
    int magnitude = 8 * (chord == 0 ? 2 * step + 1 : (2 * step + 33) * (1 << (chord - 1)));
    return code & 0x80 ? magnitude : -magnitude;
}

static void decode_all(const struct acodec *c, int16_t pcm[static 256])
{
    uint8_t codes[256];
    struct acodec_dec *d = NULL;
    for (int i = 0; i < 256; i++)
        codes[i] = (uint8_t)i;
    cr_assert_eq(c->dec_create(&d), 0);
    cr_assert_eq(c->decode(d, codes, 256, pcm, 256), 256);
    c->dec_destroy(d);
}

Test(g711, every_code_has_the_value_the_law_defines)
{
    int16_t u[256], a[256];
    decode_all(&acodec_pcmu, u);
    decode_all(&acodec_pcma, a);
    for (int i = 0; i < 256; i++) {
        cr_expect_eq(u[i], ulaw_value(i), "mu-law 0x%02x: %d", i, u[i]);
        cr_expect_eq(a[i], alaw_value(i), "A-law 0x%02x: %d", i, a[i]);
    }
    cr_expect_eq(u[0x80], 32124);
    cr_expect_eq(u[0x00], -32124);
    cr_expect_eq(u[0xff], 0);
    cr_expect_eq(a[0xaa], 32256);
    cr_expect_eq(a[0x2a], -32256);
    cr_expect_eq(a[0xd5], 8);
    cr_expect_eq(a[0x55], -8);
}

/* All 16-bit samples as codes. */
static void encode_all(const struct acodec *c, uint8_t codes[static ALL])
{
    const struct acodec_params p = {.ptime_ms = 60, .channels = 1};
    struct acodec_enc *e = NULL;
    int16_t pcm[FRAME] = {0};
    uint8_t out[FRAME];
    cr_assert_eq(c->enc_create(&e, &p), 0);
    for (int from = 0; from < ALL; from += FRAME) {
        int n = ALL - from < FRAME ? ALL - from : FRAME;
        for (int i = 0; i < n; i++)
            pcm[i] = (int16_t)(from + i - 32768);
        cr_assert_eq(c->encode(e, pcm, FRAME, out, FRAME), FRAME);
        for (int i = 0; i < n; i++)
            codes[from + i] = out[i];
    }
    c->enc_destroy(e);
}

/* Half of the interval that a code stands for: its value is the middle (G.711, tables 1 and 2). */
static int half_step(const struct acodec *c, int code)
{
    if (c == &acodec_pcmu)
        return 4 << (~code >> 4 & 7);
    int chord = (code ^ 0x55) >> 4 & 7;
    return 8 << (chord == 0 ? 0 : chord - 1);
}

static void expect_in_interval(const struct acodec *c, int loudest)
{
    static uint8_t codes[ALL];
    int16_t value[256];
    encode_all(c, codes);
    decode_all(c, value);
    for (int x = -32768; x < 32768; x++) {
        int code = codes[x + 32768], error = abs(abs(value[code]) - abs(x));
        if (abs(x) > loudest)
            cr_assert_eq(abs(value[code]), abs(value[codes[65535]]), "%s: %d clips", c->name, x);
        else
            cr_assert_leq(error, half_step(c, code), "%s: %d became %d", c->name, x, value[code]);
        cr_assert(x < 0 ? value[code] <= 0 : value[code] >= 0, "%s: sign of %d", c->name, x);
    }
}

Test(g711, every_sample_gets_the_code_of_its_interval)
{
    expect_in_interval(&acodec_pcmu, 32635);
    expect_in_interval(&acodec_pcma, 32767);
}

Test(g711, codes_survive_decoding_and_encoding)
{
    const struct acodec *laws[] = {&acodec_pcmu, &acodec_pcma};
    for (int l = 0; l < 2; l++) {
        static uint8_t codes[ALL];
        int16_t value[256];
        encode_all(laws[l], codes);
        decode_all(laws[l], value);
        for (int i = 0; i < 256; i++)
            if (laws[l] == &acodec_pcma || i != 0x7f) /* mu-law has two zeros */
                cr_expect_eq(codes[value[i] + 32768], i, "%s 0x%02x", laws[l]->name, i);
    }
}

Test(g711, speech_and_tones_keep_36_db)
{
    const struct acodec *laws[] = {&acodec_pcmu, &acodec_pcma};
    const struct acodec_params p = {.ptime_ms = 20, .channels = 1};
    static int16_t speech[8000], tone[8000], got[8000];
    uint8_t packet[160];
    signal_speech(speech, 8000, 8000, 1);
    signal_tone(tone, 8000, 8000, 1004, 10000, 0);
    for (int l = 0; l < 4; l++) {
        const struct acodec *c = laws[l / 2];
        const int16_t *pcm = l % 2 ? tone : speech;
        struct acodec_enc *e = NULL;
        struct acodec_dec *d = NULL;
        cr_assert_eq(c->enc_create(&e, &p), 0);
        cr_assert_eq(c->dec_create(&d), 0);
        for (int i = 0; i < 8000; i += 160) {
            cr_assert_eq(c->encode(e, pcm + i, 160, packet, sizeof packet), 160);
            cr_assert_eq(c->decode(d, packet, 160, got + i, 160), 160);
        }
        double snr = signal_snr_db(pcm, got, 8000);
        cr_expect_gt(snr, 36, "%s: %.1f dB", c->name, snr);
        c->enc_destroy(e);
        c->dec_destroy(d);
    }
}
