// Attacks on the one port of all WebRTC media, against the running server (ASan): from strangers
// beside a call of real clients. Nothing is ever answered to them, and the call does not notice.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Chromium } from './support/chromium.mjs';
import { hears } from './support/hearing.mjs';
import { random } from './support/line.mjs';
import { Mcu } from './support/mcu.mjs';
import { endNative, NativeClient } from './support/native.mjs';
import { encoded } from './support/ogg_opus.mjs';
import { sleep, until } from './support/process.mjs';
import { rtpPacket } from './support/rtp.mjs';
import { attribute, controlling, priority, REQUEST, stun, useCandidate, username as name } from './support/stun.mjs';

let mcu;
let chromium;
let browser;
let native;
let tone;
let ice; // of the browser's session

before(async () => {
    mcu = await Mcu.start({ build: 'asan' });
    chromium = await Chromium.start();
    browser = await (await chromium.client({ name: 'browser', hz: 440 })).open(mcu);
    native = new NativeClient(mcu);
    native.hz = 880;
    tone = await encoded({ hz: native.hz, seconds: 1 });
    ice = iceOf((await browser.join('call')).answer);
    await native.join('call');
    native.say(tone);
    await callIsFine();
});
after(async () => {
    native?.close();
    endNative();
    await chromium?.stop();
    await mcu?.stop();
});

// {ufrag, pwd, host, port} of an answer.
function iceOf(sdp) {
    const [, host, port] = sdp.match(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+)/im);
    return {
        ufrag: sdp.match(/^a=ice-ufrag:(\S+)/m)[1],
        pwd: sdp.match(/^a=ice-pwd:(\S+)/m)[1],
        host,
        port: Number(port),
    };
}

function bindingRequest({ username, key, nominate = true, more = [] }) {
    const attributes = [...more, name(username), priority(), controlling()];
    return stun(REQUEST, nominate ? [...attributes, useCandidate()] : attributes, { password: key });
}

async function callIsFine() {
    await hears(browser, [browser, native]);
    await hears(native, [browser, native]);
}

async function stranger(t, host = '127.0.0.2') {
    const socket = dgram.createSocket('udp4');
    socket.on('error', () => {});
    socket.bind({ address: host, port: 0 });
    await once(socket, 'listening');
    const s = { socket, answers: [], bytesOut: 0 };
    socket.on('message', (data) => s.answers.push(data));
    s.send = (data) => {
        s.bytesOut += data.length;
        return new Promise((resolve) => socket.send(data, ice.port, ice.host, resolve));
    };
    t.after(() => socket.close());
    return s;
}

// A DTLS 1.2 ClientHello that offers TLS_NULL_WITH_NULL_NULL only (as against CVE-2023-49786).
function nullHello(i) {
    const body = Buffer.concat([
        Buffer.from([0xfe, 0xfd]), Buffer.alloc(32, i), Buffer.from([0, 0, 0, 2, 0, 0, 1, 0]),
    ]);
    const handshake = Buffer.concat([
        Buffer.from([1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length]), body,
    ]);
    const record = Buffer.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, i & 255, 0, handshake.length]);
    return Buffer.concat([record, handshake]);
}

test('ClientHellos from elsewhere while calls connect: every call connects', async (t) => {
    const strangers = [await stranger(t), await stranger(t, '127.0.0.1')];
    let spraying = true;
    const spray = (async () => {
        for (let i = 0; spraying; i++) {
            for (const s of strangers) await s.send(nullHello(i));
            await sleep(3);
        }
    })();
    const late = [];
    for (let i = 0; i < 4; i++) {
        const client = new NativeClient(mcu, { name: `late${i}` });
        late.push(client);
        assert.equal((await client.join('call')).status, 201);
    }
    spraying = false;
    await spray;
    for (const client of late) assert.equal(await client.leave(), 200);
    for (const s of strangers) assert.equal(s.answers.length, 0);
    await callIsFine();
});

