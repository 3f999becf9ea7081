#include "mcu/api/api.h"

#include "mcu/names.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- as JSON ---------------------------------------------------------------------------------- */
json_t *api_describe_participant(const struct participant *p)
{
    static const char *const kinds[] = {"device", "browser", "phone"};
    struct participant_info info;
    participant_info(p, &info);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:f, s:I}", "id", info.id,
        "name", info.name, "role", role_name(info.role), "kind", kinds[info.kind], "muted",
        info.muted, "deaf", info.deaf, "hand", info.hand, "held", info.held, "encrypted",
        info.encrypted, "gain_db", (double)info.gain_db, "joined", (json_int_t)info.joined_unix);
}

/* JSON has no NaN, which a ratio of nothing would be. */
static double finite_or_zero(double value)
{
    return isfinite(value) ? value : 0;
}

static json_t *describe_stats(const struct leg_stats *s)
{
    json_t *o = json_pack("{s:s?, s:i, s:i, s:i, s:s?, s:s?, s:b, s:i, s:b, s:b, s:i, s:b}",
        "codec", s->codec, "clock_hz", (int)s->clock_hz, "ptime_ms", (int)s->ptime_ms,
        "bitrate_bps", (int)s->bitrate_bps, "srtp_suite", s->srtp_suite, "transport", s->transport,
        "own_encoder", s->own_encoder, "group_size", (int)s->group_size, "talking", s->talking,
        "speaking", s->speaking, "level", (int)s->level, "fec", s->fec);
    json_t *counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "packets_in",
        (json_int_t)s->packets_in, "bytes_in", (json_int_t)s->bytes_in, "packets_out",
        (json_int_t)s->packets_out, "bytes_out", (json_int_t)s->bytes_out, "packets_lost",
        (json_int_t)s->packets_lost, "packets_late", (json_int_t)s->packets_late, "packets_dropped",
        (json_int_t)s->packets_dropped, "fec_used", (json_int_t)s->fec_used);
    json_t *line = json_pack("{s:i, s:i, s:i, s:f, s:f, s:f, s:o}", "jitter_ms", (int)s->jitter_ms,
        "delay_ms", (int)s->delay_ms, "target_ms", (int)s->target_ms, "loss_percent",
        finite_or_zero(s->loss_percent), "concealed_percent", finite_or_zero(s->concealed_percent),
        "remote_loss_percent", finite_or_zero(s->remote_loss_percent), "rtt_ms",
        s->rtt_ms < 0 ? json_null() : json_integer(s->rtt_ms));
    if (o && counts && line && !json_object_update(o, counts) && !json_object_update(o, line)) {
        json_decref(counts);
        json_decref(line);
        return o;
    }
    json_decref(o);
    json_decref(counts);
    json_decref(line);
    return NULL;
}

/* --- statistics, which come by message -------------------------------------------------------- */
struct asking {
    const struct api *api;
    struct http_request *request;
    char room[ROOM_NAME_MAX + 1];
    bool whole_room;
};

static struct asking *asking_new(const struct api *api, struct http_request *r, bool whole_room)
{
    struct asking *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    a->api = api;
    a->request = r;
    a->whole_room = whole_room;
    snprintf(a->room, sizeof(a->room), "%s", http_param(r, "room"));
    return a;
}

static json_t *with_stats(struct room *room, const char *id, const struct leg_stats *stats)
{
    const struct participant *p = participant_find(room, id);
    json_t *o = p ? api_describe_participant(p) : NULL;
    json_t *s = o ? describe_stats(stats) : NULL;
    if (s && !json_object_set_new(o, "stats", s))
        return o;
    json_decref(o);
    return NULL;
}

static json_t *all_with_stats(struct room *room, const char (*ids)[PARTICIPANT_ID_LEN + 1],
    const struct leg_stats *stats, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        json_t *one = with_stats(room, ids[i], &stats[i]);
        if (one) /* else left since the question was put */
            json_array_append_new(list, one);
    }
    return json_pack("{s:o}", "participants", list);
}

static void on_stats(
    const char (*ids)[PARTICIPANT_ID_LEN + 1], const struct leg_stats *stats, size_t n, void *arg)
{
    struct asking *a = arg;
    struct room *room = a->api->rooms ? room_find(a->api->rooms, a->room) : NULL;
    bool gone = !room || (!a->whole_room && (!n || !participant_find(room, ids[0])));
    if (gone)
        http_error(a->request, 404, room ? "no_participant" : "no_room", "it has gone meanwhile");
    else
        api_respond_json(a->request, 200,
            a->whole_room ? all_with_stats(room, ids, stats, n)
                          : with_stats(room, ids[0], &stats[0]));
    free(a);
}

void api_participants_list(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    struct room *room = api_room(r, api);
    if (!room || !api_may(r, room, ACTION_PARTICIPANTS_SEE, NULL))
        return;
    struct asking *a = asking_new(api, r, true);
    if (!a || room_stats(room, on_stats, a)) {
        free(a);
        api_no_memory(r);
    }
}

