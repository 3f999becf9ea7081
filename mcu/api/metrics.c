#include "mcu/api/metrics.h"

#include "mcu/api/api.h"
#include "mcu/handshaker.h"
#include "mcu/log.h"
#include "mcu/version.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum kind { COUNTER, GAUGE };

static void print(FILE *out, enum kind kind, const char *name, const char *help, double value)
{
    fprintf(out, "# HELP mischpult_%s %s\n# TYPE mischpult_%s %s\nmischpult_%s %.17g\n", name, help,
        name, kind == COUNTER ? "counter" : "gauge", name, value);
}

static double resident_bytes(void)
{
    unsigned long size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f) {
        if (fscanf(f, "%lu %lu", &size, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 3; /* ".", ".." and this folder's own */
}

static void print_process(FILE *out)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double seconds = (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
                     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    fprintf(out,
        "# HELP process_cpu_seconds_total CPU time used\n"
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.3f\n"
        "# HELP process_resident_memory_bytes Memory in use\n"
        "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %.0f\n"
        "# HELP process_open_fds Open file descriptors\n"
        "# TYPE process_open_fds gauge\nprocess_open_fds %.0f\n",
        seconds, resident_bytes(), open_descriptors());
}

static void print_media(FILE *out, const struct rooms *rooms)
{
    struct media_totals t;
    rooms_totals(rooms, &t);
    print(out, GAUGE, "rooms", "Rooms now", rooms_count(rooms));
    print(out, GAUGE, "participants", "Participants now", t.legs);
    print(out, GAUGE, "speakers", "Voices in the mixes now", t.speakers);
    print(out, GAUGE, "encode_groups", "Listener groups that share an encoder now", t.groups);
    print(out, GAUGE, "rtp_ports_free", "RTP ports not in use", rooms_ports_free(rooms));
    print(out, GAUGE, "media_loops", "Media threads", t.loops);
    print(out, GAUGE, "media_busy_ratio", "Share of a core, mean of the media loops",
        t.loops ? (double)t.busy / t.loops : 0);
    print(out, GAUGE, "tick_longest_seconds", "Longest tick of the last period",
        t.longest_tick_us / 1e6);
    print(out, COUNTER, "ticks_total", "Mixer ticks", (double)t.ticks);
    print(out, COUNTER, "ticks_late_total", "Ticks that began more than 5 ms late",
        (double)t.late_ticks);
    print(out, COUNTER, "ticks_missed_total", "Ticks that were never run", (double)t.missed_ticks);
    print(out, COUNTER, "complexity_steps_total", "Times load lowered the encoders' complexity",
        (double)t.complexity_steps);
    print(out, COUNTER, "packets_in_total", "Media packets taken in", (double)t.packets_in);
    print(out, COUNTER, "packets_out_total", "Media packets sent", (double)t.packets_out);
    print(out, COUNTER, "packets_dropped_total", "Packets from strangers, malformed or forged",
        (double)t.packets_dropped);
    print(out, COUNTER, "send_errors_total", "Packets the system did not take",
        (double)t.send_errors);
    print(out, GAUGE, "webrtc_sessions", "WebRTC sessions now", t.webrtc_sessions);
    print(out, GAUGE, "webrtc_tcp_connections", "TCP connections of WebRTC now", t.webrtc_tcp);
    print(out, COUNTER, "ice_checks_total", "ICE checks answered", (double)t.ice_checks);
    print(out, COUNTER, "ice_refused_total", "ICE checks forged, foreign or too many",
        (double)t.ice_refused);
    print(out, COUNTER, "webrtc_strangers_total",
        "Packets to a WebRTC port from who has proved nothing", (double)t.strangers);
    print(out, COUNTER, "encodes_total", "Frames encoded", (double)t.encodes);
    print(out, COUNTER, "decodes_total", "Frames decoded", (double)t.decodes);
    print(out, COUNTER, "encoder_switches_total", "Changes between group and own encoder",
        (double)t.switches);
    print(out, COUNTER, "played_samples_total", "Samples taken from jitter buffers, at 48 kHz",
        (double)t.played_samples);
    print(out, COUNTER, "concealed_samples_total", "Samples made up for losses, at 48 kHz",
        (double)t.concealed_samples);
}

static void print_handshakes(FILE *out, const struct rooms *rooms)
{
    struct handshaker_stats h;
    rooms_handshakes(rooms, &h);
    print(out, COUNTER, "handshakes_total", "DTLS handshakes begun", (double)h.opened);
    print(
        out, COUNTER, "handshakes_ready_total", "DTLS handshakes that gave keys", (double)h.ready);
    print(out, COUNTER, "handshakes_failed_total", "DTLS sessions broken off", (double)h.failed);
    print(out, COUNTER, "handshakes_late_total", "DTLS handshakes not done in time",
        (double)h.timeouts);
    print(out, COUNTER, "handshake_datagrams_dropped_total", "Datagrams of DTLS not looked at",
        (double)h.dropped);
}

static void print_http(FILE *out, const struct api *api)
{
    struct http_stats s;
    struct events_stats e;
    http_stats(api->http, &s);
    events_stats(api->events, &e);
    print(out, GAUGE, "http_connections", "HTTP connections now", s.connections);
    print(out, GAUGE, "http_sockets", "WebSockets now", s.sockets);
    print(out, COUNTER, "http_accepted_total", "HTTP connections", (double)s.accepted);
    print(out, COUNTER, "http_refused_total", "Connections refused as too many", (double)s.refused);
    print(out, COUNTER, "http_limited_total", "Requests answered 429", (double)s.limited);
    print(out, COUNTER, "http_unauthorized_total", "Requests answered 401", (double)s.unauthorized);
    print(out, COUNTER, "tls_handshakes_failed_total", "Connections that ended before TLS was up",
        (double)s.handshakes_failed);
    if (s.certificate_ends)
        print(out, GAUGE, "tls_certificate_end_seconds", "Unix time at which the certificate ends",
            (double)s.certificate_ends);
    fputs("# HELP mischpult_http_requests_total Requests answered\n"
          "# TYPE mischpult_http_requests_total counter\n",
        out);
    for (int i = 2; i < 6; i++)
        fprintf(out, "mischpult_http_requests_total{status=\"%dxx\"} %llu\n", i,
            (unsigned long long)s.requests[i]);
    print(out, COUNTER, "events_total", "Events published", (double)e.published);
    print(out, COUNTER, "event_clients_dropped_total", "Event clients that were too slow",
        (double)e.dropped_clients);
}

char *metrics_print(const struct api *api, size_t *len)
{
    char *text = NULL;
    struct log_stats log;
    FILE *out = open_memstream(&text, len);
    if (!out)
        return NULL;
    fprintf(out, "# HELP mischpult_info The program\n# TYPE mischpult_info gauge\n"
                 "mischpult_info{version=\"" MCU_VERSION "\"} 1\n");
    print_process(out);
    if (api->rooms) {
        print_media(out, api->rooms);
        print_handshakes(out, api->rooms);
    }
    print_http(out, api);
    log_stats(&log);
    print(out, COUNTER, "log_lines_total", "Log lines written", (double)log.written);
    print(out, COUNTER, "log_lines_lost_total", "Log lines that could not be written",
        (double)log.lost);
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
