#ifndef MCU_ROOMS_H
#define MCU_ROOMS_H

/* Rooms and their participants, as the control loop knows them: names, limits, who is in. Their
 * media live on media loops and are reached by messages. [loop: control]
 * Pointers to rooms and participants stay valid until the control loop runs again; keep names and
 * ids across callbacks. */

#include "mcu/access/grant.h"
#include "mcu/leg_stats.h"
#include "mcu/media_totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
    ROOM_NAME_MAX = 64, /* bytes, [A-Za-z0-9._-] */
    ROOM_PIN_MIN = 4,   /* digits */
    ROOM_PIN_MAX = 12,
    PARTICIPANT_NAME_MAX = 64, /* bytes of UTF-8, see mcu/names.h */
    PARTICIPANT_ID_LEN = 16,   /* random, of one meeting only */
    PARTICIPANT_SECRET_LEN = 32,
    PARTICIPANT_DIGITS_MAX = 32,
    PARTICIPANT_GAIN_MIN_DB = -40,
    PARTICIPANT_GAIN_MAX_DB = 20,
};

struct config;
struct handshaker_stats;
struct ice_credentials;
struct rooms;
struct room;
struct participant;
struct webrtc;

/* Limits and defaults of one room. rooms_defaults() fills it from the configuration. */
struct room_settings {
    unsigned max_participants;
    unsigned max_speakers;      /* 0: no limit */
    uint32_t jitter_max_ms;     /* ceiling of the jitter buffers */
    bool agc, denoise;          /* of the legs that join from now on */
    bool transient;             /* goes away with its last participant */
    bool first_moderates;       /* who comes first is moderator, and someone always is */
    bool locked;                /* nobody comes in but moderators */
    bool lobby;                 /* who comes waits for a moderator */
    char pin[ROOM_PIN_MAX + 1]; /* "": none */
};

struct room_info {
    const char *name;
    struct room_settings settings;
    unsigned participants, waiting;
    unsigned media_loop;   /* index of the loop that carries it */
    uint64_t created_unix; /* seconds */
};

enum wish { WISH_NONE, WISH_NO, WISH_YES };
enum participant_kind { PARTICIPANT_DEVICE, PARTICIPANT_BROWSER, PARTICIPANT_PHONE };
/* Who joins, and what they ask for; the room's settings say the rest. */
struct participant_wishes {
    const char *name; /* "" for none */
    enum wish agc, denoise;
    enum participant_kind kind;
    /* As room_admit() decided it: id, role, name and user. NULL: whom the admin brings, a
     * participant with a new id. Someone of that id who is there is replaced. */
    const struct grant *grant;
    bool thin; /* a line for long packets of few bits only */
};

struct participant_info {
    const char *id, *name; /* name may be "" */
    enum role role;
    enum participant_kind kind;
    bool muted, deaf, held, hand, talking, encrypted;
    float gain_db;
    uint64_t joined_unix;
};

enum room_event_type {
    ROOM_EVENT_ROOM_CREATED,
    ROOM_EVENT_ROOM_CLOSED,  /* reason: "closed", "shutdown" */
    ROOM_EVENT_ROOM_CHANGED, /* lock, lobby or PIN */
    ROOM_EVENT_JOINED,
    ROOM_EVENT_LEFT,    /* reason */
    ROOM_EVENT_TALKING, /* on */
    ROOM_EVENT_MUTED,   /* on, by_other */
    ROOM_EVENT_DEAF,    /* on, by_other */
    ROOM_EVENT_HAND,    /* on, by_other */
    ROOM_EVENT_ROLE,    /* by_other */
    ROOM_EVENT_RENAMED,
    ROOM_EVENT_ASK_UNMUTE,
    ROOM_EVENT_DTMF, /* digit, duration_ms */
    ROOM_EVENT_WAITING,
    ROOM_EVENT_WAITING_GONE, /* reason: "admitted", "refused", "kicked", "left" */
    ROOM_EVENT_PLAY_STARTED,
    ROOM_EVENT_PLAY_ENDED, /* reason: "finished", "stopped", "failed" */
    ROOM_EVENTS,
};
struct room_event {
    enum room_event_type type;
    const char *room;
    const char *participant; /* id, also of one who waits; NULL for events of the room */
    const char *reason;      /* static text: "left", "kicked", "timeout", "closed", "bye", … */
    bool on;
    bool by_other; /* a moderator or the admin did it, not they themselves */
    char digit;
    uint32_t duration_ms;
};
typedef void room_event_fn(const struct room_event *e, void *arg);

/* Starts the media loops. webrtc (NULL: none) has as many ports as there will be loops, and
 * outlives the rooms. 0, or a negative errno. */
int rooms_create(struct rooms **rp, const struct config *cfg, struct webrtc *webrtc,
    uv_loop_t *control, room_event_fn *on_event, void *arg);
unsigned rooms_media_loops(const struct config *cfg);
/* Closes every room (RTCP BYE to all), ends the media loops; done is called from the control loop
 * when all is gone and *r has been freed. */
