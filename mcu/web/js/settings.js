// The dialogs of the meeting: settings, the line (what it costs), what the connection does, shortcuts.
import { choice, dialog, h, say, toggle } from './dom.js';
import { deviceSelect, levelBar } from './device_fields.js';
import { currentLanguage, translate } from './i18n.js';
import { shortcuts } from './keyboard.js';
import { chooseLanguage, chooseTheme, currentTheme } from './shell.js';
import { readSwitches, writeSwitch } from './store.js';

export function openSettings(session) {
    const { devices } = session;
    const switches = readSwitches();
    const selects = ['microphone', 'camera', 'speaker'].map((kind) => deviceSelect(devices, kind));
    const meter = levelBar(devices);
    const flip = (name, then) => (on) => {
        writeSwitch(name, on);
        then?.(on);
    };
    const group = (t, ...children) =>
        h('section', { class: 'stack group' }, h('h3', { t }), children);
    dialog({
        t: 'settings.title',
        testid: 'settings-dialog',
        onclose: () => {
            meter.destroy();
            for (const select of selects) select.destroy();
        },
        content: [
            group(
                'settings.devices',
                selects.map((s) => s.element),
                devices.microphone && meter.element,
                toggle({
                    t: 'settings.processing',
                    hint: 'settings.processing.hint',
                    checked: devices.processing,
                    testid: 'processing',
                    onchange: flip('processing', (on) => devices.setProcessing(on).catch(() => {})),
                }).element,
            ),
            group(
                'settings.look',
                choice({
                    t: 'settings.language',
                    kind: 'inline',
                    testid: 'language',
                    value: currentLanguage(),
                    options: [
                        { value: 'de', t: 'language.de' },
                        { value: 'en', t: 'language.en' },
                    ],
                    onchange: chooseLanguage,
                }),
                choice({
                    t: 'settings.theme',
                    kind: 'inline',
                    testid: 'theme',
                    value: currentTheme(),
                    options: ['auto', 'light', 'dark'].map((value) => ({
                        value,
                        t: `theme.${value}`,
                    })),
                    onchange: chooseTheme,
                }),
            ),
            group(
                'settings.comfort',
                toggle({
                    t: 'settings.sounds',
                    hint: 'settings.sounds.hint',
                    checked: switches.sounds,
                    testid: 'sounds',
                    onchange: flip('sounds'),
                }).element,
                toggle({
                    t: 'settings.shortcuts',
                    hint: 'settings.shortcuts.hint',
                    checked: switches.shortcuts,
                    testid: 'shortcuts',
                    onchange: flip('shortcuts'),
                }).element,
                shortcutTable(),
            ),
        ],
    });
}

function shortcutTable() {
    const row = (key, t) =>
        h('tr', {}, h('th', { scope: 'row' }, h('kbd', { text: key })), h('td', { t }));
    return h(
        'table',
        { class: 'keys' },
        h('caption', { class: 'sr-only', t: 'help.title' }),
        h(
            'tbody',
            {},
            shortcuts.map(([key, name]) => row(key, `key.${name}`)),
            h(
                'tr',
                {},
                h('th', { scope: 'row' }, h('kbd', { t: 'key.space.name' })),
                h('td', { t: 'key.space' }),
            ),
            row('Esc', 'key.escape'),
            h(
                'tr',
                {},
                h('th', { scope: 'row' }, h('kbd', { text: '↑' }), ' ', h('kbd', { text: '↓' })),
                h('td', { t: 'key.arrows' }),
            ),
        ),
    );
}

export function openHelp() {
    dialog({
        t: 'help.title',
        testid: 'help-dialog',
        kind: 'small',
        content: [shortcutTable(), h('p', { class: 'hint', t: 'help.off' })],
    });
}

export function openLine(session) {
    const video = session.entry.video;
    const now = h('p', { class: 'figure', testid: 'line-now' });
    const paint = (figures) =>
        say(now, 'line.now', {
            in: Math.round(figures.kbpsIn),
            out: Math.round(figures.kbpsOut),
        });
    const off = session.on('line', paint);
    dialog({
        t: 'line.title',
        testid: 'line-dialog',
        kind: 'small',
        onclose: off,
        content: [
            h('p', { t: 'line.text' }),
            choice({
                t: 'line.choice',
                value: session.line,
                testid: 'line',
                kind: 'cards',
                options: [
                    { value: 'thin', t: 'line.thin', hint: 'line.thin.hint' },
                    {
                        value: 'small',
                        t: 'line.small',
                        hint: video ? 'line.small.hint' : 'line.small.none',
                        disabled: !video,
                    },
                    {
                        value: 'full',
                        t: 'line.full',
                        hint: video ? 'line.full.hint' : 'line.full.sound',
                    },
                ],
                onchange: (line) => session.setLine(line),
            }),
            now,
        ],
    });
}

const percent = (value) =>
    value === null ? null : translate('figure.percent', { n: Math.round(value * 10) / 10 });
const ms = (value) => (value === null ? null : translate('figure.ms', { n: Math.round(value) }));
const kbps = (value) => translate('figure.kbps', { n: Math.round(value) });

// [key of the name, value of the figures or null: not known]
const rows = [
    ['connection.in', (f) => kbps(f.kbpsIn)],
    ['connection.out', (f) => kbps(f.kbpsOut)],
    ['connection.loss_in', (f) => percent(f.lossIn)],
    ['connection.loss_out', (f) => percent(f.lossOut)],
    ['connection.concealed', (f) => percent(f.concealed)],
    ['connection.rtt', (f) => ms(f.rtt_ms)],
    ['connection.buffer', (f) => ms(f.buffer_ms)],
    ['connection.path', (f) => f.path?.toUpperCase() ?? null],
    ['connection.codec', (f) => f.codec],
    ['connection.srtp', (f) => f.srtp],
];

export function openConnection(session, last) {
    const state = h('p', { class: 'lead', testid: 'connection-state' });
    const cells = rows.map(([key]) => [h('dt', { t: key }), h('dd', { text: '–' })]);
    const list = h('dl', { class: 'figures', testid: 'figures' }, cells.flat());
    const paint = (figures, quality) => {
        say(state, `connection.${session.link === 'connected' ? quality : session.link}`);
        if (figures !== null)
            rows.forEach(([, value], i) => {
                cells[i][1].textContent = value(figures) ?? '–';
            });
    };
    paint(last.figures, last.quality);
    const ends = [
        session.on('line', (figures, quality) => paint(figures, quality)),
        session.on('link', () => paint(null, 'good')),
    ];
    dialog({
        t: 'connection.title',
        testid: 'connection-dialog',
        kind: 'small',
        onclose: () => ends.forEach((end) => end()),
        content: [state, list, h('p', { class: 'hint', t: 'connection.hint' })],
    });
}
