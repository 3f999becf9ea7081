// Ports on 127.0.0.1 that nobody has at the moment.
import dgram from 'node:dgram';
import net from 'node:net';

// Below Linux's ephemeral range, so that what is handed out is not taken by a random bind. Who runs
// tests side by side gives each of them a range.
const [low, high] = (process.env.TEST_PORTS ?? '20000-32000').split('-').map(Number);
let next = low + ((process.pid * 97) % Math.floor((high - low) * 0.8));

function udpFree(port, host) {
    return new Promise((resolve) => {
        const socket = dgram.createSocket('udp4');
        socket.once('error', () => resolve(false));
        socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
    });
}

function tcpFree(port, host) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(false));
        server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
    });
}

// count consecutive ports, the first one even, each free for UDP and TCP.
export async function freePorts(count = 1, host = '127.0.0.1') {
    for (let tries = 0; tries < 500; tries++) {
        const first = next + (next % 2);
        next = first + count;
        if (next > high) next = low;
        let free = first + count <= high;
        for (let i = 0; free && i < count; i++)
            free = (await udpFree(first + i, host)) && (await tcpFree(first + i, host));
        if (free) return first;
    }
    throw new Error('no free ports');
}
