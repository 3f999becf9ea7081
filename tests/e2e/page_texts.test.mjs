// The page's sources, without a browser: texts in both languages, icons that exist, and nothing that
// the page's own policy (default-src 'self', no inline script or style) would forbid.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { translate } from '../../mcu/web/js/i18n.js';
import { iconNames } from '../../mcu/web/js/icons.js';
import { capOf, initialsOf, loudness } from '../../mcu/web/js/people.js';
import { roomAddress } from '../../mcu/web/js/start.js';
import { LineStats, quality } from '../../mcu/web/js/stats.js';
import { de } from '../../mcu/web/js/texts_de.js';
import { en } from '../../mcu/web/js/texts_en.js';

const web = join(dirname(fileURLToPath(import.meta.url)), '../../mcu/web');
const files = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const sources = new Map(files.map((file) => [relative(web, file), readFileSync(file, 'utf8')]));
const scripts = [...sources].filter(([name]) => name.endsWith('.js') && !name.includes('texts_'));
const code = scripts.map(([, text]) => text).join('\n');

test('both languages have the same texts with the same parameters', () => {
    assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
    const parameters = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    for (const [key, text] of Object.entries(en)) {
        assert.notEqual(text.trim(), '', key);
        assert.notEqual(de[key].trim(), '', key);
        assert.deepEqual(parameters(de[key]), parameters(text), key);
    }
});

test('a text with a number has both of its forms', () => {
    for (const key of Object.keys(en))
        for (const [form, other] of [
            ['.one', '.other'],
            ['.other', '.one'],
        ])
            if (key.endsWith(form)) assert.ok(key.slice(0, -form.length) + other in en, key);
    assert.equal(translate('people.heading', { n: 1 }), en['people.heading.one']);
    assert.equal(translate('people.heading', { n: 2 }), '2 people');
    assert.equal(translate('notice.hand', { name: '<b>{n}</b>' }), '<b>{n}</b> raises a hand.');
});

// Keys that the code puts together: their beginnings.
const made = [
    'error.',
    'page.',
    'device.',
    'notice.',
    'say.',
    'connection.',
    'role.',
    'theme.',
    'join.',
    'key.',
    'roster.',
    'waiting.',
    'health.',
    'banner.',
    'control.mic.',
    'control.camera.',
];

