#include "mixer/jitter/playout.h"

#include "mixer/jitter/playout_stretch.h"
#include "mixer/jitter/rtp_timeline.h"
#include "mixer/jitter/time_stretch.h"

#include <string.h>

enum {
    FRAME_US = 20000,
    QUANTUM = 120,       /* 2.5 ms: what is shorter is no gap, and concealment is made of these */
    HOLD_SAMPLES = 4800, /* concealment at full level: 100 ms, */
    FADE_SAMPLES = 6720, /* then down to silence by 240 ms */
    SILENT_AFTER = HOLD_SAMPLES + FADE_SAMPLES,
    REST_SAMPLES = 144000, /* a pause's noise lasts 3 s after the last word of it, */
    REST_FADE = 24000,     /* of which it fades for 0.5 s */
    JOIN_SAMPLES = 240,
    FADE_IN_SAMPLES = 240,
    DTX_BYTES = 2,    /* a payload of at most this says "pause" (RFC 6716, 2.1.9) */
    TICK_WINDOW = 25, /* ticks after which the grid follows those that came late all the time */
    TICK_LOST_US = 1000000,
};

static void ramp(int16_t *x, size_t n, float from, float to)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (int16_t)((float)x[i] * (from + (to - from) * (float)i / (float)n));
}

void playout_init(struct playout *p)
{
    sync_buffer_init(&p->sync);
    p->state = PLAYOUT_RESTING;
    p->rest = PLAYOUT_REST_SILENCE;
    p->packet_samples = PLAYOUT_FRAME;
    p->run = SILENT_AFTER;
    p->fresh = true;
}

void playout_restart(struct playout *p, struct stream_decoder *decoder)
{
    p->decoder = decoder;
    p->state = PLAYOUT_RESTING;
    p->rest = PLAYOUT_REST_SILENCE;
    p->unplaced = 0;
    p->fresh = true;
    p->skipped = false;
    p->join = false;
}

bool playout_idle(const struct playout *p)
{
    return p->state == PLAYOUT_RESTING && p->rest == PLAYOUT_REST_SILENCE &&
           p->run >= SILENT_AFTER && p->sync.len == 0 && packet_queue_count(p->queue) == 0;
}

bool playout_is_past(const struct playout *p, int64_t pos)
{
    return p->state == PLAYOUT_PLAYING && pos <= p->next_pos;
}

/* --- the grid of ticks ---------------------------------------------------------------------- */
/* Ticks are 20 ms apart but come late at times; what counts for packets is the earliest they come,
 * so the grid follows early ticks at once and late ones only if all of a window are. */
static void tick(struct playout *p, uint64_t now_us)
{
    int64_t late = (int64_t)now_us - (p->tick_us + FRAME_US);
    p->now_us = now_us;
    if (!p->ticking || late > TICK_LOST_US || (late > FRAME_US && p->state == PLAYOUT_RESTING)) {
        p->ticking = true;
        p->tick_us = (int64_t)now_us;
        p->ticks = 0;
        return;
    }
    p->tick_us += late < 0 ? FRAME_US + late : FRAME_US;
    late = late < 0 ? 0 : late;
    p->least_late_us = p->ticks == 0 || late < p->least_late_us ? late : p->least_late_us;
    if (++p->ticks == TICK_WINDOW) {
        p->tick_us += p->least_late_us;
        p->ticks = 0;
    }
}

/* --- the delay target ----------------------------------------------------------------------- */
int64_t playout_deadline_us(const struct playout *p, int64_t pos)
{
    uint32_t step = playout_step(p->packet_samples);
    int64_t lost_to_the_grid = PLAYOUT_FRAME - step + (int64_t)(p->sync.len % step);
    return p->tick_us - rtp_timeline_us(pos - (int64_t)p->sync.len + lost_to_the_grid);
}

