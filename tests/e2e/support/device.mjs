// A device made of JavaScript: sends exact samples, keeps every packet it gets. For what must be
// compared to the sample or to the packet; real programs are in media.mjs.
import { isRtcp, Line } from './line.mjs';
import { until } from './process.mjs';
import { l16Decode, l16Encode, parseRtp, rtcpTypes, RtpSender } from './rtp.mjs';
import { codecs, makeOffer } from './sdp.mjs';
import { muLawDecode, muLawEncode, steadyToneDb, tone } from './sound.mjs';

const coding = {
    PCMU: { encode: muLawEncode, decode: muLawDecode, ptime: 20 },
    L16: { encode: l16Encode, decode: l16Decode, ptime: 10 },
};

export class BareDevice {
    constructor(mcu, { name, codec = 'PCMU', faults, seed, host, offer = {} }) {
        Object.assign(this, { mcu, name, codec, faults, seed, host, offer });
        this.packets = [];
        this.rtcp = [];
        this.byes = 0;
    }

    async join(room) {
        const { host, faults, seed } = this;
        this.line = await Line.open({ host, faults, seed, received: (data) => this.take(data) });
        const offer = makeOffer({
            host,
            port: this.line.port,
            codec: codecs[this.codec],
            ptime: coding[this.codec].ptime,
            ...this.offer,
        });
        Object.assign(this, await this.mcu.join(room, this.name, offer));
        this.line.connect(this.media);
        return this;
    }

    take(data) {
        if (isRtcp(data)) {
            const types = rtcpTypes(data);
            this.rtcp.push(types);
            if (types.includes(203)) this.byes++;
            return;
        }
        const packet = parseRtp(data);
        if (packet) this.packets.push({ ...packet, payload: Buffer.from(packet.payload) });
    }

    // Repeats these samples (Int16Array at the codec's rate) until silence().
    say(samples) {
        const { clock } = codecs[this.codec];
        const { encode, ptime } = coding[this.codec];
        const ssrc = 0x51000000 + this.line.port;
        this.sender = new RtpSender({
            send: (data) => this.line.send(data),
            samples, encode, ptime, clock, ssrc, pt: this.media.pt, seq: 1000, ts: 160000,
        });
    }

    silence() {
        this.sender?.stop();
    }

    // What came, by timestamp, from packet number `from` on; missing packets are silence.
    heard(from = 0) {
        const { decode } = coding[this.codec];
        const packets = this.packets.slice(from).filter((p) => p.pt === this.media.pt);
        if (packets.length === 0) return new Int16Array(0);
        const first = packets[0].ts;
        const pieces = packets.map((p) => ({ at: (p.ts - first) | 0, pcm: decode(p.payload) }));
        const end = Math.max(...pieces.map((p) => p.at + p.pcm.length));
        const out = new Int16Array(end);
        for (const { at, pcm } of pieces) if (at >= 0) out.set(pcm, at);
        return out;
    }

    packetsBeyond(count, timeoutMs = 30000) {
        return until(`${count} packets for ${this.name}`, () => this.packets.length >= count, { timeoutMs });
    }

    stats() {
        return this.mcu.api('GET', this.path);
    }

    leave() {
        this.silence();
        this.line?.close();
    }
}

// A device that sends a tone and tells, as WebRTC clients do, which tones it hears.
export class ToneDevice extends BareDevice {
    constructor(mcu, { hz, ...options }) {
        super(mcu, options);
        this.hz = hz;
    }

    async join(room) {
        await super.join(room);
        this.say(tone(this.hz, 1, codecs[this.codec].clock));
        return this;
    }

    async heard(tones) {
        const rate = codecs[this.codec].clock;
        const from = this.packets.length;
        await this.packetsBeyond(from + 50);
        const samples = Float64Array.from(this.heardSince(from), (v) => v / 32768);
        return tones.map((hz) => steadyToneDb(samples, hz, rate));
    }

    heardSince(from) {
        return BareDevice.prototype.heard.call(this, from);
    }
}