test('STUN with wrong integrity, of nobody, malformed: no answer of any kind', async (t) => {
    const s = await stranger(t);
    const username = `${ice.ufrag}:nobody`;
    const next = random(7);
    const right = () => bindingRequest({ username, key: ice.pwd });
    const bad = [
        () => bindingRequest({ username, key: 'wrong password of 24 char' }),
        () => bindingRequest({ username: 'abcdefgh:nobody', key: ice.pwd }),
        () => bindingRequest({ username: `${'x'.repeat(600)}:y`, key: ice.pwd }),
        () => bindingRequest({ username: ':', key: ice.pwd }),
        () => { const p = right(); p[p.length - 1] ^= 1; return p; }, // fingerprint
        () => { const p = right(); p.writeUInt16BE(0xfffc, 2); return p; }, // length
        () => right().subarray(0, Math.floor(next() * 60)),
        () => { const p = right(); p.writeUInt16BE(0x7fff, 22); return p; }, // attribute past the end
        () => { const p = right(); p[1] = 0x11; return p; }, // indication
        () => { const p = right(); p[0] = 1; p[1] = 1; return p; }, // a response nobody asked for
        () => { const p = right(); p[0] = 1; p[1] = 0x11; return p; }, // an error that nobody waits for
        () => bindingRequest({ username, key: 'x', more: [attribute(0x0009, Buffer.from([0, 0]))] }),
    ];
    for (let i = 0; i < 1200; i++) await s.send(bad[i % bad.length]());
    await sleep(300);
    assert.equal(s.answers.length, 0);
    await callIsFine();
});

test('media and DTLS from strangers: neither answered nor heard', async (t) => {
    const s = await stranger(t);
    for (let i = 0; i < 300; i++) {
        await s.send(rtpPacket({ pt: 111, seq: i, ts: 960 * i, ssrc: 0xbad, payload: tone[i % tone.length] }));
        await s.send(Buffer.from([0x81, 201, 0, 1, 0, 0, 0, 1])); // a receiver report
        await s.send(Buffer.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, i & 255, 0, 2, 2, 0])); // close_notify
        await s.send(Buffer.alloc(1 + (i % 70), i & 255));
        if (i % 20 === 0) await sleep(5);
    }
    await s.send(Buffer.alloc(65507, 0x80));
    await sleep(200);
    assert.equal(s.answers.length, 0);
    await callIsFine();
});

test('ten thousand checks, forged and right: answers never outweigh requests, the call goes on', async (t) => {
    const s = await stranger(t);
    for (let i = 0; i < 10000; i++) {
        await s.send(bindingRequest({ username: `${ice.ufrag}:nobody`, key: i % 2 ? 'forged' : `${i}` }));
    }
    assert.equal(s.answers.length, 0);
    // Who knows the password of a session may check; what it gets is no more than what it sent.
    const out = s.bytesOut;
    for (let i = 0; i < 500; i++)
        await s.send(bindingRequest({ username: `${ice.ufrag}:nobody`, key: ice.pwd, nominate: false }));
    await sleep(500);
    const got = s.answers.reduce((sum, data) => sum + data.length, 0);
    assert.ok(got <= s.bytesOut - out, `${got} bytes back for ${s.bytesOut - out}`);
    await callIsFine();
});

test('a certificate that was not announced: no media, and out', async () => {
    const other = 'AB:'.repeat(31) + 'CD';
    const liar = new NativeClient(mcu, {
        name: 'liar',
        change: (sdp) => sdp.replace(/(a=fingerprint:sha-256 )\S+/, `$1${other}`),
    });
    const reply = await liar.join('call', { wait: false });
    assert.equal(reply.status, 201);
    await until('the liar to be shown out', async () => {
        const { participants } = await mcu.api('GET', '/rooms/call/participants');
        return participants.every((p) => p.name !== 'liar');
    }, { timeoutMs: 60000 });
    assert.equal(liar.received, 0);
    liar.close();
    await callIsFine();
});
