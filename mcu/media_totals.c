#include "mcu/media_totals.h"

void media_totals_add(struct media_totals *sum, const struct media_totals *part)
{
    sum->ticks += part->ticks;
    sum->late_ticks += part->late_ticks;
    sum->missed_ticks += part->missed_ticks;
    if (sum->longest_tick_us < part->longest_tick_us)
        sum->longest_tick_us = part->longest_tick_us;
    sum->busy += part->busy;
    sum->complexity_steps += part->complexity_steps;
    sum->packets_in += part->packets_in;
    sum->packets_out += part->packets_out;
    sum->packets_dropped += part->packets_dropped;
    sum->send_errors += part->send_errors;
    sum->encodes += part->encodes;
    sum->decodes += part->decodes;
    sum->switches += part->switches;
    sum->concealed_samples += part->concealed_samples;
    sum->played_samples += part->played_samples;
    sum->ice_checks += part->ice_checks;
    sum->ice_refused += part->ice_refused;
    sum->strangers += part->strangers;
    sum->webrtc_sessions += part->webrtc_sessions;
    sum->webrtc_tcp += part->webrtc_tcp;
    sum->loops += part->loops;
    sum->legs += part->legs;
    sum->groups += part->groups;
    sum->speakers += part->speakers;
}

void media_totals_retire(struct media_totals *sum)
{
    sum->legs = sum->groups = sum->speakers = 0;
}
