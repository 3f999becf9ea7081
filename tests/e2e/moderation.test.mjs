// Who may do what in a room: every action by every role, and the ways in and out of a meeting.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { asJson, Member } from './support/member.mjs';
import { Mcu } from './support/mcu.mjs';
import { sleep, until } from './support/process.mjs';
import { claims, ticket, token, unixNow } from './support/tokens.mjs';
import { opcode, WebSocketClient } from './support/websocket.mjs';

const secret = 'a shared secret of thirty-two bytes, or more';
const jwt = { jwt_secret: secret, jwt_issuer: 'app', jwt_audience: 'jitsi' };
const start = (t, flags = {}) => Mcu.of(t, { build: 'asan', flags: { webrtc_port: 0, ...flags } });
const known = (user, more = {}) => token('HS256', secret, claims(more, { id: user, name: user }));

// --- the matrix ---------------------------------------------------------------------------------

const columns = ['nobody', 'foreign', 'link', 'waiting', 'viewer', 'participant', 'moderator', 'admin'];

// A room with one of each; the actors by name, and someone to do it to.
class World {
    static count = 0;

    static async make(t, mcu) {
        const w = new World();
        Object.assign(w, { t, mcu, room: `room${++World.count}`, made: Date.now() });
        const moderator = (w.moderator = await Member.in(t, mcu, w.room, { name: 'moderator' }));
        const link = async (role) =>
            (await moderator.request('POST', '/links', { role })).body.token;
        w.participant = await Member.in(t, mcu, w.room, { name: 'participant' });
        w.viewer = await Member.in(t, mcu, w.room, { name: 'viewer' }, { bearer: await link('viewer') });
        w.foreign = await Member.in(t, mcu, `${w.room}x`, { name: 'foreign' });
        w.link = Object.assign(new Member(mcu, w.room), { ticket: await link('moderator'), id: 'link' });
        w.nobody = Object.assign(new Member(mcu, w.room), { ticket: '', id: 'nobody' });
        w.admin = Object.assign(new Member(mcu, w.room), { ticket: mcu.token, id: 'admin' });
        w.target = await Member.in(t, mcu, w.room, { name: 'target' });
        w.device = await new BareDevice(mcu, { name: 'device' }).join(w.room);
        t.after(() => w.device.leave());
        assert.equal((await moderator.request('PATCH', '', { lobby: true })).status, 200);
        w.waiting = new Member(mcu, w.room);
        await w.waiting.enter({ name: 'waiting' });
        assert.equal(w.waiting.state, 'waiting');
        await w.waiting.watch();
        t.after(() => w.waiting.socket.close());
        w.foreign = Object.assign(new Member(mcu, w.room), { ticket: w.foreign.ticket, id: w.foreign.id });
        return w;
    }

    // Without ICE the server waits half a minute for those who joined.
    stale() {
        return Date.now() - this.made > 12000;
    }
}

const self = (w, actor) => `/participants/${actor.id}`;
const target = (w) => `/participants/${w.target.id}`;
const device = (w) => `/participants/${w.device.id}`;
const room = () => '';
const ownLast = { nobody: 401, foreign: 403, link: 403, waiting: 403 };
const by = (viewer, participant, moderator, admin, others = ownLast) =>
    ({ ...others, viewer, participant, moderator, admin });

