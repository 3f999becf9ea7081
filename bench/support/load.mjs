// Drives rtpload: ports first, then the table, then results; samples CPU and memory of a server.
import { readFileSync } from 'node:fs';
import { Program } from '../../tests/e2e/support/process.mjs';

const ticksPerSecond = 100; // USER_HZ, the same on every Linux

export function cpuSeconds(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentKiB(pid) {
    return Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1').match(/^Rss:\s+(\d+)/m)[1]);
}

export class Load {
    constructor(binary, peers, { seconds, warmup = 3, latency = false }) {
        const args = ['--seconds', seconds, '--warmup', warmup, ...(latency ? ['--latency'] : [])];
        this.seconds = seconds;
        this.warmup = warmup;
        this.program = new Program(binary, [...args, peers].map(String));
    }

    async ports() {
        const [, list] = await this.program.line(/^ports (.*)\n/m);
        return list.split(' ').map(Number);
    }

    // Runs the table; gives rtpload's results and the server's CPU over the same interval.
    async run(rows, pid) {
        this.program.child.stdin.end(rows.map((row) => rowText(row) + '\n').join(''));
        await this.program.line(/^measuring$/m, (this.warmup + 60) * 1000);
        const cpu = cpuSeconds(pid);
        const begin = process.hrtime.bigint();
        await new Promise((resolve) => setTimeout(resolve, this.seconds * 1000 - 200));
        const core = (cpuSeconds(pid) - cpu) / (Number(process.hrtime.bigint() - begin) / 1e9);
        const { code } = await this.program.finish((this.seconds + 120) * 1000);
        if (code !== 0) throw new Error(`rtpload: ${this.program.stderr}`);
        return { ...JSON.parse(this.program.stdout.match(/^\{.*\}$/m)[0]), core };
    }

    async stop() {
        await this.program.stop();
    }
}

function rowText(row) {
    return Object.entries(row)
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([key, value]) => `${key}=${value === true ? 1 : value}`)
        .join(' ');
}