static int steps_at(const struct playout *p, int64_t pos, bool starting)
{
    uint32_t step = playout_step(p->packet_samples);
    struct delay_target_query query = {
        .deadline_us = playout_deadline_us(p, pos),
        .step_us = (uint32_t)rtp_timeline_us(step),
        .held_us = (uint32_t)rtp_timeline_us(PLAYOUT_FRAME - step),
        .idle_us = (uint32_t)rtp_timeline_us((int64_t)(p->sync.len % step)),
        .packet_us = (uint32_t)rtp_timeline_us(p->packet_samples),
        .starting = starting,
    };
    int steps = delay_target_steps(p->target, &query);
    int64_t aim = query.deadline_us + (int64_t)steps * query.step_us;
    int64_t held = aim - delay_target_least_us(p->target);
    p->stats->target_ms = held > 0 ? (uint32_t)(held / 1000) : 0;
    return steps;
}

/* How long a packet that came with this transit would have waited if it were played next. */
static int64_t wait_us(const struct playout *p, int64_t pos, int64_t transit_us)
{
    return p->tick_us - rtp_timeline_us(pos - (int64_t)p->sync.len) - transit_us;
}

/* Playing this packet now would hold it, or the one that came last, longer than the ceiling. */
static bool over_the_ceiling(const struct playout *p, const struct queued_packet *q)
{
    int64_t transit = rtp_timeline_transit(q->arrival_us, q->pos);
    transit = transit < p->last_transit_us ? transit : p->last_transit_us;
    return wait_us(p, q->pos, transit) > p->max_delay_us;
}

static const struct queued_packet *next_packet(struct playout *p)
{
    const struct queued_packet *q;
    while ((q = packet_queue_first(p->queue))) {
        bool past = !q->noise && playout_is_past(p, q->pos + q->duration);
        bool over = !q->noise && over_the_ceiling(p, q);
        if (!past && !over)
            return q;
        p->stats->late += past;
        p->stats->discarded += !past;
        p->skipped |= !past;
        packet_queue_pop(p->queue);
    }
    return NULL;
}

/* --- pieces of a frame ---------------------------------------------------------------------- */
static float level_after(size_t run, size_t hold, size_t fade)
{
    if (run <= hold)
        return 1;
    return run >= hold + fade ? 0 : 1 - (float)(run - hold) / (float)fade;
}

/* Appends n samples that stand for a loss; they fade with the time since the last good one. */
static void append_concealment(struct playout *p, size_t n)
{
    int16_t *x = sync_buffer_end(&p->sync);
    size_t room = sync_buffer_room(&p->sync);
    n = n < room ? n : room;
    p->made_up |= p->run < SILENT_AFTER;
    if (!p->deaf) {
        float from = level_after(p->run, HOLD_SAMPLES, FADE_SAMPLES);
        float to = level_after(p->run + n, HOLD_SAMPLES, FADE_SAMPLES);
        int got = from > 0 ? stream_decoder_conceal(p->decoder, n, x, room) : 0;
        if (got < (int)n)
            memset(x + (got > 0 ? got : 0), 0, (n - (size_t)(got > 0 ? got : 0)) * sizeof *x);
        if (to < 1)
            ramp(x, n, from, to);
    }
    p->run += n;
    sync_buffer_added(&p->sync, n);
}

/* The end of a stream in mid-sound: its last period goes on for 5 ms and fades. */
static void append_ending(struct playout *p, size_t n)
{
    int16_t *x = sync_buffer_end(&p->sync);
    size_t tail = n < JOIN_SAMPLES ? n : JOIN_SAMPLES;
    if (!p->deaf) {
        time_stretch_extend(x, SYNC_BUFFER_PAST, x, tail);
        ramp(x, tail, 1, 0);
        memset(x + tail, 0, (n - tail) * sizeof *x);
    }
    p->run = SILENT_AFTER;
    sync_buffer_added(&p->sync, n);
}

