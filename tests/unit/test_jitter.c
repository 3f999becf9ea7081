#include "mixer/jitter/jitter.h"

#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 960, HZ = 48000, FRAME_US = 20000, T0_US = 1000000 };

static struct jitter *j;
static struct jitter_stats stats;
static int16_t pcm[FRAME];

static void setup(void)
{
    struct jitter_config cfg = {0, 0};
    cr_assert_eq(jitter_create(&j, &cfg), 0);
}

static void teardown(void)
{
    jitter_destroy(j);
}

TestSuite(jitter, .init = setup, .fini = teardown);

/* --- a sender of L16/48000 -------------------------------------------------------------------- */
static int put_pcm(uint16_t seq, uint32_t timestamp, const int16_t *x, size_t n, uint64_t at_us)
{
    uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    for (size_t i = 0; i < n; i++) {
        payload[2 * i] = (uint8_t)((uint16_t)x[i] >> 8);
        payload[2 * i + 1] = (uint8_t)x[i];
    }
    struct jitter_packet p = {
        .seq = seq,
        .timestamp = timestamp,
        .codec = &acodec_l16_48000,
        .payload = payload,
        .len = 2 * n,
        .arrival_us = at_us,
    };
    return jitter_put(j, &p);
}

/* 20 ms of a tone, continuous over i. */
static int put_tone(unsigned i, uint64_t at_us)
{
    int16_t x[FRAME];
    signal_tone(x, FRAME, HZ, 300, 8000, (uint64_t)i * FRAME);
    return put_pcm((uint16_t)i, i * FRAME, x, FRAME, at_us);
}

static int put_codec(const struct acodec *c, uint16_t seq, uint32_t timestamp, const void *payload,
    size_t len, uint64_t at_us)
{
    struct jitter_packet p = {seq, timestamp, c, payload, len, at_us, false};
    return jitter_put(j, &p);
}

static uint64_t tick_us(unsigned k)
{
    return T0_US + (uint64_t)k * FRAME_US;
}

static enum jitter_kind pull(unsigned k)
{
    enum jitter_kind kind = jitter_pull(j, tick_us(k), pcm);
    jitter_stats(j, &stats);
    return kind;
}

/* --- silence ---------------------------------------------------------------------------------- */
Test(jitter, is_silent_and_small_before_the_first_packet)
{
    size_t before = mallinfo2().uordblks;
    struct jitter_config cfg = {0, 0};
    struct jitter *other;
    cr_assert_eq(jitter_create(&other, &cfg), 0);
    cr_assert_lt(mallinfo2().uordblks - before, 1024);
    pcm[5] = 1;
    cr_assert(jitter_idle(other, T0_US));
    cr_assert_eq(jitter_pull(other, T0_US, pcm), JITTER_SILENT);
    cr_assert_eq(pcm[5], 0);
    jitter_skip(other, T0_US + FRAME_US);
    jitter_destroy(other);
    jitter_destroy(NULL);
}

Test(jitter, refuses_odd_configurations)
{
    struct jitter *other = NULL;
    struct jitter_config cfg = {300, 200};
    cr_assert_eq(jitter_create(&other, &cfg), -EINVAL);
    cfg = (struct jitter_config){0, 100000};
    cr_assert_eq(jitter_create(&other, &cfg), -EINVAL);
    cr_assert_null(other);
}

Test(jitter, fades_to_silence_and_is_idle_when_the_sender_stops)
{
    unsigned k = 0;
    for (; k < 50; k++) {
        put_tone(k, tick_us(k) - 7000);
        pull(k);
    }
    cr_assert_eq(pull(k), JITTER_CONCEALED);
    cr_assert_gt(signal_rms(pcm, FRAME), 500);
    cr_assert_not(jitter_idle(j, tick_us(k)));
    for (unsigned i = 0; i < 15; i++)
        pull(++k);
    cr_assert_eq(pull(++k), JITTER_SILENT);
    cr_assert_eq(signal_rms(pcm, FRAME), 0);
    cr_assert(jitter_idle(j, tick_us(k)));
    cr_assert_eq(stats.concealed_samples, 0, "nobody knows of a loss");
    put_tone(k, tick_us(k) + 5000);
    cr_assert_not(jitter_idle(j, tick_us(k)));
}

