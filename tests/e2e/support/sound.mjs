// Sound in numbers: WAV files in and out, tones, levels by Goertzel's algorithm.
import { readFileSync, writeFileSync } from 'node:fs';

// Mono samples as Float64Array in -1 … 1; the first channel of more than one.
export function readWav(file) {
    const bytes = readFileSync(file);
    let at = 12;
    let format;
    while (at + 8 <= bytes.length) {
        const id = bytes.toString('latin1', at, at + 4);
        const length = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8);
        if (id === 'fmt ')
            format = {
                channels: bytes.readUInt16LE(at + 10),
                rate: bytes.readUInt32LE(at + 12),
                bits: bytes.readUInt16LE(at + 22),
            };
        if (id === 'data') return { ...format, ...samplesOf(bytes, at + 8, length, format) };
        at += 8 + length + (length % 2);
    }
    throw new Error(`${file}: not a WAV file with data`);
}

function samplesOf(bytes, at, length, { channels, bits }) {
    if (bits !== 16) throw new Error(`WAV of ${bits} bits`);
    const count = Math.floor(length / 2 / channels);
    const integers = new Int16Array(count);
    for (let i = 0; i < count; i++) integers[i] = bytes.readInt16LE(at + 2 * channels * i);
    return { integers, samples: Float64Array.from(integers, (v) => v / 32768) };
}

export function writeWav(file, integers, rate) {
    const bytes = Buffer.alloc(44 + 2 * integers.length);
    bytes.write('RIFF', 0);
    bytes.writeUInt32LE(bytes.length - 8, 4);
    bytes.write('WAVEfmt ', 8);
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(rate, 24);
    bytes.writeUInt32LE(2 * rate, 28);
    bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34);
    bytes.write('data', 36);
    bytes.writeUInt32LE(2 * integers.length, 40);
    integers.forEach((v, i) => bytes.writeInt16LE(v, 44 + 2 * i));
    writeFileSync(file, bytes);
}

// amplitude: 1 is full scale.
export function tone(hz, seconds, rate, amplitude = 0.1) {
    return Int16Array.from({ length: Math.round(seconds * rate) }, (_, i) =>
        Math.round(32767 * amplitude * Math.sin((2 * Math.PI * hz * i) / rate)),
    );
}

// Level of a tone of hz in dB; 0 dB is a sine of full scale. Hann window against leakage.
export function toneDb(samples, hz, rate) {
    const n = samples.length;
    const step = (2 * Math.PI * hz) / rate;
    let re = 0;
    let im = 0;
    for (let i = 0; i < n; i++) {
        const value = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
        re += value * Math.cos(step * i);
        im += value * Math.sin(step * i);
    }
    return 20 * Math.log10((4 * Math.hypot(re, im)) / n + 1e-9);
}

// The same for each quarter of a second, and of these the median: a jitter buffer's change of delay
// moves the phase, which over a long window would look like less of the tone.
export function steadyToneDb(samples, hz, rate) {
    const length = Math.round(rate / 4);
    const levels = [];
    for (let at = 0; at + length <= samples.length; at += length)
        levels.push(toneDb(samples.subarray(at, at + length), hz, rate));
    return levels.sort((a, b) => a - b)[levels.length >> 1];
}

export function rmsDb(samples) {
    let energy = 0;
    for (const s of samples) energy += s * s;
    return 10 * Math.log10(energy / samples.length + 1e-12);
}

// The part of a recording from..to seconds; negative counts from its end.
export function part({ samples, rate }, from, to) {
    const at = (s) => Math.round((s < 0 ? samples.length / rate + s : s) * rate);
    return samples.subarray(at(from), to === undefined ? samples.length : at(to));
}

// The lag (samples) at which b matches a best, by the sum of products over a window of a.
export function align(a, b, { from = 0, length = 4800, maxLag = b.length - length } = {}) {
    let best = -Infinity;
    let found = 0;
    for (let lag = 0; lag <= maxLag; lag++) {
        let sum = 0;
        let energy = 1e-9;
        for (let i = 0; i < length; i++) {
            sum += a[from + i] * b[lag + i];
            energy += b[lag + i] * b[lag + i];
        }
        const score = sum / Math.sqrt(energy);
        if (score > best) {
            best = score;
            found = lag;
        }
    }
    return found;
}

// Signal to error in dB between equally long pieces.
export function snrDb(signal, other) {
    let power = 0;
    let error = 0;
    for (let i = 0; i < signal.length; i++) {
        power += signal[i] * signal[i];
        error += (signal[i] - other[i]) ** 2;
    }
    return 10 * Math.log10(power / (error + 1e-12));
}

const muLawTable = Int16Array.from({ length: 256 }, (_, byte) => {
    const b = ~byte & 0xff;
    const magnitude = ((((b & 15) << 3) + 132) << ((b >> 4) & 7)) - 132;
    return b & 0x80 ? -magnitude : magnitude;
});

export const muLawDecode = (bytes) => Int16Array.from(bytes, (b) => muLawTable[b]);

export function muLawEncode(integers) {
    return Uint8Array.from(integers, (v) => {
        const sign = v < 0 ? 0x80 : 0;
        const magnitude = Math.min(Math.abs(v), 32635) + 132;
        const exponent = 31 - Math.clz32(magnitude) - 7;
        return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xff;
    });
}