// [what, method, path, body, status by role]; undefined: it cannot be asked.
const matrix = [
    ['see oneself', 'GET', self, undefined, by(200, 200, 200)],
    ['mute oneself', 'PATCH', self, { muted: true }, by(403, 200, 200)],
    ['unmute oneself', 'PATCH', self, { muted: false }, by(403, 200, 200)],
    ['raise one\'s hand', 'PATCH', self, { hand: true }, by(403, 200, 200)],
    ['lower one\'s hand', 'PATCH', self, { hand: false }, by(403, 200, 200)],
    ['rename oneself', 'PATCH', self, { name: 'New' }, by(200, 200, 200)],
    ['deafen oneself', 'PATCH', self, { deaf: true }, by(200, 200, 200)],
    ['gain of oneself', 'PATCH', self, { gain_db: 3 }, by(403, 403, 200)],
    ['rise oneself', 'PATCH', self, { role: 'moderator' }, by(403, 403, 200)],
    ['step down as the last', 'PATCH', self, { role: 'participant' }, by(403, 403, 409)],
    ['leave', 'DELETE', self, undefined, by(204, 204, 204, undefined, { ...ownLast, waiting: 204 })],

    ['see another', 'GET', target, undefined, by(403, 403, 200, 200)],
    ['mute another', 'PATCH', target, { muted: true }, by(403, 403, 200, 200)],
    ['unmute another', 'PATCH', target, { muted: false }, by(403, 403, 403, 403)],
    ['unmute a device', 'PATCH', device, { muted: false }, by(403, 403, 403, 200)],
    ['mute a device', 'PATCH', device, { muted: true }, by(403, 403, 200, 200)],
    ['ask another to unmute', 'PATCH', target, { ask_unmute: true }, by(403, 403, 200, 200)],
    ['raise another\'s hand', 'PATCH', target, { hand: true }, by(403, 403, 403, 403)],
    ['lower another\'s hand', 'PATCH', target, { hand: false }, by(403, 403, 200, 200)],
    ['make a moderator', 'PATCH', target, { role: 'moderator' }, by(403, 403, 200, 200)],
    ['make a viewer', 'PATCH', target, { role: 'viewer' }, by(403, 403, 200, 200)],
    ['make an admin', 'PATCH', target, { role: 'admin' }, by(403, 403, 422, 422)],
    ['make a device moderator', 'PATCH', device, { role: 'moderator' }, by(403, 403, 409, 409)],
    ['rename another', 'PATCH', target, { name: 'New' }, by(403, 403, 403, 403)],
    ['deafen another', 'PATCH', target, { deaf: true }, by(403, 403, 200, 200)],
    ['gain of another', 'PATCH', target, { gain_db: -3 }, by(403, 403, 200, 200)],
    ['what one may with what one may not', 'PATCH', target, { muted: true, name: 'New' }, by(403, 403, 403, 403)],
    ['send keys', 'POST', (w) => `${device(w)}/dtmf`, { digits: '1' }, by(403, 403, 403, 409)],
    ['kick a device', 'DELETE', device, undefined, by(403, 403, 204, 204)],
    ['kick', 'DELETE', target, undefined, by(403, 403, 204, 204)],

    ['see the room', 'GET', room, undefined, by(403, 403, 200, 200)],
    ['see who is in it', 'GET', () => '/participants', undefined, by(403, 403, 200, 200)],
    ['lock', 'PATCH', room, { locked: true }, by(403, 403, 200, 200)],
    ['set a PIN', 'PATCH', room, { pin: '2468' }, by(403, 403, 200, 200)],
    ['take the PIN away', 'PATCH', room, { pin: null }, by(403, 403, 200, 200)],
    ['turn the lobby on', 'PATCH', room, { lobby: true }, by(403, 403, 200, 200)],
    ['change other settings', 'PATCH', room, { max_speakers: 3 }, by(403, 403, 403, 200)],
    ['lock and change other settings', 'PATCH', room, { locked: true, agc: true }, by(403, 403, 403, 200)],
    ['see the lobby', 'GET', () => '/lobby', undefined, by(403, 403, 200, 200)],
    ['admit nobody', 'POST', () => '/lobby/nobody', { admit: true }, by(403, 403, 404, 404)],
    ['refuse', 'POST', (w) => `/lobby/${w.waiting.id}`, { admit: false }, by(403, 403, 204, 204)],
    ['admit', 'POST', (w) => `/lobby/${w.waiting.id}`, { admit: true }, by(403, 403, 204, 204)],
    ['make a link', 'POST', () => '/links', { role: 'moderator' }, by(403, 403, 201, 201)],
    ['play', 'POST', () => '/play', { sound: 'absent.wav' }, by(403, 403, 403, 404)],
    ['stop what plays', 'DELETE', () => '/play', undefined, by(403, 403, 403, 204)],
    ['bring a device', 'POST', () => '/participants', 'sdp', by(403, 403, 403, 422)],
    ['close', 'DELETE', room, undefined, by(403, 403, 204, 204)],
];

