// HTTPS: what is negotiated and what is not, certificates, and what is thrown at the port.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mcu, root } from './support/mcu.mjs';
import { Program, run, sleep, until } from './support/process.mjs';
import { refusesTwoFramings } from './support/smuggling.mjs';
import { Raw, closeCode, exchange, frame, frames, request, socket } from './support/raw.mjs';

let mcu, port, folder, before_;

const metric = async (name, of = mcu) => {
    const { body } = await of.request('GET', '/metrics');
    return Number(body.match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
};
const ask = (bytes, waitMs) => exchange(port, bytes, waitMs, { secure: true });

// A handshake: its socket, or the error it ended with.
const handshake = (options = {}) =>
    new Promise((resolve) => {
        const s = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
        s.on('secureConnect', () => resolve({ s, peer: s.getPeerCertificate() }));
        s.on('error', (error) => resolve({ error }));
        s.on('close', () => resolve({ error: new Error('closed') }));
    });

// A certificate and key as an operator would have them, signed by itself.
async function certificate(name, algorithm = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
    const at = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    await run('openssl', ['req', '-x509', '-nodes', '-days', '90', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=IP:127.0.0.1', '-newkey', ...algorithm,
        '-keyout', at.key, '-out', at.certificate]);
    chmodSync(at.key, 0o600);
    return at;
}

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mischpult-tls-'));
    mcu = await Mcu.start({ build: 'asan', flags: { tls: 'on', http_timeout_s: 2, event_queue: 16 } });
    port = mcu.httpPort;
    await mcu.api('POST', '/rooms', { name: 'one' });
    before_ = { fds: await metric('process_open_fds') };
});

