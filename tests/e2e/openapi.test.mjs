// openapi.json and the server hold each other: every route is described, everything described is
// there, and each documented status can be had and looks as described.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, Mcu } from './support/mcu.mjs';
import { browserOffer } from './support/member.mjs';
import { Program, until } from './support/process.mjs';
import { frames, request as rawRequest, exchange, socket } from './support/raw.mjs';
import { ticket } from './support/tokens.mjs';
import { wave } from './support/wave.mjs';
import { credentials, fragment, webrtcOffer } from './support/webrtc_sdp.mjs';

const sdp = (port = 40000, pt = 0) =>
    `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${pt} 101\r\n` +
    'a=rtpmap:101 telephone-event/8000\r\na=inactive\r\n'; // nobody listens: sent to, its port would refuse
const withoutKeys = sdp().replace(' 101', '').replace(/a=.*\r\n/, '');
const room = '/api/v1/rooms/{room}';
const links = `${room}/links`;
const person = `${room}/participants/{participant}`;

let mcu, api, folder, id, deafToKeys;
const seen = new Set(); // "METHOD pattern status"

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mischpult-openapi-'));
    writeFileSync(join(folder, 'beep.wav'), wave());
    mcu = await Mcu.start({ flags: { sounds_dir: folder, max_rooms: 3 }, rtpPorts: 40 });
    api = (await mcu.request('GET', '/api/v1/openapi.json')).body;
});