test('every text that the code asks for exists, and every text is asked for', () => {
    const has = (key) => key in en || `${key}.other` in en || `${key}.title` in en;
    const slots = /\b(?:t|label|hint|title|key|text|yes): '([a-z][a-z_]*(?:\.[a-z_]+)*)'/g;
    const calls =
        /\b(?:say|toast|announce|label|showNotice|setTitle)\((?:[\w.]+, )?'([a-z][a-z_]*(?:\.[a-z_]+)+)'/g;
    const asked = [...code.matchAll(slots), ...code.matchAll(calls)].map(([, key]) => key);
    assert.ok(asked.length > 150, `${asked.length} texts found in the code`);
    for (const key of asked) assert.ok(has(key), `no text ${key}`);
    const literal = new Set(
        [...code.matchAll(/'([a-z][a-z_]*(?:\.[a-z_]+)*)'/g)].map(([, key]) => key),
    );
    for (const key of Object.keys(en)) {
        const plain = key.replace(/\.(one|other|title|text|whom)$/, '');
        const used =
            literal.has(key) || literal.has(plain) || made.some((start) => key.startsWith(start));
        assert.ok(used, `nobody asks for ${key}`);
    }
});

test('every icon that is used exists', () => {
    const used = [
        ...code.matchAll(/\bicon\('(\w+)'/g),
        ...code.matchAll(/\b(?:icon|symbol): '(\w+)'/g),
    ].map(([, name]) => name);
    assert.ok(used.length > 30, `${used.length} icons found in the code`);
    for (const name of used) assert.ok(iconNames.includes(name), `no icon ${name}`);
    for (const name of iconNames) assert.ok(code.includes(`'${name}'`), `nobody draws ${name}`);
});

test('no inline script or style, no markup from strings, nothing from elsewhere', () => {
    const forbidden = [
        [/\.html$/, /\son[a-z]+\s*=/i, 'an inline handler'],
        [/\.html$/, /\sstyle\s*=/i, 'an inline style'],
        [/\.html$/, /<style|<script(?![^>]*\ssrc=)/i, 'an inline script or style'],
        [
            /\.(html|css|svg)$/,
            /url\(|@import|javascript:|data:/i,
            'a URL in a style, or one with a body',
        ],
        [
            /\.js$/,
            /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|setAttribute\('style'/,
            'markup or code from a string',
        ],
        [/\.js$/, /\bconsole\./, 'a line in the console'],
    ];
    for (const [name, text] of sources) {
        for (const [kind, pattern, what] of forbidden)
            if (kind.test(name)) assert.doesNotMatch(text, pattern, `${name} has ${what}`);
        const addresses = [...text.matchAll(/\b(?:https?|wss?):\/\/[a-z0-9][^\s'"`)]*/gi)].map(
            ([found]) => found,
        );
        assert.deepEqual(
            addresses.filter((found) => found !== 'http://www.w3.org/2000/svg'),
            [],
            name,
        );
    }
});

test('what the pages refer to is there', () => {
    for (const [name, text] of sources) {
        const wanted = name.endsWith('.html')
            ? [...text.matchAll(/(?:src|href)="\/web\/([^"]+)"/g)].map(([, path]) => path)
            : name.endsWith('.js')
              ? [...text.matchAll(/from '\.\/([^']+)'/g)].map(([, file]) => `js/${file}`)
              : [];
        for (const path of wanted) assert.ok(sources.has(path), `${name} asks for ${path}`);
    }
});

test('names of rooms and links are told from what is neither', () => {
    const here = 'https://meet.example';
    assert.equal(roomAddress(' demo ', here), '/r/demo');
    assert.equal(roomAddress(`${here}/r/demo#t=abc`, here), '/r/demo#t=abc');
    for (const wrong of [
        '',
        'a/b',
        'zu viel',
        'ä',
        'https://elsewhere.example/r/demo',
        `${here}/admin`,
        'x'.repeat(65),
    ])
        assert.equal(roomAddress(wrong, here), null, wrong);
});

test('initials, colours and levels of people', () => {
    assert.deepEqual(
        ['Anna Weber', 'bert', 'Çelik, Deniz', '', '(x) Öz', '李 明'].map(initialsOf),
        ['AW', 'B', 'ÇD', '', 'XÖ', '李明'],
    );
    assert.equal(capOf('abc'), capOf('abc'));
    assert.ok(new Set([...'abcdefgh'].map(capOf)).size > 3);
    assert.deepEqual([127, 60, 6, 0].map(loudness), [0, 0, 1, 1]);
});

test('figures of the line come from what two reports differ in', () => {
    const report = (at, more) =>
        new Map(
            Object.entries({
                t: {
                    id: 't',
                    type: 'transport',
                    selectedCandidatePairId: 'p',
                    srtpCipher: 'SRTP_AEAD_AES_128_GCM',
                },
                p: {
                    id: 'p',
                    type: 'candidate-pair',
                    localCandidateId: 'l',
                    timestamp: at,
                    currentRoundTripTime: 0.02,
                    ...more.pair,
                },
                l: { id: 'l', type: 'local-candidate', protocol: 'udp' },
                i: { id: 'i', type: 'inbound-rtp', kind: 'audio', timestamp: at, ...more.inbound },
            }),
        );
    const first = {
        pair: { bytesReceived: 0, bytesSent: 0 },
        inbound: { packetsReceived: 0, packetsLost: 0 },
    };
    const second = {
        pair: { bytesReceived: 5000, bytesSent: 2500 },
        inbound: { packetsReceived: 45, packetsLost: 5 },
    };
    const line = new LineStats();
    assert.equal(line.take(report(1000, first)), null);
    const figures = line.take(report(2000, second));
    assert.equal(figures.kbpsIn, 40);
    assert.equal(figures.kbpsOut, 20);
    assert.equal(figures.lossIn, 10);
    assert.equal(figures.rtt_ms, 20);
    assert.equal(figures.path, 'udp');
    assert.equal(figures.srtp, 'AES-128-GCM');
    assert.equal(quality(figures), 'weak');
    assert.equal(quality({ ...figures, lossIn: 0 }), 'good');
    assert.equal(line.take(report(3000, first)), null, 'a new connection counts from zero');
});

test('the pages fetch all of their modules at once', () => {
    for (const [page, entry] of [
        ['index.html', 'main.js'],
        ['admin.html', 'admin.js'],
    ]) {
        const needed = new Set([entry]);
        for (const name of needed)
            for (const [, file] of sources.get(join('js', name)).matchAll(/from '\.\/([^']+)'/g))
                needed.add(file);
        needed.delete(entry);
        const fetched = [
            ...sources.get(page).matchAll(/rel="modulepreload" href="\/web\/js\/([^"]+)"/g),
        ];
        assert.deepEqual(fetched.map(([, file]) => file).sort(), [...needed].sort(), page);
    }
});