/* --- a clean line ----------------------------------------------------------------------------- */
Test(jitter, clean_l16_comes_out_bit_exact_at_any_phase)
{
    enum { PACKETS = 500 };
    static int16_t in[PACKETS * FRAME], out[(PACKETS + 5) * FRAME];
    signal_noise(in, PACKETS * FRAME, 5000, 9);
    for (unsigned phase_us = 100; phase_us < FRAME_US; phase_us += 900) {
        teardown();
        setup();
        for (unsigned k = 0; k < PACKETS; k++) {
            put_pcm((uint16_t)(65000 + k), 4294960000u + k * FRAME, in + k * FRAME, FRAME,
                tick_us(k) - phase_us);
            cr_assert_eq(pull(k) == JITTER_SILENT, k == 0 && phase_us < 5000);
            memcpy(out + k * FRAME, pcm, sizeof pcm);
        }
        size_t late = phase_us < 5000 ? FRAME : 0;
        cr_assert_eq(memcmp(in, out + late, (PACKETS - 2) * FRAME * sizeof *in), 0);
        cr_assert_eq(stats.inserted_samples + stats.removed_samples + stats.concealed_samples, 0);
        double mean = (double)stats.delay_sum_ms_samples / (double)stats.played_samples;
        double want = phase_us / 1000.0 + (double)late / 48;
        cr_assert_float_eq(mean, want, 0.1, "%g, not %g ms", mean, want);
    }
}

Test(jitter, packets_of_every_duration_pass_untouched)
{
    static const unsigned samples[] = {120, 240, 480, 960, 1440, 1920};
    static int16_t in[HZ * 4], out[HZ * 5];
    signal_noise(in, HZ * 4, 5000, 10);
    for (size_t d = 0; d < sizeof samples / sizeof *samples; d++) {
        unsigned n = samples[d], sent = 0;
        teardown();
        setup();
        for (unsigned k = 0; k < 200; k++) {
            for (; (uint64_t)sent * n * 1000000 / HZ <= (uint64_t)k * FRAME_US &&
                   (sent + 1) * n <= HZ * 4;
                 sent++)
                put_pcm((uint16_t)sent, sent * n, in + sent * n, n,
                    T0_US - 7000 + (uint64_t)sent * n * 1000000 / HZ);
            pull(k);
            memcpy(out + k * FRAME, pcm, sizeof pcm);
        }
        cr_assert_eq(stats.inserted_samples + stats.removed_samples + stats.concealed_samples, 0,
            "%u samples a packet", n);
        unsigned lead = 0;
        while (lead < 5 * FRAME && memcmp(in, out + lead, HZ * 3 * sizeof *in) != 0)
            lead++;
        cr_assert_leq(lead, FRAME + FRAME / 2, "%u samples a packet", n);
    }
}

Test(jitter, pulls_and_skips_take_no_memory)
{
    size_t empty = mallinfo2().uordblks;
    for (unsigned k = 0; k < 20; k++) {
        put_tone(k, tick_us(k) - 7000);
        pull(k);
    }
    size_t before = mallinfo2().uordblks;
    for (unsigned k = 20; k < 2000; k++) {
        if (k % 37 != 0 && k % 500 > 30)
            put_tone(k, tick_us(k) - 7000);
        if (k % 400 < 100)
            jitter_skip(j, tick_us(k));
        else
            pull(k);
    }
    cr_assert_eq(mallinfo2().uordblks, before);
    cr_assert_lt(before - empty, 80 * 1024);
}

Test(jitter, the_lowest_ceiling_still_plays_at_any_phase)
{
    struct jitter_config cfg = {0, 1};
    for (unsigned phase_us = 100; phase_us < FRAME_US; phase_us += 1900) {
        teardown();
        cr_assert_eq(jitter_create(&j, &cfg), 0);
        for (unsigned k = 0; k < 200; k++) {
            put_tone(k, tick_us(k) - phase_us);
            enum jitter_kind kind = pull(k);
            cr_assert(kind == JITTER_SPEECH || k == 0, "%d at %u", kind, k);
        }
        cr_assert_eq(stats.discarded, 0);
    }
}

