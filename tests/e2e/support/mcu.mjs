// The server under test: its own ports, state folder and token; ended and cleaned up with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, sleep, until } from './process.mjs';
import { freePorts } from './ports.mjs';
import { parseAnswer } from './sdp.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = (name, build = 'release') => join(root, 'build', build, 'bin', name);

export class ApiError extends Error {
    constructor(method, path, status, body) {
        super(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
        this.status = status;
        this.body = body;
    }
}

export class Mcu {
    // flags: configuration keys and values. build: which build of the server (release, asan).
    // generateToken: the server makes its own token, in its state folder.
    static async start({ flags = {}, build = 'release', rtpPorts = 400, generateToken = false } = {}) {
        const mcu = new Mcu();
        mcu.folder = mkdtempSync(join(tmpdir(), 'mischpult-e2e-'));
        mcu.token = 'e2e-0123456789abcdef0123456789abcdef';
        mcu.httpPort = await freePorts(1);
        mcu.rtpPort = await freePorts(rtpPorts);
        mcu.secure = flags.tls === 'on';
        mcu.flags = {
            [mcu.secure ? 'https_port' : 'http_port']: mcu.httpPort,
            rtp_port_min: mcu.rtpPort,
            rtp_port_max: mcu.rtpPort + rtpPorts - 1,
            webrtc_port: 0,
            api_rate: 100000,
            api_burst: 100000,
            ...flags,
        };
        mcu.url = `${mcu.secure ? 'https' : 'http'}://127.0.0.1:${mcu.httpPort}`;
        mcu.launch = { build, token: generateToken ? '' : mcu.token };
        try {
            await mcu.boot();
        } catch (error) {
            await mcu.stop();
            throw error;
        }
        return mcu;
    }

    async boot() {
        this.program = new Program(binary('mcu', this.launch.build), flagList(this.flags), {
            env: {
                ...process.env,
                MCU_ADMIN_TOKEN: this.launch.token,
                XDG_STATE_HOME: this.folder,
                HOME: this.folder,
            },
        });
        await until('the server', async () => {
            if (this.program.result)
                throw new Error(`the server ended: ${this.program.stdout}${this.program.stderr}`);
            return this.fetch('/healthz').then((r) => r.ok, () => false);
        });
    }

    // Ends the server as a crash would, or politely, and starts it again with the same state.
    async restart(signal = 'SIGKILL') {
        await this.program.stop(signal, 15000);
        const report = this.complaint();
        if (report) throw new Error(report);
        await this.boot();
    }

    // As start(), and ended after the test t.
    static async of(t, options) {
        const mcu = await Mcu.start(options);
        t.after(() => mcu.stop());
        return mcu;
    }

    get pid() {
        return this.program.pid;
    }

    // As the global one, but by TLS it takes any certificate.
    fetch(path, { method = 'GET', headers = {}, body } = {}) {
        if (!this.secure) return fetch(this.url + path, { method, headers, body });
        return new Promise((resolve, reject) => {
            this.agent ??= new https.Agent({ keepAlive: true });
            const options = { method, headers, rejectUnauthorized: false, agent: this.agent };
            const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
            options.headers = { ...headers, ...length };
            const asked = https.request(this.url + path, options, (answer) => {
                const parts = [];
                answer.on('data', (part) => parts.push(part));
                answer.on('error', reject);
                answer.on('end', () => {
                    const empty = [204, 304].includes(answer.statusCode);
                    resolve(new Response(empty ? null : Buffer.concat(parts), {
                        status: answer.statusCode,
                        headers: answer.headers,
                    }));
                });
            });
            asked.on('error', reject);
            asked.end(body);
        });
    }

    async request(method, path, { body, type, token = this.token, headers = {} } = {}) {
        const response = await this.fetch(path, {
            method,
            body,
            headers: {
                ...(token ? { Authorization: `Bearer ${token}` } : {}),
                ...(type ? { 'Content-Type': type } : {}),
                ...headers,
            },
        }).catch(async (error) => {
            await sleep(200);
            throw new Error(`${method} ${path}: ${error.cause ?? error}; ${this.complaint() ?? 'no complaint'}`);
        });
        const text = await response.text();
        const json = response.headers.get('content-type')?.includes('json');
        return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    }

    // The body of a successful answer; an ApiError otherwise.
    async api(method, path, json) {
        const reply = await this.request(method, `/api/v1${path}`, {
            body: json === undefined ? undefined : JSON.stringify(json),
            type: json === undefined ? undefined : 'application/json',
        });
        if (reply.status >= 300) throw new ApiError(method, path, reply.status, reply.body);
        return reply.body;
    }

    // Joins by SDP offer: {id, path, answer (text), media (parsed)}.
    async join(room, name, offer) {
        const path = `/api/v1/rooms/${room}/participants?name=${encodeURIComponent(name)}`;
        const reply = await this.request('POST', path, { body: offer, type: 'application/sdp' });
        if (reply.status !== 201) throw new ApiError('POST', path, reply.status, reply.body);
        const location = reply.headers.get('location');
        return {
            id: location.split('/').pop(),
            path: location.replace(/^.*\/api\/v1/, ''),
            answer: reply.body,
            media: parseAnswer(reply.body),
        };
    }

    // Ends the server; a server that a sanitizer complains about fails the test.
    async stop() {
        const result = await this.program.stop('SIGTERM', 15000);
        this.agent?.destroy();
        rmSync(this.folder, { recursive: true, force: true });
        const report = this.complaint();
        if (report) throw new Error(report);
        return result;
    }

    // What a sanitizer has said of the server.
    complaint() {
        const report = this.program.stderr.match(/.*(ERROR: \w+Sanitizer|runtime error:)[^]*/);
        return report?.[0].slice(0, 4000);
    }
}

export function flagList(flags) {
    return Object.entries(flags).flatMap(([key, value]) => [`--${key}`, String(value)]);
}