/* Completes the frame with what a pause sounds like. */
static void append_rest(struct playout *p)
{
    size_t n = PLAYOUT_FRAME - p->sync.len;
    p->unplaced += p->unplaced > 0 ? n : 0;
    p->made_noise |= p->rest != PLAYOUT_REST_SILENCE;
    if (p->fresh && p->run < SILENT_AFTER) {
        append_ending(p, n);
        return;
    }
    if (p->rest == PLAYOUT_REST_SILENCE) {
        append_concealment(p, n);
        return;
    }
    int16_t *x = sync_buffer_end(&p->sync);
    if (!p->deaf) {
        if (p->rest == PLAYOUT_REST_NOISE)
            stream_decoder_noise(p->decoder, n, x);
        else if (stream_decoder_conceal(p->decoder, n, x, n) < (int)n)
            memset(x, 0, n * sizeof *x);
        float from = level_after(p->run, REST_SAMPLES - REST_FADE, REST_FADE);
        float to = level_after(p->run + n, REST_SAMPLES - REST_FADE, REST_FADE);
        if (to < 1)
            ramp(x, n, from, to);
    }
    p->run += n;
    if (p->run >= REST_SAMPLES)
        p->rest = PLAYOUT_REST_SILENCE;
    sync_buffer_added(&p->sync, n);
}

/* --- packets -------------------------------------------------------------------------------- */
static void begin_noise(struct playout *p, const struct queued_packet *q)
{
    uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    size_t len = packet_queue_payload(p->queue, payload, sizeof payload);
    if (stream_decoder_set_noise(p->decoder, payload, len) == 0) {
        p->rest = PLAYOUT_REST_NOISE;
        p->run = 0;
    }
    p->next_seq = q->seq + 1;
    p->state = PLAYOUT_RESTING;
    p->fresh = false;
    packet_queue_pop(p->queue);
}

/* How the first good samples after something else begin. */
static void shape_onset(struct playout *p, int16_t *x, size_t n)
{
    if (p->join && n >= JOIN_SAMPLES) {
        int16_t tail[JOIN_SAMPLES];
        time_stretch_extend(x, SYNC_BUFFER_PAST, tail, JOIN_SAMPLES);
        time_stretch_join(x, tail, JOIN_SAMPLES);
    } else if (p->fade_in) {
        ramp(x, n < FADE_IN_SAMPLES ? n : FADE_IN_SAMPLES, 0, 1);
    }
    p->join = p->fade_in = false;
}

static void count_concealed(struct playout *p, size_t n)
{
    p->stats->concealed_samples += p->deaf ? 0 : n;
}

static void count_played(struct playout *p, const struct queued_packet *q, size_t n)
{
    int64_t wait = (int64_t)(p->now_us - q->arrival_us) + rtp_timeline_us((int64_t)p->sync.len);
    p->stats->played_samples += n;
    p->stats->delay_sum_ms_samples += (uint64_t)(wait > 0 ? wait : 0) * n / 1000;
}

/* Decodes the first packet of the queue behind the sync buffer, less the samples before next_pos.
 */
static void play(struct playout *p, const struct queued_packet *q)
{
    uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    size_t cut = q->pos < p->next_pos ? (size_t)(p->next_pos - q->pos) : 0;
    size_t n = q->duration;

    if (!p->fresh && q->seq > p->next_seq)
        delay_target_outcome(p->target, true, (unsigned)(q->seq - p->next_seq));
    delay_target_outcome(p->target, false, 1);
    p->next_seq = q->seq + 1;
    p->next_pos = q->pos + q->duration;
    p->fresh = p->skipped = false;
    p->rest = q->len <= DTX_BYTES ? PLAYOUT_REST_CODEC : PLAYOUT_REST_SILENCE;
    if (!p->deaf) {
        int16_t *x = sync_buffer_end(&p->sync);
        size_t len = packet_queue_payload(p->queue, payload, sizeof payload);
        int got = stream_decoder_decode(p->decoder, payload, len, x, sync_buffer_room(&p->sync));
        if (got <= 0) {
            p->stats->discarded++;
            count_concealed(p, n - cut);
            packet_queue_pop(p->queue);
            append_concealment(p, n - cut);
            return;
        }
        n = (size_t)got;
        cut = cut < n ? cut : n;
        memmove(x, x + cut, (n - cut) * sizeof *x);
        shape_onset(p, x, n - cut);
        count_played(p, q, n - cut);
    }
    p->made_speech = true;
    p->run = 0;
    sync_buffer_added(&p->sync, n - cut);
    packet_queue_pop(p->queue);
}

