// Who hears whom, by tones: each of these clients has one of its own, or none.
import assert from 'node:assert/strict';
import { sleep } from './process.mjs';

const others = -30; // dB; they are sent at -20
const own = -42;

// Waits until `listener` hears exactly those whose tones are to be heard, and neither itself nor the
// rest; gives up after timeoutMs with the levels of the last try.
export async function hears(listener, talkers, silent = [], { timeoutMs = 25000 } = {}) {
    const loud = talkers.filter((c) => c !== listener);
    const quiet = [...silent, ...(talkers.includes(listener) ? [listener] : [])];
    const tones = [...loud, ...quiet].map((c) => c.hz);
    const end = Date.now() + timeoutMs;
    let levels;
    do {
        levels = await listener.heard(tones);
        const right = levels.every((level, i) => (i < loud.length ? level > others : level < own));
        if (right) return levels;
        await sleep(300);
    } while (Date.now() < end);
    const said = [...loud, ...quiet].map((c, i) => `${c.name}: ${levels[i].toFixed(1)} dB`);
    assert.fail(`${listener.name} hears ${said.join(', ')}; it should hear ${loud.map((c) => c.name)} only`);
}

export async function allHear(listeners, talkers, silent, options) {
    for (const listener of listeners) await hears(listener, talkers, silent, options);
}
