// A bad line for WebRTC: a UDP relay between one client and the server's media port. The client is
// given the relay's port in place of the server's candidates, so that there is no other way.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { Faults } from './line.mjs';

async function bound(host) {
    const socket = dgram.createSocket('udp4');
    socket.on('error', () => {});
    socket.bind({ address: host, port: 0, exclusive: true });
    await once(socket, 'listening');
    socket.setRecvBufferSize(1 << 20);
    socket.unref();
    return socket;
}

export class Relay {
    static async open({ host = '127.0.0.1' } = {}) {
        const relay = new Relay();
        relay.near = await bound(host);
        relay.far = await bound('0.0.0.0'); // whatever address reaches the server
        relay.host = host;
        relay.port = relay.near.address().port;
        relay.counts = { up: 0, down: 0 };
        relay.clear();
        relay.near.on('message', (data, from) => {
            relay.client = from;
            if (!relay.server) return;
            relay.counts.up++;
            relay.up.pass(data, (packet) => relay.send(relay.far, packet, relay.server));
        });
        relay.listen();
        return relay;
    }

    listen() {
        this.far.on('message', (data, from) => {
            if (!this.client || from.port !== this.server.port || from.address !== this.server.address) return;
            this.counts.down++;
            this.down.pass(data, (packet) => this.send(this.near, packet, this.client));
        });
    }

    send(socket, packet, { port, address }) {
        if (!this.closed) socket.send(packet, port, address);
    }

    // Faults as line.mjs has them, both ways by default.
    impair({ up = {}, down = up, seed = 1 }) {
        this.up = new Faults(up, seed);
        this.down = new Faults(down, seed + 1);
    }

    clear() {
        this.impair({});
    }

    // Changes the address from which the server is reached, as a NAT that lost its table does.
    async rebind() {
        const old = this.far;
        this.far = await bound('0.0.0.0');
        this.listen();
        old.close();
    }

    // The server's answer with this relay as its only candidate; an IPv4 UDP one must be in it.
    answer(sdp) {
        const [, address, port] = sdp.match(/^a=candidate:\S+ 1 udp \d+ (\d+\.\S+) (\d+) typ host/im);
        this.server = { address, port: Number(port) };
        let placed = 0;
        return sdp
            .split('\r\n')
            .flatMap((line) => {
                if (!/^a=(candidate:|end-of-candidates)/.test(line)) return [line];
                return placed++ ? [] : [`a=candidate:1 1 udp 2130706431 ${this.host} ${this.port} typ host`];
            })
            .join('\r\n');
    }

    close() {
        if (this.closed) return;
        this.closed = true;
        this.near.close();
        this.far.close();
    }
}

// Every join of this page (Playwright) goes through the relay.
export function through(page, relay) {
    return page.route('**/whip/**', async (route) => {
        if (route.request().method() !== 'POST') return route.continue();
        const response = await route.fetch();
        const body = await response.text();
        await route.fulfill({ response, body: response.status() === 201 ? relay.answer(body) : body });
    });
}
