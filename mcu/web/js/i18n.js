// The page's languages. Every text is in both tables; '{name}' in a text is a parameter, and a text
// with a number has two entries, KEY.one and KEY.other, chosen by the parameter n.
import { de } from './texts_de.js';
import { en } from './texts_en.js';

const tables = { de, en };
let language = 'en';
let plurals = new Intl.PluralRules('en');
const listeners = new Set();

if (typeof document !== 'undefined') use(document.documentElement.lang);

function use(tag) {
    language = tables[tag] ? tag : 'en';
    plurals = new Intl.PluralRules(language);
}

export function currentLanguage() {
    return language;
}

export function setLanguage(tag) {
    use(tag);
    document.documentElement.lang = language;
    for (const listener of listeners) listener(language);
}

export function onLanguage(listener) {
    listeners.add(listener);
}

export function hasText(key) {
    return key in tables[language];
}

export function translate(key, parameters) {
    const table = tables[language];
    let text = table[key];
    if (text === undefined && parameters?.n !== undefined)
        text = table[`${key}.${plurals.select(parameters.n)}`] ?? table[`${key}.other`];
    if (text === undefined) return key;
    return text.replace(/\{(\w+)\}/g, (all, name) => number(parameters?.[name]) ?? all);
}

function number(value) {
    return typeof value === 'number' ? value.toLocaleString(language) : value;
}

export function time(seconds) {
    return new Date(seconds * 1000).toLocaleTimeString(language, {
        hour: '2-digit',
        minute: '2-digit',
    });
}

// 75 → 1:15, 3675 → 1:01:15
export function duration(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    const two = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(s / 3600);
    const minutes = Math.floor(s / 60) % 60;
    return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
