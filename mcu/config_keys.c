#include "mcu/config_keys.h"

#include <string.h>

#define AT(field) offsetof(struct config, field)
const struct config_key config_keys[CONFIG_KEYS] = {
    {"http_address", CONFIG_KEY_ADDRESS, AT(http_address), "127.0.0.1", 0, 0, "", false,
        "Numeric address the HTTP server binds."},
    {"http_port", CONFIG_KEY_UINT, AT(http_port), "8080", 0, 65535, "", false,
        "TCP port of the HTTP server when it does not speak TLS; 0 lets the system choose one."},
    {"https_port", CONFIG_KEY_UINT, AT(https_port), "8443", 0, 65535, "", false,
        "TCP port of the HTTP server when it speaks TLS; 0 lets the system choose one."},
    {"tls", CONFIG_KEY_CHOICE, AT(tls), "auto", 0, 2, "auto|off|on", false,
        "Whether the HTTP server speaks TLS. auto: as soon as http_address is not loopback. Turned "
        "off there it belongs behind a proxy that speaks TLS: browsers give microphone and camera "
        "to HTTPS only."},
    {"tls_certificate", CONFIG_KEY_TEXT, AT(tls_certificate), "", 0, 0, "", true,
        "PEM file of the certificate and those between it and the root; SIGHUP reads it again. "
        "Empty: a self-signed one is made for http_names and our addresses and kept beside "
        "token_file, and browsers will ask whether to trust it."},
    {"tls_key", CONFIG_KEY_TEXT, AT(tls_key), "", 0, 0, "", true,
        "PEM file of the certificate's private key, without password. Empty: it is in "
        "tls_certificate's file."},
    {"http_names", CONFIG_KEY_TEXT, AT(http_names), "", 0, 0, "", true,
        "Names, separated by spaces, that requests may carry in Host besides numeric addresses and "
        "localhost. Any other name is refused, which stops DNS rebinding."},
    {"http_origins", CONFIG_KEY_TEXT, AT(http_origins), "", 0, 0, "", true,
        "Origins (https://meet.example), separated by spaces, whose pages may use the API and open "
        "WebSockets besides our own."},
    {"http_connections", CONFIG_KEY_UINT, AT(http_connections), "4096", 1, 65536, "connections",
        false, "HTTP and WebSocket connections at once."},
    {"http_connections_address", CONFIG_KEY_UINT, AT(http_connections_address), "1024", 1, 65536,
        "connections", true, "Connections of one address at once."},
    {"http_timeout_s", CONFIG_KEY_UINT, AT(http_timeout_s), "10", 1, 300, "s", true,
        "Time for a request's headers to be complete, and again for its body."},
    {"http_idle_s", CONFIG_KEY_UINT, AT(http_idle_s), "60", 1, 3600, "s", true,
        "Time a connection may rest between two requests."},
    {"api_rate", CONFIG_KEY_UINT, AT(api_rate), "500", 1, 1000000, "requests/s", true,
        "Requests an address may make; more are answered 429. Entering a room, or joining it by "
        "WHIP or WHEP, counts as 21 without a ticket: what it makes is kept for a while."},
    {"api_burst", CONFIG_KEY_UINT, AT(api_burst), "2000", 1, 1000000, "requests", true,
        "Requests an address may make at once before api_rate counts."},
    {"body_max_kib", CONFIG_KEY_UINT, AT(body_max_kib), "64", 1, 1024, "KiB", true,
        "Largest JSON or SDP body."},
    {"play_max_kib", CONFIG_KEY_UINT, AT(play_max_kib), "10240", 1, 262144, "KiB", true,
        "Largest sound file that is uploaded to be played."},
    {"event_clients", CONFIG_KEY_UINT, AT(event_clients), "2048", 0, 65536, "clients", true,
        "WebSockets at once: of people in meetings, and of who watches all of them."},
    {"event_queue", CONFIG_KEY_UINT, AT(event_queue), "1024", 16, 65536, "events", true,
        "Events a WebSocket client may lag behind before it is disconnected."},
    {"admin_token", CONFIG_KEY_TEXT, AT(admin_token), "", 0, 0, "", false,
        "Bearer token of the API, at least 16 characters. Empty: MCU_ADMIN_TOKEN of the "
        "environment, else what is in token_file. Prefer those two: flags can be seen by others."},
    {"token_file", CONFIG_KEY_TEXT, AT(token_file), "", 0, 0, "", false,
        "File of the generated token (mode 0600). Empty: mischpult/admin_token in "
        "$XDG_STATE_HOME or ~/.local/state. The key of tickets, ticket_key, is kept beside it."},

    {"jwt_secret", CONFIG_KEY_TEXT, AT(jwt_secret), "", 0, 0, "", false,
        "Secret, at least 32 characters, of JSON Web Tokens signed with HS256 that let people into "
        "rooms (claims as Jitsi's). Empty: MCU_JWT_SECRET of the environment, which others cannot "
        "see as they can see flags; else such tokens are refused."},
    {"jwt_public_key", CONFIG_KEY_TEXT, AT(jwt_public_key), "", 0, 0, "", false,
        "PEM file of the public keys of tokens signed with RS256 (RSA, 2048 bits or more) or ES256 "
        "(P-256); of several keys each is tried. Empty: such tokens are refused."},
    {"jwt_issuer", CONFIG_KEY_TEXT, AT(jwt_issuer), "", 0, 0, "", true,
        "What a token's iss must be; empty: anything."},
    {"jwt_audience", CONFIG_KEY_TEXT, AT(jwt_audience), "", 0, 0, "", true,
        "What a token's aud must be or list; empty: anything."},
    {"guest_role", CONFIG_KEY_CHOICE, AT(guest_role), "participant", 0, 3,
        "none|viewer|participant|moderator", true,
        "Role of those who come without a token; none: they are refused."},
    {"first_moderates", CONFIG_KEY_CHOICE, AT(first_moderates), "auto", 0, 2, "auto|yes|no", true,
        "The first one in a room that a join made is its moderator. auto: as long as joins make "
        "rooms (auto_create)."},
    {"ticket_hours", CONFIG_KEY_UINT, AT(ticket_hours), "12", 1, 168, "h", true,
        "How long someone who has entered a meeting is let in again without PIN, link or token."},
    {"public_url", CONFIG_KEY_TEXT, AT(public_url), "", 0, 0, "", true,
        "Where people reach this server (https://meet.example), for guest links. Empty: as the one "
        "who asks for the link does."},
    {"operator", CONFIG_KEY_TEXT, AT(operator_name), "", 0, 0, "", true,
        "Who runs this server, as the page shows it."},
    {"privacy_url", CONFIG_KEY_TEXT, AT(privacy_url), "", 0, 0, "", true,
        "Page about data protection that the page links to."},
    {"web_dir", CONFIG_KEY_TEXT, AT(web_dir), "", 0, 0, "", true,
        "Folder to serve the page from, read anew for every request, while working on it. Empty: "
        "the page that is part of the program."},

    {"media_address", CONFIG_KEY_ADDRESS, AT(media_address), "127.0.0.1", 0, 0, "", false,
        "Numeric address media is received on; it is named in SDP answers."},
    {"rtp_port_min", CONFIG_KEY_UINT, AT(rtp_port_min), "20000", 1024, 65534, "", false,
        "First UDP port of plain RTP."},
    {"rtp_port_max", CONFIG_KEY_UINT, AT(rtp_port_max), "29999", 1025, 65535, "", false,
        "Last UDP port of plain RTP."},
    {"webrtc_addresses", CONFIG_KEY_TEXT, AT(webrtc_addresses), "", 0, 0, "", false,
        "Numeric addresses, separated by spaces, WebRTC media is received on and offered at; "
        "0.0.0.0 and :: stand for all of the machine. Empty: media_address; if that is loopback, "
        "also the machine's others for this machine alone, since Firefox uses no loopback."},
    {"webrtc_port", CONFIG_KEY_UINT, AT(webrtc_port), "10000", 0, 65279, "", false,
        "UDP and TCP port of all WebRTC media of the first media loop; the next loop takes the "
        "next port. 0 lets the system choose."},
    {"webrtc_tcp", CONFIG_KEY_BOOL, AT(webrtc_tcp), "yes", 0, 0, "", false,
        "Take WebRTC media by TCP too, for those whose firewall blocks UDP."},
    {"public_address", CONFIG_KEY_TEXT, AT(public_address), "", 0, 0, "", true,
        "Numeric addresses, separated by spaces, at most one of a family: told to browsers instead "
        "of the local ones when the server is behind a 1:1 NAT."},
    {"media_loops", CONFIG_KEY_UINT, AT(media_loops), "0", 0, 256, "threads", false,
        "Threads that carry media; 0: one a core."},
    {"srtp", CONFIG_KEY_CHOICE, AT(srtp), "prefer", 0, 2, "off|prefer|require", true,
        "SRTP by SDES: never, when it is offered, or nothing else."},
    {"symmetric_rtp", CONFIG_KEY_CHOICE, AT(symmetric_rtp), "signalled", 0, 2,
        "signalled|symmetric|nat", true,
        "Where media is sent: to the address in the peer's SDP; to the port the peer sends from, "
        "on "
        "the same IP; or, for peers behind NAT, to any address learned within the first seconds."},
    {"jitter_max_ms", CONFIG_KEY_UINT, AT(jitter_max_ms), "200", 20, 2000, "ms", true,
        "Ceiling of a jitter buffer's delay."},
    {"arrival_timeout_s", CONFIG_KEY_UINT, AT(arrival_timeout_s), "20", 1, 300, "s", true,
        "One that joined by WebRTC and whose connection does not come about for so long has left."},
    {"participant_timeout_s", CONFIG_KEY_UINT, AT(participant_timeout_s), "60", 0, 86400, "s", true,
        "A participant that should send and sends neither RTP nor RTCP for so long has left; 0: "
        "never."},
    {"listener_timeout_s", CONFIG_KEY_UINT, AT(listener_timeout_s), "0", 0, 86400, "s", true,
        "The same for one that only receives, counted from its last RTCP; 0: it stays until its "
        "socket refuses our packets."},

    {"auto_create", CONFIG_KEY_CHOICE, AT(auto_create), "auto", 0, 2, "auto|yes|no", true,
        "A join makes the room it names. auto: as long as everything is bound to loopback."},
    {"max_rooms", CONFIG_KEY_UINT, AT(max_rooms), "1000", 1, 100000, "rooms", true,
        "Rooms at once."},
    {"max_participants", CONFIG_KEY_UINT, AT(max_participants), "1000", 1, 10000, "participants",
        true, "Participants of a room, unless the room says otherwise."},
    {"max_speakers", CONFIG_KEY_UINT, AT(max_speakers), "5", 0, 1000, "voices", true,
        "Voices mixed at once, unless the room says otherwise; 0: no limit."},
    {"opus_bitrate_bps", CONFIG_KEY_UINT, AT(opus_bitrate_bps), "32000", 6000, 510000, "bit/s",
        true, "Ceiling of what is sent as Opus to one listener."},
    {"opus_complexity", CONFIG_KEY_UINT, AT(opus_complexity), "3", 0, 10, "", true,
        "Ceiling of the Opus encoders' complexity; it falls by itself under load."},
    {"agc", CONFIG_KEY_BOOL, AT(agc), "no", 0, 0, "", true,
        "Level the voices of those who join, unless the room says otherwise."},
    {"denoise", CONFIG_KEY_BOOL, AT(denoise), "no", 0, 0, "", true,
        "Take noise off the voices of those who join, unless the room says otherwise."},
    {"sounds_dir", CONFIG_KEY_TEXT, AT(sounds_dir), "", 0, 0, "", true,
        "Folder of WAV, FLAC and Ogg files that can be played by name; empty: none."},

    {"log_level", CONFIG_KEY_CHOICE, AT(log_level), "info", 0, 3, "error|warn|info|debug", true,
        "Least important events that are logged."},
    {"log_format", CONFIG_KEY_CHOICE, AT(log_format), "text", 0, 1, "text|json", true,
        "Form of a log line, on standard error."},
};
#undef AT

const struct config_key *config_key_find(const char *name, size_t len)
{
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        if (strlen(config_keys[i].name) == len && !strncmp(config_keys[i].name, name, len))
            return &config_keys[i];
    return NULL;
}

const char *config_key_choice(const struct config_key *k, unsigned n, size_t *len)
{
    const char *choice = k->unit;
    while (n--) {
        choice = strchr(choice, '|');
        if (!choice)
            return NULL;
        choice++;
    }
    *len = strcspn(choice, "|");
    return choice;
}
