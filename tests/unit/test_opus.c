#include "codecs/acodec.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <opus.h>
#include <string.h>

enum { RATE_HZ = 48000, FRAME = 960, FRAMES = 150, TOTAL = FRAMES * FRAME, MAX_DELAY = 480 };

static const struct acodec *const c = &acodec_opus;
static const struct acodec_params defaults = {.ptime_ms = 20, .channels = 1, .complexity = 5};

struct packet {
    uint8_t data[ACODEC_MAX_PACKET_BYTES];
    int len;
};

static struct acodec_enc *encoder(const struct acodec_params *p)
{
    struct acodec_enc *e = NULL;
    cr_assert_eq(c->enc_create(&e, p), 0);
    return e;
}

static struct acodec_dec *decoder(void)
{
    struct acodec_dec *d = NULL;
    cr_assert_eq(c->dec_create(&d), 0);
    return d;
}

/* Seconds of speech as packets; returns how many. */
static size_t encode_speech(
    const struct acodec_params *params, const int16_t *pcm, struct packet *out, size_t frames)
{
    struct acodec_enc *e = encoder(params);
    size_t n = params->ptime_ms * 48, count = frames * FRAME / n;
    for (size_t i = 0; i < count; i++) {
        out[i].len = c->encode(e, pcm + i * n, n, out[i].data, sizeof out[i].data);
        cr_assert_geq(out[i].len, 0);
    }
    c->enc_destroy(e);
    return count;
}

/* A packet of one frame, straight from libopus, so that every mode and size is met. */
static int raw_packet(int application, int bandwidth, int samples, int channels, uint8_t *out)
{
    static int16_t pcm[2 * ACODEC_MAX_SAMPLES];
    int err;
    OpusEncoder *st = opus_encoder_create(RATE_HZ, channels, application, &err);
    cr_assert_eq(err, OPUS_OK);
    signal_speech(pcm, (size_t)(samples * channels), RATE_HZ, 3);
    opus_encoder_ctl(st, OPUS_SET_BANDWIDTH(bandwidth));
    opus_encoder_ctl(st, OPUS_SET_BITRATE(32000));
    int len = opus_encode(st, pcm, samples, out, 1275);
    opus_encoder_destroy(st);
    return len;
}

Test(opus, decodes_every_mode_and_frame_size)
{
    const int applications[] = {
        OPUS_APPLICATION_VOIP, OPUS_APPLICATION_AUDIO, OPUS_APPLICATION_RESTRICTED_LOWDELAY};
    const int bandwidths[] = {OPUS_BANDWIDTH_NARROWBAND, OPUS_BANDWIDTH_MEDIUMBAND,
        OPUS_BANDWIDTH_WIDEBAND, OPUS_BANDWIDTH_SUPERWIDEBAND, OPUS_BANDWIDTH_FULLBAND};
    const int sizes[] = {120, 240, 480, 960, 1920, 2880, 3840, 4800, 5760};
    unsigned seen = 0;
    struct acodec_dec *d = decoder();
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 5; b++)
            for (size_t s = 0; s < 9; s++)
                for (int channels = 1; channels <= 2; channels++) {
                    uint8_t data[1275];
                    int16_t pcm[ACODEC_MAX_SAMPLES];
                    int len = raw_packet(applications[a], bandwidths[b], sizes[s], channels, data);
                    cr_assert_gt(len, 2);
                    cr_expect_eq(c->packet_samples(data, (size_t)len), sizes[s]);
                    cr_expect_eq(c->decode(d, data, (size_t)len, pcm, ACODEC_MAX_SAMPLES), sizes[s],
                        "TOC 0x%02x, %d samples", data[0], sizes[s]);
                    seen |= 1U << (data[0] >> 3);
                }
    c->dec_destroy(d);
    cr_expect(seen & 0xfff, "SILK");
    cr_expect(seen & 0xf000, "hybrid");
    cr_expect(seen & 0xffff0000U, "CELT");
}

