// Attacks on media, reproduced: what a stranger sends changes nothing for those who talk.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { Line, random } from './support/line.mjs';
import { Mcu } from './support/mcu.mjs';
import { Device } from './support/media.mjs';
import { sleep, until } from './support/process.mjs';
import { rtpPacket } from './support/rtp.mjs';
import { makeOffer, newKey } from './support/sdp.mjs';
import { muLawEncode, steadyToneDb, tone, toneDb } from './support/sound.mjs';

const rate = 8000;
const ownTone = 400;
const otherTone = 700;
const strangerTone = 1100;

// A socket at an address that is in no call. It counts what comes back.
async function stranger(t, host = '127.0.0.2') {
    const socket = dgram.createSocket('udp4');
    socket.on('error', () => {});
    socket.bind({ address: host, port: 0 });
    await once(socket, 'listening');
    socket.unref();
    const s = { socket, received: 0 };
    socket.on('message', () => s.received++);
    s.send = (data, port, address = '127.0.0.1') =>
        new Promise((resolve) => socket.send(data, port, address, resolve));
    t.after(() => socket.close());
    return s;
}

async function call(t, { build = 'asan', a = {}, b = {} } = {}) {
    const mcu = await Mcu.of(t, { build });
    const first = await new BareDevice(mcu, { name: 'a', ...a }).join('call');
    const second = await new BareDevice(mcu, { name: 'b', ...b }).join('call');
    t.after(() => [first, second].forEach((device) => device.leave()));
    first.say(tone(ownTone, 1, rate));
    second.say(tone(otherTone, 1, rate));
    await first.packetsBeyond(60);
    await second.packetsBeyond(60);
    return { mcu, a: first, b: second };
}

// What b hears from packet `from` on: a's tone, and nothing of the stranger's.
function assertUndisturbed(b, from) {
    const heard = Float64Array.from(b.heard(from), (v) => v / 32768);
    assert.ok(heard.length > rate, `${heard.length} samples`);
    const good = steadyToneDb(heard, ownTone, rate);
    const bad = toneDb(heard, strangerTone, rate);
    assert.ok(Math.abs(good + 20) < 2, `a's tone at ${good.toFixed(1)} dB`);
    assert.ok(bad < -60, `the stranger's tone at ${bad.toFixed(1)} dB`);
}

const voice = muLawEncode(tone(strangerTone, 0.02, rate, 0.5));
const packet = (i, more = {}) =>
    rtpPacket({ pt: 0, seq: i, ts: 160 * i, ssrc: 0xbadbad, payload: Buffer.from(voice), ...more });

test('RTP bleed: media never goes to an address that was not offered', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan', rtpPorts: 40 });
    const s = await stranger(t);
    const sameHost = await stranger(t, '127.0.0.1');
    const spray = async (count) => {
        for (let i = 0; i < count; i++)
            for (let port = mcu.rtpPort; port < mcu.rtpPort + 40; port++)
                for (const pt of [0, 8, 96]) {
                    await s.send(packet(i, { pt }), port);
                    await sameHost.send(packet(i, { pt, ssrc: 0xbad }), port);
                }
    };
    await spray(2);
    const a = await new BareDevice(mcu, { name: 'a' }).join('call');
    await spray(3); // before a has said anything
    const b = await new BareDevice(mcu, { name: 'b' }).join('call');
    t.after(() => [a, b].forEach((device) => device.leave()));
    a.say(tone(ownTone, 1, rate));
    b.say(tone(otherTone, 1, rate));
    await b.packetsBeyond(50);
    const from = b.packets.length;
    await spray(10);
    await b.packetsBeyond(from + 100);
    assert.equal(s.received, 0);
    assert.equal(sameHost.received, 0);
    assertUndisturbed(b, from);
});

test('RTP inject: a stranger\'s voice is not mixed, whatever it guesses', async (t) => {
    const { a, b } = await call(t);
    const s = await stranger(t);
    const from = b.packets.length;
    const live = () => ({ seq: a.sender.seq, ts: a.sender.ts });
    for (let i = 0; i < 100; i++) {
        const { seq, ts } = live();
        await s.send(packet(i), a.media.port);
        await s.send(packet(0, { seq: seq + 2, ts: ts + 320, ssrc: a.sender.ssrc }), a.media.port);
        await sleep(15);
    }
    await b.packetsBeyond(from + 120);
    assert.equal(s.received, 0);
    assertUndisturbed(b, from);
});

test('packets with lengths that lie, and enormous ones, are dropped', async (t) => {
    const { mcu, a, b } = await call(t);
    const from = b.packets.length;
    const next = random(3);
    const base = () => packet(0, { seq: a.sender.seq, ts: a.sender.ts, ssrc: a.sender.ssrc });
    const bad = [
        () => { const p = base(); p[0] |= 15; return p.subarray(0, 30); }, // 15 CSRCs that are not there
        () => { const p = base(); p[0] |= 0x10; p.writeUInt16BE(0xffff, 14); return p; }, // extension past the end
        () => { const p = base(); p[0] |= 0x20; p[p.length - 1] = 255; return p; }, // padding longer than the packet
        () => { const p = base(); p[0] |= 0x20; p[p.length - 1] = 0; return p; },
        () => base().subarray(0, Math.floor(next() * 13)),
        () => rtpPacket({ pt: 0, seq: a.sender.seq + 5, ts: a.sender.ts, ssrc: a.sender.ssrc, payload: Buffer.alloc(65000) }),
        () => Buffer.concat([Buffer.from([0x81, 200, 0xff, 0xff]), randomBytes(40)]), // RTCP SR of 256 KiB
        () => Buffer.from([0x80, 203, 0, 1, 0, 0, 0, 1, 0xff, 0xff]), // BYE, its reason missing
        () => Buffer.concat([Buffer.from([0x9f, 201, 0, 7]), randomBytes(28)]),
        () => Buffer.concat([Buffer.from([0x80, 207, 0, 3]), randomBytes(12)]),
        () => Buffer.alloc(0),
    ];
    // From the device's own address: nothing but the parser is in the way.
    for (let i = 0; i < 40; i++) {
        for (const make of bad) a.line.outer.send(make(), a.media.port, '127.0.0.1');
        await sleep(20);
    }
    await b.packetsBeyond(from + 150);
    assert.equal((await fetch(`${mcu.url}/healthz`)).status, 200);
    assertUndisturbed(b, from + 60);
});

