// Child processes that never outlive a test: started here, ended here, by their own pid.
import { spawn } from 'node:child_process';

// A file of tests that hangs fails alone, and not the run.
setTimeout(() => {
    console.error('these tests take more than eight minutes');
    process.exit(1);
}, 480000).unref();

const running = new Set();
process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
});

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until probe() gives something true; throws, with what was waited for, when it never does.
export async function until(what, probe, { timeoutMs = 20000, everyMs = 50 } = {}) {
    const end = Date.now() + timeoutMs;
    for (;;) {
        const value = await probe();
        if (value) return value;
        if (Date.now() > end) throw new Error(`gave up waiting for ${what}`);
        await sleep(everyMs);
    }
}

// A started program: its output so far, its end, and a way to end it.
export class Program {
    constructor(command, args, options = {}) {
        this.name = command.split('/').pop();
        this.stdout = '';
        this.stderr = '';
        this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
        this.child.stdin.on('error', () => {}); // it may end before it has read all
        // encoding: latin1 keeps what is no text as it is.
        this.child.stdout.setEncoding(options.encoding ?? 'utf8');
        this.child.stdout.on('data', (data) => (this.stdout += data));
        this.child.stderr.on('data', (data) => (this.stderr += data));
        running.add(this.child);
        this.ended = new Promise((resolve) => {
            this.child.on('error', (error) => {
                this.stderr += `${error}\n`;
                running.delete(this.child);
                resolve({ code: 127, signal: null });
            });
            this.child.on('close', (code, signal) => {
                running.delete(this.child);
                this.result = { code, signal };
                resolve(this.result);
            });
        });
    }

    get pid() {
        return this.child.pid;
    }

    // Waits for a line of standard output that matches, and gives the match.
    line(pattern, timeoutMs = 20000) {
        return until(
            `«${pattern}» of ${this.name}`,
            () => {
                const match = this.stdout.match(pattern);
                if (!match && this.result) throw new Error(`${this.name} ended: ${this.stderr}`);
                return match;
            },
            { timeoutMs, everyMs: 20 },
        );
    }

    // Waits for its end by itself; ends it by force when it takes longer.
    async finish(timeoutMs = 60000) {
        const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
        const result = await this.ended;
        clearTimeout(timer);
        return result;
    }

    async stop(signal = 'SIGTERM', timeoutMs = 5000) {
        if (!this.result) this.child.kill(signal);
        return this.finish(timeoutMs);
    }
}

// Runs to the end; throws with its complaint unless it succeeds.
export async function run(command, args, options = {}) {
    const program = new Program(command, args, options);
    program.child.stdin.end(options.input ?? '');
    const { code, signal } = await program.finish(options.timeoutMs ?? 60000);
    if (code !== 0)
        throw new Error(`${command} ${args.join(' ')}: ${signal ?? code}\n${program.stderr}`);
    return program.stdout;
}