/* The gap samples before q from the copy that q carries. */
static bool play_fec(struct playout *p, const struct queued_packet *q, size_t gap)
{
    uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    if (p->deaf || q->noise || gap > q->duration)
        return false;
    size_t len = packet_queue_payload(p->queue, payload, sizeof payload);
    int16_t *x = sync_buffer_end(&p->sync);
    int got = stream_decoder_fec(p->decoder, payload, len, gap, x, sync_buffer_room(&p->sync));
    delay_target_fec(p->target, got > 0);
    if (got <= 0)
        return false;
    shape_onset(p, x, (size_t)got);
    p->stats->fec_used++;
    p->made_speech = true;
    p->run = 0;
    p->next_pos = q->pos;
    sync_buffer_added(&p->sync, (size_t)got);
    return true;
}

/* --- the decisions -------------------------------------------------------------------------- */
/* Goes on at pos instead of next_pos: time between them is neither played nor made up. */
static void jump(struct playout *p, int64_t pos)
{
    p->next_pos = pos;
    p->skipped = false;
    p->join = true;
    p->state = PLAYOUT_PLAYING;
}

/* Starts after a rest if the packet has waited for its time. */
static bool start(struct playout *p, const struct queued_packet *q)
{
    bool lost = !p->fresh && q->seq != p->next_seq;
    int64_t transit = rtp_timeline_transit(q->arrival_us, q->pos);
    if (!q->noise && steps_at(p, q->pos, true) > 0 &&
        wait_us(p, q->pos, transit) + FRAME_US <= p->max_delay_us)
        return false;
    if (lost || q->pos < p->next_pos + QUANTUM)
        count_concealed(p, p->unplaced);
    p->join |= p->fresh && p->run < SILENT_AFTER;
    p->fade_in |= !p->fresh;
    p->unplaced = 0;
    p->next_pos = q->pos;
    p->state = PLAYOUT_PLAYING;
    return true;
}

/* A packet came while starved: what was made up stands for lost ones, or was a wait for this one.
 */
static void resume(struct playout *p, const struct queued_packet *q)
{
    int64_t gap = q->pos - p->next_pos;
    if (q->noise || (q->seq == p->next_seq && gap >= QUANTUM && !p->skipped)) {
        p->state = PLAYOUT_RESTING; /* neither: a pause that nobody announced */
        p->unplaced = 0;
        return;
    }
    count_concealed(p, p->unplaced);
    if (gap <= (int64_t)p->unplaced || p->skipped) {
        bool grown = gap < (int64_t)p->unplaced;
        jump(p, q->pos);
        if (grown)
            delay_target_grown(p->target, playout_deadline_us(p, q->pos), p->now_us);
    } else {
        p->next_pos += (int64_t)p->unplaced;
        p->state = PLAYOUT_PLAYING;
    }
    p->unplaced = 0;
}

/* Nothing there, and the frame is not complete. */
static void starve(struct playout *p)
{
    if (p->state == PLAYOUT_PLAYING)
        p->state = p->rest == PLAYOUT_REST_CODEC ? PLAYOUT_RESTING : PLAYOUT_STARVED;
    if (p->state == PLAYOUT_RESTING) {
        append_rest(p);
        return;
    }
    size_t n = (PLAYOUT_FRAME - p->sync.len + QUANTUM - 1) / QUANTUM * QUANTUM;
    append_concealment(p, n);
    p->unplaced += n;
    if (p->run >= SILENT_AFTER)
        p->state = PLAYOUT_RESTING;
}