test('sequence and timestamp jumps, new SSRCs, payload types not negotiated, floods', async (t) => {
    const { mcu, a, b } = await call(t);
    const next = random(9);
    const word = () => Math.floor(next() * 4294967296) >>> 0;
    for (let i = 0; i < 3000; i++) {
        const ssrc = i % 3 === 0 ? word() : a.sender.ssrc ^ 0xffff;
        const p = packet(0, { seq: word() & 0xffff, ts: word(), ssrc, pt: word() & 0x7f });
        if (p[1] % 128 < 64 || p[1] % 128 > 95) a.line.outer.send(p, a.media.port, '127.0.0.1');
        if (i % 50 === 0) await sleep(5);
    }
    const rss = Number((await import('node:fs')).readFileSync(`/proc/${mcu.pid}/statm`, 'latin1').split(' ')[1]) * 4;
    assert.ok(rss < 1 << 20, `${rss} KiB`);
    // a talks on, and is heard again.
    await sleep(1500);
    const from = b.packets.length;
    await b.packetsBeyond(from + 120);
    assertUndisturbed(b, from + 20);
});

test('SRTP: forged tags and replayed packets change nothing', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const { mkdtempSync, rmSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/mischpult-e2e-');
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const a = new Device(mcu, folder, { name: 'a', codec: 'PCMU', suite, hz: ownTone, amplitude: 0.1, listens: false });
    const b = new BareDevice(mcu, { name: 'b' });
    t.after(async () => {
        await a.leave();
        b.leave();
        rmSync(folder, { recursive: true, force: true });
    });
    await b.join('call');
    await a.join('call');
    // Copies of what a sends, to send again.
    const captured = [];
    a.line.up = { pass: (data, deliver) => { captured.push(Buffer.from(data)); deliver(data); } };
    await until('packets to replay', () => captured.length > 50);
    await b.packetsBeyond(60);
    const s = await stranger(t);
    const from = b.packets.length;
    for (let i = 0; i < 100; i++) {
        const last = captured[captured.length - 1];
        const forged = Buffer.from(last);
        forged.writeUInt16BE((forged.readUInt16BE(2) + 3) & 0xffff, 2);
        randomBytes(10).copy(forged, forged.length - 10);
        const bare = Buffer.from(forged.subarray(0, forged.length - 10));
        for (const data of [forged, bare, captured[10], captured[captured.length - 5]]) {
            await s.send(data, a.media.port);
            a.line.outer.send(data, a.media.port, '127.0.0.1');
        }
        // Ten thousand are sent in all, most of them without a pause.
        for (let k = 0; k < 96; k++) a.line.outer.send(forged, a.media.port, '127.0.0.1');
        await sleep(15);
    }
    assert.equal(s.received, 0);
    const level = (first) =>
        steadyToneDb(Float64Array.from(b.heard(first), (v) => v / 32768), ownTone, rate);
    // The flood passes through the line of a, whose own packets it delays; afterwards all is as before.
    await b.packetsBeyond(from + 80);
    assert.ok(level(from) > -32, `in the flood a's tone is at ${level(from).toFixed(1)} dB`);
    const after = b.packets.length + 50;
    await b.packetsBeyond(after + 100);
    assert.ok(Math.abs(level(after) + 20) < 2, `after it a's tone is at ${level(after).toFixed(1)} dB`);
});

test('a re-offer without encryption is refused where there was some', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const line = await Line.open();
    t.after(() => line.close());
    const suite = 'AEAD_AES_128_GCM';
    const joined = await mcu.join('call', 'a', makeOffer({ port: line.port, suite, key: newKey(suite) }));
    const reply = await mcu.request('PUT', `/api/v1${joined.path}`, {
        body: makeOffer({ port: line.port }),
        type: 'application/sdp',
    });
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.body}`);
    assert.equal((await mcu.api('GET', joined.path)).id, joined.id);
});

test('addresses that are not for media are refused', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    for (const host of ['224.0.0.1', '255.255.255.255', '169.254.169.254']) {
        const reply = await mcu.request('POST', '/api/v1/rooms/call/participants?name=x', {
            body: makeOffer({ port: 40000, host }),
            type: 'application/sdp',
        });
        assert.ok(reply.status >= 400 && reply.status < 500, `${host}: ${reply.status}`);
    }
    const reply = await mcu.request('POST', '/api/v1/rooms/call/participants?name=x', {
        body: makeOffer({ port: mcu.httpPort, host: '127.0.0.1' }).replace(/\r\nm=audio \d+/, '\r\nm=audio 70000'),
        type: 'application/sdp',
    });
    assert.ok(reply.status >= 400 && reply.status < 500, `port 70000: ${reply.status}`);
});
