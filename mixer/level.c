#include "mixer/level.h"

#include "mixer/pcm.h"

#include <math.h>

enum {
    RUN_FRAMES = 4,        /* of voice earn … */
    HOLD_FRAMES = 15,      /* … this hangover; less gets … */
    CLICK_FRAMES = 3,      /* … this one */
    QUIETEST_DB = -66,     /* below it nothing is a voice */
    DIGITAL_SILENCE = 100, /* from here on a level says nothing of the noise */
    MARGIN_DB = 9,         /* a voice stands out of the noise by this */
    FLOOR_MIN_DB = -90,
    FLOOR_MAX_DB =
        -50, /* so what is louder than -41 dBov always counts: tones and music are heard */
};
static const float floor_start_db = -65;
static const float floor_fall = 0.2f;     /* of the distance, a frame */
static const float floor_rise_db = 0.06f; /* a frame: 3 dB a second */

uint8_t level_of(const int16_t *pcm, size_t n)
{
    float power = pcm_power(pcm, n);
    if (power < 0.01f)
        return LEVEL_SILENT;
    float db = 10 * log10f(power / (32767.0f * 32767.0f));
    if (db >= 0)
        return 0;
    return db <= -LEVEL_SILENT ? LEVEL_SILENT : (uint8_t)(0.5f - db);
}

void level_init(struct level *l)
{
    *l = (struct level){.floor_db = floor_start_db};
}

static void follow_floor(struct level *l, float db)
{
    if (db < l->floor_db)
        l->floor_db += (db - l->floor_db) * floor_fall;
    else
        l->floor_db += floor_rise_db;
    if (l->floor_db < FLOOR_MIN_DB)
        l->floor_db = FLOOR_MIN_DB;
    if (l->floor_db > FLOOR_MAX_DB)
        l->floor_db = FLOOR_MAX_DB;
}

bool level_voice(struct level *l, uint8_t level)
{
    float db = -(float)level;
    bool loud = db > QUIETEST_DB && db > l->floor_db + MARGIN_DB;
    if (level < DIGITAL_SILENCE)
        follow_floor(l, db);
    if (!loud) {
        level_pause(l);
        return l->holding > 0;
    }
    if (l->run < RUN_FRAMES)
        l->run++;
    l->holding = l->run == RUN_FRAMES ? HOLD_FRAMES : CLICK_FRAMES;
    return true;
}

void level_pause(struct level *l)
{
    l->run = 0;
    if (l->holding > 0)
        l->holding--;
}
