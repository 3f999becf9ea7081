#include "codecs/g722_coder.h"

#include <stdbool.h>
#include <string.h>

/* Right shifts of negative numbers are arithmetic with every compiler we build with, as the
 * recommendation's 16-bit arithmetic wants it. */

static int saturate(int x)
{
    return x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x;
}

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* --- adaptive prediction (3.6) ---------------------------------------------------------------- */
static bool same_sign(int x, int y)
{
    return (x < 0) == (y < 0);
}

static void adapt_poles(struct g722_band *band, int p0)
{
    int a1 = band->a[0], a2 = band->a[1];
    int turn = saturate(4 * a1);
    turn = same_sign(p0, band->p[0]) ? saturate(-turn) : turn;
    int second = (same_sign(p0, band->p[1]) ? 128 : -128) + (turn >> 7) + (a2 * 32512 >> 15);
    second = clamp(second, -12288, 12288);
    int first = saturate((same_sign(p0, band->p[0]) ? 192 : -192) + (a1 * 32640 >> 15));
    int most = saturate(15360 - second);
    band->a[0] = clamp(first, -most, most);
    band->a[1] = second;
}

static void adapt_zeros(struct g722_band *band, int d0)
{
    int step = d0 == 0 ? 0 : 128;
    for (int i = 0; i < 6; i++)
        band->b[i] =
            saturate((same_sign(d0, band->d[i]) ? step : -step) + (band->b[i] * 32640 >> 15));
}

static int pole_part(const struct g722_band *band)
{
    int x = band->a[0] * saturate(2 * band->r[0]) >> 15;
    int y = band->a[1] * saturate(2 * band->r[1]) >> 15;
    return saturate(x + y);
}

static int zero_part(const struct g722_band *band)
{
    int sum = 0;
    for (int i = 5; i >= 0; i--)
        sum += band->b[i] * saturate(2 * band->d[i]) >> 15;
    return saturate(sum);
}

/* d0: the quantised difference. */
static void predict(struct g722_band *band, int d0)
{
    int r0 = saturate(band->s + d0), p0 = saturate(band->sz + d0);
    adapt_poles(band, p0);
    adapt_zeros(band, d0);
    memmove(band->d + 1, band->d, 5 * sizeof band->d[0]);
    band->d[0] = d0;
    band->r[1] = band->r[0];
    band->r[0] = r0;
    band->p[1] = band->p[0];
    band->p[0] = p0;
    band->sz = zero_part(band);
    band->s = saturate(pole_part(band) + band->sz);
}

/* --- adaptive quantisers (3.2 to 3.5) --------------------------------------------------------- */
static void adapt_scale(struct g722_band *band, int change, int most, int shift)
{
    static const int log_table[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489,
        2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444,
        3520, 3597, 3676, 3756, 3838, 3922, 4008};
    band->nb = clamp((band->nb * 127 >> 7) + change, 0, most);
    int linear = log_table[band->nb >> 6 & 31];
    int right = shift - (band->nb >> 11);
    band->det = (right < 0 ? linear << -right : linear >> right) * 4;
}

static int magnitude(int x)
{
    return x < 0 ? -(x + 1) : x;
}

/* Six bits: 30 steps of magnitude, and the sign. Their order in the code is odd: the steps count
 * down from 63 and 31 with the negative, from 61 with the positive; the two smallest negative ones
 * come first. */
static int quantise_low(const struct g722_band *band, int difference)
{
    static const int decision[30] = {0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530,
        587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557,
        2919};
    int size = magnitude(difference), step = 1;
    while (step < 30 && size >= decision[step] * band->det >> 12)
        step++;
    if (difference >= 0)
        return 62 - step;
    return step <= 2 ? 64 - step : 34 - step;
}

/* Both ends go on from four of the six bits. */
static void follow_low(struct g722_band *band, int code)
{
    static const int step4[16] = {0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456,
        12896, 8968, 6288, 4240, 2584, 1200, 0};
    static const int change[16] = {
        -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
    int d = band->det * step4[code >> 2] >> 15;
    adapt_scale(band, change[code >> 2], 18432, 8);
    predict(band, d);
}

static int encode_low(struct g722_band *band, int x)
{
    int code = quantise_low(band, saturate(x - band->s));
    follow_low(band, code);
    return code;
}

static int decode_low(struct g722_band *band, int code)
{
    static const int step6[64] = {-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984,
        -13512, -12280, -11192, -10232, -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944,
        -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904,
        19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
        4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432,
        -136};
    int x = clamp(band->s + (band->det * step6[code] >> 15), -16384, 16383);
    follow_low(band, code);
    return x;
}

/* Returns the quantised difference. */
static int follow_high(struct g722_band *band, int code)
{
    static const int step2[4] = {-7408, -1616, 7408, 1616};
    static const int change[4] = {798, -214, 798, -214};
    int d = band->det * step2[code] >> 15;
    adapt_scale(band, change[code], 22528, 10);
    predict(band, d);
    return d;
}

static int encode_high(struct g722_band *band, int x)
{
    int difference = saturate(x - band->s);
    bool large = magnitude(difference) >= 564 * band->det >> 12;
    int code = (difference < 0 ? 0 : 2) + !large;
    follow_high(band, code);
    return code;
}

static int decode_high(struct g722_band *band, int code)
{
    int s = band->s;
    return clamp(s + follow_high(band, code), -16384, 16383);
}

/* --- the two bands (3.1, 4.4) ----------------------------------------------------------------- */
/* Takes two samples in; the sums over the even and the odd taps come out. */
static void filter(int taps[static G722_TAPS], int first, int second, int *even, int *odd)
{
    static const int half[12] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
    memmove(taps, taps + 2, (G722_TAPS - 2) * sizeof taps[0]);
    taps[G722_TAPS - 2] = first;
    taps[G722_TAPS - 1] = second;
    *even = *odd = 0;
    for (int i = 0; i < 12; i++) {
        *even += taps[2 * i] * half[i];
        *odd += taps[2 * i + 1] * half[11 - i];
    }
}

void g722_coder_init(struct g722_coder *c)
{
    *c = (struct g722_coder){.low = {.det = 32}, .high = {.det = 8}};
}

void g722_coder_encode(struct g722_coder *c, const int16_t *pcm, size_t n, uint8_t *out)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        int even, odd;
        filter(c->taps, pcm[i], pcm[i + 1], &even, &odd);
        int low = encode_low(&c->low, saturate((odd + even) >> 14));
        int high = encode_high(&c->high, saturate((odd - even) >> 14));
        out[i / 2] = (uint8_t)(high << 6 | low);
    }
}

void g722_coder_decode(struct g722_coder *c, const uint8_t *in, size_t len, int16_t *pcm)
{
    for (size_t i = 0; i < len; i++) {
        int low = decode_low(&c->low, in[i] & 63), high = decode_high(&c->high, in[i] >> 6);
        int even, odd;
        filter(c->taps, low + high, low - high, &even, &odd);
        pcm[2 * i] = (int16_t)saturate(odd >> 11);
        pcm[2 * i + 1] = (int16_t)saturate(even >> 11);
    }
}
