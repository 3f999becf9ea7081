#ifndef MCU_CONFIG_H
#define MCU_CONFIG_H

/* The configuration: one table of keys drives the file's parser, the command line's flags, --help,
 * the generated example file and validation. A value comes from, strongest first: flag,
 * environment (secrets only), file, default. [control]; a published copy is read-only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_auto { CONFIG_AUTO, CONFIG_YES, CONFIG_NO };
enum config_tls { CONFIG_TLS_AUTO, CONFIG_TLS_OFF, CONFIG_TLS_ON };
enum config_srtp { CONFIG_SRTP_OFF, CONFIG_SRTP_PREFER, CONFIG_SRTP_REQUIRE };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };

enum {
    CONFIG_TEXT_MAX = 184, /* bytes of a text value with its NUL: a line of the file holds it */
};

struct config {
    char http_address[CONFIG_TEXT_MAX];    /* numeric address the HTTP server binds */
    uint32_t http_port;                    /* of plain HTTP; 0: the system picks one (printed) */
    uint32_t https_port;                   /* of HTTPS; the same */
    uint32_t tls;                          /* enum config_tls; see config_tls() */
    char tls_certificate[CONFIG_TEXT_MAX]; /* PEM file; "" = a self-signed one */
    char tls_key[CONFIG_TEXT_MAX];         /* PEM file; "" = in tls_certificate's */
    char http_names[CONFIG_TEXT_MAX];      /* further Host names answered, separated by spaces */
    char http_origins[CONFIG_TEXT_MAX];    /* further Origins that may open a WebSocket */
    uint32_t http_connections;             /* at once */
    uint32_t http_connections_address;     /* of one address at once */
    uint32_t http_timeout_s;               /* for a request's headers, and again for its body */
    uint32_t http_idle_s;                  /* a connection between requests */
    uint32_t api_rate;                     /* requests a second an address may make */
    uint32_t api_burst;                    /* and that many at once */
    uint32_t body_max_kib;                 /* of a JSON or SDP body */
    uint32_t play_max_kib;                 /* of an uploaded sound */
    uint32_t event_clients;                /* WebSockets at once */
    uint32_t event_queue;              /* events one of them may lag behind before it is closed */
    char admin_token[CONFIG_TEXT_MAX]; /* "" = from MCU_ADMIN_TOKEN or token_file */
    char token_file[CONFIG_TEXT_MAX];  /* "" = the state folder's */
    char web_dir[CONFIG_TEXT_MAX];     /* "" = the page that is part of the program */

    char jwt_secret[CONFIG_TEXT_MAX];     /* of HS256; "" = from MCU_JWT_SECRET, or none */
    char jwt_public_key[CONFIG_TEXT_MAX]; /* PEM file of RS256 and ES256 keys; "" = none */
    char jwt_issuer[CONFIG_TEXT_MAX];     /* iss that is asked for; "" = any */
    char jwt_audience[CONFIG_TEXT_MAX];   /* aud that is asked for; "" = any */
    uint32_t guest_role;                  /* enum role: who comes without a token; 0: nobody may */
    uint32_t first_moderates;             /* enum config_auto; see config_first_moderates() */
    uint32_t ticket_hours;                /* how long a ticket lets its holder back in */
    char public_url[CONFIG_TEXT_MAX];     /* base of guest links; "" = what Host says */
    char operator_name[CONFIG_TEXT_MAX];  /* shown on the page */
    char privacy_url[CONFIG_TEXT_MAX];    /* linked to there */

    char media_address[CONFIG_TEXT_MAX];    /* numeric; bound, and named in SDP answers */
    uint32_t rtp_port_min, rtp_port_max;    /* inclusive; RTP takes the even ones */
    char webrtc_addresses[CONFIG_TEXT_MAX]; /* "" = media_address */
    uint32_t webrtc_port;                   /* of the first media loop; 0 = any */
    bool webrtc_tcp;
    char public_address[CONFIG_TEXT_MAX]; /* "" = none */
    uint32_t media_loops;                 /* 0: as many as cores */
    uint32_t srtp;                        /* enum config_srtp */
    uint32_t symmetric_rtp;               /* enum latch_mode of net/rtp/latch.h */
    uint32_t jitter_max_ms;
    uint32_t arrival_timeout_s;     /* of WebRTC: from the answer to the end of DTLS */
    uint32_t participant_timeout_s; /* a sender that sends neither RTP nor RTCP; 0: never */
    uint32_t listener_timeout_s;    /* a recvonly one that sends no RTCP; 0: until it refuses */

    uint32_t auto_create; /* enum config_auto: a join makes the room; see config_auto_create() */
    uint32_t max_rooms;
    uint32_t max_participants; /* of a room */
    uint32_t max_speakers;     /* heard at once; 0: no limit */
    uint32_t opus_bitrate_bps;
    uint32_t opus_complexity;
    bool agc, denoise; /* for legs whose offer or room does not say */
    char sounds_dir[CONFIG_TEXT_MAX];

    uint32_t log_level;  /* enum log_level */
    uint32_t log_format; /* enum config_log_format */
};

/* What the command line asks for besides values. */
enum config_action {
    CONFIG_RUN,
    CONFIG_HELP,
    CONFIG_VERSION,
    CONFIG_PRINT,  /* --print-config: the commented example file */
    CONFIG_CHECK,  /* --check-config: validate and leave */
    CONFIG_ROUTES, /* --print-routes: the HTTP routes, one a line */
};

struct config_args {
    enum config_action action;
    const char *file; /* --config; NULL: none */
    int argc;
    char **argv; /* borrowed; flags are applied after the file */
};

/* Called for every error found, not only the first; where is "file:line" or "--flag". */
typedef void config_error_fn(const char *where, const char *message, void *arg);

void config_defaults(struct config *c);

/* Reads the flags into a (values are checked later, by config_load). Number of errors told. */
int config_args_parse(
    struct config_args *a, int argc, char **argv, config_error_fn *error, void *arg);

/* Defaults, then a->file, then MCU_ADMIN_TOKEN and MCU_JWT_SECRET, then flags, then what must fit
 * together. Number of errors told; *c is only written when it is 0. */
int config_load(struct config *c, const struct config_args *a, config_error_fn *error, void *arg);

/* Applies one file's text to c. Number of errors told. name is for messages. */
int config_parse_text(
    struct config *c, const char *name, FILE *in, config_error_fn *error, void *arg);

/* Takes into live what is reloadable of fresh, and calls refused(key, reason, arg) for each key
 * that differs and is not. Number of keys taken. */
int config_reload(
    struct config *live, const struct config *fresh, config_error_fn *refused, void *arg);

/* True when every address the server binds is a loopback one. */
bool config_on_loopback(const struct config *c);
bool config_tls(const struct config *c); /* the HTTP server speaks TLS */
/* The HTTP server speaks plain HTTP to others than this host: only well behind a proxy. */
bool config_http_exposed(const struct config *c);
bool config_auto_create(const struct config *c);
/* Whether the first one in a room that a join made moderates it. */
bool config_first_moderates(const struct config *c);

#endif