test('every action by every role', { timeout: 300000 }, async (t) => {
    const mcu = await Mcu.of(t, { flags: { webrtc_port: 0 } });
    let world = await World.make(t, mcu);
    for (const [what, method, path, body, statuses] of matrix)
        for (const role of columns) {
            const expected = statuses[role];
            if (expected === undefined) continue;
            const actor = world[role];
            const where = path(world, actor);
            const reply =
                body === 'sdp'
                    ? await mcu.request(method, actor.room + where, {
                        token: actor.ticket, body: 'v=0', type: 'application/sdp' })
                    : await actor.request(method, where, body);
            assert.equal(reply.status, expected, `${what} by ${role}: ${JSON.stringify(reply.body)}`);
            const consumes = method === 'DELETE' || body?.role || body?.admit !== undefined;
            if ((consumes && reply.status < 300) || world.stale()) world = await World.make(t, mcu);
        }
});

test('what is refused says why', async (t) => {
    const mcu = await start(t);
    const w = await World.make(t, mcu);
    const why = async (actor, method, path, body) => {
        const { status, body: answer } = await actor.request(method, path, body);
        assert.ok(answer.message, `${method} ${path}`);
        return `${status} ${answer.error}`;
    };
    assert.equal(await why(w.nobody, 'GET', ''), '401 token_required');
    assert.equal(await why(w.foreign, 'GET', ''), '403 wrong_room');
    assert.equal(await why(w.waiting, 'PATCH', '', { locked: true }), '403 forbidden');
    assert.equal(await why(w.waiting, 'GET', self(w, w.waiting)), '403 waiting');
    assert.equal(await why(w.moderator, 'PATCH', target(w), { muted: false }), '403 only_self_unmutes');
    assert.equal(await why(w.admin, 'PATCH', target(w), { muted: false }), '403 only_self_unmutes');
    assert.equal(await why(w.moderator, 'PATCH', self(w, w.moderator), { role: 'viewer' }), '409 last_moderator');
    assert.match((await w.participant.request('PATCH', '', { locked: true })).body.message, /moderator/);
    const expired = token('HS256', secret, claims({ exp: unixNow() - 60 }));
    assert.equal((await mcu.request('GET', w.moderator.room, { token: expired })).status, 401);
});

test('ids and rooms of others cannot be reached by guessing', async (t) => {
    const mcu = await start(t);
    const a = await Member.in(t, mcu, 'alpha', { name: 'A' });
    const b = await Member.in(t, mcu, 'beta', { name: 'B' });
    // a moderates alpha: b's id is no door to beta, nor is alpha's path to b.
    const attempts = [
        ['GET', `/api/v1/rooms/beta/participants/${b.id}`],
        ['PATCH', `/api/v1/rooms/beta/participants/${b.id}`, { muted: true }],
        ['PATCH', `/api/v1/rooms/beta/participants/${a.id}`, { muted: true }],
        ['DELETE', `/api/v1/rooms/beta/participants/${b.id}`],
        ['GET', '/api/v1/rooms/beta/participants'],
        ['GET', '/api/v1/rooms/beta/lobby'],
        ['POST', '/api/v1/rooms/beta/lobby/x', { admit: true }],
        ['POST', '/api/v1/rooms/beta/links', {}],
        ['POST', '/api/v1/rooms/beta/enter', {}],
        ['DELETE', '/api/v1/rooms/beta'],
    ];
    for (const [method, path, body] of attempts) {
        const reply = await mcu.request(method, path, { token: a.ticket, ...(body ? asJson(body) : {}) });
        assert.equal(reply.status, 403, `${method} ${path}`);
        assert.equal(reply.body.error, 'wrong_room', `${method} ${path}`);
    }
    assert.equal((await a.request('GET', `/participants/${b.id}`)).status, 404);
    assert.equal((await a.request('DELETE', `/participants/${b.id}`)).status, 404);
    // Nobody in alpha learns who is there from what is not found.
    const c = await Member.in(t, mcu, 'alpha', { name: 'C' });
    for (const id of [a.id, b.id, 'x', '0', 'a'.repeat(120)])
        assert.equal((await c.request('PATCH', `/participants/${id}`, { muted: true })).status, 403, id);
    const socket = await WebSocketClient.connect(mcu.httpPort, '/api/v1/rooms/beta/events', {
        'Sec-WebSocket-Protocol': `mischpult.events, bearer.${a.ticket}`,
    });
    t.after(() => socket.close());
    await until('the socket to be closed', () => socket.closed);
    assert.deepEqual(socket.events, []);
    assert.equal(socket.closeCode, 1008);
    assert.equal(b.knows('left').length, 0);
});