/* --- pauses ----------------------------------------------------------------------------------- */
Test(jitter, a_pause_in_the_timestamps_is_no_loss)
{
    int16_t x[FRAME];
    unsigned seq = 0;
    for (unsigned k = 0; k < 1000; k++) {
        signal_tone(x, FRAME, HZ, 300, 8000, (uint64_t)k * FRAME);
        if (k % 100 < 60)
            put_pcm((uint16_t)seq++, k * FRAME, x, FRAME, tick_us(k) - 7000);
        enum jitter_kind kind = pull(k);
        if (k % 100 < 60)
            cr_assert_eq(kind, JITTER_SPEECH, "at %u", k);
        if (k % 100 > 80)
            cr_assert_eq(kind, JITTER_SILENT, "at %u", k);
    }
    cr_assert_eq(stats.concealed_samples, 0);
    cr_assert_eq(stats.resets, 0);
    double mean = (double)stats.delay_sum_ms_samples / (double)stats.played_samples;
    cr_assert_float_eq(mean, 7, 0.5, "%g", mean);
}

Test(jitter, comfort_noise_fills_the_pause_and_ends)
{
    uint8_t speech[160], noise[1] = {45};
    unsigned seq = 0;
    memset(speech, 0x55, sizeof speech);
    for (unsigned k = 0; k < 20; k++) {
        put_codec(&acodec_pcma, (uint16_t)seq++, k * 160, speech, 160, tick_us(k) - 7000);
        pull(k);
    }
    put_codec(NULL, (uint16_t)seq++, 20 * 160, noise, 1, tick_us(20) - 7000);
    double rms = 0;
    unsigned k = 20;
    for (; k < 80; k++) {
        cr_assert_eq(pull(k), JITTER_NOISE, "at %u", k);
        rms += k >= 30 ? signal_rms(pcm, FRAME) / 50 : 0;
    }
    cr_assert_float_eq(rms, 184, 80, "-45 dBov, not %g", rms);
    put_codec(&acodec_pcma, (uint16_t)seq++, 80 * 160, speech, 160, tick_us(80) - 7000);
    cr_assert_eq(pull(k++), JITTER_SPEECH);
    put_codec(NULL, (uint16_t)seq++, 81 * 160, noise, 1, tick_us(81) - 7000);
    for (; k < 300; k++)
        pull(k);
    cr_assert(jitter_idle(j, tick_us(k)), "not for ever");
    cr_assert_eq(stats.concealed_samples, 0);
}

Test(jitter, comfort_noise_alone_is_nothing)
{
    uint8_t noise[1] = {45};
    cr_assert_eq(put_codec(NULL, 1, 160, noise, 1, T0_US), -EINVAL);
    cr_assert(jitter_idle(j, T0_US));
    cr_assert_eq(pull(0), JITTER_SILENT);
}

Test(jitter, an_opus_pause_goes_on_as_the_decoders_noise)
{
    const uint8_t dtx[1] = {0x48}; /* SILK wideband, 20 ms, empty: a pause */
    for (unsigned k = 0; k < 100; k++) {
        if (k % 20 == 0)
            put_codec(&acodec_opus, (uint16_t)(k / 20), k * FRAME, dtx, 1, tick_us(k) - 7000);
        enum jitter_kind kind = pull(k);
        cr_assert_neq(kind, JITTER_CONCEALED, "at %u", k);
        cr_assert_neq(kind, JITTER_SILENT, "at %u", k);
    }
    cr_assert_eq(stats.concealed_samples, 0);
}

/* --- disorder --------------------------------------------------------------------------------- */
Test(jitter, counts_duplicates_and_reordering)
{
    for (unsigned k = 0; k < 100; k++) {
        if (k % 10 == 4) {
            cr_assert_eq(put_tone(k + 1, tick_us(k) - 8000), 0);
            cr_assert_eq(put_tone(k, tick_us(k) - 7000), 0);
        } else if (k % 10 != 5) {
            cr_assert_eq(put_tone(k, tick_us(k) - 7000), 0);
            cr_assert_eq(put_tone(k, tick_us(k) - 6000), -EEXIST);
        }
        pull(k);
    }
    cr_assert_eq(stats.reordered, 10);
    cr_assert_eq(stats.duplicate, 80);
    cr_assert_eq(stats.discarded, 0);
}