typedef void rooms_closed_fn(void *arg);
void rooms_close(struct rooms *r, rooms_closed_fn *done, void *arg);
/* Takes over what is reloadable for rooms and participants to come. */
void rooms_configure(struct rooms *r, const struct config *cfg);
void rooms_defaults(const struct rooms *r, struct room_settings *out);

/* 0; -EEXIST; -EINVAL bad name or settings; -EMFILE too many rooms; -ENOMEM. */
int room_create(
    struct rooms *r, const char *name, const struct room_settings *settings, struct room **out);
struct room *room_find(struct rooms *r, const char *name); /* or NULL */
bool room_name_ok(const char *name);
bool room_pin_ok(const char *pin); /* 4 to 12 digits */
void room_info(const struct room *room, struct room_info *out);
/* Takes effect on the mix at once; max_participants throws nobody out. 0 or -EINVAL. */
int room_configure(struct room *room, const struct room_settings *settings);
void room_close(struct room *room);
/* Somebody watches it: a transient room stays though nobody is in it. */
void room_hold(struct room *room);
void room_unhold(struct room *room);
typedef void room_each_fn(struct room *room, void *arg);
void rooms_each(struct rooms *r, room_each_fn *fn, void *arg);
unsigned rooms_count(const struct rooms *r);

/* Joins by SDP offer. On 0, *answer is malloc'd text the caller frees. *why (static text) explains
 * an error: -EINVAL the offer is malformed; -ENOTSUP nothing in common (codec, SRTP policy);
 * -EACCES policy, or an address that is not allowed; -EMFILE the room is full; -ENOBUFS no ports;
 * -ENOMEM; -ESHUTDOWN draining. */
int participant_join(struct room *room, const struct participant_wishes *wishes, const char *offer,
    size_t len, struct participant **out, char **answer, const char **why);
int participant_reoffer(
    struct participant *p, const char *offer, size_t len, char **answer, const char **why);
struct participant *participant_find(struct room *room, const char *id); /* or NULL */
/* A random text that only who joined is told; it names the session in WHIP. */
const char *participant_secret(const struct participant *p);
struct participant *participant_of_secret(struct room *room, const char *secret); /* or NULL */
/* Holds from the next re-offer on. */
void participant_set_line(struct participant *p, bool thin);
/* WebRTC: counts ICE restarts; whether these are the peer's credentials in use; a restart with new
 * ones of the peer, *answer is malloc'd text (an SDP fragment, RFC 8840) of ours: 0, -ENOTSUP no
 * WebRTC, -ENOMEM. */
unsigned participant_ice_generation(const struct participant *p);
bool participant_ice_is(const struct participant *p, const struct ice_credentials *remote);
int participant_restart_ice(
    struct participant *p, const struct ice_credentials *remote, char **answer);
void participant_info(const struct participant *p, struct participant_info *out);
void participant_mute(struct participant *p, bool muted, bool by_other);
void participant_deafen(struct participant *p, bool deaf, bool by_other);
int participant_gain(struct participant *p, float gain_db); /* -40 … +20, else -ERANGE */
/* Sends digits (0-9 A-D * #, at most 32) as RFC 4733 events. 0, -EINVAL, -ENOTSUP not negotiated.
 */
int participant_dial(struct participant *p, const char *digits);
/* Leaves: "left", "replaced", …; what else a kick means is in mcu/moderation.h. */
void participant_remove(struct participant *p, const char *reason);

/* Statistics come by message: fn is called once from the control loop, with n = 0 when the room or
 * participant has gone meanwhile. ids[i] belongs to stats[i]; both live until fn returns. */
typedef void participant_stats_fn(
    const char (*ids)[PARTICIPANT_ID_LEN + 1], const struct leg_stats *stats, size_t n, void *arg);
int room_stats(struct room *room, participant_stats_fn *fn, void *arg);
int participant_stats(struct participant *p, participant_stats_fn *fn, void *arg);

/* How loud those are who are not silent, as RFC 6464 counts (0 loud … 126). Comes like statistics,
 * but costs little. */
struct room_level {
    char id[PARTICIPANT_ID_LEN + 1];
    uint8_t level;
};
typedef void room_levels_fn(const struct room_level *levels, size_t n, void *arg);
int room_levels(struct room *room, room_levels_fn *fn, void *arg); /* 0 or -ENOMEM */
bool room_talking(const struct room *room);                        /* somebody is */
typedef void participant_each_fn(struct participant *p, void *arg);
void participants_each(struct room *room, participant_each_fn *fn, void *arg);

/* Plays a WAV, FLAC or Ogg file (its bytes; taken over and freed) into the room, replacing what
 * plays. 0; -EINVAL not a sound file; -EFBIG; -ENOMEM. An end is told by event. */
int room_play(struct room *room, uint8_t *file, size_t len, const char **why);
void room_play_stop(struct room *room);

/* For metrics: sums over all media loops, about a second old. */
void rooms_totals(const struct rooms *r, struct media_totals *out);
/* How long ago the media loop that is silent the longest was seen ticking. */
uint64_t rooms_silent_ms(const struct rooms *r);
/* Handshakes of WebRTC since the start; all zero without it. */
void rooms_handshakes(const struct rooms *r, struct handshaker_stats *out);
unsigned rooms_ports_free(const struct rooms *r);

#endif