after(async () => {
    await mcu?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// --- the certificate ----------------------------------------------------------------------------

test('a self-signed certificate is made once, for our names, its key for nobody else', async (t) => {
    const first = await Mcu.of(t, { flags: { tls: 'on', http_names: 'meet.example' } });
    await first.program.line(/is ready: https:\/\/meet\.example:\d+\/$/m);
    const files = ['tls_certificate.pem', 'tls_key.pem'].map((f) => join(first.folder, 'mischpult', f));
    assert.equal(statSync(files[1]).mode & 0o777, 0o600);
    const ca = readFileSync(files[0]);
    const connect = (more) =>
        handshake({ port: first.httpPort, ca, rejectUnauthorized: true, ...more });
    for (const more of [{}, { servername: 'localhost' }, { servername: 'meet.example' }]) {
        const { s, error } = await connect(more);
        assert.ok(s, `${JSON.stringify(more)}: ${error}`);
        s.destroy();
    }
    assert.equal((await connect({ servername: 'other.example' })).error.code,
        'ERR_TLS_CERT_ALTNAME_INVALID');
    const { s, peer } = await connect();
    s.destroy();
    const days = (Date.parse(peer.valid_to) - Date.now()) / 864e5;
    assert.ok(days > 395 && days < 398, `${days} days`);

    for (const [names, same] of [['meet.example', true], ['meet.example other.example', false]]) {
        const file = join(folder, 'names.conf');
        writeFileSync(file, `http_names = ${names}\n`);
        const again = await Mcu.of(t, {
            flags: { tls: 'on', token_file: join(first.folder, 'mischpult', 'token'), config: file },
        });
        assert.equal(readFileSync(files[0]).equals(ca), same, names);
        await again.stop();
    }
});

test('no certificate, no start; and the reason is told', async () => {
    const good = await certificate('good');
    const other = await certificate('other');
    const locked = join(folder, 'locked.key');
    await run('openssl', ['ec', '-in', good.key, '-aes256', '-passout', 'pass:secret', '-out', locked]);
    writeFileSync(join(folder, 'empty.pem'), '');
    for (const [flags, why] of [
        [{ tls_certificate: join(folder, 'absent.pem') }, /cannot be read/],
        [{ tls_certificate: folder }, /cannot be read/],
        [{ tls_certificate: join(folder, 'empty.pem') }, /cannot be read/],
        [{ tls_certificate: good.key }, /no PEM certificate/],
        [{ tls_certificate: good.certificate }, /no PEM private key/],
        [{ tls_certificate: good.certificate, tls_key: locked }, /no PEM private key without password/],
        [{ tls_certificate: good.certificate, tls_key: other.key }, /do not belong together/],
        [{ tls_key: good.key }, /needs tls_certificate/],
    ])
        await assert.rejects(Mcu.start({ flags: { tls: 'on', ...flags } }), why);
});

test('a configured certificate is served, renewed by SIGHUP, and a bad one never', async (t) => {
    const [one, two] = [await certificate('one'), await certificate('two')];
    const now = { certificate: join(folder, 'now.pem'), key: join(folder, 'now.key') };
    const install = (from) => {
        copyFileSync(from.certificate, now.certificate);
        copyFileSync(from.key, now.key);
    };
    install(one);
    const served = await Mcu.of(t, {
        flags: { tls: 'on', tls_certificate: now.certificate, tls_key: now.key },
    });
    const name = async () => {
        const { s, peer } = await handshake({ port: served.httpPort });
        s.destroy();
        return peer.subject.CN;
    };
    const hup = async (pattern) => {
        const seen = served.program.stderr.length;
        served.program.child.kill('SIGHUP');
        await until(pattern, () => pattern.test(served.program.stderr.slice(seen)));
    };
    assert.equal(await name(), 'one');
    const page = await served.request('GET', '/healthz');
    assert.equal(page.headers.get('strict-transport-security'), 'max-age=31536000');
    const old = new Raw(served.httpPort, { secure: true });
    await old.opened;
    install(two);
    await hup(/ reloaded /);
    assert.equal(await name(), 'two');
    await old.send(request('GET', '/healthz'));
    await old.closed;
    assert.equal(old.status(), 200, 'a connection outlives the certificate it began with');
    copyFileSync(one.certificate, now.certificate);
    await hup(/certificate_kept/);
    assert.equal(await name(), 'two');
    writeFileSync(now.certificate, 'nonsense');
    await hup(/certificate_kept/);
    assert.equal(await name(), 'two');
    install(one);
    chmodSync(now.key, 0o644);
    await hup(/key_exposed/);
    assert.equal(await name(), 'one');
});

test('who clicks through a self-signed certificate is not held to it', async () => {
    const { headers } = await mcu.request('GET', '/healthz');
    assert.equal(headers.get('strict-transport-security'), null);
});

// --- what is negotiated -------------------------------------------------------------------------

test('only forward-secret authenticated suites of TLS 1.2 and 1.3', async (t) => {
    const rsa = await certificate('rsa', ['rsa:2048']);
    const other = await Mcu.of(t, {
        flags: { tls: 'on', tls_certificate: rsa.certificate, tls_key: rsa.key },
    });
    const taken = { [port]: [], [other.httpPort]: [] };
    for (const suite of tls.getCiphers().filter((name) => !name.startsWith('tls_')))
        for (const at of [port, other.httpPort]) {
            const ciphers = `${suite.toUpperCase()}:@SECLEVEL=0`;
            const { s } = await handshake({ port: at, ciphers, maxVersion: 'TLSv1.2' });
            if (s) taken[at].push(s.getCipher().name);
            s?.destroy();
        }
    const suites = (kind) =>
        ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].map((s) => `ECDHE-${kind}-${s}`);
    assert.deepEqual(taken[port].sort(), suites('ECDSA'));
    assert.deepEqual(taken[other.httpPort].sort(), suites('RSA'));
    const { s } = await handshake();
    assert.equal(s.getProtocol(), 'TLSv1.3');
    s.destroy();
});

test('TLS 1.0 and 1.1 are refused', async () => {
    for (const version of ['-tls1', '-tls1_1']) {
        const client = new Program('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, version,
            '-cipher', 'ALL:@SECLEVEL=0']);
        client.child.stdin.end();
        await client.finish();
        assert.match(client.stdout + client.stderr, /alert protocol version/);
    }
});

test('a session cannot be renegotiated', async () => {
    const client = new Program('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2']);
    await client.line(/Verify return code/);
    client.child.stdin.write('R\n');
    await client.finish();
    assert.match(client.stderr, /RENEGOTIATING/);
    assert.match(client.stderr, /no renegotiation/);
});

