// The line of one device: its public UDP port toward the server, with ports inside for programs that
// cannot send and receive on one port. On the way packets can be delayed, jittered, lost, doubled and
// reordered, by a seeded generator, so that a run repeats.
import dgram from 'node:dgram';
import { once } from 'node:events';

// A small linear generator: the same seed, the same line.
export function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 4294967296;
    };
}

// RTCP shares the port (RFC 5761): its packet types are 192 to 223.
export const isRtcp = (data) => data.length >= 2 && data[1] >= 192 && data[1] <= 223;

async function bound(host) {
    const socket = dgram.createSocket('udp4');
    socket.on('error', () => {}); // a closed peer answers with ICMP
    socket.bind({ address: host, port: 0, exclusive: true });
    await once(socket, 'listening');
    socket.setRecvBufferSize(1 << 20);
    socket.unref(); // a test that failed half-way must be able to end
    return socket;
}

// Applies one direction's faults: {delayMs, jitterMs, loss, duplicate, reorder} (shares of 1).
export class Faults {
    constructor(options, seed) {
        this.options = { delayMs: 0, jitterMs: 0, loss: 0, duplicate: 0, reorder: 0, ...options };
        this.random = random(seed);
        this.last = 0;
    }

    pass(data, deliver) {
        const { delayMs, jitterMs, loss, duplicate, reorder } = this.options;
        if (this.random() < loss) return;
        const copies = this.random() < duplicate ? 2 : 1;
        const overtakes = this.random() < reorder;
        let at = performance.now() + delayMs + this.random() * jitterMs;
        // Jitter alone keeps the order, as a queue does.
        if (!overtakes) at = this.last = Math.max(at, this.last);
        for (let i = 0; i < copies; i++) {
            const wait = at - performance.now();
            if (wait < 0.5) deliver(data);
            else setTimeout(() => deliver(data), wait);
        }
    }
}

export class Line {
    // faults: {up, down} as Faults takes them. received: called with each packet from the server.
    static async open({ host = '127.0.0.1', faults = {}, seed = 1, received } = {}) {
        const line = new Line();
        line.outer = await bound(host);
        line.inner = await bound('127.0.0.1');
        line.port = line.outer.address().port;
        line.innerPort = line.inner.address().port;
        line.up = new Faults(faults.up, seed);
        line.down = new Faults(faults.down, seed + 1);
        line.received = received;
        line.counts = { sent: 0, received: 0, rtcp: 0 };
        line.sources = new Set();
        line.outer.on('message', (data, from) => line.take(data, from));
        line.inner.on('message', (data) => line.send(data));
        return line;
    }

    // Where the server receives, and where the program inside does (optional).
    connect({ host, port }, innerPort) {
        this.remote = { host, port };
        this.deliverPort = innerPort;
    }

    send(data) {
        if (!this.remote) return;
        this.up.pass(data, (packet) => {
            if (this.closed) return;
            this.counts.sent++;
            this.outer.send(packet, this.remote.port, this.remote.host);
        });
    }

    take(data, from) {
        this.sources.add(`${from.address}:${from.port}`);
        this.counts[isRtcp(data) ? 'rtcp' : 'received']++;
        this.down.pass(data, (packet) => {
            if (this.closed) return;
            this.received?.(packet, from);
            if (this.deliverPort && !isRtcp(packet))
                this.inner.send(packet, this.deliverPort, '127.0.0.1');
        });
    }

    close() {
        if (this.closed) return;
        this.closed = true;
        this.outer.close();
        this.inner.close();
    }
}
