// A WebSocket client (RFC 6455) that shows every byte: node 18 has none of its own, and a test of a
// server must be able to send what a good client never would.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { until } from './process.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// A frame from a client: masked, unless a test wants it otherwise.
export function frame(code, payload = Buffer.alloc(0), { masked = true, fin = true } = {}) {
    const data = Buffer.from(payload);
    const size = data.length < 126 ? 0 : data.length < 65536 ? 2 : 8;
    const header = Buffer.alloc(2 + size);
    header[0] = (fin ? 0x80 : 0) | code;
    header[1] = (masked ? 0x80 : 0) | (size === 0 ? data.length : size === 2 ? 126 : 127);
    if (size === 2) header.writeUInt16BE(data.length, 2);
    if (size === 8) header.writeBigUInt64BE(BigInt(data.length), 2);
    if (!masked) return Buffer.concat([header, data]);
    const mask = randomBytes(4);
    return Buffer.concat([header, mask, data.map((byte, i) => byte ^ mask[i % 4])]);
}

export class WebSocketClient {
    // Gives the client once the server has answered; status is 101 when it agreed.
    static async connect(port, path, headers = {}) {
        const client = new WebSocketClient();
        client.events = [];
        client.buffer = Buffer.alloc(0);
        client.socket = net.connect(port, '127.0.0.1');
        client.socket.unref();
        client.socket.on('error', () => {});
        client.socket.on('close', () => (client.closed = true));
        client.socket.on('data', (data) => client.take(data));
        const lines = {
            Host: `127.0.0.1:${port}`,
            Upgrade: 'websocket',
            Connection: 'Upgrade',
            'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
            'Sec-WebSocket-Version': '13',
            ...headers,
        };
        const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
        client.socket.write(`GET ${path} HTTP/1.1\r\n${text.join('')}\r\n`);
        await until('an answer to the upgrade', () => client.status !== undefined || client.closed);
        return client;
    }

    take(data) {
        this.buffer = Buffer.concat([this.buffer, data]);
        if (this.status === undefined) {
            const end = this.buffer.indexOf('\r\n\r\n');
            if (end < 0) return;
            this.head = this.buffer.toString('latin1', 0, end);
            this.status = Number(this.head.split(' ')[1]);
            this.buffer = this.buffer.subarray(end + 4);
        }
        if (this.status === 101) while (this.frame());
    }

    // Takes one whole frame off the buffer; false when there is none.
    frame() {
        const b = this.buffer;
        if (b.length < 2) return false;
        const short = b[1] & 0x7f;
        const size = short < 126 ? 0 : short === 126 ? 2 : 8;
        if (b.length < 2 + size) return false;
        const length = size === 0 ? short : size === 2 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
        const end = 2 + size + length;
        if (b.length < end) return false;
        const payload = b.subarray(2 + size, end);
        this.buffer = b.subarray(end);
        const code = b[0] & 15;
        if (code === opcode.text) {
            this.events.push(JSON.parse(payload.toString()));
            this.received?.(this.events.at(-1));
        }
        if (code === opcode.ping) this.send(opcode.pong, payload);
        if (code === opcode.close) {
            this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
            this.socket.end();
        }
        return true;
    }

    send(code, payload, options) {
        if (!this.closed) this.socket.write(frame(code, payload, options));
    }

    // The first event, also of those that came before, for which test(event) is true.
    event(what, test) {
        return until(`the event «${what}»`, () => this.events.find(test));
    }

    close() {
        this.send(opcode.close);
        this.socket.destroy();
    }
}
