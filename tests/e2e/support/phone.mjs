// A telephone: baresip without a sound card. It says a tone, writes what it hears to a WAV file and is
// driven over its control port.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { freePorts } from './ports.mjs';
import { Program, until } from './process.mjs';
import { readWav, tone, writeWav } from './sound.mjs';

const accountCodecs = {
    opus: 'opus/48000/2',
    G722: 'g722/16000/1',
    PCMU: 'pcmu',
    PCMA: 'pcma',
    GSM: 'gsm',
};
const rtpPorts = 20;

// Its audio is 48 kHz mono on both sides, whatever the codec: baresip resamples.
function configuration({ folder, sipPort, controlPort, rtpPort, mux }) {
    const modules = ['opus', 'g711', 'g722', 'gsm', 'aufile', 'aubridge', 'sndfile', 'srtp'];
    return [
        'poll_method epoll',
        // Without it, SDP names the first interface that is not loopback.
        'net_interface 127.0.0.1',
        `sip_listen 127.0.0.1:${sipPort}`,
        `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
        `rtp_ports ${rtpPort}-${rtpPort + rtpPorts - 1}`,
        `rtcp_mux ${mux ? 'yes' : 'no'}`,
        `audio_source aufile,${join(folder, 'said.wav')}`,
        'audio_player aubridge,null',
        'ausrc_srate 48000',
        'auplay_srate 48000',
        'ausrc_channels 1',
        'auplay_channels 1',
        'audio_txmode thread',
        `snd_path ${folder}`,
        'module_path /usr/lib/baresip/modules',
        ...modules.map((name) => `module ${name}.so`),
        'module_tmp account.so',
        'module_app menu.so',
        'module_app ctrl_tcp.so',
        '',
    ].join('\n');
}

export class Phone {
    // options: name, codec, hz, encryption (baresip's mediaenc), mux
    constructor(parent, options) {
        Object.assign(this, { amplitude: 0.05, commands: 0, ...options, events: [], replies: [] });
        this.folder = join(parent, this.name);
        mkdirSync(this.folder);
        this.prepare();
    }

    // The call ends with the file: it is longer than any test.
    prepare() {
        const second = tone(this.hz, 1, 48000, this.amplitude);
        const said = new Int16Array(200 * second.length);
        for (let at = 0; at < said.length; at += second.length) said.set(second, at);
        writeWav(join(this.folder, 'said.wav'), said, 48000);
    }

    async start() {
        const { folder, name, codec, encryption } = this;
        const [sipPort, controlPort, rtpPort] = [await freePorts(2), await freePorts(1), await freePorts(rtpPorts)];
        const secure = encryption ? `;mediaenc=${encryption}` : '';
        writeFileSync(join(folder, 'config'), configuration({ ...this, sipPort, controlPort, rtpPort }));
        writeFileSync(join(folder, 'contacts'), '');
        writeFileSync(join(folder, 'accounts'),
            `<sip:${name}@127.0.0.1:${sipPort}>;regint=0${secure};audio_codecs=${accountCodecs[codec]}\n`);
        this.program = new Program('baresip', ['-f', folder, '-v'], { env: { ...process.env, HOME: folder } });
        this.control = await until(`${name}'s control port`, () => {
            if (this.program.result) throw new Error(`baresip ended: ${this.program.stdout}${this.program.stderr}`);
            return this.connect(controlPort);
        });
        return this;
    }

    connect(port) {
        return new Promise((resolve) => {
            const socket = net.connect(port, '127.0.0.1').unref();
            let buffer = Buffer.alloc(0);
            socket.once('connect', () => resolve(socket));
            socket.on('error', () => resolve(undefined));
            socket.on('data', (data) => {
                buffer = this.take(Buffer.concat([buffer, data]));
            });
        });
    }

    // Netstrings of JSON: LENGTH:{…},
    take(buffer) {
        for (;;) {
            const colon = buffer.indexOf(':');
            if (colon < 0) return buffer;
            const end = colon + 1 + Number(buffer.toString('latin1', 0, colon));
            if (buffer.length < end + 1) return buffer;
            const message = JSON.parse(buffer.toString('utf8', colon + 1, end));
            (message.event ? this.events : this.replies).push(message);
            buffer = buffer.subarray(end + 1);
        }
    }

    // A command of baresip's menu; throws when it refuses.
    async command(command, params) {
        const token = `${command}-${this.commands++}`;
        const text = JSON.stringify({ command, params, token });
        this.control.write(`${Buffer.byteLength(text)}:${text},`);
        const found = () => this.replies.find((r) => r.token === token);
        const reply = await until(`${this.name}'s reply to ${command}`, found);
        if (!reply.ok) throw new Error(`${this.name}: ${command} ${params ?? ''}: ${reply.data}`);
        return reply.data;
    }

    event(type) {
        return until(`${type} at ${this.name}`, () => this.events.find((e) => e.type === type));
    }

    dial(bridge, room) {
        return this.command('dial', `sip:${room}@127.0.0.1:${bridge.port}`);
    }

    // RTP packets that it took as the server's; with SRTP these were deciphered.
    async packetsTaken() {
        return Number((await this.command('audio_debug')).match(/ rcvd=(\d+)/)?.[1] ?? 0);
    }

    // What it heard, once the call is over. baresip 1.0 stops writing when the call is put on hold.
    async recording() {
        await this.event('CALL_CLOSED');
        const names = () => readdirSync(this.folder).filter((file) => /^dump-.*-dec\.wav$/.test(file));
        const files = await until(`what ${this.name} heard`, () => names().length > 0 && names());
        return readWav(join(this.folder, files.sort()[0]));
    }

    async leave() {
        this.control?.destroy();
        await this.program?.stop();
    }
}