/* Every configuration of the TOC byte with codes 0 to 3: only the framing matters here. */
Test(opus, knows_the_duration_of_every_toc)
{
    const int silk[] = {480, 960, 1920, 2880}, hybrid[] = {480, 960}, celt[] = {120, 240, 480, 960};
    for (unsigned toc = 0; toc < 256; toc++) {
        unsigned config = toc >> 3;
        int frame = config < 12   ? silk[config % 4]
                    : config < 16 ? hybrid[config % 2]
                                  : celt[config % 4];
        for (unsigned count = 0; count < 64; count++) {
            const uint8_t packet[200] = {(uint8_t)toc, (uint8_t)count};
            unsigned frames = (toc & 3) == 0 ? 1 : (toc & 3) < 3 ? 2 : count;
            int want = frames == 0 || frame * (int)frames > ACODEC_MAX_SAMPLES
                           ? -EINVAL
                           : frame * (int)frames;
            cr_assert_eq(
                c->packet_samples(packet, sizeof packet), want, "TOC %u, %u frames", toc, frames);
        }
    }
    cr_expect_eq(c->packet_samples((const uint8_t *)"\3", 1), -EINVAL, "no frame count");
}

Test(opus, keeps_speech_at_its_level)
{
    static int16_t pcm[TOTAL + MAX_DELAY], got[TOTAL + MAX_DELAY];
    static struct packet packets[FRAMES * 2];
    const uint32_t times_ms[] = {10, 20, 40, 60};
    const struct {
        uint32_t bitrate_bps;
        double likeness;
    } rates[] = {{12000, 0.75}, {0, 0.85}, {64000, 0.95}};
    signal_speech(pcm, TOTAL, RATE_HZ, 1);
    for (size_t t = 0; t < 4; t++)
        for (size_t r = 0; r < 3; r++) {
            struct acodec_params p = defaults;
            p.ptime_ms = times_ms[t];
            p.bitrate_bps = rates[r].bitrate_bps;
            size_t n = p.ptime_ms * 48, count = encode_speech(&p, pcm, packets, FRAMES);
            struct acodec_dec *d = decoder();
            size_t bytes = 0;
            for (size_t i = 0; i < count; i++) {
                bytes += (size_t)packets[i].len;
                cr_assert_eq(
                    c->decode(d, packets[i].data, (size_t)packets[i].len, got + i * n, n), (int)n);
            }
            c->dec_destroy(d);
            size_t from = 20 * FRAME, span = 100 * FRAME;
            size_t delay = signal_delay(pcm + from, got + from, span / 4, MAX_DELAY);
            cr_expect_leq(delay, 360, "%zu samples", delay);
            double likeness = signal_correlation(pcm + from, got + from + delay, span);
            cr_expect_gt(likeness, rates[r].likeness, "%u ms, %u bit/s: %.3f", p.ptime_ms,
                p.bitrate_bps, likeness);
            double level = signal_rms(got + from, span) / signal_rms(pcm + from, span);
            cr_expect(level > 0.8 && level < 1.2, "level %.2f", level);
            double bps = (double)bytes * 8 * RATE_HZ / TOTAL;
            double asked = p.bitrate_bps ? p.bitrate_bps : 24000;
            cr_expect(bps > asked * 0.5 && bps < asked * 1.35, "%.0f bit/s, not %.0f", bps, asked);
        }
}

Test(opus, cbr_packets_are_of_one_size)
{
    static int16_t pcm[TOTAL];
    static struct packet packets[FRAMES];
    struct acodec_params p = defaults;
    signal_speech(pcm, TOTAL, RATE_HZ, 2);
    for (int cbr = 0; cbr < 2; cbr++) {
        p.cbr = cbr;
        size_t count = encode_speech(&p, pcm, packets, FRAMES), odd = 0;
        for (size_t i = 1; i < count; i++)
            odd += packets[i].len != packets[0].len;
        cr_expect(cbr ? odd == 0 : odd > count / 2, "cbr %d: %zu of another size", cbr, odd);
        if (cbr)
            cr_expect_eq(packets[0].len, 60);
    }
}

static bool max_bandwidth_is(uint32_t playback_hz, uint32_t bitrate_bps, int want)
{
    static int16_t pcm[TOTAL];
    static struct packet packets[FRAMES];
    struct acodec_params p = defaults;
    p.max_playback_hz = playback_hz;
    p.bitrate_bps = bitrate_bps;
    signal_noise(pcm, TOTAL, 3000, 2);
    size_t count = encode_speech(&p, pcm, packets, FRAMES);
    int widest = 0;
    for (size_t i = 0; i < count; i++) {
        int got = opus_packet_get_bandwidth(packets[i].data);
        widest = got > widest ? got : widest;
    }
    return widest == want;
}

