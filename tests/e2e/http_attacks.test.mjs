// What is thrown at the HTTP port must be refused, and leave the server as it was.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mcu } from './support/mcu.mjs';
import { sleep, until } from './support/process.mjs';
import { refusesTwoFramings } from './support/smuggling.mjs';
import { Raw, closeCode, exchange, frame, frames, request, socket } from './support/raw.mjs';

let mcu, port, folder, before_;

const metric = async (name) => {
    const { body } = await mcu.request('GET', '/metrics');
    return Number(body.match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
};
const json = (path, body, method = 'POST') =>
    exchange(
        port,
        request(
            method,
            path,
            {
                Authorization: `Bearer ${mcu.token}`,
                'Content-Type': 'application/json',
                'Content-Length': Buffer.byteLength(body),
            },
            body,
        ),
    );

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mischpult-sounds-'));
    mkdirSync(join(folder, 'sounds'));
    writeFileSync(join(folder, 'secret.wav'), 'RIFF, but outside');
    symlinkSync('../secret.wav', join(folder, 'sounds', 'link.wav'));
    mcu = await Mcu.start({
        build: 'asan',
        flags: { http_timeout_s: 2, sounds_dir: join(folder, 'sounds'), event_queue: 16 },
    });
    port = mcu.httpPort;
    await mcu.api('POST', '/rooms', { name: 'one' });
    before_ = { fds: await metric('process_open_fds') };
});

