// Real programs as devices: ffmpeg and GStreamer send tones and record what they hear.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRtcp, Line } from './line.mjs';
import { Program, until } from './process.mjs';
import { freePorts } from './ports.mjs';
import { codecs, makeOffer, newKey } from './sdp.mjs';
import { readWav } from './sound.mjs';

const hex = (key) => Buffer.from(key, 'base64').toString('hex');
const pcmRate = { opus: 48000, G722: 16000, PCMU: 8000, PCMA: 8000, L16: 48000 };
// L16/48000 of 20 ms does not fit an Ethernet frame; such devices send 10 ms.
const sendPtime = { opus: 20, G722: 20, PCMU: 20, PCMA: 20, L16: 10 };

const ffmpegEncoder = {
    opus: ['-c:a', 'libopus', '-b:a', '48k', '-frame_duration', '20'],
    G722: ['-c:a', 'g722'],
    PCMU: ['-c:a', 'pcm_mulaw'],
    PCMA: ['-c:a', 'pcm_alaw'],
    L16: ['-c:a', 'pcm_s16be'],
};

function ffmpegSource({ hz, amplitude, wav, codec }) {
    const rate = pcmRate[codec.name];
    const frame = (rate * sendPtime[codec.name]) / 1000;
    const input = wav
        ? ['-stream_loop', '-1', '-i', wav]
        : ['-f', 'lavfi', '-i', `sine=frequency=${hz}:sample_rate=${rate}`];
    // lavfi's sine has an amplitude of 1/8.
    const volume = wav ? 1 : 8 * amplitude;
    return [...input, '-af', `volume=${volume},asetnsamples=n=${frame}`, '-ac', '1', '-ar', rate];
}

export function ffmpegSender(device, { port, crypto }) {
    const { codec } = device;
    const srtp = crypto ? ['-srtp_out_suite', crypto.suite, '-srtp_out_params', crypto.key] : [];
    const target = `${crypto ? 'srtp' : 'rtp'}://127.0.0.1:${port}?rtcpport=${port}&pkt_size=1400`;
    return new Program(
        'ffmpeg',
        ['-nostdin', '-loglevel', 'error', '-re', ...ffmpegSource(device), ...ffmpegEncoder[codec.name],
            '-payload_type', codec.pt, ...srtp, '-f', 'rtp', target].map(String),
    );
}

// Records what comes to port; the SDP says what the server said it would send.
export function ffmpegReceiver(device, { port, folder, file, crypto }) {
    const { codec } = device;
    const sdp = join(folder, `${port}.sdp`);
    const offer = { port, codec, suite: crypto?.suite, key: crypto?.key, mux: false };
    writeFileSync(sdp, makeOffer({ ...offer, direction: 'recvonly', ptime: 20 }));
    return new Program('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', '-protocol_whitelist',
        'file,udp,rtp,srtp,crypto', '-analyzeduration', '0', '-probesize', '32', '-fflags', 'nobuffer',
        '-i', sdp, '-ac', '1', '-ar', '48000', '-c:a', 'pcm_s16le', '-flush_packets', '1', file]);
}

const gstEncoder = {
    opus: 'opusenc bitrate=48000 frame-size=20 ! rtpopuspay',
    PCMU: 'mulawenc ! rtppcmupay min-ptime=20000000 max-ptime=20000000',
    PCMA: 'alawenc ! rtppcmapay min-ptime=20000000 max-ptime=20000000',
    L16: 'rtpL16pay min-ptime=10000000 max-ptime=10000000',
};
const gstDecoder = {
    opus: 'rtpopusdepay ! opusdec',
    PCMU: 'rtppcmudepay ! mulawdec',
    PCMA: 'rtppcmadepay ! alawdec',
    L16: 'rtpL16depay',
};
// Names of RFC 4568 as libsrtp's GStreamer elements have them; SRTCP keeps the long tag.
const gstSuite = {
    AEAD_AES_128_GCM: ['aes-128-gcm', 'null', 'null'],
    AEAD_AES_256_GCM: ['aes-256-gcm', 'null', 'null'],
    AES_CM_128_HMAC_SHA1_80: ['aes-128-icm', 'hmac-sha1-80', 'hmac-sha1-80'],
    AES_CM_128_HMAC_SHA1_32: ['aes-128-icm', 'hmac-sha1-32', 'hmac-sha1-80'],
};

function gstLaunch(pipeline) {
    return new Program('gst-launch-1.0', ['-q', '-e', ...pipeline.trim().split(/\s+/)]);
}

