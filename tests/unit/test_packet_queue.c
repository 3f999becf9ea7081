#include "mixer/jitter/packet_queue.h"

#include "codecs/acodec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct packet_queue *q;

static void setup(void)
{
    cr_assert_eq(packet_queue_create(&q), 0);
}

static void teardown(void)
{
    packet_queue_destroy(q);
}

TestSuite(packet_queue, .init = setup, .fini = teardown);

/* A packet whose payload tells its sequence number. */
static int put(int64_t seq, uint16_t len)
{
    static uint8_t payload[ACODEC_MAX_PACKET_BYTES + 1];
    struct queued_packet p = {.seq = seq, .pos = seq * 960, .duration = 960, .len = len};
    for (uint16_t i = 0; i < len; i++)
        payload[i] = (uint8_t)(seq * 31 + i);
    return packet_queue_put(q, &p, payload);
}

static void expect(int64_t seq, uint16_t len)
{
    static uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    const struct queued_packet *p = packet_queue_first(q);
    cr_assert_not_null(p);
    cr_assert_eq(p->seq, seq, "%ld, not %ld", (long)p->seq, (long)seq);
    cr_assert_eq(packet_queue_payload(q, payload, sizeof payload), len);
    for (uint16_t i = 0; i < len; i++)
        cr_assert_eq(payload[i], (uint8_t)(seq * 31 + i), "byte %u", i);
    packet_queue_pop(q);
}

Test(packet_queue, gives_in_order_whatever_the_arrival)
{
    static const int order[] = {5, 3, 4, 9, 7, 6, 8};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        cr_assert_eq(put(order[i], (uint16_t)(100 + order[i])), 0);
    cr_assert_eq(packet_queue_samples(q), 7 * 960);
    for (int seq = 3; seq <= 9; seq++)
        expect(seq, (uint16_t)(100 + seq));
    cr_assert_null(packet_queue_first(q));
    cr_assert_eq(packet_queue_samples(q), 0);
}

Test(packet_queue, refuses_duplicates_waiting_or_taken)
{
    cr_assert_eq(put(10, 40), 0);
    cr_assert_eq(put(10, 40), -EEXIST);
    expect(10, 40);
    cr_assert_eq(put(10, 40), -EEXIST);
    cr_assert_eq(packet_queue_count(q), 0);
}

Test(packet_queue, refuses_what_is_older_than_what_was_taken)
{
    cr_assert_eq(put(10, 40), 0);
    cr_assert_eq(put(12, 40), 0);
    expect(10, 40);
    cr_assert_eq(put(9, 40), -ETIME);
    cr_assert_eq(put(11, 40), 0);
    expect(11, 40);
    expect(12, 40);
    cr_assert_eq(put(11, 40), -EEXIST);
}

Test(packet_queue, drops_the_oldest_when_sequence_runs_ahead)
{
    for (int seq = 0; seq < PACKET_QUEUE_SLOTS; seq++)
        cr_assert_eq(put(seq, 20), 0);
    cr_assert_eq(put(PACKET_QUEUE_SLOTS, 20), 1);
    cr_assert_eq(put(PACKET_QUEUE_SLOTS + 3, 20), 3);
    cr_assert_eq(put(3, 20), -ETIME);
    expect(4, 20);
    cr_assert_eq(put(100000, 20), PACKET_QUEUE_SLOTS - 3);
    expect(100000, 20);
}

Test(packet_queue, drops_the_oldest_when_bytes_run_out)
{
    int dropped = 0, kept = 0;
    for (int seq = 0; seq < 40; seq++) {
        int got = put(seq, 1920);
        cr_assert_geq(got, 0);
        dropped += got;
    }
    kept = (int)packet_queue_count(q);
    cr_assert_eq(dropped + kept, 40);
    cr_assert_geq(kept, 11, "room for 220 ms of L16/48000");
    for (int seq = 40 - kept; seq < 40; seq++)
        expect(seq, 1920);
}

Test(packet_queue, an_old_one_makes_no_room_at_the_cost_of_newer_ones)
{
    int seq = 100;
    while (put(seq, 1920) == 0)
        seq++;
    unsigned count = packet_queue_count(q);
    cr_assert_eq(put(50, 1920), -ETIME);
    cr_assert_eq(packet_queue_count(q), count);
}

Test(packet_queue, refuses_oversize_and_takes_empty)
{
    cr_assert_eq(put(1, ACODEC_MAX_PACKET_BYTES + 1), -EINVAL);
    cr_assert_eq(put(1, ACODEC_MAX_PACKET_BYTES), 0);
    cr_assert_eq(put(2, 0), 0);
    expect(1, ACODEC_MAX_PACKET_BYTES);
    expect(2, 0);
}

Test(packet_queue, loses_no_cell_in_a_long_run)
{
    int64_t head = 0, tail = -40000;
    for (int round = 0; round < 20000; round++) {
        tail = head - 40000;
        cr_assert_eq(put(tail, (uint16_t)(1 + round * 37 % 4000)), 0);
        if (packet_queue_count(q) == 5)
            for (int i = 0; i < 5; i++)
                packet_queue_pop(q);
        head++;
    }
    packet_queue_clear(q);
    for (int i = 0; i < PACKET_QUEUE_CELLS * PACKET_QUEUE_CELL_BYTES / 3968; i++)
        cr_assert_eq(put(i, 3968), 0);
    cr_assert_eq(put(99, 3968), 1);
}
