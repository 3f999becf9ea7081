// Opus packets out of and into Ogg files (RFC 3533, RFC 7845), so that ffmpeg can make and hear them.
import { run } from './process.mjs';

// All packets of a file with one logical stream, its two header packets left out.
export function packetsOf(bytes) {
    const packets = [];
    let pieces = [];
    for (let at = 0; at + 27 <= bytes.length; ) {
        const segments = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
        let data = at + 27 + segments.length;
        for (const length of segments) {
            pieces.push(bytes.subarray(data, data + length));
            data += length;
            if (length === 255) continue;
            packets.push(Buffer.concat(pieces));
            pieces = [];
        }
        at = data;
    }
    return packets.slice(2);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, i) => {
    let r = i << 24;
    for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
    return r >>> 0;
});

function page(packet, sequence, granule, flags) {
    const lacing = [...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255];
    const head = Buffer.alloc(27 + lacing.length);
    head.write('OggS', 0);
    head[5] = flags;
    head.writeBigUInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(1, 14);
    head.writeUInt32LE(sequence, 18);
    head[26] = lacing.length;
    lacing.forEach((length, i) => (head[27 + i] = length));
    const out = Buffer.concat([head, packet]);
    let crc = 0;
    for (const byte of out) crc = ((crc << 8) ^ crcTable[(crc >>> 24) ^ byte]) >>> 0;
    out.writeUInt32LE(crc, 22);
    return out;
}

// A mono file of packets of 20 ms each.
export function fileOf(packets) {
    const head = Buffer.from('OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0', 'latin1');
    const tags = Buffer.from('OpusTags\0\0\0\0\0\0\0\0', 'latin1');
    return Buffer.concat([
        page(head, 0, 0, 2),
        page(tags, 1, 0, 0),
        ...packets.map((p, i) => page(p, i + 2, 960 * (i + 1), i + 1 === packets.length ? 4 : 0)),
    ]);
}

// Packets of 20 ms of a tone that can be repeated: its phase fits the whole. With wav: of that file.
export async function encoded({ hz, amplitude = 0.1, seconds = 2, wav, bitrate = 48000 }) {
    const input = wav
        ? ['-i', wav]
        : ['-f', 'lavfi', '-i', `sine=frequency=${hz}:sample_rate=48000:duration=${seconds}`];
    const volume = wav ? 1 : 8 * amplitude; // lavfi's sine has an amplitude of 1/8
    const bytes = await run('ffmpeg', ['-nostdin', '-loglevel', 'error', ...input, '-af',
        `volume=${volume}`, '-ac', '1', '-ar', '48000', '-c:a', 'libopus', '-b:a', String(bitrate),
        '-frame_duration', '20', '-f', 'ogg', '-'], { encoding: 'latin1' });
    return packetsOf(Buffer.from(bytes, 'latin1'));
}

// Samples in -1 … 1 at 48 kHz.
export async function decoded(packets) {
    const bytes = await run('ffmpeg', ['-loglevel', 'error', '-f', 'ogg', '-i', 'pipe:0', '-f', 'f32le',
        '-ac', '1', '-ar', '48000', 'pipe:1'], { input: fileOf(packets), encoding: 'latin1' });
    const raw = Buffer.from(bytes, 'latin1');
    return new Float32Array(raw.buffer, raw.byteOffset, raw.length >> 2).slice();
}
