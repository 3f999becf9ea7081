/* A leg's life and the commands it gets from the control loop. */

#include "mcu/leg_internal.h"
#include "mcu/room_media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED_SECONDS = 4 };

static struct mailbox *control_of(const struct leg *leg)
{
    return room_media_control(leg->rm);
}

/* --- what it tells the control loop ---------------------------------------------------------- */
struct news {
    struct mail mail;
    struct leg *leg;
    enum { NEWS_TALKING, NEWS_DIGIT, NEWS_ENDED } what;
    bool on;
    char digit;
    uint32_t duration_ms;
    const char *reason;
};

static void deliver_news(struct mail *m)
{
    struct news *n = (struct news *)m;
    const struct leg *leg = n->leg;
    switch (n->what) {
    case NEWS_TALKING:
        leg->events->talking(n->on, leg->events_arg);
        break;
    case NEWS_DIGIT:
        leg->events->digit(n->digit, n->duration_ms, leg->events_arg);
        break;
    case NEWS_ENDED:
        leg->events->ended(n->reason, leg->events_arg);
        break;
    }
    free(n);
}

/* Without memory the news is lost; what it told of goes on. */
static bool tell(const struct news *news)
{
    struct news *n = malloc(sizeof(*n));
    if (!n)
        return false;
    *n = *news;
    n->mail.deliver = deliver_news;
    mailbox_post(control_of(news->leg), &n->mail);
    return true;
}

void leg_tell_digit(struct leg *leg, char digit, uint32_t duration_ms)
{
    tell(
        &(struct news){.leg = leg, .what = NEWS_DIGIT, .digit = digit, .duration_ms = duration_ms});
}

void leg_tell_ended(struct leg *leg, const char *reason)
{
    if (!leg->ended)
        leg->ended = tell(&(struct news){.leg = leg, .what = NEWS_ENDED, .reason = reason});
}

void leg_note_talking(struct leg *leg, bool talking)
{
    leg->talking = talking;
    leg->talking_noted = true;
}

void leg_after_tick(struct leg *leg)
{
    if (!leg->talking_noted)
        return;
    leg->talking_noted = false;
    tell(&(struct news){.leg = leg, .what = NEWS_TALKING, .on = leg->talking});
}

/* --- the tick of its keys -------------------------------------------------------------------- */
static struct leg *leg_of_keys(struct ticker *t)
{
    return (struct leg *)((char *)t - offsetof(struct leg, keys));
}

static void keys_tick(struct ticker *t, uint64_t slot_us)
{
    leg_send_key(leg_of_keys(t), slot_us);
}

static void keys_stop(struct leg *leg)
{
    if (leg->keys_ticking)
        media_loop_remove(leg->ml, &leg->keys);
    leg->keys_ticking = false;
}

static void keys_after(struct ticker *t, uint64_t slot_us)
{
    struct leg *leg = leg_of_keys(t);
    leg_receive_expire_key(leg, slot_us);
    if (!telephone_event_tx_busy(&leg->dial) && leg->key.state != TELEPHONE_EVENT_RX_DOWN)
        keys_stop(leg);
}

static void keys_miss(struct ticker *t, uint64_t ticks)
{
    (void)t, (void)ticks;
}

static void keys_account(const struct ticker *t, struct media_totals *sums)
{
    (void)t, (void)sums;
}

void leg_keys_start(struct leg *leg)
{
    if (leg->keys_ticking)
        return;
    leg->keys = (struct ticker){
        .tick = keys_tick, .after = keys_after, .miss = keys_miss, .account = keys_account};
    leg->keys_ticking = true;
    media_loop_add(leg->ml, &leg->keys);
}

/* --- once a second --------------------------------------------------------------------------- */
static void check_timeout(struct leg *leg, uint64_t now_us)
{
    bool sends = leg->media->receive;
    uint32_t limit_s = sends ? leg->setup.sender_timeout_s : leg->setup.listener_timeout_s;
    if (limit_s && now_us > leg->last_heard_us + (uint64_t)limit_s * 1000000)
        leg_tell_ended(leg, "timeout");
}

