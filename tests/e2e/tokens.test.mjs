// Bearer tokens at the server's door: who made them, for whom, until when; and guest links.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, Mcu } from './support/mcu.mjs';
import { Program, run, sleep, until } from './support/process.mjs';
import { claims, ownKey, ticket, token, unixNow } from './support/tokens.mjs';
import { opcode, WebSocketClient } from './support/websocket.mjs';

const secret = 'a secret of the issuer, 32 and more';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const oldRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key) => key.publicKey.export({ type: 'spki', format: 'pem' });
const moderator = (more) => claims(more, { moderator: true });

let mcu, folder;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mischpult-tokens-'));
    writeFileSync(join(folder, 'keys.pem'), pem(oldRsa) + pem(rsa) + pem(ec));
    mcu = await Mcu.start({
        build: 'asan',
        flags: {
            jwt_secret: secret,
            jwt_public_key: join(folder, 'keys.pem'),
            jwt_issuer: 'app',
            jwt_audience: 'jitsi',
        },
    });
    await mcu.api('POST', '/rooms', { name: 'demo' });
});

after(async () => {
    await mcu?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// Asks for a guest link, which takes a moderator of that room.
const invite = (bearer, { room = 'demo', body = {}, server = mcu } = {}) =>
    server.request('POST', `/api/v1/rooms/${room}/links`, {
        token: bearer, body: JSON.stringify(body), type: 'application/json',
    });

const enter = (bearer, room = 'demo', server = mcu) =>
    server.request('POST', `/api/v1/rooms/${room}/enter`, { token: bearer, body: '{}', type: 'application/json' });

async function refused(bearer, status, code, options) {
    const reply = await invite(bearer, options);
    assert.equal(`${reply.status} ${reply.body.error}`, `${status} ${code}`, reply.body.message);
    if (status === 401)
        assert.match(reply.headers.get('www-authenticate'),
            bearer ? /^Bearer realm="\w+", error="invalid_token"$/ : /^Bearer realm="\w+"$/);
}

// A server of its own for tests that show it many wrong tokens, which are counted.
const patient = (t, flags = {}) => Mcu.of(t, { flags: { jwt_secret: secret, ...flags } });

test('each algorithm, by the key it belongs to', async () => {
    assert.equal((await invite(token('HS256', secret, moderator()))).status, 201);
    assert.equal((await invite(token('RS256', rsa.privateKey, moderator()))).status, 201);
    assert.equal((await invite(token('RS256', oldRsa.privateKey, moderator()))).status, 201);
    assert.equal((await invite(token('ES256', ec.privateKey, moderator()))).status, 201);
});

test('roles and rooms of a token', async () => {
    const as = (more, user) => token('HS256', secret, claims(more, user));
    await refused('', 401, 'token_required');
    await refused(as(), 403, 'forbidden');
    await refused(as({}, { role: 'visitor', moderator: true }), 403, 'forbidden');
    await refused(as({}, { moderator: 'false' }), 403, 'forbidden');
    assert.equal((await invite(as({}, { moderator: 'true' }))).status, 201);
    await refused(as({ room: 'other' }, { moderator: true }), 403, 'wrong_room');
    assert.equal((await invite(as({ room: '*' }, { moderator: true }), { room: 'any' })).status, 201);
});

test('no token but the admin’s opens what is the admin’s', async () => {
    const star = token('HS256', secret, moderator({ room: '*' }));
    for (const path of ['/api/v1/rooms', '/api/v1/events']) {
        const reply = await mcu.request('GET', path, { token: star });
        assert.equal(reply.status, 403, path);
        assert.equal(reply.body.error, 'forbidden');
    }
    assert.equal((await mcu.request('GET', '/api/v1/rooms')).status, 200);
});

test('times, issuer, audience', async () => {
    const of = (more) => token('HS256', secret, moderator(more));
    const now = unixNow();
    assert.equal((await invite(of({ exp: now - 20 }))).status, 201, 'within the leeway');
    await refused(of({ exp: now - 31 }), 401, 'token_expired');
    await refused(of({ exp: 0 }), 401, 'token_expired');
    assert.equal((await invite(of({ nbf: now + 20 }))).status, 201, 'within the leeway');
    await refused(of({ nbf: now + 60 }), 401, 'invalid_token');
    await refused(of({ iss: 'another' }), 401, 'invalid_token');
    await refused(of({ iss: undefined }), 401, 'invalid_token');
    await refused(of({ aud: ['x'] }), 401, 'invalid_token');
    assert.equal((await invite(of({ aud: ['x', 'jitsi'] }))).status, 201);
});

test('expired tokens are not counted as guesses', async (t) => {
    const server = await patient(t);
    const expired = token('HS256', secret, moderator({ exp: 1 }));
    for (let i = 0; i < 30; i++) await refused(expired, 401, 'token_expired', { server });
    assert.equal((await invite(token('HS256', secret, moderator()), { server })).status, 201);
});

test('wrong tokens are', async (t) => {
    const server = await patient(t);
    const wrong = token('HS256', `${secret}?`, moderator());
    let reply;
    for (let i = 0; i < 30 && reply?.status !== 429; i++) reply = await invite(wrong, { server });
    assert.equal(reply.status, 429);
    assert.equal(reply.body.error, 'too_many_attempts');
    assert.ok(Number(reply.headers.get('retry-after')) >= 1);
    const right = token('HS256', secret, moderator());
    await until('a right one to be let in', async () => (await invite(right, { server })).status === 201);
});

test('tokens that are forged', async (t) => {
    const server = await patient(t, { jwt_public_key: join(folder, 'keys.pem') });
    const good = token('HS256', secret, moderator());
    const [header, body, mac] = good.split('.');
    const changed = Buffer.from(JSON.stringify(moderator({ room: '*' }))).toString('base64url');
    const forged = {
        none: token('none', '', moderator()),
        'none, signed': token('HS256', secret, moderator(), { header: { alg: 'none' } }),
        'a public key as secret': token('HS256', pem(rsa), moderator()),
        'an elliptic one': token('HS256', pem(ec), moderator()),
        'RS256 signed with the secret': token('HS256', secret, moderator(), { header: { alg: 'RS256' } }),
        'another algorithm of the same secret': token('HS256', secret, moderator(), { header: { alg: 'HS512' } }),
        'an extension that must be understood': token('HS256', secret, moderator(), { header: { alg: 'HS256', crit: ['exp'] } }),
        'two algorithms': token('HS256', secret, moderator(), { header: '{"alg":"none","alg":"HS256"}' }),
        'claims of another': `${header}.${changed}.${mac}`,
        'cut short': good.slice(0, -2),
        'no signature': `${header}.${body}.`,
        padded: `${good}=`,
        'two rooms': token('HS256', secret, '{"room":"demo","room":"*","exp":4000000000}'),
        'no end': token('HS256', secret, moderator({ exp: undefined })),
        'an endless one': token('HS256', secret, '{"room":"demo","exp":1e308}'),
        'an end in words': token('HS256', secret, moderator({ exp: 'tomorrow' })),
        'no room': token('HS256', secret, moderator({ room: undefined })),
        'some rooms': token('HS256', secret, moderator({ room: 'de*' })),
        'too deep': token('HS256', secret, `{"a":${'['.repeat(1500)}${']'.repeat(1500)}}`),
        'our own claims': token('HS256', secret, { aud: 'mischpult-link', jti: 'x', role: 'moderator', room: '*', exp: 4e9 }),
    };
    for (const [what, bearer] of Object.entries(forged)) {
        let reply = await invite(bearer, { server });
        while (reply.status === 429) {
            await sleep(1000);
            reply = await invite(bearer, { server });
        }
        assert.equal(reply.status, what === 'our own claims' ? 403 : 401, what);
        assert.ok(!reply.body.message.includes(bearer), what);
    }
    const huge = token('HS256', secret, moderator({ x: 'x'.repeat(9000) }));
    assert.equal((await invite(huge, { server })).status, 431);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test('a link lets in until it expires', async () => {
    const reply = await invite(mcu.token, { body: { role: 'moderator', expires_s: 3600 } });
    assert.equal(reply.status, 201);
    const { url, token: bearer, role, expires } = reply.body;
    assert.equal(url, `${mcu.url}/r/demo#t=${bearer}`);
    assert.equal(role, 'moderator');
    assert.ok(Math.abs(expires - unixNow() - 3600) < 60);
    const first = (await enter(bearer)).body, second = (await enter(bearer)).body;
    assert.deepEqual([first.state, first.role, first.room, second.state], ['admitted', 'moderator', 'demo', 'admitted']);
    assert.notEqual(first.id, second.id, 'each guest is someone');
    await refused(bearer, 403, 'forbidden'); // it is for entering, and nothing else
    assert.equal((await invite(first.ticket)).status, 201, 'a moderator invites further');
    await refused(first.ticket, 422, 'out_of_range', { body: { expires_s: 8 * 86400 } });
    await refused(first.ticket, 422, 'bad_role', { body: { role: 'admin' } });
    assert.equal((await enter(bearer, 'other')).body.error, 'wrong_room');
    const viewer = (await invite(mcu.token, { body: { role: 'viewer' } })).body.token;
    assert.equal((await enter(viewer)).body.role, 'viewer');
    const over = { aud: 'mischpult-link', jti: 'x', room: 'demo', role: 'moderator', exp: unixNow() - 60 };
    assert.equal((await enter(token('HS256', ownKey(mcu), over))).body.error, 'token_expired');
    assert.equal((await enter(token('HS256', ownKey(mcu), { ...over, role: 'admin', exp: 4e9 }))).body.error, 'invalid_token');
});

test('a JSON Web Token lets in, a ticket again', async () => {
    const anna = token('ES256', ec.privateKey, claims({}, { moderator: true, name: 'Anna' }));
    const { body } = await enter(anna);
    assert.deepEqual([body.state, body.role, body.name], ['admitted', 'moderator', 'Anna']);
    assert.ok(Math.abs(body.expires - unixNow() - 12 * 3600) < 60, 'ticket_hours, not the token’s');
    const again = (await enter(body.ticket)).body;
    assert.deepEqual([again.id, again.role, again.expires], [body.id, 'moderator', body.expires]);
    const visitor = token('RS256', rsa.privateKey, claims({}, { role: 'visitor' }));
    assert.equal((await enter(visitor)).body.role, 'viewer');
    assert.equal((await enter(token('HS256', secret, claims({ exp: 1 })))).body.error, 'token_expired');
    assert.equal((await enter(token('HS256', secret, claims({ room: 'x' })))).body.error, 'wrong_room');
});

test('a PIN is guessed slowly, also as a bearer of WHIP', async (t) => {
    const server = await patient(t);
    await server.api('POST', '/rooms', { name: 'demo' });
    await server.api('PATCH', '/rooms/demo', { pin: '4711' });
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
    const whip = (bearer) =>
        server.request('POST', '/whip/demo', { token: bearer, body: sdp, type: 'application/sdp' });
    const knows = await whip('4711');
    assert.ok(knows.status === 400 || knows.status === 422, 'past the door, and the offer is none');
    assert.equal((await whip(token('HS256', secret, claims({ exp: 1 })))).body.error, 'token_expired');
    const without = await whip('');
    assert.deepEqual([without.status, without.body.error], [401, 'pin_required']);
    for (let i = 0; i < 5; i++) {
        const wrong = await whip(`000${i}`);
        assert.deepEqual([wrong.status, wrong.body.error], [403, 'wrong_pin']);
    }
    for (const pin of ['0005', '4711']) {
        const limited = await whip(pin);
        assert.deepEqual([limited.status, limited.body.error], [429, 'too_many_attempts']);
        assert.ok(Number(limited.headers.get('retry-after')) >= 1);
    }
    const invited = await enter((await invite(server.token, { server })).body.token, 'demo', server);
    assert.equal(invited.body.state, 'admitted', 'who has a token is not slowed');
});

test('a link carries the address people use', async (t) => {
    const server = await Mcu.of(t, { flags: { public_url: 'https://meet.example/', http_names: 'inner.example' } });
    const { url } = (await invite(server.token, { server })).body;
    assert.match(url, /^https:\/\/meet\.example\/r\/demo#t=[\w-]+\.[\w-]+\.[\w-]+$/);
});

test('a ticket is of one meeting', async () => {
    assert.equal((await invite(ticket(mcu))).status, 201);
    await refused(ticket(mcu, { room: 'gone' }), 404, 'no_room', { room: 'gone' });
    await refused(ticket(mcu, { room: 'gone' }), 403, 'wrong_room');
    await refused(ticket(mcu, { adm: false }), 403, 'waiting');
    await refused(ticket(mcu, { role: 'participant' }), 403, 'forbidden');
    await refused(ticket(mcu, { room: '*' }), 401, 'invalid_token');
    await refused(ticket(mcu, { exp: unixNow() - 60 }), 401, 'token_expired');
});

test('tickets and links survive a restart of the server, its key is its owner’s', async (t) => {
    const file = join(folder, 'state/admin_token');
    const flags = { token_file: file };
    const first = await Mcu.start({ flags });
    const link = (await invite(first.token, { server: first, body: { role: 'moderator' } })).body.token;
    const mayor = (await enter(link, 'demo', first)).body.ticket;
    await first.stop();
    const second = await Mcu.of(t, { flags });
    await second.api('POST', '/rooms', { name: 'demo' });
    assert.equal((await enter(link, 'demo', second)).body.role, 'moderator');
    assert.equal((await enter(mayor, 'demo', second)).body.role, 'moderator');
    assert.equal(statSync(join(folder, 'state/ticket_key')).mode & 0o777, 0o600);
    assert.equal((await enter(link)).body.error, 'invalid_token', 'another server has another key');
});

test('a WebSocket takes a token as subprotocol or first message, and the admin’s only', async (t) => {
    const open = async (protocols) => {
        const headers = protocols ? { 'Sec-WebSocket-Protocol': protocols } : {};
        const socket = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', headers);
        t.after(() => socket.close());
        return socket;
    };
    const star = token('HS256', secret, moderator({ room: '*' }));
    assert.equal((await open(`mischpult.events, bearer.${mcu.token}`)).status, 101);
    assert.equal((await open(`mischpult.events, bearer.${star}`)).status, 403);
    const late = await open();
    late.send(opcode.text, JSON.stringify({ token: star }));
    await until('the socket to be closed', () => late.closed);
    assert.equal(late.closeCode, 1008);
});

test('secrets stand in no output', async () => {
    const text = mcu.program.stdout + mcu.program.stderr;
    for (const each of [secret, ownKey(mcu), mcu.token]) assert.ok(!text.includes(each));
    assert.ok(!/eyJ/.test(text), 'a token');
    const printed = await run(binary('mcu'), ['--jwt_secret', secret, '--print-config']);
    assert.ok(!printed.includes(secret));
});

test('a server with wrong keys says what is wrong and does not start', async () => {
    const file = join(folder, 'wrong.pem');
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const cases = [
        [{ jwt_secret: 'short' }, /jwt_secret/],
        [{ jwt_public_key: '/nonexistent.pem' }, /jwt_public_key: .*No such file/],
        [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }), /BEGIN PUBLIC KEY/],
        [pem(p384), /P-256/],
        ['nonsense', /BEGIN PUBLIC KEY/],
    ];
    for (const [what, complaint] of cases) {
        if (typeof what === 'string') writeFileSync(file, what);
        const flags = typeof what === 'string' ? { jwt_public_key: file } : what;
        const program = new Program(binary('mcu'), [
            '--http_port', '0', '--token_file', join(folder, 'wrong/token'),
            ...Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value]),
        ]);
        const { code } = await program.finish();
        assert.ok(code === 1 || code === 2, `${code}: ${program.stderr}`);
        assert.match(program.stderr, complaint);
        assert.ok(!program.stderr.includes('PRIVATE KEY'));
    }
});

test('mcuctl makes links', async () => {
    const env = { ...process.env, MCU_ADMIN_TOKEN: mcu.token };
    const ctl = (...args) => run(binary('mcuctl'), ['--url', mcu.url, ...args], { env });
    const said = await ctl('link', 'demo', '--role', 'viewer', '--expires', '2h');
    const [, url, end] = said.match(/^(\S+)\nlets in as viewer until (\S+ \S+) \S+\n$/);
    assert.ok(url.startsWith(`${mcu.url}/r/demo#t=`));
    assert.ok(Math.abs(new Date(end).getTime() - Date.now() - 7200e3) < 120e3, end);
    assert.match(await ctl('link', 'demo', '--base', 'https://meet.example/'), /^https:\/\/meet\.example\/r\/demo#t=eyJ/);
    for (const wrong of [['--role', 'king'], ['--expires', '2x'], ['--expires'], ['--base', 'ftp://x']])
        await assert.rejects(ctl('link', 'demo', ...wrong), /mcuctl: /);
});

test('mcuctl tells when what it says gets lost', async () => {
    const env = { ...process.env, MCU_ADMIN_TOKEN: mcu.token };
    for (const args of [['rooms'], ['link', 'demo']]) {
        const program = new Program(
            'sh', ['-c', 'exec "$0" "$@" >/dev/full', binary('mcuctl'), '--url', mcu.url, ...args], { env });
        const { code } = await program.finish();
        assert.equal(code, 5);
        assert.match(program.stderr, /cannot be written: No space left/);
    }
});