/* The next packet is there, but it is not the next on the time line. */
static void bridge(struct playout *p, const struct queued_packet *q, size_t gap)
{
    int64_t surplus = p->steps < 0 ? -(int64_t)p->steps * playout_step(p->packet_samples) : 0;
    if (!p->skipped && q->seq == p->next_seq) {
        p->state = PLAYOUT_RESTING; /* nothing is missing: a pause */
    } else if (p->skipped || surplus >= (int64_t)gap) {
        p->stats->removed_samples += p->deaf ? 0 : gap;
        p->steps += (int)(gap / playout_step(p->packet_samples));
        p->steps = p->steps < 0 ? p->steps : 0;
        jump(p, q->pos);
    } else if (!play_fec(p, q, gap)) {
        if (p->steps > 0) { /* later would be better anyway: give it another chance to come */
            p->state = PLAYOUT_STARVED;
            starve(p);
            return;
        }
        size_t n = gap < PLAYOUT_FRAME ? gap - gap % QUANTUM : PLAYOUT_FRAME;
        append_concealment(p, n);
        p->next_pos += (int64_t)n;
        count_concealed(p, n);
    }
}

/* One piece more for the sync buffer; false if there is none and the frame is complete. */
static bool advance(struct playout *p)
{
    bool due = p->sync.len < PLAYOUT_FRAME;
    const struct queued_packet *q = next_packet(p);
    if (!q) {
        if (due)
            starve(p);
        return due;
    }
    if (p->state == PLAYOUT_STARVED)
        resume(p, q);
    if (p->state == PLAYOUT_RESTING && !(due && start(p, q))) {
        if (due)
            append_rest(p);
        return due;
    }
    if (q->noise) {
        if (due)
            begin_noise(p, q);
        return due;
    }
    int64_t gap = q->pos - p->next_pos;
    if (gap < QUANTUM)
        play(p, q);
    else if (due)
        bridge(p, q, (size_t)gap);
    return due || gap < QUANTUM;
}

/* --- a frame -------------------------------------------------------------------------------- */
static enum jitter_kind kind_of(const struct playout *p)
{
    if (p->made_up)
        return p->state == PLAYOUT_RESTING ? JITTER_NOISE : JITTER_CONCEALED;
    if (p->made_noise)
        return JITTER_NOISE;
    if (p->made_speech || p->run == 0)
        return JITTER_SPEECH;
    return p->run < SILENT_AFTER ? JITTER_CONCEALED : JITTER_SILENT;
}

/* Back from frames that were not heard: what they left of the sync buffer was never computed. */
static void listen(struct playout *p, bool deaf)
{
    if (p->deaf && !deaf) {
        size_t len = p->sync.len;
        sync_buffer_init(&p->sync);
        sync_buffer_added(&p->sync, len);
        p->fade_in = true;
        p->join = false;
    }
    p->deaf = deaf;
}

enum jitter_kind playout_frame(struct playout *p, uint64_t now_us, int16_t *pcm)
{
    tick(p, now_us);
    listen(p, !pcm);
    p->made_up = p->made_noise = p->made_speech = false;
    p->steps = p->state == PLAYOUT_PLAYING ? steps_at(p, p->next_pos, false) : 0;
    size_t need = PLAYOUT_FRAME + playout_stretch_need(p);
    while (p->sync.len < need && advance(p))
        ;
    if (p->state == PLAYOUT_PLAYING && !p->made_up)
        playout_stretch(p);
    if (p->deaf)
        p->sync.len -= PLAYOUT_FRAME;
    else
        sync_buffer_take(&p->sync, pcm, PLAYOUT_FRAME);
    p->stats->delay_ms =
        (uint32_t)(rtp_timeline_us((int64_t)p->sync.len + packet_queue_samples(p->queue)) / 1000);
    return kind_of(p);
}