/* A listener that is gone says nothing, but its machine refuses our packets. ICMP can be forged, so
 * it is believed only of someone who is silent, and only if it goes on. */
static void check_refused(struct leg *leg, uint64_t now_us)
{
    struct transport_stats t;
    transport_stats(leg->transport, &t);
    bool refused = t.refusals > leg->refusals_seen &&
                   now_us > leg->last_heard_us + (uint64_t)REFUSED_SECONDS * 1000000;
    leg->refusals_seen = t.refusals;
    leg->refused_seconds = refused ? leg->refused_seconds + 1 : 0;
    if (leg->refused_seconds >= REFUSED_SECONDS)
        leg_tell_ended(leg, "refused");
}

void leg_every_second(struct leg *leg, uint64_t now_us)
{
    leg_send_every_second(leg, now_us);
    transport_every_second(leg->transport, now_us);
    check_timeout(leg, now_us);
    check_refused(leg, now_us);
}

/* --- life ------------------------------------------------------------------------------------ */
/* Whoever is sent nothing need not be encoded for. */
static void apply_deafness(struct leg *leg)
{
    mixer_leg_deafen(leg->mixer_leg, leg->deaf || !leg->media->send);
}

static int start(struct leg *leg)
{
    const struct leg_media *media = leg->media;
    uint64_t now_us = media_loop_slot_us(leg->ml);
    struct mixer_leg_config mix = {
        .source = &leg_source,
        .source_arg = leg,
        .codec = media->audio.codec,
        .comfort_noise = media->noise.clock_hz != 0,
        .agc = leg->setup.agc,
        .denoise = leg->setup.denoise,
        .packet = leg_send_packet,
        .arg = leg,
    };
    int err = leg_send_start(leg, now_us);
    mix.params = leg->encoding;
    if (!err)
        err = mixer_leg_add(room_media_mixer(leg->rm), &leg->mixer_leg, &mix);
    if (!err) {
        mixer_leg_mute(leg->mixer_leg, leg->setup.muted);
        leg_receive_start(leg, now_us);
        err = transport_start(leg->transport, now_us);
    }
    if (!err)
        err = room_media_add(leg->rm, leg);
    if (!err)
        apply_deafness(leg);
    return err;
}

static void open_on_loop(struct room_media *rm, void *arg)
{
    (void)rm;
    struct leg *leg = arg;
    if (start(leg))
        leg_tell_ended(leg, "failed");
}

static void deliver_gone(struct mail *m)
{
    struct leg *leg = (struct leg *)((char *)m - offsetof(struct leg, gone));
    const struct leg_events *events = leg->events;
    void *arg = leg->events_arg;
    jitter_destroy(leg->jitter);
    transport_destroy(leg->transport);
    free(leg->arrivals);
    free(leg->sent_before);
    free(leg);
    events->gone(arg);
}

static void on_transport_stopped(void *arg)
{
    struct leg *leg = arg;
    leg->gone.deliver = deliver_gone;
    mailbox_post(control_of(leg), &leg->gone);
}

static void on_transport_ended(const char *reason, void *arg)
{
    leg_tell_ended(arg, reason);
}

static const struct transport_events transport_events = {
    .rtp = leg_receive_rtp,
    .rtcp = leg_receive_rtcp,
    .ended = on_transport_ended,
    .stopped = on_transport_stopped,
};

static void deliver_close(struct mail *m)
{
    struct leg *leg = (struct leg *)((char *)m - offsetof(struct leg, close));
    keys_stop(leg);
    leg_send_stop(leg, leg->close_reason);
    room_media_remove(leg->rm, leg);
    mixer_leg_remove(leg->mixer_leg);
    transport_stop(leg->transport);
}