// --- the ways in --------------------------------------------------------------------------------

test('a lobby: knock, be seen, be let in or sent away', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo', { name: 'Host' });
    assert.equal((await host.request('PATCH', '', { lobby: true })).body.lobby, true);
    assert.equal((await host.told('room')).room.lobby, true);
    const guest = new Member(mcu, 'demo');
    assert.equal((await guest.enter({ name: ' An\u202ena ' })).body.name, 'Anna');
    const first = await guest.watch();
    assert.deepEqual([first.type, first.state, first.participants, first.waiting],
        ['welcome', 'waiting', undefined, undefined]);
    assert.deepEqual((await host.told('waiting')).waiting, { id: guest.id, name: 'Anna' });
    assert.deepEqual((await host.request('GET', '/lobby')).body, { waiting: [{ id: guest.id, name: 'Anna' }] });
    const whip = await guest.join();
    assert.deepEqual([whip.status, whip.body.error], [403, 'waiting'], 'media wait, too');
    assert.equal((await host.request('POST', `/lobby/${guest.id}`, { admit: true })).status, 204);
    await host.told('waiting_gone', { id: guest.id });
    const before = guest.ticket;
    guest.ticket = (await guest.told('admitted')).ticket;
    assert.notEqual(guest.ticket, before);
    assert.equal((await guest.told('welcome', { state: 'admitted' })).participants[0].name, 'Host');
    assert.equal((await guest.join('whip', before)).status, 201, 'the old ticket will do as well');
    await host.told('joined', { });
    assert.equal((await host.request('POST', `/lobby/${guest.id}`, { admit: true })).status, 404, 'once');

    const unwanted = new Member(mcu, 'demo');
    await unwanted.enter({ name: 'Unwanted' });
    await unwanted.watch();
    await host.request('POST', `/lobby/${unwanted.id}`, { admit: false });
    await unwanted.told('refused');
    await until('the socket to be closed', () => unwanted.socket.closed);
    assert.deepEqual([unwanted.knows('joined'), unwanted.knows('ended')], [[], []]);
    const again = await unwanted.enter();
    assert.deepEqual([again.status, again.body.error], [403, 'refused']);
    assert.equal((await unwanted.join()).body.error, 'refused');
});

test('who stops waiting is gone from the lobby', { timeout: 60000 }, async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo');
    await host.request('PATCH', '', { lobby: true });
    const [leaves, vanishes, reloads] = [0, 1, 2].map(() => new Member(mcu, 'demo'));
    for (const m of [leaves, vanishes, reloads]) {
        await m.enter();
        await m.watch();
    }
    assert.equal((await leaves.request('DELETE', `/participants/${leaves.id}`)).status, 204);
    await host.told('waiting_gone', { id: leaves.id });
    vanishes.socket.close();
    reloads.socket.close();
    const old = reloads.socket;
    assert.equal((await reloads.watch()).state, 'waiting');
    assert.notEqual(reloads.socket, old);
    // Ten seconds of grace, then the knock is over; admitting meanwhile or after is no error but 404.
    await host.told('waiting_gone', { id: vanishes.id });
    assert.equal((await host.request('POST', `/lobby/${vanishes.id}`, { admit: true })).status, 404);
    assert.deepEqual((await host.request('GET', '/lobby')).body.waiting.map((w) => w.id), [reloads.id]);
    reloads.socket.close();
});

test('admitting races with leaving, and nothing is left behind', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo');
    await host.request('PATCH', '', { lobby: true });
    for (let i = 0; i < 20; i++) {
        const m = new Member(mcu, 'demo');
        await m.enter();
        await m.watch();
        const [admitted, left] = await Promise.all([
            host.request('POST', `/lobby/${m.id}`, { admit: i % 2 === 0 }),
            m.request('DELETE', `/participants/${m.id}`),
            m.socket.socket.destroy(),
        ]);
        assert.ok([204, 404].includes(admitted.status), String(admitted.status));
        assert.ok([204, 403, 404].includes(left.status), String(left.status));
    }
    assert.deepEqual((await host.request('GET', '/lobby')).body.waiting, []);
    assert.equal((await host.request('GET', '')).body.waiting, 0);
});

