// Janus AudioBridge under the same load: plain-RTP participants through its HTTP API.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, run, until } from '../../tests/e2e/support/process.mjs';
import { freePorts } from '../../tests/e2e/support/ports.mjs';

const payloadType = 100;

function configure(folder, httpPort, rtpPort, iceLite) {
    const none = 'libjanus_none.so';
    writeFileSync(
        join(folder, 'janus.jcfg'),
        `general: { debug_level = 2  session_timeout = 0 }
         nat: { nice_debug = false  ice_lite = ${iceLite} }
         media: { }
         transports: { disable = "libjanus_pfunix.so,libjanus_websockets.so,libjanus_mqtt.so,libjanus_rabbitmq.so,libjanus_nanomsg.so" }
         events: { broadcast = false }
         loggers: { disable = "${none}" }
         plugins: { disable = "libjanus_echotest.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so,libjanus_lua.so,libjanus_duktape.so" }\n`,
    );
    writeFileSync(
        join(folder, 'janus.transport.http.jcfg'),
        `general: { base_path = "/janus"  http = true  port = ${httpPort}  interface = "lo"  ip = "127.0.0.1"  https = false }
         admin: { admin_http = false }\n`,
    );
    writeFileSync(
        join(folder, 'janus.plugin.audiobridge.jcfg'),
        `general: { rtp_port_range = "${rtpPort}-${rtpPort + 1999}"  local_ip = "127.0.0.1"  events = false }\n`,
    );
}

export class Janus {
    static async version() {
        const text = await run("dpkg-query", ["-W", "-f", "${Version}", "janus"]).catch(() => "");
        return text.match(/\d+\.\d+\.\d+/)?.[0];
    }

    static async start({ iceLite = false } = {}) {
        const janus = new Janus();
        janus.folder = mkdtempSync(join(tmpdir(), 'bench-janus-'));
        const http = await freePorts(1);
        configure(janus.folder, http, 10000, iceLite);
        janus.url = `http://127.0.0.1:${http}/janus`;
        janus.program = new Program('janus', ['-F', janus.folder, '-d', '2']);
        try {
            await until('Janus', async () => {
                if (janus.program.result) throw new Error(`janus ended: ${janus.program.stderr}`);
                return fetch(`${janus.url}/info`).then((r) => r.ok, () => false);
            });
            janus.session = (await janus.post('', { janus: 'create' })).data.id;
            janus.events = new Map();
            janus.polling = janus.poll();
        } catch (error) {
            await janus.stop();
            throw error;
        }
        return janus;
    }

    get pid() {
        return this.program.pid;
    }

    async post(path, body) {
        const transaction = Math.random().toString(36).slice(2);
        const response = await fetch(this.url + path, {
            method: 'POST',
            body: JSON.stringify({ transaction, ...body }),
        });
        const reply = await response.json();
        if (reply.janus === 'error') throw new Error(`janus: ${reply.error.reason}`);
        return reply;
    }

    // Asynchronous answers come by long poll, keyed by the handle that asked.
    async poll() {
        while (!this.closing) {
            const response = await fetch(`${this.url}/${this.session}?maxev=50`).catch(() => null);
            const events = response?.ok ? await response.json().catch(() => []) : [];
            for (const event of [events].flat())
                if (event.plugindata) this.events.get(event.sender)?.(event.plugindata.data, event.jsep);
            if (!response) await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    attach() {
        return this.post(`/${this.session}`, {
            janus: 'attach',
            plugin: 'janus.plugin.audiobridge',
        }).then((reply) => reply.data.id);
    }

    async createRoom(room, rate = 48000, more = {}) {
        this.manager ??= await this.attach();
        const reply = await this.post(`/${this.session}/${this.manager}`, {
            janus: 'message',
            body: {
                request: 'create',
                room,
                sampling_rate: rate,
                audiolevel_ext: true,
                allow_rtp_participants: true,
                ...more,
            },
        });
        if (reply.plugindata.data.error) throw new Error(reply.plugindata.data.error);
        return room;
    }

    // Joins from 127.0.0.1:port; gives the row that rtpload needs for this participant.
    async join(room, port, { talk = false, codec = 'opus', level = 0 } = {}) {
        const handle = await this.attach();
        const joined = new Promise((resolve, reject) => {
            this.events.set(handle, (data) =>
                data.rtp ? resolve(data.rtp) : data.error && reject(new Error(data.error)),
            );
            setTimeout(() => reject(new Error('janus: no answer to join')), 20000).unref();
        });
        const rtp = { ip: '127.0.0.1', port, payload_type: codec === 'opus' ? payloadType : 0 };
        if (level) rtp.audiolevel_ext = level;
        await this.post(`/${this.session}/${handle}`, {
            janus: 'message',
            body: { request: 'join', room, codec, rtp },
        });
        const answer = await joined;
        return {
            remote: `127.0.0.1:${answer.port}`,
            codec,
            pt: rtp.payload_type,
            talk,
            hello: true, // Janus sends nothing to who has sent nothing
            level: talk && level,
        };
    }

    async stop() {
        this.closing = true;
        await this.program.stop('SIGTERM', 10000);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
