// The front door of WebRTC, from outside: who has not proved a session's password is told nothing,
// costs next to nothing, and changes nothing for those who have.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { Mcu } from './support/mcu.mjs';
import { sleep, until } from './support/process.mjs';
import {
    FAILURE, INDICATION, REQUEST, SUCCESS,
    attribute, controlled, controlling, mappedAddress, priority, readStun, stun, useCandidate, username,
} from './support/stun.mjs';
import { credentials, webrtcOffer } from './support/webrtc_sdp.mjs';

const CLIENT_HELLO = Buffer.concat([Buffer.from('16fefd0000000000000000003001000024', 'hex'), Buffer.alloc(44)]);
const RTP = Buffer.concat([Buffer.from([0x80, 111, 0, 1]), Buffer.alloc(40, 7)]);

// A join by WHIP of somebody whose own packets these tests make.
async function session(t, mcu) {
    const own = credentials();
    const reply = await mcu.request('POST', '/whip/demo', {
        body: webrtcOffer(own), type: 'application/sdp', token: '',
    });
    assert.equal(reply.status, 201, reply.body);
    const find = (pattern) => reply.body.match(pattern)[1];
    const ufrag = find(/^a=ice-ufrag:(\S+)/m);
    return {
        ufrag,
        pwd: find(/^a=ice-pwd:(\S+)/m),
        name: `${ufrag}:${own.ufrag}`,
        port: Number(find(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/im)),
    };
}

const check = ({ name, pwd }, { password = pwd, more = [controlling()], ...rest } = {}) =>
    stun(REQUEST, [username(name), ...more, priority()], { password, ...rest });

async function socketAt(t, address) {
    const socket = dgram.createSocket('udp4');
    socket.heard = [];
    socket.on('message', (data) => socket.heard.push(data));
    socket.bind({ address, port: 0 });
    await once(socket, 'listening');
    t.after(() => socket.close());
    socket.say = (data, port) => new Promise((resolve) => socket.send(data, port, '127.0.0.1', resolve));
    return socket;
}

async function metric(mcu, name) {
    const text = await (await mcu.fetch('/metrics')).text();
    return Number(text.match(new RegExp(`^mischpult_${name} (\\S+)$`, 'm'))[1]);
}

const counted = (mcu, name, n) =>
    until(`${name} to reach ${n}`, async () => (await metric(mcu, name)) >= n);

async function answerTo(socket, request, port) {
    const before = socket.heard.length;
    await socket.say(request, port);
    await until('an answer', () => socket.heard.length > before);
    const answer = socket.heard.at(-1);
    assert.ok(answer.length <= request.length, `${answer.length} bytes to ${request.length}`);
    return readStun(answer);
}

// ATTACKS 16, 21, 22, 23
test('nobody else is answered', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const mine = await session(t, mcu);
    const stranger = await socketAt(t, '127.0.0.2');
    const other = { ...mine, name: `another1:${mine.name.split(':')[1]}` };
    const say = (...packets) => packets.reduce((last, p) => last.then(() => stranger.say(p, mine.port)), Promise.resolve());

    await say(
        check(mine, { password: 'x'.repeat(24), more: [controlling(), useCandidate()] }),
        check(mine, { password: undefined }).subarray(0, 40),
        stun(REQUEST, [username(mine.name), useCandidate()]),
        check(other), check({ ...mine, name: mine.ufrag }), check({ ...mine, name: `${mine.name}x` }),
        check({ ...mine, name: 'u'.repeat(513) }), check({ ...mine, name: ':'.repeat(40) }),
        stun(REQUEST, []), stun(INDICATION, []), stun(SUCCESS, [username(mine.name)], { password: mine.pwd }),
        stun(FAILURE, [attribute(0x0009, Buffer.alloc(1))]), stun(FAILURE, [attribute(0x0009)]),
        stun(REQUEST, [attribute(0x0006, Buffer.alloc(8), 60000)]), stun(REQUEST, [attribute(0x0020, Buffer.alloc(8), 2)]),
        Buffer.alloc(0), Buffer.from([0]), Buffer.alloc(1472), Buffer.alloc(20000, 1),
        ...Array.from({ length: 200 }, (_, i) => randomBytes(i * 7)),
    );
    const strangers = await metric(mcu, 'webrtc_strangers_total');
    for (let i = 0; i < 50; i++) await say(CLIENT_HELLO, RTP);
    await counted(mcu, 'webrtc_strangers_total', strangers + 100);
    assert.deepEqual(stranger.heard, []);
    assert.equal(await metric(mcu, 'ice_checks_total'), 0);
    assert.ok((await metric(mcu, 'ice_refused_total')) >= 6);

    const browser = await socketAt(t, '127.0.0.1');
    const answer = await answerTo(browser, check(mine), mine.port);
    assert.equal(answer.type, SUCCESS);
    assert.equal(mappedAddress(answer), `127.0.0.1:${browser.address().port}`);
});