test('a thousand knocks drive out nobody who waits', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo');
    await host.request('PATCH', '', { lobby: true });
    const patient = new Member(mcu, 'demo');
    await patient.enter();
    await patient.watch();
    t.after(() => patient.socket.close());
    const statuses = {};
    for (let i = 0; i < 1000; i += 20)
        await Promise.all(Array.from({ length: 20 }, async () => {
            const { status, body } = await new Member(mcu, 'demo').enter();
            const key = `${status} ${body.error ?? body.state}`;
            statuses[key] = (statuses[key] ?? 0) + 1;
        }));
    assert.deepEqual(statuses, { '200 waiting': 1000 });
    const ids = (await host.request('GET', '/lobby')).body.waiting.map((w) => w.id);
    assert.ok(ids.length <= 200, String(ids.length));
    assert.ok(ids.includes(patient.id), 'who knocked first and stayed is driven out');
    assert.equal((await host.request('PATCH', '', { lobby: false })).status, 200, 'all are let in');
    assert.equal((await host.request('GET', '/lobby')).body.waiting.length, 0);
});

test('a PIN: asked for, wrong, right, guessed', async (t) => {
    const mcu = await start(t, jwt);
    const host = await Member.in(t, mcu, 'demo');
    assert.equal((await host.request('PATCH', '', { pin: '2468' })).body.pin, true);
    assert.equal((await mcu.request('GET', `${host.room}/entry`, { token: '' })).body.pin, true);
    const enter = async (body, bearer) => {
        const reply = await new Member(mcu, 'demo').enter(body, bearer);
        return [reply.status, reply.body.error ?? reply.body.state];
    };
    assert.deepEqual(await enter({}), [401, 'pin_required']);
    assert.deepEqual(await enter({ pin: '2469' }), [403, 'wrong_pin']);
    assert.deepEqual(await enter({ pin: '2468' }), [200, 'admitted']);
    assert.deepEqual(await enter({}, known('anna')), [200, 'admitted'], 'a token instead');
    const byLink = (await host.request('POST', '/links', {})).body.token;
    assert.deepEqual(await enter({}, byLink), [200, 'admitted'], 'or a link');
    assert.equal((await new Member(mcu, 'demo').join('whip', '2468')).status, 201, 'WHIP: as bearer');
    assert.equal((await new Member(mcu, 'demo').join('whip', '2469')).body.error, 'wrong_pin');
    assert.equal((await new Member(mcu, 'demo').join('whip', '')).body.error, 'pin_required');
    let limited;
    for (let i = 0; i < 20 && !limited; i++) {
        const reply = await new Member(mcu, 'demo').enter({ pin: String(1000 + i) });
        if (reply.status === 429) limited = reply;
        else assert.equal(reply.body.error, 'wrong_pin');
    }
    assert.ok(limited, 'guessing is never slowed');
    assert.equal(limited.body.error, 'too_many_attempts');
    assert.ok(Number(limited.headers.get('retry-after')) > 0);
    assert.deepEqual(await enter({ pin: '2468' }), [429, 'too_many_attempts'], 'the right one too');
    assert.equal((await host.enter()).status, 200, 'who is in comes again');
    await host.request('PATCH', '', { pin: null });
    assert.deepEqual(await enter({}), [200, 'admitted']);
    assert.ok(!/2468|2469/.test(mcu.program.stderr), 'no PIN is logged');
});

test('a locked meeting', async (t) => {
    const mcu = await start(t, jwt);
    const host = await Member.in(t, mcu, 'demo');
    const guest = await Member.in(t, mcu, 'demo');
    await host.request('PATCH', '', { locked: true });
    assert.equal((await guest.told('room')).room.locked, true);
    const enter = async (bearer) => (await new Member(mcu, 'demo').enter({}, bearer)).status;
    assert.equal(await enter(''), 423);
    assert.equal((await new Member(mcu, 'demo').join('whip', '')).status, 423);
    assert.equal(await enter(known('anna')), 423);
    assert.equal(await enter(known('max', { context: { user: { id: 'max', moderator: true } } })), 200);
    assert.equal((await guest.enter()).status, 200, 'who was in comes again');
    assert.equal((await guest.join()).status, 201);
});