Test(opus, heeds_what_the_peer_can_play)
{
    cr_expect(max_bandwidth_is(8000, 64000, OPUS_BANDWIDTH_NARROWBAND));
    cr_expect(max_bandwidth_is(12000, 64000, OPUS_BANDWIDTH_MEDIUMBAND));
    cr_expect(max_bandwidth_is(16000, 64000, OPUS_BANDWIDTH_WIDEBAND));
    cr_expect(max_bandwidth_is(24000, 64000, OPUS_BANDWIDTH_SUPERWIDEBAND));
    cr_expect(max_bandwidth_is(48000, 64000, OPUS_BANDWIDTH_FULLBAND));
    cr_expect(max_bandwidth_is(0, 64000, OPUS_BANDWIDTH_FULLBAND));
}

Test(opus, dtx_sends_nothing_in_silence)
{
    static int16_t pcm[TOTAL];
    struct acodec_params p = defaults;
    uint8_t packet[ACODEC_MAX_PACKET_BYTES];
    signal_speech(pcm, TOTAL / 2, RATE_HZ, 2);
    for (int dtx = 0; dtx < 2; dtx++) {
        p.dtx = dtx;
        struct acodec_enc *e = encoder(&p);
        int silent = 0;
        for (size_t i = 0; i < FRAMES; i++) {
            int len = c->encode(e, pcm + i * FRAME, FRAME, packet, sizeof packet);
            cr_assert(len == 0 || len > 2);
            silent += len == 0;
        }
        c->enc_destroy(e);
        cr_expect(
            dtx ? silent > 40 : silent == 0, "dtx %d: %d of %d not sent", dtx, silent, FRAMES);
    }
}

Test(opus, adapts_while_running)
{
    static int16_t pcm[TOTAL];
    uint8_t packet[ACODEC_MAX_PACKET_BYTES];
    struct acodec_params p = defaults;
    signal_speech(pcm, TOTAL, RATE_HZ, 2);
    struct acodec_enc *e = encoder(&p);
    const uint32_t rates[] = {16000, 64000, 12000};
    double bps[3] = {0};
    for (size_t r = 0; r < 3; r++) {
        p.bitrate_bps = rates[r];
        c->enc_adapt(e, &p);
        for (size_t i = r * 50; i < r * 50 + 50; i++)
            bps[r] += c->encode(e, pcm + i * FRAME, FRAME, packet, sizeof packet) * 8;
        cr_expect(bps[r] > rates[r] * 0.6 && bps[r] < rates[r] * 1.4, "%.0f bit/s", bps[r]);
    }
    p.bitrate_bps = UINT32_MAX;
    p.complexity = p.loss_percent = 255;
    c->enc_adapt(e, &p);
    cr_expect_gt(c->encode(e, pcm, FRAME, packet, sizeof packet), 0, "clamped, not refused");
    c->enc_destroy(e);
}

Test(opus, a_copied_encoder_goes_on_as_the_original)
{
    static int16_t pcm[TOTAL];
    struct packet a, b;
    struct acodec_params other = defaults;
    other.bitrate_bps = 40000;
    signal_speech(pcm, TOTAL, RATE_HZ, 4);
    struct acodec_enc *from = encoder(&defaults), *same = encoder(&defaults),
                      *rich = encoder(&other);
    for (size_t i = 0; i < 60; i++)
        c->encode(from, pcm + i * FRAME, FRAME, a.data, sizeof a.data);
    c->enc_copy(same, from);
    c->enc_copy(rich, from);
    int total = 0, rich_total = 0;
    for (size_t i = 60; i < FRAMES; i++) {
        a.len = c->encode(from, pcm + i * FRAME, FRAME, a.data, sizeof a.data);
        b.len = c->encode(same, pcm + i * FRAME, FRAME, b.data, sizeof b.data);
        cr_assert_gt(a.len, 0);
        cr_assert(a.len == b.len && memcmp(a.data, b.data, (size_t)a.len) == 0, "frame %zu", i);
        total += a.len;
        rich_total += c->encode(rich, pcm + i * FRAME, FRAME, b.data, sizeof b.data);
    }
    cr_expect_gt(rich_total, total * 1.2, "keeps its own bitrate");
    c->enc_destroy(from);
    c->enc_destroy(same);
    c->enc_destroy(rich);
}

