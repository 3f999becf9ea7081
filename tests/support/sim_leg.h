#ifndef TESTS_SUPPORT_SIM_LEG_H
#define TESTS_SUPPORT_SIM_LEG_H

/* A participant in a simulated room: its voice is an oscillator that is switched on and off, its
 * ears decode what the mixer sends it and remember it. */

#include "mixer/mixer.h"

struct sim_leg {
    struct mixer_leg *leg;

    /* voice */
    double hz, amplitude;  /* a tone; hz 0: speech-like sound */
    const int16_t *played; /* or this, looped (played_samples, a multiple of a frame) */
    size_t played_samples;
    bool speaking;      /* false: the source is idle */
    bool sends_silence; /* instead of being idle, as telephones do */
    uint64_t spoken;    /* samples of the oscillator so far */
    unsigned pulls, skips;

    /* ears */
    const struct acodec *codec;
    struct acodec_dec *dec;
    int16_t *heard; /* at the codec's rate; owned */
    size_t heard_n, heard_cap;
    uint32_t next_timestamp;
    uint32_t last_timestamp; /* of the last packet */
    unsigned last_ms;        /* its duration */
    unsigned packets, markers, noise_packets;
    unsigned gaps;  /* packets, the first too, that do not begin where the one before ended */
    bool deaf_ears; /* counts packets, decodes nothing */
};

extern const struct mixer_source sim_source;

/* Fills in the voice's part of a config and adds the leg; codec may be NULL. The sim_leg must stay
 * where it is and its voice be set (or left silent) beforehand. */
int sim_leg_add(struct mixer *m, struct sim_leg *s, const struct acodec *codec,
    const struct acodec_params *params);
/* As above with the rest of the config given. */
int sim_leg_add_config(struct mixer *m, struct sim_leg *s, struct mixer_leg_config cfg);
void sim_leg_remove(struct sim_leg *s);

/* n ticks, each followed by mixer_prepare; goes on from *now_us. */
void sim_run(struct mixer *m, uint64_t *now_us, unsigned ticks);

/* A frame of the oscillator at sample `at`. */
void sim_voice(const struct sim_leg *s, uint64_t at, int16_t pcm[static MIXER_FRAME_SAMPLES]);
/* Amplitude of a tone in n samples. */
double sim_tone(const int16_t *pcm, size_t n, double hz, double rate_hz);
/* Root mean square of what is left when the tone (whole periods in n samples) and the mean are
 * taken away. */
double sim_residual(const int16_t *pcm, size_t n, double hz, double rate_hz);

#endif
