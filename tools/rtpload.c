/* rtpload: N participants of a conference in one process. See usage below. */
#include "tools/rtpload/latency.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

enum { CLIPS_MAX = 16, VOICES = 4, RTCP_INTERVAL_US = 5000000, LATE_US = 30000 };

static const char usage[] =
    "usage: rtpload [--seconds S] [--warmup S] [--voice S] [--latency] PEERS\n"
    "\n"
    "Binds a UDP port of 127.0.0.1 for each peer, prints «ports P1 P2 …», then reads one row a\n"
    "peer from standard input, in that order:\n"
    "  remote=IP:PORT  where it sends to (needed)\n"
    "  codec=NAME      opus PCMU PCMA G722 L16 (needed)\n"
    "  pt=N ptime=MS   payload type it sends; packet duration (20)\n"
    "  talk=1          repeats a synthetic voice\n"
    "  hello=1         sends one packet of voice at the start, then listens\n"
    "  level=ID        with the audio-level extension (RFC 6464) under this id\n"
    "  rtcp=1          sends a receiver report every five seconds, multiplexed\n"
    "  suite=NAME tx=BASE64 rx=BASE64   SRTP with these keys (RFC 4568)\n"
    "Prints «started», after the warm-up «measuring», and at the end one line of JSON: packets\n"
    "received, lost, their lateness against the grid of their own timestamps. With --latency the\n"
    "peers are pairs, and the first one's voice is looked for in what the second one hears.\n"
    "\n"
    "  --seconds S   measure for this long (10)\n"
    "  --warmup S    let pass before (3)\n"
    "  --voice S     length of the voices (12)\n";

struct load {
    struct peer *peers;
    size_t count;
    unsigned seconds, warmup_s, voice_s;
    bool latency, measuring;
    struct clip clips[CLIPS_MAX];
    size_t clips_used;
    struct track *tracks; /* of each peer: what a talker said, what a listener heard */
    int epoll;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

/* Wall-clock time, because the kernel stamps arrivals with it. */
static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int load_open(struct load *l)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    l->peers = calloc(l->count, sizeof *l->peers);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->tracks = calloc(l->count, sizeof *l->tracks);
    if (l->peers == NULL || l->tracks == NULL || l->epoll < 0)
        return -ENOMEM;
    for (size_t i = 0; i < l->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        int err = peer_open(&l->peers[i], 0x10000000u + 7919u * (uint32_t)(i + 1));
        if (err != 0)
            return err;
        if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->peers[i].fd, &event) < 0)
            return -errno;
    }
    printf("ports");
    for (size_t i = 0; i < l->count; i++)
        printf(" %u", l->peers[i].port);
    printf("\n");
    fflush(stdout);
    return 0;
}

/* A clip of this talker's codec and voice, encoded when first asked for; NULL on failure. */
static const struct clip *load_clip(struct load *l, const struct peer *p, size_t talker)
{
    size_t same = 0;
    for (size_t i = 0; i < l->clips_used; i++) {
        if (l->clips[i].codec == p->codec && l->clips[i].ptime_ms == p->ptime_ms &&
            same++ == talker % VOICES)
            return &l->clips[i];
    }
    if (l->clips_used == CLIPS_MAX)
        return NULL;
    struct clip *c = &l->clips[l->clips_used];
    if (clip_create(c, p->codec, p->ptime_ms, (uint32_t)l->clips_used + 1, l->voice_s) != 0)
        return NULL;
    l->clips_used++;
    return c;
}

static int load_read_table(struct load *l)
{
    char line[512];
    size_t talkers = 0;
    for (size_t i = 0; i < l->count; i++) {
        const char *why = "the table ends early";
        if (fgets(line, sizeof line, stdin) == NULL ||
            peer_configure(&l->peers[i], line, &why) != 0) {
            fprintf(stderr, "rtpload: row %zu: %s\n", i + 1, why);
            return -EINVAL;
        }
        if (!l->peers[i].talks && !l->peers[i].hello)
            continue;
        l->peers[i].clip = load_clip(l, &l->peers[i], talkers);
        if (l->peers[i].clip == NULL) {
            fprintf(stderr, "rtpload: row %zu: cannot encode this voice\n", i + 1);
            return -ENOMEM;
        }
        l->peers[i].clip_at = talkers++ * 37 % l->peers[i].clip->count;
    }
    return 0;
}