/* --- in-band FEC ------------------------------------------------------------------------------ */
static size_t with_fec(const struct packet *packets, size_t count)
{
    size_t n = 0;
    int16_t pcm[2 * ACODEC_MAX_SAMPLES];
    for (size_t i = 0; i < count; i++) {
        struct acodec_dec *d = decoder();
        size_t samples = (size_t)c->packet_samples(packets[i].data, (size_t)packets[i].len);
        int got = c->decode_fec(d, packets[i].data, (size_t)packets[i].len, pcm, samples);
        cr_assert(got == -ENOENT || got == (int)samples);
        n += got > 0;
        c->dec_destroy(d);
    }
    return n;
}

Test(opus, knows_which_packets_carry_fec)
{
    static int16_t pcm[TOTAL];
    static struct packet packets[FRAMES * 2];
    const uint32_t times_ms[] = {10, 20, 40, 60};
    signal_speech(pcm, TOTAL, RATE_HZ, 1);
    for (size_t t = 0; t < 4; t++) {
        struct acodec_params p = defaults;
        p.ptime_ms = times_ms[t];
        size_t count = encode_speech(&p, pcm, packets, FRAMES);
        cr_expect_eq(with_fec(packets, count), 0, "%u ms without FEC", p.ptime_ms);
        p.fec = true;
        count = encode_speech(&p, pcm, packets, FRAMES);
        cr_expect_eq(with_fec(packets, count), 0, "%u ms, no loss to guard against", p.ptime_ms);
        p.loss_percent = 20;
        count = encode_speech(&p, pcm, packets, FRAMES);
        size_t n = with_fec(packets, count);
        cr_expect_gt(n, count / 3, "%u ms: %zu of %zu packets", p.ptime_ms, n, count);
        p.bitrate_bps = 128000; /* CELT has none */
        count = encode_speech(&p, pcm, packets, FRAMES);
        for (size_t i = 0; i < count; i++)
            if (packets[i].data[0] & 0x80)
                cr_expect_eq(with_fec(&packets[i], 1), 0);
    }
}

/* Decodes with packet `lost` missing, made up by FEC or by concealment; returns how much the gap is
 * like the original. */
static double likeness_of_gap(
    const struct packet *packets, const int16_t *whole, size_t lost, size_t n, bool fec)
{
    static int16_t got[TOTAL];
    struct acodec_dec *d = decoder();
    for (size_t i = 0; i <= lost; i++) {
        const struct packet *next = &packets[i + 1];
        int made = i < lost ? c->decode(d, packets[i].data, (size_t)packets[i].len, got + i * n, n)
                   : fec    ? c->decode_fec(d, next->data, (size_t)next->len, got + i * n, n)
                            : c->conceal(d, got + i * n, n);
        cr_assert_eq(made, (int)n, "packet %zu: %d", i, made);
    }
    c->dec_destroy(d);
    return signal_correlation(whole + lost * n, got + lost * n, n);
}

Test(opus, fec_restores_what_concealment_cannot)
{
    static int16_t pcm[TOTAL], whole[TOTAL];
    static struct packet packets[FRAMES];
    struct acodec_params p = defaults;
    p.fec = true;
    p.loss_percent = 20;
    signal_speech(pcm, TOTAL, RATE_HZ, 1);
    const uint32_t times_ms[] = {20, 60};
    for (size_t t = 0; t < 2; t++) {
        p.ptime_ms = times_ms[t];
        size_t n = p.ptime_ms * 48, count = encode_speech(&p, pcm, packets, FRAMES), gaps = 0;
        struct acodec_dec *d = decoder();
        for (size_t i = 0; i < count; i++)
            c->decode(d, packets[i].data, (size_t)packets[i].len, whole + i * n, n);
        c->dec_destroy(d);
        double fec = 0, plain = 0;
        for (size_t lost = 5; lost + 1 < count; lost += 3) {
            if (!with_fec(&packets[lost + 1], 1))
                continue;
            fec += likeness_of_gap(packets, whole, lost, n, true);
            plain += likeness_of_gap(packets, whole, lost, n, false);
            gaps++;
        }
        cr_assert_gt(gaps, 5);
        fec /= (double)gaps;
        plain /= (double)gaps;
        cr_expect_gt(fec, 0.7, "%u ms: FEC %.3f", p.ptime_ms, fec);
        cr_expect_gt(fec, plain + 0.1, "%u ms: FEC %.3f, concealment %.3f", p.ptime_ms, fec, plain);
    }
}

