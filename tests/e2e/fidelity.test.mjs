// What goes in comes out: to the bit where the codec allows it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { random } from './support/line.mjs';
import { Mcu } from './support/mcu.mjs';
import { align, muLawDecode, muLawEncode, snrDb } from './support/sound.mjs';

// A voice-like signal: pitched, rich, its level moving with syllables; the same every time, and no
// two moments of it alike.
function babble(seconds, rate, amplitude) {
    const next = random(7);
    const out = new Int16Array(seconds * rate);
    let phase = 0;
    let pitch = 120;
    for (let i = 0; i < out.length; i++) {
        if (i % Math.floor(rate / 8) === 0) pitch = 100 + 120 * next();
        phase += (2 * Math.PI * pitch) / rate;
        const syllable = 0.4 + 0.6 * Math.sin((2 * Math.PI * 4 * i) / rate) ** 2;
        let sum = 0;
        for (let k = 1; k <= 12; k++) sum += Math.sin(k * phase + k * k) / k;
        out[i] = Math.round(32767 * amplitude * syllable * 0.4 * sum);
    }
    return out;
}

// Start of `needle` in `hay`, or -1.
function find(hay, needle, limit = hay.length) {
    for (let at = 0; at + needle.length <= limit; at++) {
        let i = 0;
        while (i < needle.length && hay[at + i] === needle[i]) i++;
        if (i === needle.length) return at;
    }
    return -1;
}

// The longest stretch, from anywhere in heard, that is exactly some stretch of the endlessly
// repeated samples. Its end is where the jitter buffer changed its delay.
function longestExact(heard, samples) {
    const twice = new Int16Array(2 * samples.length);
    twice.set(samples);
    twice.set(samples, samples.length);
    const window = 480;
    let longest = 0;
    for (let at = 0; at + window <= heard.length; ) {
        const start = find(twice, heard.subarray(at, at + window), samples.length + window);
        let length = 0;
        if (start >= 0)
            while (at + length < heard.length && heard[at + length] === samples[(start + length) % samples.length])
                length++;
        longest = Math.max(longest, length);
        at += Math.max(length, window);
    }
    return longest;
}

async function pair(t, codec, samples, packets) {
    const mcu = await Mcu.of(t);
    const talker = await new BareDevice(mcu, { name: 'talker', codec }).join('pair');
    const listener = await new BareDevice(mcu, { name: 'listener', codec }).join('pair');
    t.after(() => [talker, listener].forEach((device) => device.leave()));
    talker.say(samples);
    await listener.packetsBeyond(packets);
    talker.silence();
    return { talker, listener };
}

test('one talker, L16 to L16: bit-exact', async (t) => {
    const rate = 48000;
    const samples = babble(4, rate, 0.3);
    const { listener } = await pair(t, 'L16', samples, 500);
    const exact = longestExact(listener.heard(), samples);
    assert.ok(exact >= 2 * rate, `${exact} samples in a row are the talker's`);
});

// Samples of x at a delay of whole and part samples, by a windowed sinc.
function delayed(x, at, length, fraction) {
    const half = 24;
    const taps = Array.from({ length: 2 * half }, (_, i) => {
        const d = i - half + 1 - fraction;
        const window = 0.5 + 0.5 * Math.cos((Math.PI * d) / (half + 1));
        return d === 0 ? 1 : (window * Math.sin(Math.PI * d)) / (Math.PI * d);
    });
    return Float64Array.from({ length }, (_, n) => {
        let sum = 0;
        for (let i = 0; i < taps.length; i++) sum += taps[i] * (x[at + n + i - half + 1] ?? 0);
        return sum;
    });
}

function bestSnr(heard, reference) {
    const length = 4000;
    let best = -Infinity;
    for (let from = Math.floor(heard.length / 2); from + length < heard.length; from += length) {
        const window = Float64Array.from(heard.subarray(from, from + length));
        const lag = align(window, reference, { length: 1600, maxLag: reference.length - length - 64 });
        for (let f = -10; f <= 10; f++)
            best = Math.max(best, snrDb(delayed(reference, lag, length, f / 10), window));
    }
    return best;
}

test('PCMU to PCMU through the mix at 48 kHz: at least 35 dB of signal to error', async (t) => {
    const rate = 8000;
    const samples = babble(3, rate, 0.3);
    const { listener } = await pair(t, 'PCMU', samples, 250);
    const decoded = muLawDecode(muLawEncode(samples));
    const reference = Float64Array.from({ length: decoded.length + 8000 }, (_, i) => decoded[i % decoded.length]);
    const snr = bestSnr(listener.heard(), reference);
    assert.ok(snr >= 35, `${snr.toFixed(1)} dB`);
});

test('a listener alone hears silence, and nobody hears themselves', async (t) => {
    const mcu = await Mcu.of(t);
    const alone = await new BareDevice(mcu, { name: 'alone', codec: 'L16' }).join('lonely');
    t.after(() => alone.leave());
    alone.say(babble(4, 48000, 0.5));
    await new Promise((resolve) => setTimeout(resolve, 4000));
    // Comfort noise or nothing at all may come, never one's own voice.
    const loudest = alone.heard().reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    assert.ok(loudest < 60, `a sample of ${loudest}`);
});

test('packets of one stream: sequence and timestamps have no gap while talkers change', async (t) => {
    const mcu = await Mcu.of(t);
    const a = await new BareDevice(mcu, { name: 'a', codec: 'PCMU' }).join('seam');
    const b = await new BareDevice(mcu, { name: 'b', codec: 'PCMU' }).join('seam');
    t.after(() => [a, b].forEach((device) => device.leave()));
    const samples = babble(3, 8000, 0.3);
    b.say(samples);
    await a.packetsBeyond(50);
    for (let i = 0; i < 5; i++) {
        a.say(samples);
        await a.packetsBeyond(a.packets.length + 30);
        a.silence();
        await a.packetsBeyond(a.packets.length + 30);
    }
    const bySeq = a.packets.slice().sort((x, y) => ((x.seq - y.seq) << 16) >> 16);
    assert.equal(new Set(bySeq.map((p) => p.ssrc)).size, 1);
    for (let i = 1; i < bySeq.length; i++) {
        assert.equal((bySeq[i].seq - bySeq[i - 1].seq) & 0xffff, 1, `after packet ${i}`);
        assert.equal((bySeq[i].ts - bySeq[i - 1].ts) >>> 0, 160, `after packet ${i}`);
    }
});
