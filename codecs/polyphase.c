#include "codecs/polyphase.h"

#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    WIDTH = 2 * POLYPHASE_DELAY, /* of the sinc, in samples of the lower rate */
    PIECE = 32,                  /* rows are multiples of it */
    AT_ONCE = 960,               /* inputs */
    INTEGERS = 2 * (POLYPHASE_MAX_RATIO - 1),
    /* 2 + … + 6 rows of WIDTH to go up, and 2 + … + 6 times WIDTH in a row to go down */
    INTEGER_TAPS = 2 * WIDTH * (POLYPHASE_MAX_RATIO * (POLYPHASE_MAX_RATIO + 1) / 2 - 1),
    MUSIC = 147, /* 44100 : 48000 Hz = 147 : 160 */
    SPEECH = 160,
    MUSIC_WIDTH = 2 * PIECE, /* WIDTH * 160 / 147, rounded up to pieces */
    MUSIC_TAPS = SPEECH * WIDTH + MUSIC * MUSIC_WIDTH,
    /* Bits behind the point of a tap, as many as keep the sum of a piece in 32 bits: the taps of a
     * piece add up, without their signs, to less than 4 where it holds a whole row, and to less
     * than 2 where rows are longer. */
    SHORT_ROW_SHIFT = 14,
    LONG_ROW_SHIFT = 15,
};

/* At the Nyquist frequency of the lower rate the filter is 6 dB down: sharp enough to keep speech
 * that is converted there and back, and every up-th sample is the input's own. */
static const double kaiser_beta = 6;

struct polyphase_filter {
    uint32_t up, down; /* coprime */
    size_t taps;       /* in a row */
    unsigned shift;    /* a tap of 1 << shift is 1 */
    int16_t *rows;     /* one for each of `up` phases; in a row the newest input's tap is last */
};

static struct polyphase_filter integers[INTEGERS], to_speech, to_music;
static int16_t integer_taps[INTEGER_TAPS], music_taps[MUSIC_TAPS];

/* --- the filters ---------------------------------------------------------------------------- */
/* Modified Bessel function of the first kind, order 0. */
static double bessel_i0(double x)
{
    double sum = 1, term = 1, q = x * x / 4;
    for (int k = 1; term > 1e-9 * sum; k++) {
        term *= q / (k * k);
        sum += term;
    }
    return sum;
}

/* t in samples of the lower rate, from the middle. */
static double windowed_sinc(double t)
{
    double at = t / POLYPHASE_DELAY;
    if (fabs(at) >= 1)
        return 0;
    double sinc = t == 0 ? 1 : sin(M_PI * t) / (M_PI * t);
    return sinc * bessel_i0(kaiser_beta * sqrt(1 - at * at));
}

/* Rounded so that the taps add up to exactly 1: the one in the middle takes what is left. */
static void make_row(const struct polyphase_filter *f, uint32_t phase)
{
    int16_t *row = f->rows + phase * f->taps;
    double h[POLYPHASE_MAX_TAPS], sum = 0;
    double lower = f->down > f->up ? (double)f->up / f->down : 1; /* rate, as a share of input's */
    for (size_t age = 0; age < f->taps; age++) {
        h[age] = windowed_sinc(((double)age + (double)phase / f->up) * lower - POLYPHASE_DELAY);
        sum += h[age];
    }
    int left = 1 << f->shift;
    for (size_t age = 0; age < f->taps; age++) {
        long tap = lrint(h[age] / sum * (1 << f->shift));
        row[f->taps - 1 - age] = (int16_t)tap;
        left -= (int)tap;
    }
    size_t middle = (size_t)lrint(POLYPHASE_DELAY / lower - (double)phase / f->up);
    row[f->taps - 1 - middle] = (int16_t)(row[f->taps - 1 - middle] + left);
}

/* Returns what is left of memory. */
static int16_t *make_filter(struct polyphase_filter *f, uint32_t up, uint32_t down, int16_t *memory)
{
    size_t width = down > up ? ((size_t)WIDTH * down + up - 1) / up : WIDTH;
    *f = (struct polyphase_filter){
        .up = up,
        .down = down,
        .taps = (width + PIECE - 1) / PIECE * PIECE,
        .shift = down > up + up / 2 ? LONG_ROW_SHIFT : SHORT_ROW_SHIFT,
        .rows = memory,
    };
    for (uint32_t phase = 0; phase < up; phase++)
        make_row(f, phase);
    return memory + up * f->taps;
}

