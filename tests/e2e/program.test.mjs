// The program as its operator meets it: flags, files, signals, where its words go.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, flagList, Mcu } from './support/mcu.mjs';
import { Program, until } from './support/process.mjs';

const run = async (...args) => {
    const program = new Program(binary('mcu'), args);
    const { code } = await program.ended;
    return { code, stdout: program.stdout, stderr: program.stderr };
};

const folderOf = (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mischpult-program-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
};

test('help, version and example', async () => {
    const help = await run('--help');
    assert.equal(help.code, 0);
    for (const heading of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'KEYS', 'ENVIRONMENT', 'EXIT STATUS'])
        assert.match(help.stdout, new RegExp(`^${heading}$`, 'm'));
    assert.match((await run('--version')).stdout, /^mcu \d+\.\d+\.\d+$/m);
    const example = (await run('--print-config')).stdout;
    assert.match(example, /^#http_port = 8080$/m);
});

test('the printed example is a valid file, also with its keys uncommented', async (t) => {
    const file = join(folderOf(t), 'mcu.conf');
    const example = (await run('--print-config')).stdout;
    for (const text of [example, example.replace(/^#(?! )/gm, '')]) {
        writeFileSync(file, text);
        const { code, stderr } = await run('--check-config', '--config', file);
        assert.equal(code, 0, stderr);
    }
});

test('every error of a configuration is told with its line', async (t) => {
    const file = join(folderOf(t), 'mcu.conf');
    writeFileSync(file, 'http_port = 99999\n\nhttp_prot = 1\nsrtp = maybe\n');
    const { code, stderr } = await run('--config', file, '--max_rooms=0', '--nonsense');
    assert.equal(code, 2);
    for (const at of [`${file}:1: http_port`, `${file}:3: unknown key`, `${file}:4: srtp`])
        assert.ok(stderr.includes(at), `${at}: ${stderr}`);
    assert.match(stderr, /--max_rooms=0/);
    assert.match(stderr, /--nonsense/);
});

test('the generated token is its owner’s alone, and opens the API', async (t) => {
    const mcu = await Mcu.of(t, { generateToken: true });
    const [, file] = await mcu.program.line(/admin token is in (\S+)/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const token = readFileSync(file, 'utf8').trim();
    assert.ok(token.length >= 32);
    assert.equal((await mcu.request('GET', '/api/v1/rooms', { token })).status, 200);
    assert.equal((await mcu.request('GET', '/api/v1/rooms', { token: `${token}x` })).status, 401);
    assert.ok(!mcu.program.stdout.includes(token) && !mcu.program.stderr.includes(token));
});

test('the printed address leads to the page', async (t) => {
    const mcu = await Mcu.of(t);
    const [url] = await mcu.program.line(/http:\/\/\S+/);
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy'), /default-src 'self'/);
    const text = await page.text();
    for (const [, path] of text.matchAll(/href="(\/[^"]*)"/g))
        assert.equal((await fetch(new URL(path, url))).status, 200, path);
});

test('SIGHUP takes what is reloadable and says what is not', async (t) => {
    const file = join(folderOf(t), 'mcu.conf');
    writeFileSync(file, 'max_rooms = 1\n');
    const mcu = await Mcu.of(t, { flags: { config: file } });
    const make = (name) =>
        mcu.request('POST', '/api/v1/rooms', { body: JSON.stringify({ name }), type: 'application/json' });
    assert.equal((await make('a')).status, 201);
    assert.equal((await make('b')).status, 503);
    writeFileSync(file, 'max_rooms = 2\nmedia_loops = 7\nlog_format = json\n');
    mcu.program.child.kill('SIGHUP');
    await until('the log', () => /"event":"reloaded","changed":2/.test(mcu.program.stderr));
    assert.match(mcu.program.stderr, /not_reloadable key=media_loops/);
    assert.equal((await make('b')).status, 201);
    writeFileSync(file, 'max_rooms = 3\nnonsense\n');
    mcu.program.child.kill('SIGHUP');
    await until('the complaint', () => mcu.program.stderr.includes(`${file}:2`));
    assert.equal((await make('c')).status, 503, 'a wrong file changes nothing');
});

test('a full disk under its log stops nothing', async (t) => {
    const mcu = await Mcu.of(t);
    const flags = { ...mcu.flags, http_port: 0, rtp_port_min: 30000, rtp_port_max: 30099, log_level: 'debug' };
    const child = spawn(binary('mcu', 'asan'), flagList(flags), {
        stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
        env: { ...process.env, MCU_ADMIN_TOKEN: mcu.token },
    });
    t.after(() => child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.on('data', (data) => (stdout += data));
    const url = (await until('the server', () => stdout.match(/http:\S+\//)))[0];
    const headers = { Authorization: `Bearer ${mcu.token}`, 'Content-Type': 'application/json' };
    for (let i = 0; i < 50; i++) {
        const body = JSON.stringify({ name: `room${i}` });
        const made = await fetch(`${url}api/v1/rooms`, { method: 'POST', headers, body });
        assert.equal(made.status, 201);
    }
    const lost = async () =>
        Number((await (await fetch(`${url}metrics`)).text()).match(/log_lines_lost_total (\d+)/)[1]);
    await until('the lines to be counted as lost', async () => (await lost()) >= 50);
    const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
});

test('a reader of its log that sleeps stops nothing', async (t) => {
    const mcu = await Mcu.of(t, { flags: { log_level: 'debug' } });
    mcu.program.child.stderr.pause();
    await until('lines to be lost', async () => {
        for (let i = 0; i < 100; i++) {
            await mcu.api('POST', '/rooms', { name: 'x' });
            await mcu.api('DELETE', '/rooms/x');
        }
        const { body } = await mcu.request('GET', '/metrics');
        return Number(body.match(/log_lines_lost_total (\d+)/)[1]) > 0;
    }, { timeoutMs: 60000, everyMs: 0 });
    mcu.program.child.stderr.resume();
    await until('the log to say how many', () => / log lost lines=\d+/.test(mcu.program.stderr));
});
