// A short WAV file: mono, 8 kHz, 16 bits.
export function wave(seconds = 0.2, hz = 440) {
    const samples = Math.round(8000 * seconds);
    const out = Buffer.alloc(44 + 2 * samples);
    out.write('RIFF', 0);
    out.writeUInt32LE(36 + 2 * samples, 4);
    out.write('WAVEfmt ', 8);
    out.writeUInt32LE(16, 16);
    out.writeUInt16LE(1, 20);
    out.writeUInt16LE(1, 22);
    out.writeUInt32LE(8000, 24);
    out.writeUInt32LE(16000, 28);
    out.writeUInt16LE(2, 32);
    out.writeUInt16LE(16, 34);
    out.write('data', 36);
    out.writeUInt32LE(2 * samples, 40);
    for (let i = 0; i < samples; i++)
        out.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / 8000)), 44 + 2 * i);
    return out;
}
