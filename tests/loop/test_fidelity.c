#include "tests/support/meeting.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* What a listener gets of one talker, piece by piece: a machine that stops us for a while makes the
 * jitter buffer stretch there, and only there. */
struct fidelity {
    unsigned pieces, exact;
    double best_db[256];
};

enum { PIECE_MS = 50, MEETING_MS = 3000 };

static double error_db(const int16_t *said, const int16_t *heard, size_t n)
{
    double signal = 0, error = 0;
    for (size_t i = 0; i < n; i++) {
        signal += (double)said[i] * said[i];
        error += pow(said[i] - heard[i], 2);
    }
    return error == 0 ? INFINITY : 10 * log10(signal / error);
}

static double best_db(const int16_t *piece, size_t n, const int16_t *heard, size_t n_heard)
{
    double best = -INFINITY;
    for (size_t at = 0; at + n <= n_heard; at++)
        if (abs(piece[0] - heard[at]) < 1500 && abs(piece[n / 2] - heard[at + n / 2]) < 1500)
            best = fmax(best, error_db(piece, heard + at, n));
    return best;
}

static struct fidelity measure(const struct peer_config *talks)
{
    struct meeting m;
    struct fidelity f = {0};
    meeting_start(&m);
    meeting_open(&m);
    meeting_join(&m, talks);
    struct peer_config listens = {.codec = talks->codec};
    meeting_join(&m, &listens);
    meeting_run_ms(&m, MEETING_MS);
    size_t n_said, n_heard, n = talks->codec->pcm_rate_hz * PIECE_MS / 1000;
    const int16_t *said = peer_said(m.peers[0], &n_said);
    const int16_t *heard = peer_heard(m.peers[1], &n_heard);
    cr_assert_gt(n_heard, n_said / 2);
    /* The first half second is the onset, the last is still on its way. */
    size_t margin = talks->codec->pcm_rate_hz / 2;
    for (size_t at = margin; at + n + margin < n_said; at += n) {
        double db = best_db(said + at, n, heard, n_heard);
        f.exact += isinf(db) && db > 0;
        f.best_db[f.pieces++] = db;
    }
    meeting_end(&m);
    cr_assert_gt(f.pieces, 20u);
    return f;
}

Test(fidelity, l16_comes_through_bit_exact, .timeout = 60)
{
    struct fidelity f = measure(
        &(struct peer_config){.codec = &acodec_l16_48000, .noise = true, .amplitude = 6000});
    cr_expect_geq(f.exact, f.pieces / 2, "%u of %u pieces", f.exact, f.pieces);
}

Test(fidelity, pcmu_loses_no_more_than_its_own_quantisation, .timeout = 60)
{
    struct fidelity f =
        measure(&(struct peer_config){.codec = &acodec_pcmu, .tone_hz = 443.7, .amplitude = 9000});
    unsigned good = 0;
    for (unsigned i = 0; i < f.pieces; i++)
        good += f.best_db[i] >= 35;
    cr_expect_geq(good, f.pieces / 2, "%u of %u pieces", good, f.pieces);
}