after(async () => {
    await mcu?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// --- framing ------------------------------------------------------------------------------------

test('a body with two framings is refused and the connection closed', () =>
    refusesTwoFramings(mcu.token, (bytes) => exchange(port, bytes)));

test('line ends escaped in the path make no second request', async () => {
    for (const path of [
        '/x%0d%0a%0d%0aGET%20/healthz%20HTTP/1.1%0d%0aHost:%20127.0.0.1%0d%0a%0d%0a',
        '/x%0aX-Header:%20y',
        '/x%00',
        '/api/v1/rooms/%00',
    ]) {
        const raw = await exchange(port, request('GET', path, { Connection: 'keep-alive' }), 500);
        const answers = raw.text().match(/HTTP\/1\.1 \d+/g) ?? [];
        assert.ok(answers.length <= 1, raw.text());
        assert.ok(!raw.text().includes('"status":"ok"'), raw.text());
    }
});

test('odd requests get one refusal or none', async () => {
    const host = 'Host: 127.0.0.1\r\n';
    for (const bytes of [
        '\r\n\r\n\r\n',
        'GET\r\n\r\n',
        'GET / HTTP/1.1\r\n\r\n',
        `GET / HTTP/9.9\r\n${host}\r\n`,
        `GET / HTTP/1.1 x\r\n${host}\r\n`,
        `GET /\r\n${host}\r\n`,
        `FOO / HTTP/1.1\r\n${host}\r\n`,
        `TRACE / HTTP/1.1\r\n${host}\r\n`,
        `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${host}\r\n`,
        `GET http://127.0.0.1/ HTTP/1.1\r\n${host}\r\n`,
        `GET * HTTP/1.1\r\n${host}\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
        `GET / HTTP/1.1\r\n${host}X: \x00\r\n\r\n`,
        `GET / HTTP/1.1\n${host}\n`,
        `GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n`,
        `GET  / HTTP/1.1\r\n${host}\r\n`,
        `GET /api/./v1 HTTP/1.1\r\n${host}\r\n`,
        `GET /%ff HTTP/1.1\r\n${host}\r\n`,
        `GET /% HTTP/1.1\r\n${host}\r\n`,
        `GET /?a=%00 HTTP/1.1\r\n${host}\r\n`,
        `GET / HTTP/1.1\r\n${host} folded: x\r\n\r\n`,
        `GET / HTTP/1.1\r\n${host}GET / HTTP/1.1\r\n\r\n`,
        `GET / HTTP/1.1\r\n${host}:authority: x\r\n:path: /y\r\n\r\n`,
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        Buffer.from('160301020001000001fc0303', 'hex'),
        Buffer.alloc(70000, 0xff),
        Buffer.alloc(70000, 0x0a),
    ]) {
        const raw = await exchange(port, bytes, 300);
        const answers = raw.text().match(/HTTP\/1\.1 \d+/g) ?? [];
        assert.ok(answers.length <= 1, `${bytes}: ${raw.text()}`);
        assert.ok(!raw.status() || raw.status() >= 400, `${bytes}: ${raw.text()}`);
    }
    for (const upgrade of ['h2c', 'nonsense', 'TLS/1.0', 'websocket']) {
        const headers = { Upgrade: upgrade, Connection: 'Upgrade', 'HTTP2-Settings': 'AAMAAABk' };
        const raw = await exchange(port, request('GET', '/healthz', headers), 300);
        assert.equal(raw.status(), 200, 'an upgrade we do not offer is not taken');
    }
});

test('pipelined requests are answered one by one', async () => {
    const one = request('GET', '/healthz', { Connection: 'keep-alive' });
    const raw = await exchange(port, one.repeat(50), 2000);
    const answers = raw.text().match(/HTTP\/1\.1 \d+ \w+/g) ?? [];
    assert.equal(answers.length, 50, raw.text());
    const waiting = request('GET', '/api/v1/rooms/one/participants', {
        Connection: 'keep-alive',
        Authorization: `Bearer ${mcu.token}`,
    });
    const many = await exchange(port, waiting.repeat(50), 2000);
    assert.equal(many.text().match(/HTTP\/1\.1 200 OK/g).length, 50);
});

test('headers without end, in number and in length', async () => {
    const long = 'x'.repeat(100000);
    for (const headers of [
        { 'X-Long': long },
        { Authorization: `Bearer ${long}` },
        { Host: long },
        { Cookie: long },
        { Origin: `http://${long}` },
        { 'Content-Type': long },
        { Upgrade: long, Connection: 'Upgrade' },
        { 'Sec-WebSocket-Protocol': long, Upgrade: 'websocket', Connection: 'Upgrade' },
        Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`X-Header-${i}`, 'y'])),
    ]) {
        const raw = await exchange(port, request('GET', '/healthz', headers), 1000);
        assert.ok(!raw.status() || raw.status() >= 400, raw.text().slice(0, 300));
    }
    const path = await exchange(port, request('GET', `/${'a/'.repeat(20000)}`), 1000);
    assert.ok(!path.status() || path.status() >= 400);
    const query = await exchange(port, request('GET', `/healthz?${'a=b&'.repeat(1000)}`), 1000);
    assert.ok(!query.status() || query.status() >= 400);
});

test('a request that takes its time is ended, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 60 }, () => new Raw(port));
    await Promise.all(slow.map((raw) => raw.opened));
    const bodies = slow.splice(0, 20);
    for (const raw of slow) await raw.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    for (const raw of bodies)
        await raw.send(
            request('POST', '/api/v1/rooms', {
                Authorization: `Bearer ${mcu.token}`,
                'Content-Type': 'application/json',
                'Content-Length': 1000,
            }),
        );
    const all = [...slow, ...bodies];
    let open = all.length;
    for (const raw of all) raw.closed.then(() => open--);
    await until('the end of the slow ones', async () => {
        for (const raw of all) await raw.send('G');
        assert.equal((await mcu.request('GET', '/healthz')).status, 200);
        return open === 0;
    }, { everyMs: 200 });
});

