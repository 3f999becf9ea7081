// SDP offers as devices write them, and what the tests need of an answer.
import { randomBytes } from 'node:crypto';

export const codecs = {
    opus: { name: 'opus', pt: 96, clock: 48000, rtpmap: 'opus/48000/2' },
    G722: { name: 'G722', pt: 9, clock: 8000, rtpmap: 'G722/8000' },
    PCMU: { name: 'PCMU', pt: 0, clock: 8000, rtpmap: 'PCMU/8000' },
    PCMA: { name: 'PCMA', pt: 8, clock: 8000, rtpmap: 'PCMA/8000' },
    L16: { name: 'L16', pt: 97, clock: 48000, rtpmap: 'L16/48000/1' },
};

const keyBytes = {
    AEAD_AES_128_GCM: 28,
    AEAD_AES_256_GCM: 44,
    AES_CM_128_HMAC_SHA1_80: 30,
    AES_CM_128_HMAC_SHA1_32: 30,
};
export const suites = Object.keys(keyBytes);
export const newKey = (suite) => randomBytes(keyBytes[suite]).toString('base64');

// key: base64, makes it an SRTP offer of that suite. mux: RTCP on the RTP port.
export function makeOffer({
    port,
    codec = codecs.opus,
    host = '127.0.0.1',
    direction = 'sendrecv',
    ptime = 20,
    fmtp,
    level,
    suite,
    key,
    mux = true,
    extra = [],
}) {
    const media = Array.isArray(codec) ? codec : [codec];
    return [
        'v=0',
        `o=- ${port} 1 IN IP4 ${host}`,
        's=-',
        `c=IN IP4 ${host}`,
        't=0 0',
        `m=audio ${port} ${suite ? 'RTP/SAVP' : 'RTP/AVP'} ${media.map((c) => c.pt).join(' ')}`,
        ...media.map((c) => `a=rtpmap:${c.pt} ${c.rtpmap}`),
        ...(fmtp ? [`a=fmtp:${media[0].pt} ${fmtp}`] : []),
        ...(suite ? [`a=crypto:1 ${suite} inline:${key}`] : []),
        ...(level ? [`a=extmap:${level} urn:ietf:params:rtp-hdrext:ssrc-audio-level`] : []),
        ...(mux ? ['a=rtcp-mux'] : []),
        `a=ptime:${ptime}`,
        `a=${direction}`,
        ...extra,
        '',
    ].join('\r\n');
}

// {host, port, pt, rtpmap, fmtp, mux, level, crypto: {suite, key}, direction} of the first medium.
export function parseAnswer(text) {
    const lines = text.split(/\r?\n/);
    const value = (prefix) => lines.find((l) => l.startsWith(prefix))?.slice(prefix.length);
    const media = value('m=audio ')?.split(' ');
    if (!media) throw new Error(`no audio in this answer:\n${text}`);
    const pt = Number(media[2]);
    const crypto = value('a=crypto:')?.match(/^\S+ (\S+) inline:([^| ]+)/);
    const level = lines.find((l) => l.startsWith('a=extmap:') && l.includes('ssrc-audio-level'));
    return {
        host: value('c=IN IP4 '),
        port: Number(media[0]),
        profile: media[1],
        pt,
        rtpmap: value(`a=rtpmap:${pt} `),
        fmtp: value(`a=fmtp:${pt} `),
        ptime: Number(value('a=ptime:') ?? 20),
        mux: lines.includes('a=rtcp-mux'),
        level: level && Number(level.match(/^a=extmap:(\d+)/)[1]),
        crypto: crypto && { suite: crypto[1], key: crypto[2] },
        direction: ['sendrecv', 'sendonly', 'recvonly', 'inactive'].find((d) => lines.includes(`a=${d}`)) ?? 'sendrecv',
    };
}