Test(jitter, reordering_beyond_the_window_is_late)
{
    for (unsigned k = 0; k < 200; k++) {
        if (k % 20 != 7)
            put_tone(k, tick_us(k) - 7000);
        if (k > 60 && (k - 50) % 20 == 7)
            cr_assert_eq(put_tone(k - 50, tick_us(k) - 6000), -ETIME);
        pull(k);
    }
    cr_assert_gt(stats.late, 5);
    cr_assert_eq(stats.resets, 0);
    cr_assert_eq(stats.concealed_samples, 10 * FRAME);
}

Test(jitter, a_restarted_sender_is_heard_again_soon)
{
    int16_t x[FRAME];
    for (unsigned k = 0; k < 300; k++) {
        unsigned life = k / 100;
        signal_tone(x, FRAME, HZ, 300, 8000, (uint64_t)k * FRAME);
        put_pcm((uint16_t)(life * 20000 + k), life * 1234567890u + k * FRAME, x, FRAME,
            tick_us(k) - 7000);
        enum jitter_kind kind = pull(k);
        if (k % 100 > 4 || k < 100)
            cr_assert_eq(kind, JITTER_SPEECH, "at %u: %d", k, kind);
        cr_assert_leq(signal_max_step(pcm, FRAME), 600, "a click at %u", k);
    }
    cr_assert_eq(stats.resets, 2);
    double mean = (double)stats.delay_sum_ms_samples / (double)stats.played_samples;
    cr_assert_float_eq(mean, 7, 1, "%g", mean);
}

Test(jitter, the_codec_may_change_in_mid_stream)
{
    static const struct acodec *const codecs[] = {&acodec_pcmu, &acodec_opus, &acodec_g722,
        &acodec_l16_48000, &acodec_pcma, &acodec_l16_44100};
    int16_t x[FRAME];
    for (unsigned c = 0, k = 0; c < 6; c++) {
        const struct acodec *codec = codecs[c];
        struct acodec_params params = {.ptime_ms = 20, .channels = 1};
        struct acodec_enc *enc;
        cr_assert_eq(codec->enc_create(&enc, &params), 0);
        size_t n = codec->pcm_rate_hz / 50;
        for (unsigned i = 0; i < 60; i++, k++) {
            uint8_t payload[ACODEC_MAX_PACKET_BYTES];
            signal_tone(x, n, codec->pcm_rate_hz, 500, 8000, i * n);
            int len = codec->encode(enc, x, n, payload, sizeof payload);
            put_codec(codec, (uint16_t)k, acodec_rtp_ticks(codec, (uint32_t)n) * k, payload,
                (size_t)len, tick_us(k) - 7000);
            pull(k);
            if (i > 10)
                cr_assert_float_eq(
                    signal_tone_peak(pcm, FRAME, HZ, 500), 8000, 1500, "%s at %u", codec->name, k);
        }
        codec->enc_destroy(enc);
    }
    cr_assert_eq(stats.resets, 5);
}

Test(jitter, a_straggler_of_the_old_codec_changes_nothing)
{
    uint8_t payload[160];
    memset(payload, 0x55, sizeof payload);
    put_codec(&acodec_pcma, 100, 16000, payload, 160, tick_us(0) - 7000);
    put_codec(&acodec_pcmu, 102, 16320, payload, 160, tick_us(0) - 6000);
    jitter_stats(j, &stats);
    cr_assert_eq(stats.resets, 1);
    cr_assert_eq(put_codec(&acodec_pcma, 101, 16160, payload, 160, tick_us(0) - 5000), -ETIME);
    jitter_stats(j, &stats);
    cr_assert_eq(stats.resets, 1);
}

Test(jitter, the_duration_may_change_in_mid_stream)
{
    static const unsigned durations[] = {960, 1920, 240, 960, 120, 1440};
    int16_t x[1920];
    uint32_t ts = 0;
    uint16_t seq = 0;
    for (unsigned k = 0; k < 600; k++) {
        unsigned n = durations[k / 100];
        for (; ts < (k + 1) * FRAME; ts += n) {
            signal_tone(x, n, HZ, 300, 8000, ts);
            put_pcm(seq++, ts, x, n, tick_us(k) - 7000);
        }
        enum jitter_kind kind = pull(k);
        cr_assert_neq(kind, JITTER_SILENT);
        if (k > 0)
            cr_assert_leq(signal_max_step(pcm, FRAME), 500, "a click at %u", k);
    }
    cr_assert_eq(stats.resets, 0);
    cr_assert_leq(stats.concealed_samples, 2 * FRAME);
    cr_assert_leq(stats.delay_ms, 60);
}