export function gstSender({ codec, hz, amplitude }, { port, crypto }) {
    const rate = pcmRate[codec.name];
    const [cipher, auth, rtcpAuth] = crypto ? gstSuite[crypto.suite] : [];
    const srtp = crypto
        ? `! srtpenc key=${hex(crypto.key)} rtp-cipher=${cipher} rtp-auth=${auth}
             rtcp-cipher=${cipher} rtcp-auth=${rtcpAuth}`
        : '';
    const frame = (rate * sendPtime[codec.name]) / 1000;
    return gstLaunch(`audiotestsrc is-live=true wave=sine freq=${hz} volume=${amplitude} samplesperbuffer=${frame}
        ! audio/x-raw,rate=${rate},channels=1,format=${codec.name === 'L16' ? 'S16BE' : 'S16LE'}
        ! ${gstEncoder[codec.name]} pt=${codec.pt} ${srtp} ! udpsink host=127.0.0.1 port=${port}`);
}

// srtpdec takes a key for one SSRC only, so that must be known.
export function gstReceiver({ codec }, { port, file, crypto, ssrc }) {
    const [cipher, auth, rtcpAuth] = crypto ? gstSuite[crypto.suite] : [];
    const encoding = codec.name.toUpperCase();
    let caps = `media=audio,clock-rate=${codec.clock},encoding-name=${encoding},payload=${codec.pt}`;
    if (codec.name === 'L16') caps += ',channels=1';
    const srtp = crypto
        ? `application/x-srtp,${caps},ssrc=(uint)${ssrc},srtp-key=(buffer)${hex(crypto.key)},srtp-cipher=${cipher},srtp-auth=${auth},` +
          `srtcp-cipher=${cipher},srtcp-auth=${rtcpAuth}`
        : undefined;
    const source = srtp ? `caps=${srtp} ! srtpdec` : `caps=application/x-rtp,${caps}`;
    return gstLaunch(`udpsrc address=127.0.0.1 port=${port} ${source} ! rtpjitterbuffer latency=60
        ! ${gstDecoder[codec.name]} ! audioconvert ! audioresample
        ! audio/x-raw,rate=48000,channels=1,format=S16LE ! wavenc ! filesink location=${file}`);
}

// A device that joins a room, sends a tone of its own and records what it hears.
export class Device {
    // options: name, codec (of sdp.mjs), tool: ffmpeg | gst, hz, amplitude, wav, suite, faults, seed
    constructor(mcu, folder, options) {
        Object.assign(this, { tool: 'ffmpeg', amplitude: 0.05, ...options, mcu, folder });
        this.codec = typeof this.codec === 'string' ? codecs[this.codec] : this.codec;
        this.file = join(folder, `${this.name}.wav`);
    }

    async join(room) {
        this.line = await Line.open({ faults: this.faults, seed: this.seed });
        const { suite } = this;
        const key = suite && newKey(suite);
        const offer = makeOffer({ port: this.line.port, codec: this.codec, suite, key,
            ptime: sendPtime[this.codec.name], fmtp: this.fmtp });
        Object.assign(this, await this.mcu.join(room, this.name, offer));
        const received = this.media.crypto;
        if (suite && received?.suite !== suite) throw new Error(`no ${suite} in ${this.answer}`);
        const port = await freePorts(2);
        const [sender, receiver] = this.tool === 'gst' ? [gstSender, gstReceiver] : [ffmpegSender, ffmpegReceiver];
        this.line.connect(this.media, port);
        if (this.hz || this.wav)
            this.sender = sender(this, { port: this.line.innerPort, crypto: suite && { suite, key } });
        // What it receives is told by the answer: payload type and, with SDES, the server's key.
        if (this.listens !== false) {
            const ssrc = this.tool === 'gst' && suite ? await this.firstSsrc() : undefined;
            this.receiver = receiver(this, { port, folder: this.folder, file: this.file, crypto: received, ssrc });
        }
        return this;
    }

    firstSsrc() {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`no media for ${this.name}`)), 10000);
            this.line.received = (data) => {
                if (isRtcp(data)) return;
                clearTimeout(timer);
                this.line.received = undefined;
                resolve(data.readUInt32BE(8));
            };
        });
    }

    // The recording, after its receiver has been ended.
    async recording() {
        await this.receiver.stop('SIGINT', 8000);
        return readWav(this.file);
    }

    heard() {
        return until(`media for ${this.name}`, () => this.line.counts.received > 10);
    }

    async leave() {
        await Promise.all([this.sender?.stop(), this.receiver?.stop('SIGINT', 8000)]);
        this.line?.close();
    }
}
