#ifndef MIXER_HEARING_H
#define MIXER_HEARING_H

/* Which encoder serves a leg: its group's, or one of its own while it speaks, and how it gets from
 * one to the other unheard.
 *
 *   group → own    the own one continues where the group's is (state copied, or warmed on the last
 *                  frames); whoever is the last in a group takes the group's encoder along
 *   own → group    when both have heard the same for a while, in a pause; into an empty group it
 *                  brings its encoder
 *   group → group  (other codec, bitrate class …) where packets of both begin
 *   deaf or not    by way of an own encoder, in which the ear is faded
 *
 * [loop] */

#include "mixer/room.h"

/* --- outside the tick --- */
/* 0, or -ENOMEM, -EINVAL. The leg is served from now on. */
int hearing_join(struct mixer_leg *leg, const struct output_format *f);
void hearing_leave(struct mixer_leg *leg);
/* Plans how to get to what the leg wants (want, deaf). 0, or -ENOMEM, -EINVAL. */
int hearing_plan(struct mixer_leg *leg);
void hearing_prepare(struct mixer *m);

/* --- in the tick --- */
/* Takes the planned steps that can be taken now. */
void hearing_step(struct mixer *m);
/* An encoder of its own, if it does not have one. False: there is none at hand yet. */
bool hearing_take_own(struct mixer_leg *leg);
/* Back to their groups go those who have heard the same for long enough; `silent`: the mix is. */
void hearing_settle(struct mixer *m, bool silent);

#endif