test('a client that asks and does not read is ended, and costs no CPU meanwhile', async () => {
    const raws = Array.from({ length: 20 }, () => new Raw(port));
    await Promise.all(raws.map((raw) => raw.opened));
    const one = request('GET', '/api/v1/openapi.json', { Connection: 'keep-alive' });
    for (const raw of raws) {
        raw.socket.pause();
        raw.socket.write(one.repeat(2000));
    }
    await until('them to be connected', async () =>
        (await metric('mischpult_http_connections')) > raws.length);
    await sleep(500);
    const [cpu, since] = [await metric('process_cpu_seconds_total'), Date.now()];
    await sleep(1000);
    const spent = (await metric('process_cpu_seconds_total')) - cpu;
    assert.ok(spent < ((Date.now() - since) / 1000) * 0.5, `${spent} s of CPU`);
    await until('their end', async () => (await metric('mischpult_http_connections')) < raws.length);
    await Promise.all(raws.map((raw) => raw.end()));
});

// --- who may ask --------------------------------------------------------------------------------

test('a foreign name of ours is refused (DNS rebinding)', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '[::1',
        'localhost:x', '127.0.0.1:80:80', '', '127.0.0.1\r\nHost: evil.example'])
        for (const path of ['/', '/healthz', '/metrics', '/api/v1/rooms']) {
            const raw = await exchange(port, request('GET', path, { Host: host }), 500);
            assert.ok([400, 403].includes(raw.status()), `${host} ${path}: ${raw.text()}`);
        }
    for (const host of ['127.0.0.1', `127.0.0.1:${port}`, 'localhost', 'LOCALHOST:1', '[::1]:80']) {
        const raw = await exchange(port, request('GET', '/healthz', { Host: host }), 500);
        assert.equal(raw.status(), 200, `${host}: ${raw.text()}`);
    }
});

test('a foreign page can neither read nor open a WebSocket', async () => {
    const cross = { Origin: 'https://evil.example' };
    const page = await exchange(port, request('GET', '/healthz', cross), 500);
    assert.equal(page.status(), 403);
    assert.doesNotMatch(page.text(), /access-control/i);
    const refused = await socket(port, { token: mcu.token, headers: cross });
    assert.equal(refused.status(), 403);
    await refused.end();
    const own = { Origin: `http://127.0.0.1:${port}`, Host: `127.0.0.1:${port}` };
    const taken = await socket(port, { token: mcu.token, headers: own });
    assert.equal(taken.status(), 101);
    await taken.end();
});

test('OPTIONS tells what a path can do, and is no way to smuggle', async () => {
    const path = '/api/v1/rooms/one/participants';
    const told = await exchange(port, request('OPTIONS', path));
    assert.equal(told.status(), 204);
    assert.match(told.text(), /^Allow: GET, HEAD, POST, OPTIONS\r$/m);
    assert.match(told.text(), /^Accept-Post: application\/sdp\r$/m);
    assert.doesNotMatch(told.text(), /access-control|content-length/i);
    assert.equal((await exchange(port, request('OPTIONS', '/nothing'))).status(), 404);
    const second = request('GET', '/healthz');
    for (const headers of [{ 'Content-Length': second.length }, { 'Transfer-Encoding': 'chunked' },
        { 'Content-Length': '0\r\nContent-Length: 5' }]) {
        const raw = await exchange(
            port,
            request('OPTIONS', path, { Connection: 'keep-alive', ...headers }, second),
        );
        assert.equal(raw.text().match(/HTTP\/1\.1 \d+/g).length, 1, raw.text());
        assert.equal(raw.status(), 400);
    }
});