/* Talkers and reports are spread over their intervals, as independent devices are. */
static void load_schedule(struct load *l, int64_t start_us)
{
    for (size_t i = 0; i < l->count; i++) {
        struct peer *p = &l->peers[i];
        p->next_us = start_us + (int64_t)(i * 7919 % (p->ptime_ms * 1000));
        p->next_rtcp_us = start_us + (int64_t)(i * 104729 % RTCP_INTERVAL_US);
        if (p->hello && !p->talks)
            peer_send(p, start_us, NULL, NULL);
    }
}

static void keep_spoken(const struct peer *p, const struct peer_packet *packet, void *arg)
{
    struct load *l = arg;
    if (l->latency)
        track_add(&l->tracks[p - l->peers], packet);
}

/* Without --latency only the last peer is listened to. */
static void keep_heard(const struct peer *p, const struct peer_packet *packet, void *arg)
{
    struct load *l = arg;
    bool wanted = l->latency ? !p->talks : p == &l->peers[l->count - 1] && !p->talks;
    if (l->measuring && wanted)
        track_add(&l->tracks[p - l->peers], packet);
}

/* Sends what is due; returns when the next is. */
static int64_t load_send_due(struct load *l, int64_t end_us)
{
    int64_t next_us = end_us, now = now_us();
    for (size_t i = 0; i < l->count; i++) {
        struct peer *p = &l->peers[i];
        while (p->talks && p->next_us <= now)
            peer_send(p, now_us(), keep_spoken, l);
        if (p->rtcp && p->next_rtcp_us <= now) {
            p->next_rtcp_us += RTCP_INTERVAL_US;
            peer_send_rtcp(p);
        }
        if (p->talks && p->next_us < next_us)
            next_us = p->next_us;
        if (p->rtcp && p->next_rtcp_us < next_us)
            next_us = p->next_rtcp_us;
    }
    return next_us;
}

static int load_run_until(struct load *l, int64_t end_us)
{
    struct epoll_event events[256];
    while (!stopped && now_us() < end_us) {
        int64_t next_us = load_send_due(l, end_us);
        /* In whole milliseconds at least one: a packet may leave a millisecond late. */
        int64_t wait_us = next_us - now_us();
        int n = epoll_wait(l->epoll, events, 256, wait_us <= 0 ? 0 : (int)(wait_us / 1000) + 1);
        for (int i = 0; i < n; i++) {
            if (peer_receive(&l->peers[events[i].data.u64], keep_heard, l) != 0)
                return -ENOMEM;
        }
    }
    return stopped ? -EINTR : 0;
}