test('rooms and tokens that do not fit', async (t) => {
    const mcu = await start(t, { ...jwt, auto_create: 'no', guest_role: 'none' });
    const enter = async (name, bearer = '') => {
        const { status, body } = await new Member(mcu, name).enter({}, bearer);
        return [status, body.error ?? body.state];
    };
    assert.deepEqual(await enter('demo', known('a')), [404, 'no_room']);
    assert.equal((await mcu.request('GET', '/api/v1/rooms/demo/entry', { token: '' })).status, 404);
    await mcu.api('POST', '/rooms', { name: 'demo' });
    assert.equal((await mcu.request('GET', '/api/v1/rooms/demo/entry', { token: '' })).body.token_required, true);
    assert.deepEqual(await enter('demo'), [401, 'token_required']);
    assert.deepEqual(await enter('demo', known('a')), [200, 'admitted']);
    assert.deepEqual(await enter('demo', known('a', { room: 'other' })), [403, 'wrong_room']);
    assert.deepEqual(await enter('demo', known('a', { room: '*' })), [200, 'admitted']);
    assert.deepEqual(await enter('demo', known('a', { exp: unixNow() - 3600 })), [401, 'token_expired']);
    assert.deepEqual(await enter('demo', token('HS256', 'x'.repeat(32), claims())), [401, 'invalid_token']);
    assert.deepEqual(await enter('demo', ticket(mcu, { exp: unixNow() - 3600 })), [401, 'token_expired']);
    assert.equal((await new Member(mcu, 'demo').enter({ name: 'x\u0007' }, known('a'))).status, 422);
});

// --- in the meeting -----------------------------------------------------------------------------

test('those in a room are told what happens there, and of no other', async (t) => {
    const mcu = await start(t);
    const a = await Member.in(t, mcu, 'demo', { name: 'Anna' });
    const b = await Member.in(t, mcu, 'demo', { name: 'Bert' });
    const other = await Member.in(t, mcu, 'other', { name: 'Olga' });
    const joined = await a.told('joined', {});
    assert.deepEqual(Object.keys(joined.participant).sort(),
        ['deaf', 'encrypted', 'hand', 'id', 'joined', 'kind', 'muted', 'name', 'role', 'talking']);
    await b.request('PATCH', `/participants/${b.id}`, { hand: true, name: 'Bertram', muted: true });
    for (const field of [{ hand: true }, { name: 'Bertram' }, { muted: true }]) {
        const told = await a.told('changed', { participant: b.id, ...field });
        assert.equal(told.by, undefined);
    }
    await a.request('PATCH', `/participants/${b.id}`, { hand: false });
    assert.equal((await b.told('changed', { hand: false })).by, 'moderator');
    await a.request('PATCH', `/participants/${b.id}`, { ask_unmute: true });
    await b.told('ask_unmute');
    assert.deepEqual(a.knows('ask_unmute'), [], 'only who is asked');
    await a.request('PATCH', `/participants/${b.id}`, { role: 'moderator' });
    await b.told('changed', { participant: b.id, role: 'moderator' });
    assert.equal((await b.request('PATCH', '', { locked: true })).status, 200, 'and is one at once');
    assert.equal((await a.request('PATCH', `/participants/${a.id}`, { role: 'participant' })).status, 200);
    assert.equal((await a.request('PATCH', '', { locked: false })).status, 403, 'nor longer');
    await b.request('DELETE', `/participants/${b.id}`);
    assert.equal((await a.told('left')).reason, 'left');
    await b.told('ended', { reason: 'left' });
    await until('the socket to be closed', () => b.socket.closed);
    await a.told('changed', { participant: a.id, role: 'moderator' });
    assert.deepEqual(other.socket.events.filter((e) => /Anna|Bert/.test(JSON.stringify(e))), []);
    assert.ok(!/Anna|Bert/.test(mcu.program.stderr), 'no name is logged');
});