/* --- loss ------------------------------------------------------------------------------------- */
Test(jitter, losses_do_not_click_and_keep_the_delay)
{
    static int16_t all[500 * FRAME];
    for (unsigned k = 0; k < 500; k++) {
        if (k % 10 != 3)
            put_tone(k, tick_us(k) - 7000);
        enum jitter_kind kind = pull(k);
        memcpy(all + k * FRAME, pcm, sizeof pcm);
        cr_assert_eq(kind, k % 10 == 3 ? JITTER_CONCEALED : JITTER_SPEECH);
    }
    cr_assert_eq(stats.concealed_samples, 50 * FRAME);
    cr_assert_leq(signal_max_step(all, 500 * FRAME), 500);
    double mean = (double)stats.delay_sum_ms_samples / (double)stats.played_samples;
    cr_assert_float_eq(mean, 7, 0.5);
}

Test(jitter, an_outage_is_conceded_and_the_ceiling_holds)
{
    for (unsigned k = 0; k < 400; k++) {
        /* For half a second nothing passes, then all of it at once. */
        if (k == 125)
            for (unsigned i = 100; i < 125; i++)
                put_tone(i, tick_us(k) - 7000);
        if (k < 100 || k >= 125)
            put_tone(k, tick_us(k) - 7000);
        pull(k);
        cr_assert_leq(stats.delay_ms, 200, "at %u", k);
    }
    cr_assert_leq(stats.delay_ms, 25);
    cr_assert_gt(stats.discarded, 10, "too old to be played");
}

Test(jitter, stretching_keeps_a_tone)
{
    static int16_t all[600 * FRAME];
    for (unsigned k = 0; k < 600; k++) {
        if (k == 112)
            for (unsigned i = 100; i < 112; i++)
                put_tone(i, tick_us(k) - 7000);
        if (k < 100 || k >= 112)
            put_tone(k, tick_us(k) - 7000);
        pull(k);
        memcpy(all + k * FRAME, pcm, sizeof pcm);
    }
    cr_assert_gt(stats.removed_samples, 5 * FRAME, "the delay was given back by stretching");
    const int16_t *x = all + 120 * FRAME;
    cr_assert_leq(signal_max_step(x, 200 * FRAME), 350, "no click");
    for (unsigned i = 0; i + 10 < 200; i += 10) {
        double peak = signal_tone_peak(x + i * FRAME, 10 * FRAME, HZ, 300);
        double rms = signal_rms(x + i * FRAME, 10 * FRAME);
        double rest = 1 - peak * peak / 2 / (rms * rms);
        cr_assert_lt(rest, 0.003, "%g of the energy beside the tone at %u", rest, i);
    }
}

Test(jitter, quiet_is_dropped_first)
{
    /* A voice between pauses; at the end of the spike there is a pause. */
    int16_t x[FRAME];
    uint64_t removed = 0;
    for (unsigned k = 0; k < 400; k++) {
        unsigned first = k == 110 ? 100 : k, last = k < 100 || k >= 110 ? k : 0;
        for (unsigned i = first; i <= last; i++) {
            signal_noise(x, FRAME, i % 200 >= 95 && i % 200 < 150 ? 4000 : 8, i);
            put_pcm((uint16_t)i, i * FRAME, x, FRAME, tick_us(k) - 7000);
        }
        pull(k);
        if (k == 150)
            removed = stats.removed_samples;
    }
    cr_assert_leq(removed, 2 * FRAME, "loud noise has no period to cut");
    cr_assert_geq(stats.removed_samples, 8 * FRAME);
    cr_assert_leq(stats.delay_ms, 20);
}