/* Before main, so before there are threads: 0.3 ms that no call waits for, and no lock. */
__attribute__((constructor)) static void make_filters(void)
{
    int16_t *memory = integer_taps;
    for (uint32_t r = 2; r <= POLYPHASE_MAX_RATIO; r++) {
        memory = make_filter(&integers[2 * (r - 2)], r, 1, memory);
        memory = make_filter(&integers[2 * (r - 2) + 1], 1, r, memory);
    }
    memory = make_filter(&to_speech, SPEECH, MUSIC, music_taps);
    make_filter(&to_music, MUSIC, SPEECH, memory);
}

static const struct polyphase_filter *filter_for(uint32_t in_hz, uint32_t out_hz)
{
    bool down = in_hz > out_hz;
    uint32_t high = down ? in_hz : out_hz, low = down ? out_hz : in_hz;
    if (low == 0)
        return NULL;
    uint32_t ratio = high / low;
    if (high % low == 0 && ratio >= 2 && ratio <= POLYPHASE_MAX_RATIO)
        return &integers[2 * (ratio - 2) + down];
    if ((uint64_t)high * MUSIC == (uint64_t)low * SPEECH)
        return down ? &to_music : &to_speech;
    return NULL;
}

bool polyphase_init(struct polyphase *p, uint32_t in_hz, uint32_t out_hz)
{
    const struct polyphase_filter *f = filter_for(in_hz, out_hz);
    if (!f)
        return false;
    *p = (struct polyphase){.filter = f};
    return true;
}

/* --- filtering ------------------------------------------------------------------------------ */
/* Not left to the compiler: without packed multiply-adds, as in builds for tests, it is ten times
 * as slow. */
#ifdef __SSE2__
static inline int32_t dot_piece(const int16_t *row, const int16_t *x)
{
    __m128i sum = _mm_setzero_si128();
#pragma GCC unroll 4
    for (size_t i = 0; i < PIECE; i += 8) {
        __m128i taps = _mm_loadu_si128((const __m128i *)(row + i));
        __m128i samples = _mm_loadu_si128((const __m128i *)(x + i));
        sum = _mm_add_epi32(sum, _mm_madd_epi16(taps, samples));
    }
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(1, 0, 3, 2)));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(sum);
}
#else
static inline int32_t dot_piece(const int16_t *row, const int16_t *x)
{
    int32_t sum = 0;
    for (size_t i = 0; i < PIECE; i++)
        sum += row[i] * x[i];
    return sum;
}
#endif

static inline int16_t rounded(int64_t sum, unsigned shift)
{
    sum = (sum + (1 << (shift - 1))) >> shift;
    sum = sum < INT16_MAX ? sum : INT16_MAX;
    return (int16_t)(sum > INT16_MIN ? sum : INT16_MIN);
}

static int16_t dot(const struct polyphase_filter *f, const int16_t *row, const int16_t *x)
{
    int64_t sum = 0;
    for (size_t i = 0; i < f->taps; i += PIECE)
        sum += dot_piece(row + i, x + i);
    return rounded(sum, f->shift);
}

/* n outputs, the first one `due` after the first input; x: the oldest input that counts for it. */
static void filter(
    const struct polyphase_filter *f, const int16_t *x, size_t due, size_t n, int16_t *out)
{
    const size_t whole = f->down / f->up, part = f->down % f->up;
    size_t phase = due % f->up;
    x += due / f->up;
    for (size_t i = 0; i < n; i++) {
        out[i] = dot(f, f->rows + phase * f->taps, x);
        x += whole;
        phase += part;
        if (phase >= f->up) {
            phase -= f->up;
            x++;
        }
    }
}

size_t polyphase_count(const struct polyphase *p, size_t n)
{
    const struct polyphase_filter *f = p->filter;
    size_t end = n * f->up;
    return end > p->due ? (end - p->due + f->down - 1) / f->down : 0;
}

void polyphase_run(struct polyphase *p, const int16_t *in, size_t n, int16_t *out)
{
    const struct polyphase_filter *f = p->filter;
    int16_t x[POLYPHASE_MAX_TAPS + AT_ONCE];
    for (size_t some; n > 0; in += some, n -= some) {
        some = n < AT_ONCE ? n : AT_ONCE;
        size_t made = polyphase_count(p, some);
        memcpy(x, p->past, f->taps * sizeof *x);
        memcpy(x + f->taps, in, some * sizeof *x);
        filter(f, x + 1, p->due, made, out);
        memcpy(p->past, x + some, f->taps * sizeof *x);
        p->due = (uint32_t)(p->due + made * f->down - some * f->up);
        out += made;
    }
}