void api_participant_get(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    struct participant *p = api_participant(r, api, ACTION_PARTICIPANT_SEE);
    if (!p)
        return;
    struct asking *a = asking_new(api, r, false);
    if (!a || participant_stats(p, on_stats, a)) {
        free(a);
        api_no_memory(r);
    }
}

/* --- joining ---------------------------------------------------------------------------------- */
void api_refuse_offer(struct http_request *r, int err, const char *why)
{
    static const struct {
        int err, status;
        const char *code, *message;
    } answers[] = {
        {-EINVAL, 400, "bad_offer", "the body is no session description"},
        {-ENOTSUP, 422, "not_acceptable_here", "nothing in the offer suits this server"},
        {-E2BIG, 422, "offer_too_large", "the offer has more lines or formats than are read"},
        {-EACCES, 403, "policy",
            "the offer is against this server's policy for encryption or addresses"},
        {-EMFILE, 409, "room_full", "the room is full; see max_participants"},
        {-ENOBUFS, 503, "no_ports", "all RTP ports are taken; try again later"},
        {-ESHUTDOWN, 503, "draining", "the server is ending"},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (answers[i].err == err) {
            http_error(r, answers[i].status, answers[i].code, why ? why : answers[i].message);
            return;
        }
    api_no_memory(r);
}

static void joined(
    struct http_request *r, struct room *room, const struct participant *p, char *sdp)
{
    char location[ROOM_NAME_MAX + PARTICIPANT_ID_LEN + 48];
    struct participant_info info;
    struct room_info room_of;
    participant_info(p, &info);
    room_info(room, &room_of);
    snprintf(location, sizeof(location), "/api/v1/rooms/%s/participants/%s", room_of.name, info.id);
    http_header(r, "Location", location);
    http_respond(r, 201, "application/sdp", sdp, strlen(sdp));
    free(sdp);
}

/* -EINVAL: neither yes nor no. */
static int read_wish(const struct http_request *r, const char *key, enum wish *wish)
{
    const char *text = http_query(r, key);
    *wish = !text ? WISH_NONE : strcmp(text, "yes") == 0 ? WISH_YES : WISH_NO;
    return text && *wish == WISH_NO && strcmp(text, "no") != 0 ? -EINVAL : 0;
}

static int read_wishes(const struct http_request *r, struct participant_wishes *w,
    char name[static PARTICIPANT_NAME_MAX + 1])
{
    const char *given = http_query(r, "name");
    *w = (struct participant_wishes){.name = name, .kind = PARTICIPANT_DEVICE};
    if (!http_query_only(r, "name agc denoise") || !names_clean(given ? given : "", name) ||
        read_wish(r, "agc", &w->agc))
        return -EINVAL;
    return read_wish(r, "denoise", &w->denoise);
}

void api_participants_join(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    const char *why = NULL;
    char name[PARTICIPANT_NAME_MAX + 1];
    struct participant_wishes wishes;
    struct participant *p;
    char *sdp = NULL;
    size_t len;
    bool made;
    if (!api_running(r, api))
        return;
    if (read_wishes(r, &wishes, name)) {
        http_error(r, 400, "bad_query",
            "name is at most 64 bytes of UTF-8, agc and denoise are yes or no; nothing else is "
            "known");
        return;
    }
    struct room *room = api_room_to_join(r, api, &made);
    if (!room)
        return;
    const uint8_t *offer = http_body(r, &len);
    int err = participant_join(room, &wishes, (const char *)offer, len, &p, &sdp, &why);
    if (!err) {
        joined(r, room, p, sdp);
        return;
    }
    if (made)
        room_close(room);
    api_refuse_offer(r, err, why);
}

void api_participant_put(struct http_request *r, void *arg)
{
    const char *why = NULL;
    char *sdp = NULL;
    size_t len;
    struct participant *p = api_participant(r, arg, ACTION_REOFFER);
    if (!p)
        return;
    const uint8_t *offer = http_body(r, &len);
    int err = participant_reoffer(p, (const char *)offer, len, &sdp, &why);
    if (err)
        api_refuse_offer(r, err, why);
    else
        http_respond(r, 200, "application/sdp", sdp, strlen(sdp));
    free(sdp);
}

/* --- keys ------------------------------------------------------------------------------------- */
void api_participant_dtmf(struct http_request *r, void *arg)
{
    char digits[API_DIGITS_MAX + 1];
    struct api_error e;
    size_t len;
    struct participant *p = api_participant(r, arg, ACTION_DIAL);
    if (!p)
        return;
    const uint8_t *body = http_body(r, &len);
    if (api_json_digits(body, len, digits, &e)) {
        api_respond_error(r, &e);
        return;
    }
    switch (participant_dial(p, digits)) {
    case 0:
        http_respond(r, 204, NULL, NULL, 0);
        break;
    case -ENOTSUP:
        http_error(r, 409, "no_telephone_events", "the peer did not negotiate telephone-event");
        break;
    case -EINVAL:
        http_error(r, 422, "bad_digits", "digits must be 0-9 A-D * #");
        break;
    default:
        api_no_memory(r);
    }
}
