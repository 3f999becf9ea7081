// JSON Web Tokens as an issuer signs them, or as an attacker who may choose every part.
import { createHmac, sign as signature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const base64url = (data) => Buffer.from(data).toString('base64url');

const algorithms = {
    HS256: (text, key) => createHmac('sha256', key).update(text).digest(),
    RS256: (text, key) => signature('sha256', Buffer.from(text), key),
    ES256: (text, key) => signature('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }),
    none: () => Buffer.alloc(0),
};

// claims: an object, or text as it is. signer: the algorithm that is used, whatever header says.
export function token(alg, key, claims, { header = { alg, typ: 'JWT' }, signer = alg } = {}) {
    const json = typeof claims === 'string' ? claims : JSON.stringify(claims);
    const text = `${base64url(typeof header === 'string' ? header : JSON.stringify(header))}.${base64url(json)}`;
    return `${text}.${base64url(algorithms[signer](text, key))}`;
}

export const unixNow = () => Math.floor(Date.now() / 1000);

// As Jitsi's issuers write them: an hour long, for the room "demo".
export const claims = (more = {}, user = {}) => ({
    aud: 'jitsi', iss: 'app', sub: 'meet.example', room: 'demo', exp: unixNow() + 3600,
    context: { user: { id: 'u1', name: 'Zoë', ...user } },
    ...more,
});

// The key a server signs its own tokens with.
export const ownKey = (mcu) => readFileSync(join(mcu.folder, 'mischpult/ticket_key'), 'utf8').trim();

// A ticket as that server would issue it.
export const ticket = (mcu, more = {}) =>
    token('HS256', ownKey(mcu), {
        aud: 'mischpult-ticket', sub: 'abcdefghijklmnop', room: 'demo', role: 'moderator', name: '',
        adm: true, via: 'jwt', usr: 'someone', feat: 0, iat: unixNow(), exp: unixNow() + 3600, ...more,
    });