int leg_open(struct leg **legp, struct room_media *rm, const struct leg_setup *setup,
    const struct leg_events *events, void *arg)
{
    struct leg *leg = calloc(1, sizeof(*leg));
    if (!leg) {
        struct transport_terms unused = setup->media.transport;
        transport_terms_drop(&unused);
        return -ENOMEM;
    }
    leg->rm = rm;
    leg->ml = room_media_loop(rm);
    leg->events = events;
    leg->events_arg = arg;
    leg->setup = *setup;
    leg->media = &leg->setup.media;
    int err = transport_create(&leg->transport, leg->ml, &setup->transport, &setup->media.transport,
        &transport_events, leg);
    leg->media->transport = (struct transport_terms){0}; /* handed over */
    if (err)
        goto fail;
    err = room_media_run(rm, open_on_loop, leg);
    if (err)
        goto fail;
    *legp = leg;
    return 0;

fail:
    transport_destroy(leg->transport);
    free(leg);
    return err;
}

void leg_close(struct leg *leg, const char *reason)
{
    leg->close_reason = reason;
    leg->close.deliver = deliver_close;
    media_loop_post(leg->ml, &leg->close);
}

/* --- commands -------------------------------------------------------------------------------- */
struct command {
    struct leg *leg;
    void (*run)(struct leg *leg, const struct command *c);
    void (*drop)(struct command *c); /* what it carries; NULL: nothing */
    union {
        bool on;
        float gain_db;
        char digits[TELEPHONE_EVENT_QUEUE + 1];
        struct leg_media media;
        struct transport_terms terms;
    };
};

static void command_on_loop(struct room_media *rm, void *arg)
{
    (void)rm;
    struct command *c = arg;
    if (c->leg->mixer_leg)
        c->run(c->leg, c);
    else if (c->drop) /* it did not start, and is about to be closed */
        c->drop(c);
    free(c);
}

static int command(struct leg *leg, const struct command *order)
{
    struct command *c = malloc(sizeof(*c));
    if (!c)
        return -ENOMEM;
    *c = *order;
    c->leg = leg;
    int err = room_media_run(leg->rm, command_on_loop, c);
    if (err)
        free(c);
    return err;
}

static void mute(struct leg *leg, const struct command *c)
{
    mixer_leg_mute(leg->mixer_leg, c->on);
}

int leg_mute(struct leg *leg, bool muted)
{
    return command(leg, &(struct command){.run = mute, .on = muted});
}

static void deafen(struct leg *leg, const struct command *c)
{
    leg->deaf = c->on;
    apply_deafness(leg);
}

int leg_deafen(struct leg *leg, bool deaf)
{
    return command(leg, &(struct command){.run = deafen, .on = deaf});
}

static void gain(struct leg *leg, const struct command *c)
{
    mixer_leg_gain(leg->mixer_leg, c->gain_db);
}

int leg_gain(struct leg *leg, float gain_db)
{
    return command(leg, &(struct command){.run = gain, .gain_db = gain_db});
}

static void dial(struct leg *leg, const struct command *c)
{
    if (leg->media->event.clock_hz && !telephone_event_tx_queue(&leg->dial, c->digits, 0))
        leg_keys_start(leg);
}

int leg_dial(struct leg *leg, const char *digits)
{
    struct command c = {.run = dial};
    size_t len = strlen(digits);
    if (len >= sizeof(c.digits))
        return -EINVAL;
    memcpy(c.digits, digits, len + 1);
    return command(leg, &c);
}

static void drop_media(struct command *c)
{
    transport_terms_drop(&c->media.transport);
}

static void renegotiate(struct leg *leg, const struct command *c)
{
    *leg->media = c->media;
    leg->media->transport = (struct transport_terms){0}; /* the transport's from here on */
    transport_renegotiate(leg->transport, &c->media.transport, media_loop_slot_us(leg->ml));
    leg_receive_renegotiated(leg);
    leg_send_renegotiated(leg);
    apply_deafness(leg);
}