/* --- heard and unheard ------------------------------------------------------------------------ */
Test(jitter, going_unheard_and_back_does_not_click)
{
    for (unsigned k = 0; k < 3000; k++) {
        if (k % 53 != 0)
            put_tone(k, tick_us(k) - 7000);
        if (k / 7 % 3 == 1) {
            jitter_skip(j, tick_us(k));
            memset(pcm, 0, sizeof pcm);
            continue;
        }
        int16_t before = pcm[FRAME - 1];
        bool back = k / 7 % 3 == 2 && k % 7 == 0;
        pull(k);
        if (back)
            cr_assert_leq(abs(pcm[0]), 300, "faded in at %u", k);
        else if (k > 0)
            cr_assert_leq(abs(pcm[0] - before), 500, "between frames at %u", k);
        cr_assert_leq(signal_max_step(pcm, FRAME), 500, "at %u", k);
    }
    cr_assert_leq(stats.delay_ms, 20);
    cr_assert_eq(stats.resets, 0);
}

Test(jitter, the_delay_is_followed_unheard)
{
    for (unsigned k = 0; k < 1000; k++) {
        unsigned late = k >= 500 ? 90000 : 0;
        if (k < 500 || k >= 505)
            put_tone(k < 500 ? k : k - 5, tick_us(k) - 7000 + late - (k >= 500 ? 90000 : 0));
        if (k < 100 || k > 950)
            pull(k);
        else
            jitter_skip(j, tick_us(k));
    }
    double mean = (double)stats.delay_sum_ms_samples / (double)stats.played_samples;
    cr_assert_float_eq(mean, 7, 1, "%g", mean);
    cr_assert_eq(stats.concealed_samples, 0);
}

/* --- hostile ---------------------------------------------------------------------------------- */
Test(jitter, garbage_is_refused_and_harmless)
{
    static uint8_t payload[ACODEC_MAX_PACKET_BYTES + 1];
    uint32_t r = 1;
    for (unsigned k = 0; k < 200; k++) {
        put_tone(k, tick_us(k) - 7000);
        for (unsigned i = 0; i < 50; i++) {
            r = r * 1664525u + 1013904223u;
            put_codec(&acodec_l16_48000, (uint16_t)(r >> 16), r * 77, payload, r >> 20,
                tick_us(k) - 6000);
        }
        pull(k);
    }
    cr_assert_leq(stats.resets, 1);
    cr_assert_leq(stats.delay_ms, 220);
    cr_assert_eq(put_codec(&acodec_l16_48000, 200, 200 * FRAME, payload, 0, T0_US), -EINVAL);
    cr_assert_eq(put_codec(&acodec_l16_48000, 200, 200 * FRAME, payload, 4001, T0_US), -EINVAL);
    cr_assert_eq(put_codec(&acodec_pcmu, 200, 200 * FRAME, payload, 4000, T0_US), -EINVAL);
}

Test(jitter, a_flood_is_bounded)
{
    size_t before = mallinfo2().uordblks;
    for (unsigned i = 0; i < 100000; i++)
        put_tone(i, T0_US + i);
    cr_assert_lt(mallinfo2().uordblks - before, 128 * 1024);
    for (unsigned k = 0; k < 50; k++)
        pull(k);
    cr_assert_leq(stats.delay_ms, 220);
}

Test(jitter, payloads_that_do_not_decode_are_concealed)
{
    uint8_t bad[40];
    int16_t x[FRAME];
    struct acodec_params params = {.ptime_ms = 20, .channels = 1, .bitrate_bps = 24000};
    struct acodec_enc *enc;
    cr_assert_eq(acodec_opus.enc_create(&enc, &params), 0);
    for (unsigned k = 0; k < 200; k++) {
        uint8_t payload[ACODEC_MAX_PACKET_BYTES];
        signal_tone(x, FRAME, HZ, 300, 8000, (uint64_t)k * FRAME);
        int len = acodec_opus.encode(enc, x, FRAME, payload, sizeof payload);
        memset(bad, (int)k, sizeof bad);
        if (k % 5 == 4)
            put_codec(&acodec_opus, (uint16_t)k, k * FRAME, bad, k % 40, tick_us(k) - 7000);
        else
            put_codec(
                &acodec_opus, (uint16_t)k, k * FRAME, payload, (size_t)len, tick_us(k) - 7000);
        cr_assert_neq(pull(k), JITTER_SILENT);
    }
    acodec_opus.enc_destroy(enc);
}