test('pages of the configured origins may read, and no others', async () => {
    const other = await Mcu.start({ flags: { http_origins: 'https://a.example https://b.example' } });
    try {
        const ask = (method, path, headers) =>
            exchange(other.httpPort, request(method, path, headers));
        const preflight = await ask('OPTIONS', '/api/v1/rooms/one/participants', {
            Origin: 'https://b.example',
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'authorization,content-type',
        });
        assert.equal(preflight.status(), 204);
        assert.match(preflight.text(), /^Access-Control-Allow-Origin: https:\/\/b\.example\r$/m);
        assert.match(preflight.text(), /^Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r$/m);
        assert.match(preflight.text(), /^Access-Control-Allow-Headers: .*Authorization/m);
        const refusal = await ask('GET', '/api/v1/rooms', { Origin: 'https://a.example' });
        assert.equal(refusal.status(), 401, 'which its page may read');
        assert.match(refusal.text(), /^Access-Control-Allow-Origin: https:\/\/a\.example\r$/m);
        assert.match(refusal.text(), /^Access-Control-Expose-Headers: Location, ETag, Link/m);
        const plain = await ask('GET', '/healthz', {});
        assert.match(plain.text(), /^Vary: Origin\r$/m);
        assert.doesNotMatch(plain.text(), /access-control/i);
        for (const origin of ['https://c.example', 'https://a.example.evil', 'null', '*']) {
            const reply = await ask('OPTIONS', '/healthz', { Origin: origin });
            assert.equal(reply.status(), 403, origin);
            assert.doesNotMatch(reply.text(), /access-control/i);
        }
    } finally {
        await other.stop();
    }
});

test('wrong tokens are refused, then slowed down', async () => {
    const other = await Mcu.start({});
    try {
        const get = (token) => other.request('GET', '/api/v1/rooms', { token });
        const none = await get('');
        assert.equal(none.status, 401);
        assert.match(none.headers.get('www-authenticate'), /^Bearer/);
        const statuses = [];
        for (let i = 0; i < 30; i++) statuses.push((await get(`wrong-${i}`)).status);
        assert.equal(statuses[0], 401);
        assert.ok(statuses.includes(429), `${statuses}`);
        assert.ok(statuses.every((s) => s === 401 || s === 429), `${statuses}`);
    } finally {
        await other.stop();
    }
});

test('one address gets so many requests and no more', async () => {
    const other = await Mcu.start({ flags: { api_rate: 1, api_burst: 20 } });
    try {
        const replies = [];
        for (let i = 0; i < 40; i++) replies.push(await other.request('GET', '/healthz'));
        const limited = replies.find((r) => r.status === 429);
        assert.ok(limited);
        assert.ok(Number(limited.headers.get('retry-after')) >= 1);
    } finally {
        await other.stop();
    }
});

test('entering counts as many requests, and is possible however few are', async () => {
    for (const [burst, entries] of [[105, 5], [3, 1]]) {
        const other = await Mcu.start({ flags: { api_rate: 1, api_burst: burst } });
        try {
            await sleep(3000); // the start has asked for its health
            const enter = { body: '{}', type: 'application/json', token: '' };
            let entered = 0;
            for (let i = 0; i < 10; i++)
                entered += (await other.request('POST', `/api/v1/rooms/r${i}/enter`, enter)).status === 200;
            assert.ok(entered >= entries - 1 && entered <= entries, `${entered} of a burst of ${burst}`);
            assert.ok(entered > 0);
        } finally {
            await other.stop();
        }
    }
});

test('one address gets so many connections and no more', async () => {
    const other = await Mcu.start({ flags: { http_connections_address: 10 } });
    try {
        const raws = Array.from({ length: 50 }, () => new Raw(other.httpPort));
        let open = raws.length;
        for (const raw of raws) raw.closed.then(() => open--);
        await until('the rest to be closed', () => open <= 10);
        await Promise.all(raws.map((raw) => raw.end()));
        await until('room for a request', () =>
            fetch(`${other.url}/healthz`).then((r) => r.ok, () => false));
    } finally {
        await other.stop();
    }
});

// --- JSON ---------------------------------------------------------------------------------------