test('talking and levels of a device', async (t) => {
    const mcu = await start(t);
    const a = await Member.in(t, mcu, 'demo');
    const d = await new BareDevice(mcu, { name: 'phone' }).join('demo');
    t.after(() => d.leave());
    await a.told('joined', {});
    d.say(Array.from({ length: 24000 }, (_, i) => Math.round(8000 * Math.sin(i / 3))));
    await a.told('talking', { participant: d.id, on: true });
    const told = await until('levels', () => a.knows('levels').find((e) => d.id in e.levels));
    assert.ok(told.levels[d.id] > 0 && told.levels[d.id] < 40, JSON.stringify(told));
    assert.ok(!(a.id in told.levels), 'who is silent is left out');
    d.silence();
    await a.told('talking', { participant: d.id, on: false });
});

test('a kick holds, and closes all sockets of who is kicked', async (t) => {
    const mcu = await start(t, jwt);
    const host = await Member.in(t, mcu, 'demo');
    const bearer = known('anna');
    const tab = await Member.in(t, mcu, 'demo', {}, { bearer });
    const phone = await Member.in(t, mcu, 'demo', {}, { bearer });
    const onlooker = new Member(mcu, 'demo');
    await onlooker.enter({}, bearer);
    await onlooker.watch();
    t.after(() => onlooker.socket.close());
    const bert = await Member.in(t, mcu, 'demo', {}, { bearer: known('bert') });
    assert.equal((await host.request('DELETE', `/participants/${tab.id}`)).status, 204);
    for (const m of [tab, phone, onlooker]) {
        await m.told('ended', { reason: 'kicked' });
        await until('the socket to be closed', () => m.socket.closed);
        const replies = [await m.enter(), await m.enter({}, bearer), await m.join()];
        for (const { status, body } of replies)
            assert.deepEqual([status, body.error], [403, 'kicked']);
        assert.equal((await m.request('PATCH', `/participants/${m.id}`, { hand: true })).status, 403);
        assert.equal((await m.watch().catch(() => m.socket.events[0])).reason, 'kicked');
    }
    assert.equal((await host.told('left', { participant: phone.id })).reason, 'kicked');
    assert.equal((await bert.request('PATCH', `/participants/${bert.id}`, { hand: true })).status, 200);
    await host.request('DELETE', '');
    await bert.told('ended', { reason: 'closed' });
    await host.told('ended', { reason: 'closed' });
    const next = await new Member(mcu, 'demo').enter({}, bearer);
    assert.equal(next.status, 200, 'the next meeting is another one');
});

test('the same ticket again takes the place of what was there', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo');
    const a = await Member.in(t, mcu, 'demo', { name: 'A' });
    await host.request('PATCH', `/participants/${a.id}`, { muted: true });
    const firstSession = a.session;
    assert.equal((await a.join()).status, 201);
    assert.equal((await host.told('left', { participant: a.id })).reason, 'replaced');
    assert.ok(!a.socket.closed, 'media anew are no reason to leave');
    assert.equal((await a.request('GET', `/participants/${a.id}`)).body.muted, true);
    const gone = await mcu.request('DELETE', firstSession, { token: '' });
    assert.equal(gone.status, 404);
    const old = a.socket;
    await a.watch();
    await until('the first socket to be told', () => old.events.some((e) => e.reason === 'replaced'));
    await until('the first socket to be closed', () => old.closed);
    assert.equal((await a.watch()).participants.length, 2);
    a.socket.close();
});

test('somebody moderates as long as somebody is there', async (t) => {
    const mcu = await start(t);
    const a = await Member.in(t, mcu, 'demo');
    const b = await Member.in(t, mcu, 'demo');
    const c = await Member.in(t, mcu, 'demo');
    assert.deepEqual([a.role, b.role, c.role], ['moderator', 'participant', 'participant']);
    await b.request('DELETE', `/participants/${b.id}`);
    await a.request('DELETE', `/participants/${a.id}`);
    await c.told('changed', { participant: c.id, role: 'moderator' });
    assert.equal((await c.request('PATCH', '', { locked: true })).status, 200);
    await a.enter();
    assert.equal(a.role, 'moderator', 'and who comes back still is');
});

