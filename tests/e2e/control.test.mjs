// The server's controls, as people and programs use them: events, playing a file, mcuctl, the demo.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { binary, Mcu, root } from './support/mcu.mjs';
import { Member } from './support/member.mjs';
import { Program, run, until } from './support/process.mjs';
import { tone, toneDb, writeWav } from './support/sound.mjs';
import { frame, opcode, WebSocketClient } from './support/websocket.mjs';

const bearer = (mcu) => ({ Authorization: `Bearer ${mcu.token}` });
const level = (device, hz, from) =>
    toneDb(Float64Array.from(device.heard(from), (v) => v / 32768), hz, 8000);

function folderOf(t) {
    const folder = mkdtempSync(join(tmpdir(), 'mischpult-e2e-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

async function device(t, mcu, options) {
    const one = await new BareDevice(mcu, options).join(options.room ?? 'room');
    t.after(() => one.leave());
    return one;
}

test('events tell who joins, talks, is muted and leaves', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const socket = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', bearer(mcu));
    t.after(() => socket.close());
    assert.equal(socket.status, 101, socket.head);
    const a = await device(t, mcu, { name: 'a' });
    await device(t, mcu, { name: 'b' });
    const about = (type) => (e) => e.type === type && e.participant === a.id;
    await socket.event('joined', about('joined'));
    a.say(tone(500, 1, 8000));
    await socket.event('talking', about('talking'));
    await mcu.api('PATCH', a.path, { muted: true });
    await socket.event('muted', about('muted'));
    await mcu.api('DELETE', a.path);
    await socket.event('left', about('left'));
});

test('events need the token, and a page of somebody else\'s cannot open them', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const open = async (headers) => {
        const socket = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', headers);
        t.after(() => socket.close());
        return socket;
    };
    assert.equal((await open({ Authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await open({ ...bearer(mcu), Origin: 'http://evil.example' })).status, 403);
    assert.notEqual((await open({ ...bearer(mcu), Host: 'evil.example' })).status, 101);
    // A page cannot set headers: its first message brings the token, and until then it hears nothing.
    const page = await open({});
    const guesser = await open({});
    assert.equal(page.status, 101);
    const a = await device(t, mcu, { name: 'a' });
    guesser.send(opcode.text, JSON.stringify({ token: 'wrong' }));
    await until('the wrong token to be refused', () => guesser.closed);
    assert.deepEqual(page.events, []);
    page.send(opcode.text, JSON.stringify({ token: mcu.token }));
    await page.event('hello', (e) => e.type === 'hello');
    await mcu.api('DELETE', a.path);
    await page.event('left', (e) => e.type === 'left');
});

test('WebSocket frames that break the rules close that connection only', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const other = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', bearer(mcu));
    t.after(() => other.close());
    const huge = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    const attacks = {
        unmasked: (s) => s.socket.write(frame(opcode.text, 'x', { masked: false })),
        huge: (s) => s.socket.write(huge),
        endless: (s) => {
            s.socket.write(frame(opcode.text, Buffer.alloc(1000), { fin: false }));
            for (let i = 0; i < 5000; i++)
                s.socket.write(frame(opcode.continuation, Buffer.alloc(1000), { fin: false }));
        },
        pings: (s) => {
            for (let i = 0; i < 20000; i++) s.socket.write(frame(opcode.ping, Buffer.alloc(100)));
        },
    };
    for (const attack of Object.values(attacks)) {
        const socket = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', bearer(mcu));
        assert.equal(socket.status, 101);
        attack(socket);
        await new Promise((resolve) => setTimeout(resolve, 300));
        socket.socket.destroy();
    }
    await device(t, mcu, { name: 'a' });
    await other.event('joined', (e) => e.type === 'joined');
});

test('sound files are played to everybody', async (t) => {
    const mcu = await Mcu.of(t, { build: 'asan' });
    const folder = folderOf(t);
    const listener = await device(t, mcu, { name: 'listener' });
    const file = join(folder, 'tone.wav');
    writeWav(file, tone(600, 3, 16000, 0.2), 16000);
    const played = async (path, type) => {
        const from = listener.packets.length;
        const reply = await mcu.request('POST', '/api/v1/rooms/room/play', { body: readFileSync(path), type });
        assert.equal(reply.status, 202, JSON.stringify(reply.body));
        await until(
            `the tone of ${path}`,
            () => listener.packets.length > from + 75 && Math.abs(level(listener, 600, -50) + 14) < 1,
        );
        await mcu.api('DELETE', '/rooms/room/play');
        await until('silence', () => level(listener, 600, -20) < -60);
    };
    await played(file, 'audio/wav');
    const kinds = { 'float.wav': ['pcm_f32le', 'audio/wav'], 'x.flac': ['flac', 'audio/flac'] };
    for (const [name, [codec, type]] of Object.entries(kinds)) {
        const path = join(folder, name);
        await run('ffmpeg', ['-loglevel', 'error', '-i', file, '-ac', '2', '-af', 'volume=3dB', '-c:a', codec, path]);
        await played(path, type);
    }
    const bad = await mcu.request('POST', '/api/v1/rooms/room/play', { body: 'RIFFnonsense', type: 'audio/wav' });
    assert.ok(bad.status >= 400 && bad.status < 500, `${bad.status}`);
});

test('mute, gain and deaf are heard', async (t) => {
    const mcu = await Mcu.of(t);
    const talker = await device(t, mcu, { name: 'talker' });
    const listener = await device(t, mcu, { name: 'listener' });
    talker.say(tone(500, 1, 8000, 0.1));
    const settles = (what, test) =>
        until(what, () => listener.packets.length > 60 && test(level(listener, 500, -40)), { timeoutMs: 10000 });
    await settles('the tone', (db) => Math.abs(db + 20) < 1.5);
    await mcu.api('PATCH', talker.path, { gain_db: 6 });
    await settles('6 dB more', (db) => Math.abs(db + 14) < 1.5);
    await mcu.api('PATCH', talker.path, { muted: true });
    await settles('silence', (db) => db < -60);
    await mcu.api('PATCH', talker.path, { muted: false, gain_db: 0 });
    await settles('the tone again', (db) => Math.abs(db + 20) < 1.5);
    await mcu.api('PATCH', listener.path, { deaf: true });
    await settles('deafness', (db) => db < -60);
});

test('mcuctl', async (t) => {
    const mcu = await Mcu.of(t);
    const folder = folderOf(t);
    const ctl = (...args) =>
        run(binary('mcuctl'), ['--url', mcu.url, ...args], {
            env: { ...process.env, MCU_ADMIN_TOKEN: mcu.token },
        });
    const fails = async (code, env, ...args) => {
        const program = new Program(binary('mcuctl'), ['--url', mcu.url, ...args], { env });
        assert.equal((await program.finish()).code, code, program.stderr);
        assert.match(program.stderr, /^mcuctl: /);
    };
    await ctl('create', 'room');
    const a = await device(t, mcu, { name: 'Änne' });
    assert.match(await ctl('rooms'), /^room\s+1\s/m);
    a.say(tone(500, 1, 8000));
    await until('a talker in the table', async () => /Änne.*TALKS #+[.]+ PCMU +own /.test(await ctl('watch', 'room')));
    await ctl('mute', 'room', a.id);
    assert.match(await ctl('participants', 'room'), /Änne.*muted/);
    await ctl('unmute', 'room', a.id);
    await ctl('gain', 'room', a.id, '-6');
    assert.equal((await mcu.api('GET', a.path)).gain_db, -6);
    await ctl('deaf', 'room', a.id);
    assert.equal((await mcu.api('GET', a.path)).deaf, true);
    await ctl('undeaf', 'room', a.id);
    writeWav(join(folder, 'x.wav'), tone(600, 1, 8000), 8000);
    await ctl('play', 'room', join(folder, 'x.wav'));
    await ctl('kick', 'room', a.id);
    await until('an empty room', async () => !(await ctl('participants', 'room')).includes(a.id));
    await ctl('close', 'room');
    const env = { ...process.env, MCU_ADMIN_TOKEN: mcu.token };
    await fails(1, env, 'participants', 'room');
    await fails(2, env, 'dance');
    await fails(2, env, 'gain', 'room', a.id, 'nan');
    await fails(2, env, 'play', 'room', folder);
    await fails(4, { ...process.env, MCU_ADMIN_TOKEN: 'wrong' }, 'rooms');
    await fails(3, env, '--url', 'http://127.0.0.1:9', 'rooms');
    await fails(4, { HOME: folder, PATH: process.env.PATH }, 'rooms');
});

test('mcuctl at the door of a room', async (t) => {
    const mcu = await Mcu.of(t);
    const env = { ...process.env, MCU_ADMIN_TOKEN: mcu.token };
    const ctl = (...args) => run(binary('mcuctl'), ['--url', mcu.url, ...args], { env });
    const door = async () => {
        const { locked, lobby, pin } = await mcu.api('GET', '/rooms/demo');
        return { locked, lobby, pin };
    };
    await ctl('create', 'demo');
    await ctl('lock', 'demo');
    await ctl('pin', 'demo', '2468');
    await ctl('lobby', 'demo', 'on');
    assert.deepEqual(await door(), { locked: true, lobby: true, pin: true });
    await ctl('unlock', 'demo');
    await ctl('pin', 'demo', 'none');
    const [anna, bert] = [new Member(mcu, 'demo'), new Member(mcu, 'demo')];
    await anna.enter({ name: 'Anna' });
    await bert.enter({ name: 'Bert' });
    assert.match(await ctl('lobby', 'demo'), new RegExp(`^Anna +${anna.id}$`, 'm'));
    await ctl('admit', 'demo', anna.id);
    await ctl('refuse', 'demo', bert.id);
    assert.equal((await anna.enter()).body.state, 'admitted');
    assert.equal((await bert.enter()).body.error, 'refused');
    await ctl('lobby', 'demo', 'off');
    assert.deepEqual(await door(), { locked: false, lobby: false, pin: false });
    await mcu.api('PATCH', '/rooms/demo', { first_moderates: true });
    const host = await Member.in(t, mcu, 'demo', { name: 'Host' });
    await host.request('PATCH', `/participants/${host.id}`, { hand: true });
    assert.match(await ctl('participants', 'demo'), new RegExp(`^Host +${host.id} mod .* hand$`, 'm'));
    for (const wrong of [['pin', 'demo', '12'], ['lobby', 'demo', 'ajar'], ['admit', 'demo', 'nobody']])
        await assert.rejects(ctl(...wrong), /mcuctl: /);
});

test('mcuctl finds the token where the server put it', async (t) => {
    const mcu = await Mcu.of(t, { generateToken: true });
    const env = { HOME: mcu.folder, XDG_STATE_HOME: mcu.folder, PATH: process.env.PATH };
    await run(binary('mcuctl'), ['--url', mcu.url, 'rooms'], { env });
});

test('mcuctl trusts the certificate that the server made, and no other', async (t) => {
    const mcu = await Mcu.of(t, { flags: { tls: 'on' }, generateToken: true });
    const env = { HOME: mcu.folder, XDG_STATE_HOME: mcu.folder, PATH: process.env.PATH };
    const made = join(mcu.folder, 'mischpult');
    await run(binary('mcuctl'), ['--url', mcu.url, 'rooms'], { env });
    const elsewhere = { ...env, XDG_STATE_HOME: join(mcu.folder, 'absent'), MCU_ADMIN_TOKEN: mcu.token };
    const stranger = ['--url', mcu.url, 'rooms'];
    await assert.rejects(run(binary('mcuctl'), stranger, { env: elsewhere }), /cannot be reached.*certificate/);
    await run(binary('mcuctl'), ['--ca', join(made, 'tls_certificate.pem'),
        '--token-file', join(made, 'admin_token'), ...stranger], { env: elsewhere });
});

test('the demo says that all is right', async () => {
    const text = await run(join(root, 'tools/demo'), [], { timeoutMs: 60000 });
    assert.equal(text.match(/^right /gm)?.length, 3, text);
});
