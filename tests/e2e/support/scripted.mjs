// WebRTC stacks that are programs of their own, driven by lines of JSON: aiortc and GStreamer's
// webrtcbin. The same methods as a browser's client.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, until } from './process.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

export class ScriptedClient {
    // stack: aiortc | webrtcbin
    constructor(mcu, stack, { name = stack, hz = 440, amplitude = 0.1 } = {}) {
        Object.assign(this, { mcu, name, hz, amplitude });
        // Debian's Python, whose modules these are; another may come first on PATH.
        this.program = new Program('/usr/bin/python3', [join(folder, `${stack}_client.py`)]);
        this.answers = 0;
    }

    async order(order) {
        this.program.child.stdin.write(`${JSON.stringify(order)}\n`);
        const wanted = this.answers++;
        const lines = () => this.program.stdout.split('\n').slice(0, -1);
        await until(`${this.name} to ${order.do}`, () => {
            if (this.program.result) throw new Error(`${this.name} ended: ${this.program.stderr}`);
            return lines().length > wanted;
        }, { timeoutMs: 45000 });
        const reply = JSON.parse(lines()[wanted]);
        if (reply.error) throw new Error(`${this.name}: ${reply.error}\n${this.program.stderr}`);
        return reply.ok;
    }

    join(room, { kind = 'whip', token = this.mcu.token } = {}) {
        const url = `${this.mcu.url}/${kind}/${room}?name=${encodeURIComponent(this.name)}`;
        const direction = kind === 'whep' ? 'recvonly' : 'sendrecv';
        const { hz, amplitude } = this;
        return this.order({ do: 'join', url, token, hz, amplitude, direction });
    }

    heard(tones) {
        return this.order({ do: 'heard', tones });
    }

    async leave() {
        return (await this.order({ do: 'leave' })).status;
    }

    close() {
        return this.program.stop('SIGKILL');
    }
}