static int load_run(struct load *l)
{
    int64_t start_us = now_us();
    for (size_t i = 0; i < l->count; i++)
        peer_receive(&l->peers[i], NULL, NULL); /* what came before the table */
    load_schedule(l, start_us);
    puts("started");
    fflush(stdout);
    int err = load_run_until(l, start_us + l->warmup_s * 1000000ll);
    if (err != 0)
        return err;
    for (size_t i = 0; i < l->count; i++)
        arrivals_restart(&l->peers[i].in);
    for (size_t i = 0; i < l->count; i++)
        l->tracks[i].codec = l->peers[i].codec;
    l->measuring = true;
    puts("measuring");
    fflush(stdout);
    return load_run_until(l, now_us() + l->seconds * 1000000ll);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_lateness(const uint32_t *late_us, size_t n)
{
    size_t late = n;
    while (late > 0 && late_us[late - 1] > LATE_US)
        late--;
    printf(",\"late_30ms\":%zu", n - late);
    if (n == 0)
        return;
    printf(",\"lateness_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}",
        late_us[n / 2] / 1e3, late_us[n * 95 / 100] / 1e3, late_us[n * 99 / 100] / 1e3,
        late_us[n * 999 / 1000] / 1e3, late_us[n - 1] / 1e3);
}

/* The level of what the last peer heard, so that a run over silence is noticed. */
static double level_db(const struct track *t)
{
    int16_t *pcm;
    int64_t origin_us;
    int n = track_decode(t, &pcm, &origin_us);
    if (n <= 0)
        return -100;
    double energy = 0;
    for (int i = 0; i < n; i++)
        energy += (double)pcm[i] * pcm[i];
    free(pcm);
    return 10 * log10(energy / n / (32768.0 * 32768.0) + 1e-10);
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each pair has another phase of the talker's clock against the server's: the median of the pairs'
 * medians is over all phases. */
static void print_latency(const struct load *l)
{
    struct latency_result r, all = {.min_ms = INFINITY};
    double *medians = calloc(l->count, sizeof *medians);
    size_t pairs = 0;
    for (size_t i = 0; medians != NULL && i + 1 < l->count; i += 2) {
        if (latency_measure(&l->tracks[i], &l->tracks[i + 1], &r) != 0)
            continue;
        all.windows += r.windows;
        all.matched += r.matched;
        if (r.matched == 0)
            continue;
        medians[pairs++] = r.median_ms;
        all.min_ms = fmin(all.min_ms, r.min_ms);
        all.max_ms = fmax(all.max_ms, r.max_ms);
    }
    if (pairs > 0) {
        qsort(medians, pairs, sizeof *medians, compare_double);
        printf(",\"latency_ms\":{\"pairs\":%zu,\"windows\":%u,\"matched\":%u,\"min\":%.2f,"
               "\"median\":%.2f,\"max\":%.2f}",
            pairs, all.windows, all.matched, all.min_ms, medians[pairs / 2], all.max_ms);
    }
    free(medians);
}

static int load_report(const struct load *l)
{
    uint64_t bytes = 0, expected = 0, lost = 0, bad = 0, rtcp = 0, bye = 0, sent = 0, errors = 0;
    size_t packets = 0, silent = 0, talkers = 0, at = 0;
    for (size_t i = 0; i < l->count; i++)
        packets += l->peers[i].in.count;
    uint32_t *late_us = malloc((packets + 1) * sizeof *late_us);
    if (late_us == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < l->count; i++) {
        const struct peer *p = &l->peers[i];
        at += arrivals_lateness(&p->in, late_us + at);
        bytes += p->in.bytes;
        expected += p->in.expected;
        lost += p->in.lost;
        silent += p->in.count == 0;
        talkers += p->talks;
        bad += p->in_bad;
        rtcp += p->in_rtcp;
        bye += p->in_bye;
        sent += p->sent;
        errors += p->send_errors;
    }
    qsort(late_us, packets, sizeof *late_us, compare_u32);
    printf("{\"peers\":%zu,\"talkers\":%zu,\"seconds\":%u,\"packets\":%zu,\"payload_bytes\":%llu,"
           "\"expected\":%llu,\"lost\":%llu,\"peers_without_media\":%zu,\"bad\":%llu,"
           "\"rtcp\":%llu,\"bye\":%llu,\"sent\":%llu,\"send_errors\":%llu,\"heard_db\":%.1f",
        l->count, talkers, l->seconds, packets, (unsigned long long)bytes,
        (unsigned long long)expected, (unsigned long long)lost, silent, (unsigned long long)bad,
        (unsigned long long)rtcp, (unsigned long long)bye, (unsigned long long)sent,
        (unsigned long long)errors, level_db(&l->tracks[l->count - 1]));
    print_lateness(late_us, packets);
    if (l->latency)
        print_latency(l);
    printf("}\n");
    free(late_us);
    return 0;
}

static void load_close(struct load *l)
{
    for (size_t i = 0; l->peers != NULL && i < l->count; i++)
        peer_close(&l->peers[i]);
    for (size_t i = 0; i < l->clips_used; i++)
        clip_destroy(&l->clips[i]);
    for (size_t i = 0; l->tracks != NULL && i < l->count; i++)
        track_fini(&l->tracks[i]);
    free(l->tracks);
    free(l->peers);
}

static int parse_options(struct load *l, int argc, char **argv)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 's'},
        {"warmup", required_argument, NULL, 'w'},
        {"voice", required_argument, NULL, 'v'},
        {"latency", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        unsigned value = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        if (c == 's')
            l->seconds = value;
        else if (c == 'w')
            l->warmup_s = value;
        else if (c == 'v')
            l->voice_s = value;
        else if (c == 'l')
            l->latency = true;
        else
            return c == 'h' ? 1 : -EINVAL;
    }
    l->count = optind + 1 == argc ? strtoul(argv[optind], NULL, 10) : 0;
    return l->count > 0 && l->count <= 20000 && l->voice_s > 0 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
    struct load load = {.seconds = 10, .warmup_s = 3, .voice_s = 12};
    int err = parse_options(&load, argc, argv);
    if (err != 0) {
        fputs(usage, err > 0 ? stdout : stderr);
        return err > 0 ? 0 : 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    srtp_init();
    err = load_open(&load);
    if (err == 0)
        err = load_read_table(&load);
    if (err == 0)
        err = load_run(&load);
    if (err == 0)
        err = load_report(&load);
    if (err != 0)
        fprintf(stderr, "rtpload: %s\n", strerror(-err));
    load_close(&load);
    return err == 0 ? 0 : 1;
}
