// STUN messages as a browser's ICE sends them (RFC 8489, 8445), and whatever else bytes can be.
import { createHmac, randomBytes } from 'node:crypto';

const COOKIE = 0x2112a442;
export const REQUEST = 0x0001;
export const INDICATION = 0x0011;
export const SUCCESS = 0x0101;
export const FAILURE = 0x0111;

function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
        crc ^= byte;
        for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
}

export function attribute(type, value = Buffer.alloc(0), length = value.length) {
    const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    bytes.writeUInt16BE(type, 0);
    bytes.writeUInt16BE(length, 2);
    value.copy(bytes, 4);
    return bytes;
}

export const username = (name) => attribute(0x0006, Buffer.from(name));
export const priority = () => attribute(0x0024, Buffer.from([0x6e, 0x7f, 0x1e, 0xff]));
export const useCandidate = () => attribute(0x0025);
export const controlled = () => attribute(0x8029, randomBytes(8));
export const controlling = () => attribute(0x802a, randomBytes(8));

// The message, its length as if `more` bytes followed.
function message(type, transaction, body, more = 0) {
    const header = Buffer.alloc(20);
    header.writeUInt16BE(type, 0);
    header.writeUInt16BE(body.length + more, 2);
    header.writeUInt32BE(COOKIE, 4);
    transaction.copy(header, 8);
    return Buffer.concat([header, body]);
}

// password: MESSAGE-INTEGRITY is made with it; without one there is none.
export function stun(type, attributes, { password, transaction = randomBytes(12) } = {}) {
    let body = Buffer.concat(attributes);
    if (password) {
        const covered = message(type, transaction, body, 24);
        const digest = createHmac('sha1', password).update(covered).digest();
        body = Buffer.concat([body, attribute(0x0008, digest)]);
    }
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE((crc32(message(type, transaction, body, 8)) ^ 0x5354554e) >>> 0);
    return message(type, transaction, Buffer.concat([body, attribute(0x8028, crc)]));
}

// {type, transaction, attributes: Map of type to value}; nothing is checked.
export function readStun(bytes) {
    const attributes = new Map();
    for (let at = 20; at + 4 <= bytes.length; ) {
        const length = bytes.readUInt16BE(at + 2);
        attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
        at += 4 + Math.ceil(length / 4) * 4;
    }
    return { type: bytes.readUInt16BE(0), transaction: bytes.subarray(8, 20), attributes };
}

// "address:port" of XOR-MAPPED-ADDRESS, IPv4.
export function mappedAddress({ attributes }) {
    const value = attributes.get(0x0020);
    const cookie = [0x21, 0x12, 0xa4, 0x42];
    const ip = [...value.subarray(4, 8)].map((byte, i) => byte ^ cookie[i]);
    return `${ip.join('.')}:${value.readUInt16BE(2) ^ 0x2112}`;
}
