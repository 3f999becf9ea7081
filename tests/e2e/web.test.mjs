// The page's files: what is served, with which headers, and what browsers make of those.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Chromium } from './support/chromium.mjs';
import { Firefox } from './support/firefox.mjs';
import { Mcu, root } from './support/mcu.mjs';
import { until } from './support/process.mjs';
import { exchange, request } from './support/raw.mjs';

let mcu, folder;

// As a browser asks: nothing is decompressed on the way.
const get = (path, headers = {}, of = mcu) =>
    new Promise((resolve, reject) => {
        const options = { headers, agent: false };
        http.get(of.url + path, options, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', () => resolve({
                status: answer.statusCode,
                headers: answer.headers,
                body: Buffer.concat(parts),
            }));
        }).on('error', reject);
    });

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mischpult-web-'));
    mcu = await Mcu.start({ build: 'asan' });
});

after(async () => {
    await mcu?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const page = join(root, 'mcu/web');
const files = readdirSync(page).flatMap((name) =>
    statSync(join(page, name)).isDirectory()
        ? readdirSync(join(page, name)).map((below) => `${name}/${below}`)
        : [name],
);

test('every file of mcu/web is part of the program, as it is and compressed', async () => {
    const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml',
        json: 'application/json', png: 'image/png', webmanifest: 'application/manifest+json' };
    for (const name of files) {
        const bytes = readFileSync(join(page, name));
        const plain = await get(`/web/${name}`);
        assert.equal(plain.status, 200, name);
        assert.ok(plain.body.equals(bytes), name);
        assert.equal(plain.headers['content-encoding'], undefined);
        const type = plain.headers['content-type'].split(';')[0];
        assert.equal(type, types[name.split('.').pop()] ?? type, name);
        assert.notEqual(type, 'application/octet-stream', name);
        assert.equal(plain.headers['cache-control'], 'no-cache');
        const small = await get(`/web/${name}`, { 'Accept-Encoding': 'gzip, deflate, br' });
        if (small.headers['content-encoding']) {
            assert.equal(small.headers['content-encoding'], 'gzip');
            assert.ok(gunzipSync(small.body).equals(bytes), name);
            assert.notEqual(small.headers.etag, plain.headers.etag);
            assert.match(small.headers.vary, /Accept-Encoding/);
        }
        const refused = await get(`/web/${name}`, { 'Accept-Encoding': 'gzip;q=0' });
        assert.equal(refused.headers['content-encoding'], undefined);
    }
    const index = readFileSync(join(page, 'index.html'));
    for (const path of ['/', '/r/a-room', '/r/a%20room', '/?x=y'])
        assert.ok((await get(path)).body.equals(index), path);
});

test('what has not changed is not sent again', async () => {
    for (const encoding of ['identity', 'gzip']) {
        const first = await get('/', { 'Accept-Encoding': encoding });
        for (const known of [first.headers.etag, `W/${first.headers.etag}`, `"x", ${first.headers.etag}`, '*']) {
            const again = await get('/', { 'Accept-Encoding': encoding, 'If-None-Match': known });
            assert.equal(again.status, 304, known);
            assert.equal(again.body.length, 0);
            assert.equal(again.headers.etag, first.headers.etag);
            assert.equal(again.headers['content-length'], undefined);
        }
        assert.equal((await get('/', { 'Accept-Encoding': encoding, 'If-None-Match': '"x"' })).status, 200);
    }
});

test('no path leads out of the page', async (t) => {
    const web = join(folder, 'web');
    mkdirSync(join(web, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'secret'), 'secret');
    writeFileSync(join(web, '.hidden'), 'secret');
    symlinkSync('../secret', join(web, 'link.js'));
    symlinkSync('..', join(web, 'up'));
    const fromFolder = await Mcu.of(t, { build: 'asan', flags: { web_dir: web } });
    for (const of of [mcu, fromFolder])
        for (const path of ['/web/../secret', '/web/..%2fsecret', '/web/%2e%2e/secret', '/web//etc/passwd',
            '/web/sub/../../secret', '/web/up/secret', '/web/link.js', '/web/.hidden', '/web/sub', '/web/',
            '/web/sub/', '/web/a/b/c', '/web/x%00.js', '/web/..', '/web/..%5csecret', '/secret']) {
            const raw = await exchange(of.httpPort, request('GET', path));
            assert.ok([400, 404].includes(raw.status()), `${path}: ${raw.text()}`);
            assert.doesNotMatch(raw.text().split('\r\n\r\n')[1], /^secret/);
        }
});

test('a folder that is worked on is served as it is now', async (t) => {
    const web = join(folder, 'work');
    mkdirSync(web);
    writeFileSync(join(web, 'index.html'), 'one');
    const served = await Mcu.of(t, { flags: { web_dir: web } });
    const first = await get('/', {}, served);
    assert.equal(first.body.toString(), 'one');
    writeFileSync(join(web, 'index.html'), 'two');
    const second = await get('/', { 'If-None-Match': first.headers.etag }, served);
    assert.equal(second.body.toString(), 'two');
    assert.equal((await get('/admin', {}, served)).status, 404);
    assert.equal((await get('/favicon.ico', {}, served)).status, 204);
});

test('pages may do what ours needs, and other answers nothing', async () => {
    const { headers } = await get('/', { Host: `localhost:${mcu.httpPort}` });
    const policy = Object.fromEntries(headers['content-security-policy'].split('; ').map((one) => {
        const [name, ...sources] = one.split(' ');
        return [name, sources.join(' ')];
    }));
    const own = `localhost:${mcu.httpPort}`;
    assert.deepEqual(policy, {
        'default-src': "'self'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data: blob:",
        'media-src': "'self' blob: mediastream:",
        'connect-src': `'self' ws://${own} wss://${own}`,
        'object-src': "'none'",
        'frame-src': "'none'",
        'frame-ancestors': "'none'",
        'base-uri': "'none'",
        'form-action': "'self'",
    });
    assert.match(headers['permissions-policy'], /camera=\(self\), microphone=\(self\), display-capture=\(self\)/);
    const api = await get('/healthz');
    assert.equal(api.headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'");
    assert.equal(api.headers['cache-control'], 'no-store');
    for (const answer of [headers, api.headers]) {
        assert.equal(answer['x-content-type-options'], 'nosniff');
        assert.equal(answer['referrer-policy'], 'no-referrer');
        assert.equal(answer['cross-origin-opener-policy'], 'same-origin');
        assert.equal(answer['cross-origin-resource-policy'], 'same-origin');
        assert.equal(answer['strict-transport-security'], undefined, 'this is plain HTTP');
    }
});

// A page that tries what ours does and what an intruder would. It tells by its title.
const probe = `
const tried = {};
const attempt = (name, promise) => promise.then((v) => (tried[name] = v), (e) => (tried[name] = String(e)));
const image = (src) => new Promise((ok) => {
    const i = new Image();
    i.onload = () => ok(true);
    i.onerror = () => ok(false);
    i.src = src;
});
const ws = () => new Promise((ok) => {
    const s = new WebSocket(location.origin.replace('http', 'ws') + '/api/v1/events', ['mischpult.events']);
    s.onopen = () => ok(true);
    s.onerror = () => ok(false);
});
const script = (text) => new Promise((ok) => {
    const s = document.createElement('script');
    s.textContent = text;
    document.body.append(s);
    ok(window.intruded === true);
});
const inlined = () => {
    const d = document.createElement('div');
    d.setAttribute('style', 'position: fixed');
    document.body.append(d);
    return getComputedStyle(d).position === 'fixed';
};
const evaluated = () => { try { return Function('return true')(); } catch { return false; } };
const { foreign } = await (await fetch('/web/foreign.json')).json();
const cross = () => fetch(foreign + 'fetched', { mode: 'no-cors' }).then(() => true, () => false);
const frame = () => new Promise((ok) => {
    const f = document.createElement('iframe');
    f.onload = () => { try { ok(f.contentDocument?.title === 'inner'); } catch { ok(false); } };
    f.onerror = () => ok(false);
    f.src = '/web/inner.html';
    document.body.append(f);
    setTimeout(() => ok(false), 1000);
});
await attempt('socket', ws());
await attempt('data', image('data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'));
await attempt('icon', image('/web/icon.svg'));
await attempt('fetch', fetch('/healthz').then((r) => r.ok));
await attempt('microphone', navigator.mediaDevices.getUserMedia({ audio: true }).then((s) => s.active));
await attempt('styled', Promise.resolve(getComputedStyle(document.body).position === 'relative'));
const blob = URL.createObjectURL(new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'], { type: 'image/svg+xml' }));
await attempt('blob', image(blob));
await attempt('inline', script('window.intruded = true'));
await attempt('style', Promise.resolve(inlined()));
await attempt('eval', Promise.resolve(evaluated()));
await attempt('foreign', image(foreign + 'image'));
await attempt('cross', cross());
await attempt('frame', frame());
window.tried = tried;
`;

for (const [name, Browser] of [['Chromium', Chromium], ['Firefox', Firefox]])
    for (const tls of ['on', 'off'])
        test(`${name} lets our page do its work and no more, TLS ${tls}`, async (t) => {
            const web = join(folder, `${name}-${tls}`);
            mkdirSync(web);
            writeFileSync(join(web, 'index.html'), '<!doctype html><meta charset="utf-8"><title>probe</title>'
                + '<link rel="stylesheet" href="/web/a.css"><body><script type="module" src="/web/probe.js"></script>');
            writeFileSync(join(web, 'inner.html'), '<!doctype html><title>inner</title>');
            writeFileSync(join(web, 'a.css'), 'body { position: relative }');
            writeFileSync(join(web, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
            writeFileSync(join(web, 'probe.js'), probe);
            const asked = [];
            const foreign = http.createServer((question, answer) => {
                asked.push(question.url);
                answer.setHeader('Content-Type', 'image/svg+xml');
                answer.end('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
            });
            await new Promise((resolve) => foreign.listen(0, '127.0.0.1', resolve));
            t.after(() => foreign.close());
            writeFileSync(join(web, 'foreign.json'),
                JSON.stringify({ foreign: `http://127.0.0.1:${foreign.address().port}/` }));
            const served = await Mcu.of(t, { flags: { tls, web_dir: web } });
            const browser = await Browser.of(t);
            const client = await browser.client();
            const said = [];
            client.page.on('console', (message) => said.push(message.text()));
            await client.page.goto(`${served.url}/`);
            const tried = await until('the page', () => client.page.evaluate(() => window.tried));
            assert.deepEqual(tried, {
                socket: true, data: true, icon: true, fetch: true, microphone: true, styled: true, blob: true,
                inline: false, style: false, eval: false, foreign: false, cross: false, frame: false,
            });
            assert.deepEqual(asked, [], 'nobody else is asked anything');
            const unknown = said.filter((text) => /permissions-policy|unrecognized feature|invalid source/i.test(text));
            assert.deepEqual(unknown, [], 'every header is understood');
        });