test('nothing is resumed', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
        const { s } = await handshake({ maxVersion });
        const sessions = [];
        s.on('session', (session) => sessions.push(session));
        s.write(request('GET', '/healthz'));
        await new Promise((resolve) => s.resume().on('close', resolve));
        const session = sessions.at(-1) ?? s.getSession();
        if (maxVersion === 'TLSv1.3') assert.deepEqual(sessions, []);
        const { s: again } = await handshake({ maxVersion, session });
        assert.equal(again.isSessionReused(), false);
        again.destroy();
    }
});

test('the protocol is HTTP/1.1 or none', async () => {
    for (const ALPNProtocols of [['http/1.1'], ['h2', 'http/1.1'], ['x', 'y', 'http/1.1']]) {
        const { s } = await handshake({ ALPNProtocols });
        assert.equal(s.alpnProtocol, 'http/1.1');
        s.destroy();
    }
    for (const ALPNProtocols of [['h2'], ['http/1.0', 'acme-tls/1']])
        assert.match((await handshake({ ALPNProtocols })).error.message, /no.application.protocol/i);
});

// A client that sends its certificate uninvited, which no library would.
test('a certificate nobody asked for ends the handshake', async () => {
    const u16 = (n) => Buffer.from([n >> 8, n & 255]);
    const vector = (bytes) => Buffer.concat([u16(bytes.length), bytes]);
    const record = (type, body) => Buffer.concat([Buffer.from([22, 3, 3]),
        u16(body.length + 4), Buffer.from([type, 0]), u16(body.length), body]);
    const extension = (type, body) => Buffer.concat([u16(type), vector(body)]);
    const hello = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0]),
        vector(Buffer.from('c02b', 'hex')), Buffer.from([1, 0]),
        vector(Buffer.concat([extension(10, vector(u16(23))), extension(11, Buffer.from([1, 0])),
            extension(13, vector(Buffer.from('0403', 'hex')))]))]);
    const raw = new Raw(port);
    await raw.opened;
    await raw.send(record(1, hello));
    await until('the server hello', () => raw.data.includes(Buffer.from([14, 0, 0, 0])));
    const flight = raw.data.length;
    await raw.send(record(11, Buffer.concat([Buffer.from([0]), vector(Buffer.alloc(300, 0x30))])));
    await raw.closed;
    assert.deepEqual([...raw.data.subarray(flight)], [21, 3, 3, 0, 2, 2, 10], 'unexpected_message');
});

// --- what is thrown at it -----------------------------------------------------------------------

test('plain HTTP is told to speak HTTPS', async () => {
    for (const bytes of [request('GET', '/'), request('POST', '/whip/x', { 'Content-Length': 5 }, 'hello'),
        'G', 'NONSENSE']) {
        const raw = await exchange(port, bytes);
        assert.equal(raw.status(), 400, bytes);
        assert.match(raw.text(), /"speak_https"/);
        assert.equal(raw.text().match(/HTTP\/1\.1/g).length, 1);
    }
});

test('garbage instead of a handshake, and after one, ends the connection', async () => {
    const bytes = Buffer.from(Array.from({ length: 60000 }, (_, i) => (251 + i * 197 + (i >> 7)) & 255));
    for (const hostile of [bytes, Buffer.alloc(60000), Buffer.concat([Buffer.from([0x16, 3, 1]), bytes]),
        Buffer.from('160301ffff', 'hex'), Buffer.from('80800103010057', 'hex'),
        Buffer.concat([Buffer.from('1603010005', 'hex'), Buffer.from('0100000000', 'hex')])]) {
        const raw = new Raw(port);
        await raw.opened;
        await raw.send(hostile);
        await raw.closed;
        assert.ok(raw.data.length < 100, 'an alert at most');
    }
    // Plain bytes beneath an established session.
    const beneath = net.connect(port, '127.0.0.1');
    const { s } = await handshake({ socket: beneath });
    const ended = new Promise((resolve) => beneath.on('close', resolve));
    s.on('error', () => {});
    beneath.write(bytes);
    await ended;
});