after(async () => {
    await mcu?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// --- the description, resolved ------------------------------------------------------------------

function deref(node) {
    if (!node?.$ref) return node;
    return deref(node.$ref.split('/').slice(1).reduce((at, key) => at[key], api));
}

// Complains about what in value is not as the schema says. Objects may hold nothing undescribed.
function validate(value, schema, at = '') {
    schema = deref(schema);
    if (!schema || (value === null && schema.nullable)) return;
    const is = {
        object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
        array: Array.isArray,
        string: (v) => typeof v === 'string',
        boolean: (v) => typeof v === 'boolean',
        number: (v) => typeof v === 'number',
        integer: Number.isInteger,
    }[schema.type];
    assert.ok(is(value), `${at} is ${JSON.stringify(value)}, not ${schema.type}`);
    if (schema.enum) assert.ok(schema.enum.includes(value), `${at}: ${value}`);
    if (schema.pattern) assert.match(value, new RegExp(schema.pattern), at);
    if (schema.type === 'array') value.forEach((v, i) => validate(v, schema.items, `${at}[${i}]`));
    if (schema.type !== 'object') return;
    for (const name of schema.required ?? []) assert.ok(name in value, `${at} lacks ${name}`);
    for (const [name, v] of Object.entries(value)) {
        assert.ok(schema.properties[name], `${at}.${name} is not described`);
        validate(v, schema.properties[name], `${at}.${name}`);
    }
}

const operations = () =>
    Object.entries(api.paths).flatMap(([path, item]) =>
        Object.entries(item)
            .filter(([method]) => method !== 'parameters')
            .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );

// Asks, and holds the answer against the description.
async function ask(method, pattern, status, { at = {}, query = '', ...options } = {}) {
    const path =
        pattern.replace(/\{(\w+)\}/g, (_, name) => at[name] ?? { room: 'one', participant: id }[name]) + query;
    const reply = await mcu.request(method, path, options);
    assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    check(method, pattern, reply);
    return reply;
}

// The same with headers only, which no HTTP client would send.
async function askHead(method, pattern, status, headers) {
    const path = pattern.replace('{room}', 'one').replace('{participant}', id).replace('{session}', 'absent');
    const raw = await exchange(
        mcu.httpPort,
        rawRequest(method, path, { Authorization: `Bearer ${mcu.token}`, ...headers }),
    );
    assert.equal(raw.status(), status, raw.text());
    const [head, body] = raw.text().split('\r\n\r\n');
    const fields = head.split('\r\n').slice(1).map((line) => line.split(/: (.*)/).slice(0, 2));
    check(method, pattern, { status, headers: new Headers(fields), body: JSON.parse(body) });
}

function check(method, pattern, reply) {
    const operation = api.paths[pattern][method.toLowerCase()];
    // The errors of WHIP and WHEP are described as one; whip.test.mjs has them one by one.
    const status = reply.status >= 400 && pattern.startsWith('/wh') ? 'default' : reply.status;
    const described = deref(operation.responses[status]);
    assert.ok(described, `${method} ${pattern}: ${reply.status} is not documented`);
    const type = reply.headers.get('content-type')?.split(';')[0];
    const types = Object.keys(described.content ?? {});
    assert.ok(type ? types.includes(type) : !types.length, `${method} ${pattern} ${reply.status}: ${type}`);
    if (type === 'application/json')
        validate(reply.body, described.content[type].schema, `${method} ${pattern} ${reply.status}`);
    for (const header of Object.keys(described.headers ?? {}))
        assert.ok(reply.headers.get(header), `${method} ${pattern} ${reply.status} lacks ${header}`);
    seen.add(`${method} ${pattern} ${reply.status}`);
}

const json = (value) => ({ body: JSON.stringify(value), type: 'application/json' });
const offer = (text = sdp()) => ({ body: text, type: 'application/sdp' });

const events = '/api/v1/rooms/one/events';
const memberSchema = (type) => `Member${{ room: 'RoomChanged' }[type] ??
    type.replace(/(^|_)(\w)/g, (_, dash, letter) => letter.toUpperCase())}`;

// One who entered the room "one" and hears of it.
class Member {
    static async enter(name, body = {}) {
        const m = new Member();
        Object.assign(m, (await ask('POST', `${room}/enter`, 200, { token: '', ...json({ name, ...body }) })).body);
        m.raw = await socket(mcu.httpPort, { path: events, token: m.ticket });
        assert.equal(m.raw.status(), 101);
        await until('the welcome', () => m.events().length > 0);
        return m;
    }

    events() {
        return frames(this.raw).filter((f) => f.opcode === 1).map((f) => JSON.parse(f.payload));
    }

    async join() {
        const body = browserOffer;
        const reply = await mcu.request('POST', '/whip/one', { body, type: 'application/sdp', token: this.ticket });
        assert.equal(reply.status, 201, JSON.stringify(reply.body));
        return this;
    }
}

// --- the tests ----------------------------------------------------------------------------------

test('the routes are those that are described', async () => {
    const program = new Program(binary('mcu'), ['--print-routes']);
    await program.ended;
    const auth = {
        open: [],
        local: [{}, { admin: [] }],
        admin: undefined,
        bearer: [{ bearer: [] }],
        optional: [{}, { bearer: [] }],
        pin: [{}, { bearer: [] }],
    };
    const routes = program.stdout.trim().split('\n').map((line) => line.split(' '));
    assert.deepEqual(
        routes.map(([method, path]) => `${method} ${path}`).sort(),
        operations().map(({ method, path }) => `${method} ${path}`).sort(),
    );
    for (const [method, path, who] of routes)
        assert.deepEqual(api.paths[path][method.toLowerCase()].security, auth[who], `${method} ${path}`);
});

test('every reference resolves and every parameter of a path is declared', () => {
    const walk = (node) => {
        if (node === null || typeof node !== 'object') return;
        if (node.$ref) assert.ok(deref(node), node.$ref);
        Object.values(node).forEach(walk);
    };
    walk(api);
    for (const [path, item] of Object.entries(api.paths)) {
        const named = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
        const declared = (item.parameters ?? []).map((p) => deref(p).name);
        assert.deepEqual(declared, named, path);
    }
});

test('what goes well', async () => {
    for (const path of ['/', '/healthz', '/metrics', '/api/v1/openapi.json'])
        await ask('GET', path, 200, { token: '' });
    const made = await ask('POST', '/api/v1/rooms', 201, json({ name: 'one', max_participants: 3 }));
    assert.equal(made.headers.get('location'), '/api/v1/rooms/one');
    await ask('GET', '/api/v1/rooms', 200, { query: '?offset=0&limit=10' });
    await ask('GET', room, 200);
    const patched = await ask('PATCH', room, 200, json({ agc: true }));
    assert.equal(patched.body.agc, true);
    const link = await ask('POST', links, 201, json({ role: 'moderator', expires_s: 3600 }));
    assert.equal(link.body.url, `${mcu.url}/r/one#t=${link.body.token}`);
    await ask('POST', links, 403, { at: { room: 'two' }, token: link.body.token, ...json({}) });
    const joined = await ask('POST', `${room}/participants`, 201, { query: '?name=Zo%C3%AB', ...offer() });
    id = joined.headers.get('location').split('/').pop();
    assert.equal((await ask('GET', person, 200)).body.name, 'Zoë');
    await ask('GET', `${room}/participants`, 200);
    await ask('PUT', person, 200, offer(sdp(40002)));
    const changed = await ask('PATCH', person, 200, json({ muted: true, gain_db: 3, deaf: false }));
    assert.deepEqual([changed.body.muted, changed.body.gain_db], [true, 3]);
    await ask('POST', `${person}/dtmf`, 204, json({ digits: '12#' }));
    await ask('POST', `${room}/play`, 202, { body: wave(), type: 'audio/wav' });
    await ask('POST', `${room}/play`, 202, json({ sound: 'beep.wav' }));
    await ask('DELETE', `${room}/play`, 204);
});

test('the page and its files', async () => {
    const web = join(folder, 'web');
    mkdirSync(join(web, 'sub'), { recursive: true });
    const files = { 'index.html': 'i', 'admin.html': 'a', 'icon.svg': '<svg/>', 'x.js': '1', 'sub/y.css': '' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(web, name), text);
    const paged = await Mcu.start({ flags: { web_dir: web } });
    const other = mcu;
    mcu = paged;
    try {
        const pages = operations().filter(({ operation }) => operation.responses[304]);
        assert.equal(pages.length, 6);
        for (const { method, path } of pages) {
            const at = path.includes('{folder}') ? { folder: 'sub', file: 'y.css' } : { file: 'x.js' };
            const page = await ask(method, path, 200, { at, token: '' });
            const headers = { 'If-None-Match': page.headers.get('etag'), 'Cache-Control': 'max-age=0' };
            await ask(method, path, 304, { at, token: '', headers });
        }
        rmSync(join(web, 'icon.svg'));
        await ask('GET', '/favicon.ico', 204, { token: '' });
    } finally {
        mcu = other;
        await paged.stop();
    }
});

test('WHIP and WHEP', async () => {
    const mine = credentials();
    for (const [path, direction] of [['/whip/{room}', 'sendrecv'], ['/whep/{room}', 'recvonly']]) {
        const options = { token: '', type: 'application/sdp' };
        const body = webrtcOffer({ ...mine, direction });
        const joined = await ask('POST', path, 201, { ...options, body });
        options.at = { session: joined.headers.get('location').split('/').pop() };
        const patch = { ...options, type: 'application/trickle-ice-sdpfrag' };
        patch.headers = { 'If-Match': joined.headers.get('etag') };
        const session = `${path}/{session}`;
        await ask('PATCH', session, 204, { ...patch, body: fragment(mine, ['a=end-of-candidates']) });
        await ask('PATCH', session, 200, { ...patch, body: fragment(credentials()) });
        await ask('PUT', session, 200, { ...options, body });
        await ask('DELETE', session, 200, { token: '', at: options.at });
    }
});

test('who has no token is told so', async () => {
    for (const { method, path, operation } of operations()) {
        if (operation.security && !operation.security[0]?.bearer) continue;
        await ask(method, path, 401, { token: '' });
    }
});

test('what is malformed', async () => {
    const takesJson = [
        ['POST', '/api/v1/rooms'], ['PATCH', room], ['PATCH', person], ['POST', `${person}/dtmf`],
        ['POST', `${room}/play`], ['POST', links], ['POST', `${room}/enter`],
        ['POST', `${room}/lobby/{participant}`],
    ];
    for (const [method, path] of takesJson) {
        await ask(method, path, 400, { body: '{', type: 'application/json' });
        await ask(method, path, 422, json({ unknown: 1 }));
    }
    for (const [method, path] of [['POST', `${room}/participants`], ['PUT', person]]) {
        await ask(method, path, 400, offer('nonsense'));
        await ask(method, path, 422, offer(sdp(40004, 77)));
    }
    await ask('GET', '/api/v1/rooms', 400, { query: '?limit=-1' });
    for (const { method, path, operation } of operations()) {
        if (!operation.requestBody) continue;
        await ask(method, path, 415, { body: 'x', type: 'text/plain' });
        const type = Object.keys(operation.requestBody.content)[0];
        await askHead(method, path, 413, { 'Content-Type': type, 'Content-Length': 100e6 });
        await askHead(method, path, 411, { 'Content-Type': type });
    }
    for (const { method, path, operation } of operations()) {
        if (!operation.responses[406]) continue;
        const type = operation.requestBody && Object.keys(operation.requestBody.content)[0];
        await ask(method, path, 406, { headers: { Accept: 'image/png' }, body: type && 'x', type });
    }
});

test('what is not there', async () => {
    const bodies = {
        [`PATCH ${room}`]: json({ agc: true }),
        [`POST ${room}/play`]: json({ sound: 'x.wav' }),
        [`PUT ${person}`]: offer(),
        [`PATCH ${person}`]: json({ muted: true }),
        [`POST ${person}/dtmf`]: json({ digits: '1' }),
        [`POST ${room}/lobby/{participant}`]: json({ admit: true }),
    };
    for (const { method, path, operation } of operations()) {
        if (!operation.responses[404] || `${method} ${path}` === `POST ${room}/participants`) continue;
        if ([links, `${room}/entry`, `${room}/enter`].includes(path)) continue; // of rooms that are to come, too
        await ask(method, path, 404, { at: { room: 'absent' }, ...bodies[`${method} ${path}`] });
        if (path.includes('{participant}'))
            await ask(method, path, 404, { at: { participant: 'absent' }, ...bodies[`${method} ${path}`] });
    }
    await ask('POST', `${room}/play`, 404, json({ sound: 'absent.wav' }));
    await ask('POST', links, 404, { at: { room: 'absent' }, token: ticket(mcu, { room: 'absent' }), ...json({}) });
    const strict = await Mcu.start({ flags: { auto_create: 'no' } });
    const other = mcu;
    mcu = strict;
    try {
        await ask('POST', `${room}/participants`, 404, offer());
    } finally {
        mcu = other;
        await strict.stop();
    }
});

test('what cannot be', async () => {
    await ask('POST', '/api/v1/rooms', 409, json({ name: 'one' }));
    await ask('POST', '/api/v1/rooms', 201, json({ name: 'two' }));
    await ask('POST', '/api/v1/rooms', 201, json({ name: 'three' }));
    await ask('POST', '/api/v1/rooms', 503, json({ name: 'four' }));
    await ask('POST', `${room}/participants`, 503, { at: { room: 'four' }, ...offer() });
    await ask('DELETE', room, 204, { at: { room: 'three' } });
    const plain = await ask('POST', `${room}/participants`, 201, offer(withoutKeys));
    deafToKeys = plain.headers.get('location').split('/').pop();
    await ask('POST', `${person}/dtmf`, 409, { at: { participant: deafToKeys }, ...json({ digits: '1' }) });
    await ask('POST', `${room}/participants`, 201, offer());
    await ask('POST', `${room}/participants`, 409, offer());
    await ask('POST', `${room}/play`, 422, { body: 'RIFFnonsense', type: 'audio/wav' });
});

test('events are as described', async () => {
    await ask('GET', '/api/v1/events', 426);
    await ask('GET', '/api/v1/events', 400, { query: '?x=1' });
    const raw = await socket(mcu.httpPort, { token: mcu.token, path: '/api/v1/events?room=two' });
    assert.equal(raw.status(), 101);
    seen.add('GET /api/v1/events 101');
    const { headers } = await ask('POST', `${room}/participants`, 201, { at: { room: 'two' }, ...offer() });
    const participant = headers.get('location').split('/').pop();
    const at = { room: 'two', participant };
    await ask('PATCH', person, 200, { at, ...json({ muted: true, deaf: true }) });
    await ask('PATCH', room, 200, { at: { room: 'one' }, ...json({ agc: false }) });
    await ask('POST', `${room}/play`, 202, { at, body: wave(), type: 'audio/wav' });
    await ask('DELETE', person, 204, { at });
    await ask('DELETE', room, 204, { at });
    const events = () => frames(raw).map((f) => JSON.parse(f.payload));
    await until('the room to be closed', () => events().some((e) => e.type === 'room_closed'));
    for (const event of events()) {
        validate(event, { $ref: '#/components/schemas/Event' }, event.type);
        if (event.type !== 'hello') assert.equal(event.room, 'two');
    }
    const types = events().map((e) => e.type);
    for (const type of ['hello', 'joined', 'muted', 'deaf', 'play_started', 'left', 'room_closed'])
        assert.ok(types.includes(type), `${type} is not among ${types}`);
    assert.equal(events().find((e) => e.type === 'joined').participant, participant);
    await raw.end();
    const foreign = await socket(mcu.httpPort, { headers: { Origin: 'https://evil.example' } });
    assert.equal(foreign.status(), 403);
    seen.add('GET /api/v1/events 403');
    await foreign.end();
    const full = await Mcu.start({ flags: { event_clients: 0 } });
    const refused = await socket(full.httpPort, { token: full.token });
    assert.equal(refused.status(), 503);
    seen.add('GET /api/v1/events 503');
    await refused.end();
    await full.stop();
});

test('entering, waiting, and what members are told', async () => {
    const door = await Mcu.start({ flags: { max_rooms: 3, webrtc_port: 0 } });
    const other = mcu, person1 = id;
    mcu = door;
    try {
        await ask('GET', `${room}/entry`, 200, { token: '' });
        await ask('GET', `${room}/entry`, 422, { token: '', at: { room: 'a b' } });
        const host = await Member.enter('Host');
        const entered = (status, body, options = {}) =>
            ask('POST', `${room}/enter`, status, { token: '', ...json(body), ...options });
        const set = (body) => ask('PATCH', room, 200, { token: host.ticket, ...json(body) });
        await set({ pin: '1234', lobby: true });
        await entered(401, {});
        await entered(403, { pin: '4321' });
        const guest = await Member.enter('Guest', { pin: '1234' });
        await ask('GET', `${room}/lobby`, 200, { token: host.ticket });
        await ask('GET', `${room}/lobby`, 403, { token: guest.ticket });
        await ask('POST', `${room}/lobby/{participant}`, 204, {
            token: host.ticket, at: { participant: guest.id }, ...json({ admit: true }) });
        id = (await guest.join()).id;
        await ask('PATCH', person, 200, { token: guest.ticket, ...json({ hand: true, name: 'G' }) });
        await ask('PATCH', person, 200, { ...json({ ask_unmute: true, role: 'viewer' }) });
        await set({ pin: null, lobby: false, locked: true });
        await entered(423, {});
        await set({ locked: false });
        const last = await Member.enter('Last');
        id = (await last.join()).id;
        await ask('PATCH', room, 200, json({ max_participants: 1, first_moderates: false }));
        await entered(409, {});
        await ask('PATCH', person, 200, json({ role: 'moderator' }));
        await ask('PATCH', person, 409, { token: last.ticket, ...json({ role: 'viewer' }) });
        await ask('DELETE', person, 204);
        await set({ pin: '1234' });
        for (let i = 0; i < 6; i++) await mcu.request('POST', '/api/v1/rooms/one/enter', json({ pin: '0000' }));
        for (let i = 0; i < 6; i++)
            await mcu.request('POST', '/api/v1/rooms/one/enter', { ...json({ pin: '0000' }), token: '' });
        await entered(429, { pin: '0000' });
        for (const m of [host, guest, last])
            for (const event of m.events())
                validate(event, { $ref: `#/components/schemas/${memberSchema(event.type)}` }, event.type);
        const types = new Set([host, guest, last].flatMap((m) => m.events().map((e) => e.type)));
        for (const type of ['welcome', 'joined', 'left', 'changed', 'room', 'ask_unmute', 'waiting',
            'waiting_gone', 'admitted', 'ended'])
            assert.ok(types.has(type), `${type} is not among ${[...types]}`);
        await Promise.all([host, guest, last].map((m) => m.raw.end()));
        const foreign = await socket(mcu.httpPort, { path: events, headers: { Origin: 'https://evil.example' } });
        assert.equal(foreign.status(), 403);
        seen.add(`GET ${room}/events 403`).add(`GET ${room}/events 101`);
        await foreign.end();
        await ask('GET', `${room}/events`, 426);
        await ask('GET', `${room}/events`, 400, { query: '?x=1' });
    } finally {
        mcu = other;
        id = person1;
        await door.stop();
    }
    const strict = await Mcu.start({ flags: { auto_create: 'no' } });
    mcu = strict;
    try {
        await ask('GET', `${room}/entry`, 404, { token: '' });
        await ask('POST', `${room}/enter`, 404, { token: '', ...json({}) });
    } finally {
        mcu = other;
        await strict.stop();
    }
});

test('methods that are not described are refused with those that are', async () => {
    for (const [path, item] of Object.entries(api.paths)) {
        const known = Object.keys(item).filter((m) => m !== 'parameters').map((m) => m.toUpperCase());
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
            if (known.includes(method)) continue;
            const target = path.replace(/\{\w+\}/g, 'one');
            const reply = await exchange(mcu.httpPort, rawRequest(method, target));
            assert.equal(reply.status(), 405, `${method} ${path}`);
            const allow = reply.text().match(/^Allow: (.*)\r$/m)[1].split(', ');
            assert.deepEqual(allow.filter((m) => m !== 'HEAD' && m !== 'OPTIONS').sort(), known.sort(), path);
        }
        if (!known.includes('GET')) continue;
        const head = await exchange(
            mcu.httpPort,
            rawRequest('HEAD', path.replace(/\{\w+\}/g, 'one'), { Authorization: `Bearer ${mcu.token}` }),
        );
        assert.ok(head.text().endsWith('\r\n\r\n'), `HEAD ${path} has a body`);
    }
});

test('leaving and closing', async () => {
    await ask('DELETE', person, 204);
    await ask('DELETE', room, 204);
});

// What needs a failing disk, a hostile address policy or the last second of a server is left to
// the tests of those; all else must have been seen above.
test('every documented status has been had', () => {
    const elsewhere = (method, path, status) =>
        status === 'default' ||
        (status === '503' && !['POST /api/v1/rooms', `POST ${room}/participants`, 'GET /api/v1/events']
            .includes(`${method} ${path}`)) ||
        (status === '403' && path !== '/api/v1/events' && path !== links) ||
        (status === '401' && path === '/metrics');
    const missing = operations().flatMap(({ method, path, operation }) =>
        Object.keys(operation.responses)
            .filter((status) => !elsewhere(method, path, status) && !seen.has(`${method} ${path} ${status}`))
            .map((status) => `${method} ${path} ${status}`),
    );
    assert.deepEqual(missing, []);
});
