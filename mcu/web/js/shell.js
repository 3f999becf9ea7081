// What every page but the meeting shares: the head with language and colour scheme, the card, the foot.
import { announce, button, clearToasts, h, label, retranslate } from './dom.js';
import { brandMark, icon } from './icons.js';
import { currentLanguage, onLanguage, setLanguage, translate } from './i18n.js';
import { readPlain, writePlain } from './store.js';

let title = null; // [key, parameters] of the document's title

export function setTitle(key, parameters) {
    title = [key, parameters];
    document.title = key ? `${translate(key, parameters)} – Mischpult` : 'Mischpult';
}

export function chooseLanguage(tag) {
    writePlain('language', tag);
    setLanguage(tag);
}

export const currentTheme = () => readPlain('theme') ?? 'auto';

// 'auto' follows the system.
export function chooseTheme(theme) {
    writePlain('theme', theme === 'auto' ? null : theme);
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
}

const dark = () =>
    currentTheme() === 'auto'
        ? matchMedia('(prefers-color-scheme: dark)').matches
        : currentTheme() === 'dark';

onLanguage(() => {
    retranslate();
    if (title !== null) setTitle(...title);
});

function languageButton() {
    const other = () => (currentLanguage() === 'de' ? 'en' : 'de');
    const names = { de: 'Deutsch', en: 'English' };
    const word = h('span', {});
    const element = h(
        'button',
        { type: 'button', class: 'button quiet', testid: 'language' },
        icon('globe'),
        word,
    );
    const paint = () => {
        word.textContent = names[other()];
        word.lang = other();
    };
    element.addEventListener('click', () => chooseLanguage(other()));
    onLanguage(paint);
    paint();
    return element;
}

function themeButton() {
    const element = h(
        'button',
        { type: 'button', class: 'icon-button', testid: 'theme' },
        icon('contrast'),
    );
    const paint = () => label(element, dark() ? 'theme.to_light' : 'theme.to_dark');
    element.addEventListener('click', () => {
        chooseTheme(dark() ? 'light' : 'dark');
        paint();
    });
    paint();
    return element;
}

export function brand() {
    return h('div', { class: 'brand' }, brandMark(), h('span', { text: 'Mischpult' }));
}

export function pageHead() {
    return h(
        'header',
        { class: 'page-head' },
        brand(),
        h('div', { class: 'row' }, languageButton(), themeButton()),
    );
}

export function pageFoot(entry) {
    const privacy = privacyLink(entry);
    return h(
        'footer',
        { class: 'page-foot' },
        entry?.operator ? h('span', { t: ['foot.operator', { operator: entry.operator }] }) : null,
        privacy,
    );
}

// Only addresses of the web are links.
export function privacyLink(entry) {
    if (!entry?.privacy_url) return null;
    let url;
    try {
        url = new URL(entry.privacy_url, location.href);
    } catch {
        return null;
    }
    if (!['http:', 'https:'].includes(url.protocol)) return null;
    return h('a', {
        href: url.href,
        target: '_blank',
        rel: 'noopener noreferrer',
        t: 'privacy.link',
        testid: 'privacy',
    });
}

// Puts a page of head, content and foot up; its heading gets the focus, so that it is read out.
export function showPage(content, { entry, title: [key, parameters] = [''], kind = '' } = {}) {
    setTitle(key, parameters);
    clearToasts();
    const main = h('main', { class: `page ${kind}`.trim(), id: 'main' }, content);
    document.body.dataset.view = 'page';
    document.getElementById('app').replaceChildren(pageHead(), main, pageFoot(entry));
    main.querySelector('h1')?.focus();
    return main;
}

// A page that says one thing. actions: [{t, icon, kind, testid, run}]
export function showNotice({
    key,
    parameters,
    symbol,
    testid,
    actions = [],
    entry,
    extra = [],
    busy = false,
}) {
    const buttons = actions.map((a) =>
        button({
            t: a.t,
            icon: a.icon,
            kind: a.kind ?? '',
            testid: a.testid,
            on: { click: a.run },
        }),
    );
    const text = h('p', { class: 'lead', t: [`${key}.text`, parameters] });
    const card = h(
        'section',
        { class: 'card notice', testid: testid ?? key.replace(/\./g, '-') },
        h('div', { class: busy ? 'emblem busy' : 'emblem' }, icon(symbol)),
        h('h1', { tabindex: '-1', t: [`${key}.title`, parameters] }),
        text,
        extra,
        buttons.length > 0 && h('div', { class: 'row centre' }, buttons),
    );
    showPage(card, { entry, title: [`${key}.title`, parameters] });
    announce(`${key}.text`, parameters);
    return card;
}