test('a ClientHello without end is not waited for', async (t) => {
    const patient = await Mcu.of(t, { build: 'asan', flags: { tls: 'on', http_timeout_s: 300 } });
    const raw = new Raw(patient.httpPort);
    await raw.opened;
    const head = Buffer.from('1603014000', 'hex');
    const first = Buffer.concat([head, Buffer.from('0100ffff', 'hex'), Buffer.alloc(16380)]);
    const more = Buffer.concat([head, Buffer.alloc(16384)]);
    for (let i = 0; i < 3; i++) await raw.send(i ? more : first);
    await raw.closed;
    assert.ok(raw.data.length < 100, 'an alert at most');
});

test('a slow handshake is ended, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 60 }, () => new Raw(port));
    await Promise.all(slow.map((raw) => raw.opened));
    let open = slow.length;
    for (const raw of slow) raw.closed.then(() => open--);
    for (const raw of slow) await raw.send(Buffer.from('16030102000100', 'hex'));
    await until('the end of the slow ones', async () => {
        for (const raw of slow) await raw.send(Buffer.from([1]));
        assert.equal((await mcu.request('GET', '/healthz')).status, 200);
        return open === 0;
    }, { everyMs: 200 });
});

test('a slow request within TLS is ended as well', async () => {
    const slow = Array.from({ length: 20 }, () => new Raw(port, { secure: true }));
    await Promise.all(slow.map((raw) => raw.opened));
    let open = slow.length;
    for (const raw of slow) raw.closed.then(() => open--);
    for (const raw of slow) await raw.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    await until('the end of the slow ones', async () => {
        for (const raw of slow) await raw.send('G');
        assert.equal((await mcu.request('GET', '/healthz')).status, 200);
        return open === 0;
    }, { everyMs: 200 });
});

test('ten thousand half-open handshakes exhaust nothing', async (t) => {
    // Not the sanitizer's build, which keeps what was freed for a while.
    const victim = await Mcu.of(t, { flags: { tls: 'on', http_timeout_s: 2, http_connections: 2048 } });
    const memory = () => metric('process_resident_memory_bytes', victim);
    const before = await memory();
    const hello = Buffer.from('16030102000100', 'hex');
    let opened = 0;
    const flood = async (localAddress) => {
        const where = { port: victim.httpPort, host: '127.0.0.1', localAddress };
        for (let i = 0; i < 100; i++) {
            const some = Array.from({ length: 10 }, () => net.connect(where));
            const begun = some.map((s) => new Promise((resolve) => {
                s.on('error', () => {}).on('close', resolve).on('connect', () => {
                    opened++;
                    s.write(hello, resolve);
                });
            }));
            await Promise.all(begun);
            setTimeout(() => some.forEach((s) => s.destroy()), 500);
        }
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => flood(`127.0.1.${i + 1}`)));
    assert.ok(opened > 9000, `${opened} connections`);
    await until('an answer', () => victim.fetch('/healthz').then((r) => r.ok, () => false));
    await until('the half-open ones to end', async () =>
        (await metric('mischpult_http_connections', victim)) <= 3);
    assert.ok((await metric('mischpult_tls_handshakes_failed_total', victim)) > 500);
    const grown = (await memory()) - before;
    assert.ok(grown < 96e6, `${grown} bytes`);
});

test('who only holds a place makes way', async (t) => {
    const small = await Mcu.of(t, { flags: { tls: 'on', http_connections: 20, http_timeout_s: 300 } });
    const held = Array.from({ length: 20 }, (_, i) =>
        new Raw(small.httpPort, { more: { localAddress: `127.0.1.${i + 1}` } }));
    await Promise.all(held.map((raw) => raw.opened));
    await until('an answer', () => small.fetch('/healthz').then((r) => r.ok, () => false));
    await Promise.all(held.map((raw) => raw.end()));
});

test('handshakes are limited as requests are', async (t) => {
    const small = await Mcu.of(t, { flags: { tls: 'on', api_rate: 1, api_burst: 20 } });
    const results = [];
    for (let i = 0; i < 40; i++) results.push(await handshake({ port: small.httpPort }));
    assert.ok(results[0].s);
    assert.ok(results.some((r) => r.error));
    for (const { s } of results) s?.destroy();
});

