// A WebRTC client in this process: libdatachannel under Node. Sends Opus that was encoded before and
// keeps the packets it gets. For load, and for tests that change what a client says of itself.
import { isRtcp } from './line.mjs';
import { decoded } from './ogg_opus.mjs';
import { until } from './process.mjs';
import { parseRtp, rtpPacket } from './rtp.mjs';
import { toneDb } from './sound.mjs';

const opusPt = 111;
let library;

export class NativeClient {
    // change: a function from the offer's text to what is posted. keep: how many packets are kept.
    constructor(mcu, { name = 'native', change = (sdp) => sdp, keep = 500, config = {} } = {}) {
        Object.assign(this, { mcu, name, change, keep, config });
        this.packets = [];
        this.received = 0;
        this.rtcp = 0;
        this.seq = 1;
        this.ts = 960;
    }

    async offer(kind) {
        library ??= await import('node-datachannel');
        const { PeerConnection, Audio } = library;
        this.peer = new PeerConnection(this.name, {
            iceServers: [],
            bindAddress: '127.0.0.1',
            disableAutoNegotiation: true,
            ...this.config,
        });
        const media = new Audio('0', kind === 'whep' ? 'RecvOnly' : 'SendRecv');
        media.addOpusCodec(opusPt);
        this.ssrc = 1 + Math.floor(Math.random() * 0xfffffffe);
        if (kind !== 'whep') media.addSSRC(this.ssrc, 'c', 's', 't');
        this.track = this.peer.addTrack(media);
        this.track.onMessage((data) => this.take(data));
        const complete = new Promise((resolve) =>
            this.peer.onGatheringStateChange((state) => state === 'complete' && resolve()),
        );
        this.peer.setLocalDescription('offer');
        await complete;
        return this.peer.localDescription().sdp;
    }

    take(data) {
        if (isRtcp(data)) {
            this.rtcp++;
            return;
        }
        this.received++;
        if (this.keep === 0) return;
        const packet = parseRtp(data);
        if (!packet || packet.pt !== opusPt) return;
        this.packets.push({ ...packet, payload: Buffer.from(packet.payload) });
        if (this.packets.length > this.keep) this.packets.shift();
    }

    // The answer to the POST; media flows when it is 201, unless wait is false.
    async join(room, { kind = 'whip', token = this.mcu.token, wait = true } = {}) {
        const offer = this.change(await this.offer(kind));
        this.token = token;
        const reply = await this.mcu.request('POST', `/${kind}/${room}?name=${this.name}`, {
            body: offer,
            type: 'application/sdp',
            token,
        });
        if (reply.status === 201) {
            this.path = new URL(reply.headers.get('location'), this.mcu.url).pathname;
            this.peer.setRemoteDescription(reply.body, 'answer');
            if (wait) await this.connected();
        } else this.peer.close();
        return reply;
    }

    connected(timeoutMs = 30000) {
        return until(`${this.name} to connect`, () => this.track.isOpen(), { timeoutMs });
    }

    // Sends one packet; false when the connection is not there.
    sendPacket(payload, marker = false) {
        const packet = rtpPacket({ pt: opusPt, seq: this.seq++, ts: this.ts, ssrc: this.ssrc, payload, marker });
        this.ts = (this.ts + 960) >>> 0;
        return this.track.isOpen() && this.track.sendMessageBinary(packet);
    }

    // Repeats these packets of 20 ms in real time until silence().
    say(packets) {
        const begin = performance.now();
        let sent = 0;
        this.timer = setInterval(() => {
            for (; 20 * sent <= performance.now() - begin; sent++)
                this.sendPacket(packets[sent % packets.length], sent === 0);
        }, 10).unref();
    }

    silence() {
        clearInterval(this.timer);
    }

    // Levels of these tones in dB over the next 1.3 s.
    async heard(tones) {
        const from = this.received;
        await until(`${this.name} to hear`, () => this.received >= from + 75);
        const packets = this.packets.slice(-75).sort((a, b) => ((a.ts - b.ts) | 0));
        const samples = await decoded(packets.map((p) => p.payload));
        const last = samples.subarray(-32768);
        return tones.map((hz) => toneDb(last, hz, 48000));
    }

    async leave() {
        this.silence();
        const { status } = await this.mcu.request('DELETE', this.path, { token: this.token });
        this.peer.close();
        return status;
    }

    close() {
        this.silence();
        this.peer?.close();
    }
}

// Ends the library's threads, without which the process would not end.
export function endNative() {
    library?.cleanup();
}