int leg_renegotiate(struct leg *leg, const struct leg_media *media)
{
    return command(leg, &(struct command){.run = renegotiate, .drop = drop_media, .media = *media});
}

static void drop_terms(struct command *c)
{
    transport_terms_drop(&c->terms);
}

static void restart_ice(struct leg *leg, const struct command *c)
{
    transport_renegotiate(leg->transport, &c->terms, media_loop_slot_us(leg->ml));
}

int leg_restart_ice(struct leg *leg, struct answer_transport *next)
{
    return command(
        leg, &(struct command){.run = restart_ice, .drop = drop_terms, .terms = {.webrtc = next}});
}

/* --- statistics ------------------------------------------------------------------------------ */
void *leg_owner(const struct leg *leg)
{
    return leg->events_arg;
}

static float percent(uint64_t part, uint64_t whole)
{
    return whole ? (float)(100.0 * (double)part / (double)whole) : 0;
}

static void fill_inward(const struct leg *leg, struct leg_stats *out)
{
    uint64_t expected = rtp_source_expected(&leg->source);
    int32_t lost = rtp_source_lost(&leg->source);
    struct transport_stats t;
    transport_stats(leg->transport, &t);
    out->srtp_suite = t.srtp_suite;
    out->transport = t.path;
    out->packets_in = t.packets_in;
    out->bytes_in = t.bytes_in;
    out->packets_dropped = t.packets_dropped + leg->packets_dropped;
    out->packets_lost = lost > 0 ? (uint64_t)lost : 0;
    out->loss_percent = percent(out->packets_lost, expected);
    out->jitter_ms = rtp_source_jitter_us(&leg->source) / 1000;
    if (!leg->jitter)
        return;
    struct jitter_stats j;
    jitter_stats(leg->jitter, &j);
    out->packets_late = j.late;
    out->delay_ms = j.delay_ms;
    out->target_ms = j.target_ms;
    out->concealed_percent = percent(j.concealed_samples, j.played_samples + j.concealed_samples);
    out->fec_used = j.fec_used;
}

uint8_t leg_level(const struct leg *leg)
{
    struct mixer_leg_stats mix;
    mixer_leg_stats(leg->mixer_leg, &mix);
    return mix.level;
}

void leg_fill_stats(const struct leg *leg, struct leg_stats *out)
{
    const struct leg_media *m = leg->media;
    struct rtcp_remote remote;
    struct mixer_leg_stats mix;
    rtcp_session_remote(leg->rtcp, &remote);
    mixer_leg_stats(leg->mixer_leg, &mix);
    *out = (struct leg_stats){
        .codec = m->audio.codec->name,
        .clock_hz = m->audio.clock_hz,
        .ptime_ms = m->params.ptime_ms,
        .bitrate_bps = leg->encoding.bitrate_bps,
        .fec = leg->encoding.fec,
        .own_encoder = mix.own_encoder,
        .group_size = mix.group_size,
        .talking = mix.talking,
        .speaking = mix.speaking,
        .level = mix.level,
        .packets_out = leg->packets_out,
        .bytes_out = leg->bytes_out,
        .remote_loss_percent = (float)remote.fraction_lost * 100 / 256,
        .rtt_ms = remote.rtt_us ? (int)(remote.rtt_us / 1000) : -1,
    };
    fill_inward(leg, out);
}

void leg_account(const struct leg *leg, struct media_totals *sums)
{
    struct transport_stats t;
    transport_stats(leg->transport, &t);
    sums->legs++;
    sums->packets_in += t.packets_in;
    sums->packets_out += leg->packets_out;
    sums->packets_dropped += t.packets_dropped + leg->packets_dropped;
    if (!leg->jitter)
        return;
    struct jitter_stats j;
    jitter_stats(leg->jitter, &j);
    sums->concealed_samples += j.concealed_samples;
    sums->played_samples += j.played_samples;
}