test('tickets survive the server, and a meeting that is over ends what they were worth', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo', { name: 'Host' });
    const mine = host.ticket;
    await sleep(1100); // a ticket's time is whole seconds
    await host.request('DELETE', '');
    const next = await Member.in(t, mcu, 'demo', { name: 'Next' });
    assert.equal(next.role, 'moderator');
    assert.equal((await host.request('GET', '')).status, 403);
    const again = await host.enter();
    assert.deepEqual([again.body.state, again.body.role], ['admitted', 'participant']);
    const survivor = ticket(mcu, { iat: unixNow() - 600, name: 'Old', role: 'moderator' });
    const back = new Member(mcu, 'demo');
    assert.equal((await back.enter({}, survivor)).body.role, 'moderator', 'of before the start');
    assert.notEqual(mine, host.ticket);
});

test('a viewer by WHEP is seen and not heard', async (t) => {
    const mcu = await start(t);
    const host = await Member.in(t, mcu, 'demo');
    const viewer = await Member.in(t, mcu, 'demo', { name: 'V' }, { kind: 'whep' });
    const told = await host.told('joined', {});
    await until('the viewer', () => host.knows('joined').find((e) => e.participant.id === viewer.id));
    const p = host.knows('joined').find((e) => e.participant.id === viewer.id).participant;
    assert.deepEqual([p.role, p.name], ['viewer', 'V'], JSON.stringify(told));
    assert.equal((await viewer.request('PATCH', `/participants/${viewer.id}`, { muted: false })).status, 403);
});

test('a room that a join made goes with the last, and not before', async (t) => {
    const mcu = await start(t);
    const a = new Member(mcu, 'demo');
    await a.enter();
    await a.watch();
    const rooms = async () => (await mcu.api('GET', '/rooms')).total;
    assert.equal(await rooms(), 1);
    await a.join();
    await a.request('PATCH', '', { pin: '1357' });
    a.socket.close();
    await mcu.request('DELETE', a.session, { token: '' });
    // Half a minute is kept for who has entered and not joined.
    assert.equal(await rooms(), 1);
    const b = await Member.in(t, mcu, 'demo', { pin: '1357' });
    await b.request('DELETE', `/participants/${b.id}`);
    await b.told('ended', { reason: 'left' });
});

test('the socket wants a ticket, and only that', async (t) => {
    const mcu = await start(t, jwt);
    const host = await Member.in(t, mcu, 'demo');
    const open = async (headers = {}) => {
        const s = await WebSocketClient.connect(mcu.httpPort, `${host.room}/events`, headers);
        t.after(() => s.close());
        return s;
    };
    const bearer = (value) => ({ 'Sec-WebSocket-Protocol': `mischpult.events, bearer.${value}` });
    assert.equal((await open(bearer('wrong'))).status, 401);
    for (const wrong of [known('anna'), mcu.token]) {
        const s = await open(bearer(wrong));
        await until('it to be closed', () => s.closed);
        assert.equal(s.closeCode, 1008);
        assert.deepEqual(s.events, []);
    }
    const late = await open();
    late.send(opcode.text, JSON.stringify({ token: host.ticket }));
    assert.equal((await late.event('welcome', () => true)).type, 'welcome');
    const liar = await open();
    liar.send(opcode.text, JSON.stringify({ token: `${host.ticket}x` }));
    await until('the liar to be closed', () => liar.closed);
    const chatty = await open(bearer(host.ticket));
    await chatty.event('welcome', (e) => e.type === 'welcome');
    chatty.send(opcode.text, '{"type":"joined"}');
    await until('the chatty one to be closed', () => chatty.closed);
    assert.equal((await open({ ...bearer(host.ticket), Origin: 'http://evil.example' })).status, 403);
});

test('at the server\'s end everybody is told', async (t) => {
    const mcu = await Mcu.start({ build: 'asan', flags: { webrtc_port: 0 } });
    const a = await Member.in(t, mcu, 'demo').catch(async (e) => {
        await mcu.stop();
        throw e;
    });
    await mcu.stop();
    assert.equal(a.knows('ended')[0]?.reason, 'shutdown');
});
