// Bytes on a TCP connection and off it, for requests no HTTP client would send.
import net from 'node:net';
import tls from 'node:tls';
import { createHash, randomBytes } from 'node:crypto';

// A connection that keeps what it receives. closed resolves with all of it when the peer ends it.
// secure: by TLS, with whatever certificate; more are further options of the connection.
export class Raw {
    constructor(port, { host = '127.0.0.1', secure = false, more = {} } = {}) {
        this.data = Buffer.alloc(0);
        this.socket = secure
            ? tls.connect({ port, host, rejectUnauthorized: false, ...more })
            : net.connect({ port, host, ...more });
        this.socket.on('data', (data) => (this.data = Buffer.concat([this.data, data])));
        this.socket.on('error', () => {}); // a reset is an end like another
        this.closed = new Promise((resolve) => this.socket.on('close', () => resolve(this.data)));
        this.opened = new Promise((resolve) => {
            this.socket.on(secure ? 'secureConnect' : 'connect', resolve);
            this.socket.on('close', resolve);
        });
    }

    // Resolves when the bytes are with the system, or the connection has ended.
    send(bytes) {
        return new Promise((resolve) => {
            if (this.socket.destroyed) return resolve();
            this.socket.once('close', resolve);
            this.socket.write(bytes, () => {
                this.socket.removeListener('close', resolve);
                resolve();
            });
        });
    }

    text() {
        return this.data.toString('latin1');
    }

    status() {
        return Number(this.text().match(/^HTTP\/1\.1 (\d{3})/)?.[1]);
    }

    end() {
        this.socket.destroy();
        return this.closed;
    }
}

// Sends one request and gives the connection after its end, or after waitMs if it stays open.
export async function exchange(port, bytes, waitMs = 3000, options = {}) {
    const raw = new Raw(port, options);
    await raw.opened;
    await raw.send(bytes);
    await Promise.race([raw.closed, new Promise((resolve) => setTimeout(resolve, waitMs).unref())]);
    await raw.end();
    return raw;
}

export const request = (method, path, headers = {}, body = '') =>
    [
        `${method} ${path} HTTP/1.1`,
        ...Object.entries({ Host: '127.0.0.1', Connection: 'close', ...headers }).map(
            ([name, value]) => `${name}: ${value}`,
        ),
        '',
        body,
    ].join('\r\n');

// A WebSocket frame (RFC 6455, 5.2); length and mask may lie.
export function frame(opcode, payload = '', { fin = true, rsv = 0, mask = true, length } = {}) {
    const body = Buffer.from(payload);
    const size = BigInt(length ?? body.length);
    const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
    const flag = mask ? 0x80 : 0;
    if (size < 126n) {
        head.push(flag | Number(size));
    } else if (size < 65536n) {
        head.push(flag | 126, Number(size >> 8n), Number(size & 255n));
    } else {
        head.push(flag | 127);
        for (let shift = 56n; shift >= 0n; shift -= 8n) head.push(Number((size >> shift) & 255n));
    }
    if (!mask) return Buffer.concat([Buffer.from(head), body]);
    const key = randomBytes(4);
    return Buffer.concat([Buffer.from(head), key, body.map((byte, i) => byte ^ key[i % 4])]);
}

// A connection after the WebSocket handshake; its status() tells whether it was taken (101).
export async function socket(
    port,
    { path = '/api/v1/events', token, headers = {}, ...options } = {},
) {
    const key = randomBytes(16).toString('base64');
    const raw = new Raw(port, options);
    await raw.opened;
    await raw.send(
        request('GET', path, {
            Connection: 'Upgrade',
            Upgrade: 'websocket',
            'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': key,
            ...(token ? { Authorization: `Bearer ${token}` } : {}),
            ...headers,
        }),
    );
    for (let i = 0; i < 300 && !raw.text().includes('\r\n\r\n') && !raw.socket.destroyed; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
    raw.accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
    return raw;
}

// The frames a server has sent on it: [{opcode, payload}], unmasked and whole.
export function frames(raw) {
    const out = [];
    let at = raw.data.indexOf('\r\n\r\n') + 4;
    while (at + 2 <= raw.data.length) {
        const opcode = raw.data[at] & 15;
        let length = raw.data[at + 1] & 127;
        at += 2;
        if (length === 126) {
            length = raw.data.readUInt16BE(at);
            at += 2;
        }
        if (at + length > raw.data.length) break;
        out.push({ opcode, payload: raw.data.subarray(at, at + length) });
        at += length;
    }
    return out;
}

export const closeCode = (raw) =>
    frames(raw).find((f) => f.opcode === 8)?.payload.readUInt16BE(0);