test('ten thousand forged checks a second', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const mine = await session(t, mcu);
    const browser = await socketAt(t, '127.0.0.1');
    assert.equal((await answerTo(browser, check(mine), mine.port)).type, SUCCESS);
    const stranger = await socketAt(t, '127.0.0.2');
    const forged = check(mine, { password: 'x'.repeat(24), more: [controlling(), useCandidate()] });
    let sent = 0;
    let answered = 0;
    for (const end = Date.now() + 3000; Date.now() < end; ) {
        for (let i = 0; i < 100; i++, sent++) stranger.send(forged, mine.port, '127.0.0.1');
        await sleep(10);
        if (sent % 5000 === 0 && (await answerTo(browser, check(mine), mine.port)).type === SUCCESS) answered++;
    }
    assert.ok(answered > 0, 'who is known is answered meanwhile');
    await counted(mcu, 'ice_refused_total', 100);
    await counted(mcu, 'ice_checks_total', 1 + answered);
    assert.deepEqual(stranger.heard, []);
    assert.equal(await metric(mcu, 'ice_checks_total'), 1 + answered);
});

test('the wrong role, and attributes of tomorrow', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const mine = await session(t, mcu);
    const browser = await socketAt(t, '127.0.0.1');
    const code = ({ attributes }) => attributes.get(0x0009)[2] * 100 + attributes.get(0x0009)[3];
    const conflict = await answerTo(browser, check(mine, { more: [controlled()] }), mine.port);
    assert.deepEqual([conflict.type, code(conflict)], [FAILURE, 487]);
    const unknown = await answerTo(browser, check(mine, { more: [controlling(), attribute(0x7abc)] }), mine.port);
    assert.deepEqual([unknown.type, code(unknown)], [FAILURE, 420]);
    assert.equal(unknown.attributes.get(0x000a).readUInt16BE(0), 0x7abc);
    assert.equal((await answerTo(browser, check(mine, { more: [controlling(), attribute(0xc0ff)] }), mine.port)).type, SUCCESS);
});

const framed = (data) => Buffer.concat([Buffer.from([data.length >> 8, data.length & 255]), data]);

async function connection(t, port) {
    const socket = net.connect(port, '127.0.0.1');
    socket.heard = Buffer.alloc(0);
    socket.on('data', (data) => (socket.heard = Buffer.concat([socket.heard, data])));
    socket.on('error', () => {});
    socket.on('close', () => (socket.ended = true));
    t.after(() => socket.destroy());
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return socket;
}

test('TCP: in single bytes, in frames too long, by hundreds', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const mine = await session(t, mcu);
    const idle = await Promise.all(Array.from({ length: 300 }, () => connection(t, mine.port)));
    await until('what is too much to be shown out', () => idle.filter((c) => c.ended).length >= 200);

    idle.forEach((c) => c.destroy());
    const connections = (n) =>
        until(`${n} connections`, async () => (await metric(mcu, 'webrtc_tcp_connections')) === n);
    await connections(0);

    for (const noise of ['GET / HTTP/1.1\r\nHost: mischpult\r\n\r\n', framed(CLIENT_HELLO), Buffer.alloc(70000, 255)]) {
        const c = await connection(t, mine.port);
        c.write(noise);
        await until('its end', () => c.ended);
        assert.equal(c.heard.length, 0);
    }

    const slow = await connection(t, mine.port);
    slow.setNoDelay(true);
    for (const byte of Buffer.concat([framed(Buffer.alloc(0)), framed(check(mine))])) {
        slow.write(Buffer.from([byte]));
        await sleep(2);
    }
    await until('an answer', () => slow.heard.length > 2);
    assert.equal(readStun(slow.heard.subarray(2)).type, SUCCESS);
    assert.equal(slow.heard.readUInt16BE(0), slow.heard.length - 2);
    await connections(1);
});
