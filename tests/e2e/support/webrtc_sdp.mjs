// An offer as a browser makes it, of a browser that will never come: for what is tested by HTTP alone.
import { randomBytes } from 'node:crypto';

const fingerprint = () => randomBytes(32).toString('hex').toUpperCase().match(/../g).join(':');
const word = (n) => randomBytes(n).toString('hex');

export const credentials = () => ({ ufrag: word(4), pwd: word(16) });

export function webrtcOffer({ direction = 'sendrecv', ufrag = word(4), pwd = word(16), print = fingerprint() } = {}) {
    return [
        'v=0',
        'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
        's=-',
        't=0 0',
        'a=group:BUNDLE 0',
        'a=msid-semantic: WMS',
        'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8',
        'c=IN IP4 0.0.0.0',
        'a=rtcp:9 IN IP4 0.0.0.0',
        `a=ice-ufrag:${ufrag}`,
        `a=ice-pwd:${pwd}`,
        'a=ice-options:trickle',
        `a=fingerprint:sha-256 ${print}`,
        'a=setup:actpass',
        'a=mid:0',
        'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
        `a=${direction}`,
        'a=rtcp-mux',
        'a=rtcp-rsize',
        'a=rtpmap:111 opus/48000/2',
        'a=rtcp-fb:111 transport-cc',
        'a=fmtp:111 minptime=10;useinbandfec=1',
        'a=rtpmap:63 red/48000/2',
        'a=fmtp:63 111/111',
        '',
    ].join('\r\n');
}

export const fragment = ({ ufrag, pwd }, candidates = []) =>
    [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`, 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0', ...candidates, ''].join('\r\n');
