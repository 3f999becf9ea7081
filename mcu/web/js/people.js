// How a person is shown wherever there is one: name, initials, colour, what the symbols say.
import { icon } from './icons.js';
import { translate } from './i18n.js';

const caps = 6;

// The same person has the same colour on every screen, for as long as the meeting lasts.
export function capOf(id) {
    let sum = 7;
    for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % 9973;
    return sum % caps;
}

const unnamed = 'Guest'; // what the server calls who gives no name

// The name that somebody gave themselves, or ''.
export const givenName = (name) => (name === unnamed ? '' : name ?? '');

export const nameOf = (person) => givenName(person.name) || translate('person.unnamed');

export function initialsOf(name) {
    const words = name
        .trim()
        .split(/[\s._-]+/)
        .filter((word) => /[\p{L}\p{N}]/u.test(word));
    const first = (word) => [...word.replace(/^[^\p{L}\p{N}]+/u, '')][0]?.toUpperCase() ?? '';
    if (words.length === 0) return '';
    return words.length === 1 ? first(words[0]) : first(words[0]) + first(words.at(-1));
}

// RFC 6464's scale to 0…1, 54 dB wide.
export const loudness = (level) => Math.min(1, Math.max(0, (60 - level) / 54));

// [icon, key of its words, kind] of what there is to say about a person, most urgent first.
export function signsOf(person) {
    const signs = [];
    if (person.hand) signs.push(['hand', 'sign.hand', 'hand']);
    if (person.muted && person.role !== 'viewer') signs.push(['mic_off', 'sign.muted', 'muted']);
    if (person.role === 'moderator' || person.role === 'admin')
        signs.push(['star', 'sign.moderator', '']);
    if (person.role === 'viewer') signs.push(['eye', 'sign.viewer', '']);
    if (person.kind === 'phone') signs.push(['phone', 'sign.phone', '']);
    if (person.kind === 'device') signs.push(['device', 'sign.device', '']);
    if (person.encrypted === false) signs.push(['lock_open', 'sign.plain', 'warn']);
    return signs;
}

// What a strip or a row depends on: the same again needs no new drawing.
export const lookOf = (person, more = '') =>
    [
        person.name,
        person.muted,
        person.hand,
        person.role,
        person.talking,
        person.kind,
        person.encrypted,
        more,
    ].join('\u0000');

export function signIcons(person, except = []) {
    return signsOf(person)
        .filter(([name]) => !except.includes(name))
        .map(([name, , kind]) => icon(name, `sign ${kind}`));
}

// "Anna, you, hand raised, muted": what a screen reader says.
export function describe(person, isMe) {
    const parts = [nameOf(person)];
    if (isMe) parts.push(translate('person.you'));
    if (person.talking) parts.push(translate('sign.talking'));
    for (const [, key] of signsOf(person)) parts.push(translate(key));
    return parts.join(', ');
}

// Me first, then as they came: channels keep their place, as on a desk.
export function inOrder(session) {
    return [...session.people.values()].sort(
        (a, b) =>
            (b.id === session.id) - (a.id === session.id) ||
            a.joined - b.joined ||
            (a.id < b.id ? -1 : 1),
    );
}
