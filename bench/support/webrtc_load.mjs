// WebRTC participants as a load: libdatachannel in a process of its own, so that the one that
// measures is never late. As the other load: join, run, results, and the server's CPU meanwhile.
import { createInterface } from 'node:readline';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Program, sleep } from '../../tests/e2e/support/process.mjs';
import { encoded } from '../../tests/e2e/support/ogg_opus.mjs';
import { endNative, NativeClient } from '../../tests/e2e/support/native.mjs';
import { voice } from '../../tests/e2e/support/voice.mjs';
import { cpuSeconds } from './load.mjs';

export class WebrtcLoad {
    constructor({ url, token }) {
        this.target = { url, token };
        this.program = new Program(process.execPath, [fileURLToPath(import.meta.url), 'serve']);
        // Handshakes cost the other side as much; here they shall not take the server's share.
        setPriority(this.program.pid, 10);
        this.answers = 0;
    }

    async order(order, timeoutMs = 120000) {
        this.program.child.stdin.write(`${JSON.stringify({ ...this.target, ...order })}\n`);
        const [, text] = await this.program.line(new RegExp(`^${this.answers++} (.*)\n`, 'm'), timeoutMs);
        const { error, ...reply } = JSON.parse(text);
        if (error) throw new Error(`WebRTC load: ${error}`);
        return reply;
    }

    // Adds this many; the first `talkers` of them repeat a voice. perSecond spreads the joins in
    // time; together: how many may be under way at once otherwise.
    join({ room, peers, talkers = 0, perSecond = 0, together = 4 }) {
        return this.order({ do: 'join', room, peers, talkers, perSecond, together });
    }

    // {packets, peers_without_media, core} of so many seconds.
    async run(pid, { seconds, warmup }) {
        await sleep(1000 * warmup);
        await this.order({ do: 'begin' });
        const cpu = cpuSeconds(pid);
        const begin = process.hrtime.bigint();
        await sleep(1000 * seconds);
        const core = (cpuSeconds(pid) - cpu) / (Number(process.hrtime.bigint() - begin) / 1e9);
        return { ...(await this.order({ do: 'end' })), core };
    }

    stop() {
        return this.program.stop('SIGKILL');
    }
}

// --- the process ----------------------------------------------------------------------------------
function mcuOf({ url, token }) {
    return {
        url,
        token,
        async request(method, path, { body, type, token: bearer }) {
            const headers = { Authorization: `Bearer ${bearer}`, ...(type && { 'Content-Type': type }) };
            const response = await fetch(url + path, { method, body, headers });
            return { status: response.status, headers: response.headers, body: await response.text() };
        },
    };
}

const clients = [];
const voices = new Map();

async function voiceOf(i) {
    const which = i % 3;
    if (!voices.has(which)) voices.set(which, await encoded({ wav: await voice(which), bitrate: 32000 }));
    return voices.get(which);
}

async function joinOne(mcu, { room, talk }, i) {
    const client = new NativeClient(mcu, { name: `load${i}`, keep: 0 });
    const { status, body } = await client.join(room);
    if (status !== 201) throw new Error(`join: ${status} ${body}`);
    clients.push(client);
    if (talk) client.say(await voiceOf(i));
}

async function join({ room, peers, talkers, perSecond, together, ...target }) {
    const mcu = mcuOf(target);
    for (let i = 0; i < talkers; i++) await voiceOf(i);
    const begin = performance.now();
    let next = 0;
    const worker = async () => {
        while (next < peers) {
            const i = next++;
            if (perSecond) await sleep(begin + (1000 * i) / perSecond - performance.now());
            await joinOne(mcu, { room, talk: i < talkers }, clients.length);
        }
    };
    await Promise.all(Array.from({ length: perSecond ? 100 : together }, worker));
    return { seconds: (performance.now() - begin) / 1000, joined: clients.length };
}

const orders = {
    join,
    begin() {
        for (const client of clients) client.mark = client.received;
        return {};
    },
    end() {
        const counts = clients.map((client) => client.received - client.mark);
        return {
            packets: counts.reduce((sum, n) => sum + n, 0),
            peers_without_media: counts.filter((n) => n === 0).length,
        };
    },
};

if (process.argv[2] === 'serve' && process.argv[1] === fileURLToPath(import.meta.url)) {
    let count = 0;
    for await (const line of createInterface({ input: process.stdin })) {
        const order = JSON.parse(line);
        let reply;
        try {
            reply = await orders[order.do](order);
        } catch (error) {
            reply = { error: error.message };
        }
        console.log(`${count++} ${JSON.stringify(reply)}`);
    }
    endNative();
}