test('hostile JSON is refused with 400 or 422', async () => {
    for (const [body, status] of [
        ['['.repeat(60000), 400],
        [`{"a":${'['.repeat(30000)}${']'.repeat(30000)}}`, 400],
        [`${'{"a":'.repeat(10000)}1${'}'.repeat(10000)}`, 400],
        ['{"name":"a","name":"b"}', 400],
        ['{"name":"\\ud800"}', 400],
        ['{"name":"a\\u0000b"}', 400],
        ['{"name":"a\u0000b"}', 400],
        ['{"name":"a","max_speakers":1e999999}', 400],
        ['{"name":"a","max_speakers":99999999999999999999}', 400],
        ['{"name":"a","max_speakers":-1}', 422],
        ['{"name":"a","max_speakers":1.5}', 422],
        ['{"name":"a","max_speakers":"5"}', 422],
        ['{"name":"a","agc":1}', 422],
        ['{"name":"a","unknown":1}', 422],
        ['{"name":"../../etc/passwd"}', 422],
        ['{"name":""}', 422],
        [`{"name":"${'a'.repeat(65)}"}`, 422],
        ['{"name":"a\\nb"}', 422],
        ['{}', 422],
        ['[]', 400],
        ['"x"', 400],
        ['{"name":"a"} x', 400],
        ['\ufeff{"name":"a"}', 400],
        ['{"name":"a",}', 400],
        ['NaN', 400],
    ]) {
        const raw = await json('/api/v1/rooms', body);
        assert.equal(raw.status(), status, `${body.slice(0, 60)}: ${raw.text().slice(-200)}`);
        assert.match(raw.text(), /\{"error":"\w+","message":"[^"]+"\}/);
    }
    assert.equal((await mcu.api('GET', '/rooms')).total, 1);
});

test('a body of 100 MB is refused unread', async () => {
    const head = {
        Authorization: `Bearer ${mcu.token}`,
        'Content-Type': 'application/json',
        'Content-Length': 100e6,
    };
    const raw = await exchange(port, request('POST', '/api/v1/rooms', head, 'x'.repeat(1e6)));
    assert.equal(raw.status(), 413);
});

test("another room's participant is not to be had", async () => {
    const { id } = await mcu.join('one', 'a', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n' +
        'c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n');
    await mcu.api('POST', '/rooms', { name: 'two' });
    for (const method of ['GET', 'DELETE'])
        assert.equal((await mcu.request(method, `/api/v1/rooms/two/participants/${id}`)).status, 404);
    await mcu.api('DELETE', '/rooms/two');
    await mcu.api('DELETE', `/rooms/one/participants/${id}`);
});

test('no name leads out of the folder of sounds', async () => {
    for (const sound of ['../secret.wav', '/etc/passwd', '..', '.', '.hidden', 'a/b.wav',
        'http://169.254.169.254/', 'file:///etc/passwd', 'concat:a|b', 'x\u0000.wav']) {
        const raw = await json('/api/v1/rooms/one/play', JSON.stringify({ sound }));
        assert.ok([400, 422].includes(raw.status()), `${sound}: ${raw.text()}`);
    }
    for (const sound of ['link.wav', 'absent.wav'])
        assert.equal((await json('/api/v1/rooms/one/play', JSON.stringify({ sound }))).status(), 404);
    for (const path of ['/../../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd',
        '//etc/passwd', '/./etc/passwd', '/api/v1/rooms/../../healthz', '/api/v1/rooms/one%2fplay'])
        assert.ok([400, 404].includes((await exchange(port, request('GET', path))).status()), path);
});

// --- WebSocket ----------------------------------------------------------------------------------

test('the handshake is that of RFC 6455, without compression', async () => {
    const raw = await socket(port, {
        token: mcu.token,
        headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    });
    assert.equal(raw.status(), 101);
    assert.ok(raw.text().includes(raw.accept));
    assert.doesNotMatch(raw.text(), /extensions/i);
    await until('hello', () => raw.text().includes('"hello"'));
    await raw.send(frame(1, 'squeezed', { rsv: 4 }));
    await raw.closed;
    assert.equal(closeCode(raw), 1002);
});

test('a client without the token hears nothing and is closed', async () => {
    const silent = await socket(port);
    assert.equal(silent.status(), 101);
    const wrong = await socket(port);
    await wrong.send(frame(1, '{"token":"wrong-wrong-wrong-wrong"}'));
    await wrong.closed;
    assert.equal(closeCode(wrong), 1008);
    await mcu.api('POST', '/rooms', { name: 'three' });
    await mcu.api('DELETE', '/rooms/three');
    await silent.closed;
    assert.equal(closeCode(silent), 1008);
    assert.equal(frames(silent).filter((f) => f.opcode === 1).length, 0);
    const bad = await socket(port, { token: 'wrong-wrong-wrong-wrong' });
    assert.equal(bad.status(), 401);
    await bad.end();
});

test('the token may come in the first message or as a subprotocol', async () => {
    const first = await socket(port);
    await first.send(frame(1, JSON.stringify({ token: mcu.token })));
    const listed = await socket(port, {
        headers: { 'Sec-WebSocket-Protocol': `mischpult.events, bearer.${mcu.token}` },
    });
    for (const raw of [first, listed]) {
        await until('hello', () => raw.text().includes('"hello"'));
        await raw.end();
    }
});

test('a socket with a query that is not known is refused', async () => {
    const raw = await socket(port, { path: '/api/v1/events?room=one&x=1', token: mcu.token });
    assert.equal(raw.status(), 400);
    await raw.end();
});

test('frames that lie end their connection only', async () => {
    const witness = await socket(port, { token: mcu.token });
    const lies = [
        [1009, frame(1, 'x', { length: 2n ** 63n - 1n })],
        [1009, frame(1, 'x', { length: 2n ** 63n })],
        [1009, frame(1, 'x', { length: 2n ** 64n - 1n })],
        [1009, frame(1, 'x'.repeat(100000))],
        [1003, frame(2, 'binary')],
        [1002, frame(3, 'reserved')],
        [1002, frame(0, 'continues nothing')],
        [1002, frame(9, 'x'.repeat(126))],
        [1002, frame(9, 'x', { fin: false })],
        [1002, frame(8, 'x')],
        [1007, frame(1, Buffer.from([0xc0, 0x80]))],
        [1002, Buffer.concat([frame(1, 'a', { fin: false }), frame(1, 'b')])],
        [1002, frame(1, 'unmasked', { mask: false })],
        [1009, Buffer.concat(Array.from({ length: 3000 }, (_, i) =>
            frame(i ? 0 : 1, 'xx', { fin: false })))],
    ];
    await Promise.all(
        lies.map(async ([code, bytes]) => {
            const raw = await socket(port);
            await raw.send(bytes);
            await raw.closed;
            assert.equal(closeCode(raw), code, raw.data.toString('latin1'));
        }),
    );
    await until('hello', () => witness.text().includes('"hello"'));
    assert.ok(!witness.socket.destroyed);
    await witness.end();
});

test('a flood of pings costs nobody else their turn', async () => {
    const raw = await socket(port, { token: mcu.token });
    const burst = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, 'ping')));
    for (let i = 0; i < 50; i++) {
        await raw.send(burst);
        if (i % 10 === 0) assert.equal((await mcu.request('GET', '/healthz')).status, 200);
    }
    await until('a pong', () => frames(raw).some((f) => f.opcode === 10));
    assert.ok(!raw.socket.destroyed);
    await raw.end();
});

test('a client that does not read its events is dropped', async () => {
    const raw = await socket(port, { token: mcu.token });
    raw.socket.pause();
    const dropped = async () => (await metric('mischpult_event_clients_dropped_total')) > 0;
    await until('it to be dropped', async () => {
        for (let i = 0; i < 200; i++) {
            await mcu.api('POST', '/rooms', { name: 'noise' });
            await mcu.api('DELETE', '/rooms/noise');
        }
        return dropped();
    }, { timeoutMs: 60000, everyMs: 0 });
    await raw.end();
});

// --- afterwards ---------------------------------------------------------------------------------

test('afterwards the server is as it was', async () => {
    await sleep(100);
    await until('its connections to end', async () =>
        (await metric('mischpult_http_connections')) <= 3);
    await until('its descriptors to be back', async () =>
        (await metric('process_open_fds')) <= before_.fds + 4);
    assert.equal((await mcu.api('GET', '/rooms')).total, 1);
});
