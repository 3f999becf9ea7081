// Bad lines: what is sent over them is still heard, at a delay that stays bounded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { Mcu } from './support/mcu.mjs';
import { tone, toneDb } from './support/sound.mjs';

const rate = 8000;

const lines = {
    'jitter of 60 ms with reordering': { jitterMs: 60, reorder: 1 },
    '5 % loss': { loss: 0.05 },
    'jitter, loss, duplicates and reordering': { jitterMs: 40, loss: 0.05, duplicate: 0.1, reorder: 0.3, delayMs: 50 },
};

for (const [name, up] of Object.entries(lines)) {
    test(name, async (t) => {
        const mcu = await Mcu.of(t);
        const talker = await new BareDevice(mcu, { name: 'talker', faults: { up }, seed: 5 }).join('line');
        const listener = await new BareDevice(mcu, { name: 'listener' }).join('line');
        t.after(() => [talker, listener].forEach((device) => device.leave()));
        talker.say(tone(500, 1, rate));
        await listener.packetsBeyond(400);
        const heard = Float64Array.from(listener.heard(150), (v) => v / 32768);
        const level = toneDb(heard, 500, rate);
        // Jumps of phase where time was stretched or concealed spread a little of the tone.
        assert.ok(level > -30, `the tone is at ${level.toFixed(1)} dB`);
        const { stats } = await talker.stats();
        assert.ok(stats.delay_ms <= 200, `${stats.delay_ms} ms of delay`);
        assert.ok(stats.concealed_percent < 15, `${stats.concealed_percent} % concealed`);
        // RFC 3550 counts a duplicate against a loss.
        if (up.loss && !up.duplicate) assert.ok(stats.loss_percent > 1 && stats.loss_percent < 12, `${stats.loss_percent} % lost`);
    });
}
