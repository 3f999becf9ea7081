// RTP and RTCP packets by hand, for tests that must know or break every byte (RFC 3550).

export function rtpPacket({ pt, seq, ts, ssrc, payload, marker = false, extension }) {
    const header = Buffer.alloc(12);
    header[0] = extension ? 0x90 : 0x80;
    header[1] = (marker ? 0x80 : 0) | pt;
    header.writeUInt16BE(seq & 0xffff, 2);
    header.writeUInt32BE(ts >>> 0, 4);
    header.writeUInt32BE(ssrc >>> 0, 8);
    return Buffer.concat([header, extension ?? Buffer.alloc(0), payload]);
}

// {pt, seq, ts, ssrc, marker, payload}, or null for what is not RTP.
export function parseRtp(data) {
    if (data.length < 12 || data[0] >> 6 !== 2) return null;
    let at = 12 + 4 * (data[0] & 15);
    if (data[0] & 0x10) at += 4 + 4 * data.readUInt16BE(at + 2);
    const padding = data[0] & 0x20 ? data[data.length - 1] : 0;
    return {
        pt: data[1] & 0x7f,
        marker: data[1] >= 0x80,
        seq: data.readUInt16BE(2),
        ts: data.readUInt32BE(4),
        ssrc: data.readUInt32BE(8),
        payload: data.subarray(at, data.length - padding),
    };
}

// The packet types of a compound RTCP packet: 200 SR, 201 RR, 202 SDES, 203 BYE, 207 XR …
export function rtcpTypes(data) {
    const types = [];
    for (let at = 0; at + 4 <= data.length; at += 4 * (data.readUInt16BE(at + 2) + 1))
        types.push(data[at + 1]);
    return types;
}

// Sends PCM through encode(Int16Array) => bytes as RTP in real time: a packet of ptime each time it
// is due, caught up when the machine was busy. Repeats the samples until stop().
export class RtpSender {
    constructor({ send, samples, pt, clock = 8000, ptime = 20, ssrc = 0x1234567, seq = 1, ts = 1, encode }) {
        Object.assign(this, { send, samples, pt, ssrc, seq, ts, encode });
        this.frame = (clock * ptime) / 1000;
        this.at = 0;
        this.sent = 0;
        const begin = performance.now();
        this.timer = setInterval(() => {
            while (this.sent * ptime <= performance.now() - begin) this.next();
        }, ptime / 2).unref();
    }

    next() {
        const pcm = Int16Array.from(
            { length: this.frame },
            (_, i) => this.samples[(this.at + i) % this.samples.length],
        );
        this.at += this.frame;
        const { pt, ssrc } = this;
        const payload = Buffer.from(this.encode(pcm));
        this.send(rtpPacket({ pt, ssrc, seq: this.seq++, ts: this.ts, payload, marker: this.sent === 0 }));
        this.ts += this.frame;
        this.sent++;
    }

    stop() {
        clearInterval(this.timer);
    }
}

export const l16Encode = (pcm) => {
    const bytes = Buffer.alloc(2 * pcm.length);
    pcm.forEach((v, i) => bytes.writeInt16BE(v, 2 * i));
    return bytes;
};

export const l16Decode = (bytes) =>
    Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16BE(2 * i));
