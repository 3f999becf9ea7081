#ifndef MCU_LEG_H
#define MCU_LEG_H

/* One participant's media: packets in → jitter buffer → mixer → packets out.
 * The control loop opens it with what offer and answer agreed on and sends it commands by mail; it
 * lives on the media loop of its room and closes when told to. */

#include "codecs/acodec.h"
#include "mcu/leg_stats.h"
#include "mcu/media_totals.h"
#include "mcu/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leg;
struct room_media;

enum { LEG_FORMATS_MAX = 32, LEG_CNAME_BYTES = 24 };

enum leg_format_kind { LEG_FORMAT_AUDIO, LEG_FORMAT_NOISE, LEG_FORMAT_EVENT, LEG_FORMAT_RED };
struct leg_format {
    uint8_t pt;
    enum leg_format_kind kind;
    const struct acodec *codec; /* of audio */
    uint32_t clock_hz;
};

/* What offer and answer agreed on; a re-offer replaces it as a whole. */
struct leg_media {
    struct leg_format formats[LEG_FORMATS_MAX]; /* what the peer may send */
    size_t n_formats;
    struct leg_format audio, noise, event; /* what we send; noise and event: clock_hz 0 = never */
    struct acodec_params params;
    uint8_t audio_level_id;  /* RFC 6464; 0: none */
    uint8_t transport_cc_id; /* 0: none */
    uint8_t red_pt;          /* RFC 2198 of what we send; 0: never */
    bool rtcp_rsize;
    bool send, receive; /* us */
    bool held;          /* the peer does not listen */
    bool xr_voip_metrics;
    struct transport_terms transport;
};

struct leg_setup {
    struct leg_media media;
    struct transport_setup transport;
    char cname[LEG_CNAME_BYTES];
    uint64_t seed; /* random: of sequence number, timestamp, RTCP intervals */
    uint32_t jitter_max_ms;
    bool agc, denoise;
    bool muted;                                    /* from the start */
    uint32_t sender_timeout_s, listener_timeout_s; /* without a packet; 0: never */
};

/* What it tells; all run on the control loop. After gone nothing more comes. */
struct leg_events {
    void (*talking)(bool on, void *arg);
    void (*digit)(char digit, uint32_t duration_ms, void *arg);
    void (*ended)(const char *reason, void *arg); /* "bye", "timeout", "refused": close it */
    void (*gone)(void *arg);                      /* sockets are closed, *leg is freed */
};

/* --- [control] ------------------------------------------------------------------------------- */
/* 0 and a leg in the room, or -ENOMEM. What the transport terms of setup hold is its own, whatever
 * it returns. events outlives the leg. */
int leg_open(struct leg **legp, struct room_media *rm, const struct leg_setup *setup,
    const struct leg_events *events, void *arg);
void leg_close(struct leg *leg, const char *reason); /* sends RTCP BYE; reason is static text */
/* 0 and what the transport terms of media hold is the leg's, or -ENOMEM. */
int leg_renegotiate(struct leg *leg, const struct leg_media *media);
/* next is malloc'd; 0 and it is the leg's, or -ENOMEM. */
int leg_restart_ice(struct leg *leg, struct answer_transport *next);
int leg_mute(struct leg *leg, bool muted);
int leg_deafen(struct leg *leg, bool deaf);
int leg_gain(struct leg *leg, float gain_db);
int leg_dial(struct leg *leg, const char *digits);

/* --- [media loop], for its room -------------------------------------------------------------- */
void leg_note_talking(struct leg *leg, bool talking); /* within the tick */
void leg_after_tick(struct leg *leg);                 /* tells what the tick noted */
void leg_every_second(struct leg *leg, uint64_t now_us);
void *leg_owner(const struct leg *leg);   /* the arg of its events */
uint8_t leg_level(const struct leg *leg); /* of its voice, -dBov; 127 silent */
void leg_fill_stats(const struct leg *leg, struct leg_stats *out);
void leg_account(const struct leg *leg, struct media_totals *sums);

#endif
