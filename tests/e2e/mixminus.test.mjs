// Everybody hears everybody else, at the right level, and never themselves: for every pair of codecs,
// with real programs at both ends.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Mcu } from './support/mcu.mjs';
import { Device } from './support/media.mjs';
import { sleep } from './support/process.mjs';
import { part, steadyToneDb } from './support/sound.mjs';
import { suites } from './support/sdp.mjs';

const sentDb = 20 * Math.log10(0.05);
// G.711 and G.722 roll off toward the top of their band, and their quantisation is no tone. Opus for
// speech at 24 kbit/s has better things to do than nine tones at once.
const toleranceDb = (codec) => (codec.name === 'opus' ? 6 : 2.5);
const silentDb = -62;

// A lossy codec's noise under nine tones is no tone: one's own must not stand out of what is beside it.
function ownLimitDb(piece, hz, rate) {
    const beside = [0.94, 0.96, 1.04, 1.06].map((factor) => steadyToneDb(piece, hz * factor, rate));
    return Math.max(silentDb, ...beside.map((level) => level + 6));
}

function check(device, everyone, recording) {
    const piece = part(recording, -3, -0.5);
    for (const other of everyone) {
        if (!other.hz) continue;
        const level = steadyToneDb(piece, other.hz, recording.rate);
        const which = `${device.name} hears ${other.name}'s ${other.hz} Hz at ${level.toFixed(1)} dB`;
        if (other === device) {
            const limit = ownLimitDb(piece, other.hz, recording.rate);
            assert.ok(level < limit && level < sentDb - 20, `own tone, limit ${limit.toFixed(1)} dB: ${which}`);
        } else assert.ok(Math.abs(level - sentDb) < toleranceDb(device.codec), which);
    }
}

async function meeting(t, { flags, devices, seconds = 6 }) {
    const folder = mkdtempSync(join(tmpdir(), 'mischpult-e2e-'));
    const mcu = await Mcu.start({ flags });
    const all = devices.map((options) => new Device(mcu, folder, options));
    t.after(async () => {
        await Promise.all(all.map((device) => device.leave()));
        await mcu.stop();
        rmSync(folder, { recursive: true, force: true });
    });
    for (const device of all) await device.join('meeting');
    await Promise.all(all.map((device) => device.heard()));
    await sleep(seconds * 1000);
    const recordings = await Promise.all(all.map((device) => device.recording()));
    all.forEach((device, i) => check(device, all, recordings[i]));
    return all;
}

// Five codecs, each twice, so that every codec also meets itself; nobody's tone is a harmonic of
// another's.
test('ten devices, every pair of codecs, each hears the nine others', async (t) => {
    const codecs = ['opus', 'G722', 'PCMU', 'PCMA', 'L16'];
    const devices = [...codecs, ...codecs].map((codec, i) => ({
        name: `${codec}-${i}`,
        codec,
        tool: i >= 5 && codec !== 'G722' ? 'gst' : 'ffmpeg',
        hz: [403, 557, 733, 919, 1117, 1301, 1523, 1741, 1979, 2213][i],
    }));
    await meeting(t, { flags: { max_speakers: 0 }, devices });
});

for (const suite of suites) {
    test(`two devices over SRTP, ${suite}`, async (t) => {
        // ffmpeg knows no GCM.
        const tool = suite.startsWith('AEAD') ? 'gst' : 'ffmpeg';
        const devices = [
            { name: 'a', codec: 'opus', tool: 'gst', suite, hz: 440 },
            { name: 'b', codec: 'PCMU', tool, suite, hz: 1000 },
        ];
        await meeting(t, { flags: { srtp: 'require' }, devices, seconds: 5 });
    });
}

test('an encrypted and a plain device hear each other', async (t) => {
    const devices = [
        { name: 'a', codec: 'opus', tool: 'gst', suite: 'AEAD_AES_128_GCM', hz: 440 },
        { name: 'b', codec: 'PCMA', hz: 1000 },
        { name: 'c', codec: 'opus' },
    ];
    await meeting(t, { devices, seconds: 5 });
});