Test(opus, fec_gives_the_end_of_a_longer_frame)
{
    static int16_t pcm[TOTAL], all[2880], end[960], more[5760];
    static struct packet packets[FRAMES];
    struct acodec_params p = defaults;
    p.ptime_ms = 60;
    p.fec = true;
    p.loss_percent = 20;
    signal_speech(pcm, TOTAL, RATE_HZ, 1);
    size_t count = encode_speech(&p, pcm, packets, FRAMES), i = 1;
    while (i < count && !with_fec(&packets[i], 1))
        i++;
    cr_assert_lt(i, count);
    size_t len = (size_t)packets[i].len;
    struct acodec_dec *d = decoder();
    cr_assert_eq(c->decode_fec(d, packets[i].data, len, all, 2880), 2880);
    c->dec_destroy(d);
    d = decoder();
    cr_assert_eq(c->decode_fec(d, packets[i].data, len, end, 960), 960);
    cr_expect_eq(memcmp(end, all + 1920, sizeof end), 0);
    c->dec_destroy(d);
    d = decoder();
    cr_expect_eq(c->decode_fec(d, packets[i].data, len, more, 3001), 3001, "longer and odd");
    cr_expect_gt(signal_correlation(all, more + 121, 2880), 0.99);
    cr_expect_eq(c->decode_fec(d, packets[i].data, len, more, 0), -ENOENT);
    cr_expect_eq(c->decode_fec(d, packets[i].data, 1, more, 960), -ENOENT);
    c->dec_destroy(d);
}

Test(opus, no_fec_after_celt)
{
    static int16_t pcm[TOTAL], out[FRAME];
    static struct packet packets[FRAMES];
    struct acodec_params p = defaults;
    uint8_t celt[1275];
    p.fec = true;
    p.loss_percent = 20;
    signal_speech(pcm, TOTAL, RATE_HZ, 1);
    size_t count = encode_speech(&p, pcm, packets, FRAMES), i = 1;
    while (i < count && !with_fec(&packets[i], 1))
        i++;
    cr_assert_lt(i, count);
    int len =
        raw_packet(OPUS_APPLICATION_RESTRICTED_LOWDELAY, OPUS_BANDWIDTH_FULLBAND, FRAME, 1, celt);
    struct acodec_dec *d = decoder();
    cr_assert_eq(c->decode(d, celt, (size_t)len, out, FRAME), FRAME);
    cr_expect_eq(c->decode_fec(d, packets[i].data, (size_t)packets[i].len, out, FRAME), -ENOENT);
    c->dec_destroy(d);
}

Test(opus, conceals_and_comes_back)
{
    static int16_t pcm[TOTAL], got[TOTAL];
    static struct packet packets[FRAMES];
    signal_tone(pcm, TOTAL, RATE_HZ, 300, 8000, 0);
    size_t count = encode_speech(&defaults, pcm, packets, FRAMES);
    struct acodec_dec *d = decoder();
    for (size_t i = 0; i < count; i++) {
        int16_t *at = got + i * FRAME;
        int n = i % 10 == 5 ? c->conceal(d, at, FRAME)
                            : c->decode(d, packets[i].data, (size_t)packets[i].len, at, FRAME);
        cr_assert_eq(n, FRAME);
    }
    c->dec_destroy(d);
    double level = signal_rms(got + 15 * FRAME, FRAME) / signal_rms(got + 14 * FRAME, FRAME);
    cr_expect(level > 0.7 && level < 1.2, "%.2f", level);
    cr_expect_lt(signal_max_step(got, TOTAL), 3 * signal_max_step(pcm, TOTAL));
}