test('keys updated without end cost nothing but the turn', async () => {
    const client = new Program('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_3']);
    await client.line(/Verify return code/);
    client.child.stdin.write('K\n'.repeat(5000));
    await until('their being read', () => (client.stderr.match(/KEYUPDATE/g) ?? []).length > 100
        || client.result);
    assert.equal((await mcu.request('GET', '/healthz')).status, 200);
    await client.stop();
});

// --- HTTP and WebSocket are as they are without TLS -----------------------------------------------

test('a body with two framings is refused over TLS too', () => refusesTwoFramings(mcu.token, ask));

test('pipelined requests are answered one by one', async () => {
    const one = request('GET', '/api/v1/openapi.json', { Connection: 'keep-alive' });
    const last = request('GET', '/healthz');
    const raw = await ask(one.repeat(50) + last, 10000);
    assert.equal(raw.text().match(/HTTP\/1\.1 200 OK/g)?.length, 51);
});

test('a body larger than a record and than our buffers comes and goes whole', async () => {
    const whole = await mcu.request('GET', '/api/v1/openapi.json');
    const plain = readFileSync(join(root, 'mcu/api/openapi.json'), 'utf8');
    assert.deepEqual(whole.body, JSON.parse(plain));
    const body = JSON.stringify({ name: 'x', unknown: 'y'.repeat(60000) });
    const refused = await mcu.request('POST', '/api/v1/rooms', { body, type: 'application/json' });
    assert.equal(refused.status, 422);
});

test('a client that asks and does not read is ended', async () => {
    const raws = Array.from({ length: 10 }, () => new Raw(port, { secure: true }));
    await Promise.all(raws.map((raw) => raw.opened));
    const one = request('GET', '/api/v1/openapi.json', { Connection: 'keep-alive' });
    for (const raw of raws) {
        raw.socket.pause();
        raw.socket.write(one.repeat(2000));
    }
    await until('their end', async () => (await metric('mischpult_http_connections')) < raws.length);
    await Promise.all(raws.map((raw) => raw.end()));
});

test('a WebSocket works, and one that lies or does not read is ended', async () => {
    const raw = await socket(port, { token: mcu.token, secure: true,
        headers: { Host: `127.0.0.1:${port}`, Origin: `https://127.0.0.1:${port}` } });
    assert.equal(raw.status(), 101);
    await until('hello', () => raw.text().includes('"hello"'));
    for (let i = 0; i < 20; i++)
        await raw.send(Buffer.concat(Array.from({ length: 1000 }, () => frame(9, 'ping'))));
    await until('a pong', () => frames(raw).some((f) => f.opcode === 10));
    await mcu.api('POST', '/rooms', { name: 'two' });
    await until('the event', () => raw.text().includes('"room_created"'));
    await mcu.api('DELETE', '/rooms/two');
    await raw.send(frame(1, 'unmasked', { mask: false }));
    await raw.closed;
    assert.equal(closeCode(raw), 1002);

    const foreign = await socket(port, { token: mcu.token, secure: true,
        headers: { Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}` } });
    assert.equal(foreign.status(), 403, 'the same name without TLS is another origin');
    await foreign.end();

    const deaf = await socket(port, { token: mcu.token, secure: true });
    deaf.socket.pause();
    await until('it to be dropped', async () => {
        for (let i = 0; i < 100; i++) {
            await mcu.api('POST', '/rooms', { name: 'noise' });
            await mcu.api('DELETE', '/rooms/noise');
        }
        return (await metric('mischpult_event_clients_dropped_total')) > 0;
    }, { timeoutMs: 90000, everyMs: 0 });
    await deaf.end();
});

// --- afterwards ---------------------------------------------------------------------------------

test('afterwards the server is as it was', async () => {
    await until('its connections to end', async () =>
        (await metric('mischpult_http_connections')) <= 3);
    await until('its descriptors to be back', async () =>
        (await metric('process_open_fds')) <= before_.fds + 4);
    assert.equal((await mcu.api('GET', '/rooms')).total, 1);
});
