// Small helpers to build the page: elements, texts that follow the language, live regions, toasts.
// Whatever comes from the server or from people is set as text, never as markup.
import { icon } from './icons.js';
import { translate } from './i18n.js';

const texts = new WeakMap(); // element → {slot: [key, parameters]}; slot is 'text' or an attribute

function put(element, slot, key, parameters) {
    const value = translate(key, parameters);
    if (slot !== 'text') element.setAttribute(slot, value);
    else if (element.textContent !== value) element.textContent = value;
}

// Gives an element a text of the language tables; it changes when the language does.
export function say(element, key, parameters, slot = 'text') {
    const known = texts.get(element) ?? {};
    known[slot] = [key, parameters];
    texts.set(element, known);
    element.dataset.t = '';
    put(element, slot, key, parameters);
    return element;
}

export function label(element, key, parameters) {
    return say(element, key, parameters, 'aria-label');
}

export function retranslate(root = document) {
    for (const element of root.querySelectorAll('[data-t]'))
        for (const [slot, [key, parameters]] of Object.entries(texts.get(element) ?? {}))
            put(element, slot, key, parameters);
}

const special = {
    class: (e, v) => {
        e.className = v;
    },
    text: (e, v) => {
        e.textContent = v;
    },
    t: (e, v) => (Array.isArray(v) ? say(e, v[0], v[1]) : say(e, v)),
    label: (e, v) => (Array.isArray(v) ? label(e, v[0], v[1]) : label(e, v)),
    title: (e, v) => say(e, v, undefined, 'title'),
    hint: (e, v) => say(e, v, undefined, 'placeholder'),
    testid: (e, v) => {
        e.dataset.testid = v;
    },
    on: (e, v) => {
        for (const [type, handler] of Object.entries(v)) e.addEventListener(type, handler);
    },
};

// h('button', {class: 'button', t: 'join.go', on: {click}}, child, …); false and null are left out.
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (special[name]) special[name](element, value);
        else if (value === true) element.setAttribute(name, '');
        else element.setAttribute(name, String(value));
    }
    add(element, children);
    return element;
}

export function add(element, children) {
    for (const child of children.flat(Infinity))
        if (child !== undefined && child !== null && child !== false) element.append(child);
    return element;
}

export function replace(element, ...children) {
    element.replaceChildren();
    return add(element, children);
}

export function show(element, visible) {
    if (element.hidden === visible) element.hidden = !visible;
    return element;
}

// A button with an icon and a word; {quiet: true} keeps the word for screen readers only.
export function button({ icon: name, t, kind = '', quiet = false, testid, on, ...rest }) {
    const word = h('span', { t, class: quiet ? 'sr-only' : 'button-word' });
    return h(
        'button',
        { type: 'button', class: `button ${kind}`.trim(), testid, on, ...rest },
        name && icon(name),
        word,
    );
}

let nextId = 0;
export function uniqueId(prefix) {
    nextId += 1;
    return `${prefix}-${nextId}`;
}

// A label, its control, a hint and an error, tied together.
export function field({ t, control, hint, error = false }) {
    control.id ||= uniqueId('field');
    const described = [];
    const parts = [h('label', { for: control.id, t })];
    if (hint) {
        const id = uniqueId('hint');
        described.push(id);
        parts.push(h('p', { class: 'hint', id, t: hint }));
    }
    parts.push(control);
    let problem = null;
    if (error) {
        const id = uniqueId('error');
        described.push(id);
        problem = h('p', { class: 'field-error', id, role: 'alert' });
        parts.push(problem);
    }
    if (described.length > 0) control.setAttribute('aria-describedby', described.join(' '));
    const element = h('div', { class: 'field' }, parts);
    return { element, control, problem };
}

// A switch: a checkbox that says what it is for.
export function toggle({ t, hint, checked = false, testid, onchange, disabled }) {
    const id = uniqueId('toggle');
    const box = h('input', {
        type: 'checkbox',
        id,
        class: 'switch',
        testid,
        role: 'switch',
        disabled,
        'aria-describedby': hint ? `${id}-hint` : undefined,
    });
    box.checked = checked;
    box.addEventListener('change', () => onchange(box.checked, box));
    const element = h(
        'div',
        { class: 'toggle' },
        h(
            'div',
            { class: 'toggle-words' },
            h('label', { for: id, t }),
            hint && h('p', { class: 'hint', id: `${id}-hint`, t: hint }),
        ),
        box,
    );
    return { element, box };
}

// A choice of few, as radio buttons: options are [{value, t, hint, disabled}].
export function choice({ t, options, value, testid, onchange, kind = '' }) {
    const name = uniqueId('choice');
    const element = h('fieldset', { class: `choice ${kind}`.trim() }, h('legend', { t }));
    for (const option of options) {
        const id = uniqueId('option');
        const radio = h('input', {
            type: 'radio',
            name,
            id,
            value: option.value,
            disabled: option.disabled,
            testid: testid && `${testid}-${option.value}`,
            'aria-describedby': option.hint ? `${id}-hint` : undefined,
        });
        radio.checked = option.value === value;
        radio.addEventListener('change', () => radio.checked && onchange(option.value));
        element.append(
            h(
                'div',
                { class: 'option' },
                radio,
                h(
                    'div',
                    {},
                    h('label', { for: id, t: option.t }),
                    option.hint && h('p', { class: 'hint', id: `${id}-hint`, t: option.hint }),
                ),
            ),
        );
    }
    return element;
}

// A modal dialog with a heading and a close button. It goes away when closed.
export function dialog({ t, testid, kind = '', content, onclose }) {
    const headingId = uniqueId('dialog');
    const close = h(
        'button',
        { type: 'button', class: 'icon-button', label: 'close', testid: 'close' },
        icon('close'),
    );
    const body = h('div', { class: 'dialog-body' }, content);
    // What only has text must still scroll by keyboard.
    if (body.querySelector('button, input, select, a, summary') === null) body.tabIndex = 0;
    const element = h(
        'dialog',
        { class: `dialog ${kind}`.trim(), 'aria-labelledby': headingId, testid },
        h('header', { class: 'dialog-head' }, h('h2', { id: headingId, t, tabindex: '-1' }), close),
        body,
    );
    const before = document.activeElement;
    close.addEventListener('click', () => element.close());
    element.addEventListener('click', (event) => event.target === element && element.close());
    element.addEventListener('close', () => {
        element.remove();
        onclose?.();
        if (before?.isConnected) before.focus();
    });
    document.body.append(element);
    element.showModal();
    element.querySelector('h2').focus();
    return element;
}

export function confirmDialog({ t, text, yes, kind = 'danger', testid }) {
    return new Promise((resolve) => {
        let answer = false;
        const box = dialog({
            t,
            testid,
            kind: 'small',
            onclose: () => resolve(answer),
            content: [
                h('p', { t: text }),
                h(
                    'div',
                    { class: 'row end' },
                    button({ t: 'cancel', testid: 'cancel', on: { click: () => box.close() } }),
                    button({
                        t: yes,
                        kind,
                        testid: 'confirm',
                        on: {
                            click: () => {
                                answer = true;
                                box.close();
                            },
                        },
                    }),
                ),
            ],
        });
    });
}

let polite = null;
let assertive = null;
let toasts = null;

function region(kind) {
    const element = h('div', { class: 'sr-only live', 'aria-live': kind, testid: `live-${kind}` });
    document.body.append(element);
    return element;
}

// Live regions have to stand in the page before anything is said in them.
export function prepareAnnouncements() {
    polite = region('polite');
    assertive = region('assertive');
    // What it shows is announced above: it need not be said twice.
    toasts = h('div', { class: 'toasts', role: 'status', 'aria-live': 'off' });
    document.body.append(toasts);
}

// Tells screen readers; the same text twice in a row is told twice.
export function announce(key, parameters, urgent = false) {
    const where = urgent ? assertive : polite;
    if (where === null) return;
    const line = h('p', { t: [key, parameters] });
    where.append(line);
    setTimeout(() => line.remove(), 8000);
}

export function clearToasts() {
    toasts?.replaceChildren();
}

// A short visible note that screen readers hear, too. action: {t, run}
export function toast(key, parameters, { kind = '', action, seconds = 6, urgent = false } = {}) {
    announce(key, parameters, urgent);
    if (toasts === null) return null;
    const note = h(
        'div',
        { class: `toast ${kind}`.trim(), testid: 'toast' },
        h('p', { t: [key, parameters] }),
    );
    const remove = () => note.remove();
    if (action)
        note.append(
            button({
                t: action.t,
                kind: 'small',
                on: {
                    click: () => {
                        remove();
                        action.run();
                    },
                },
            }),
        );
    note.append(
        h(
            'button',
            { type: 'button', class: 'icon-button small', label: 'close', on: { click: remove } },
            icon('close'),
        ),
    );
    toasts.append(note);
    while (toasts.childElementCount > 3) toasts.firstElementChild.remove();
    if (!action) setTimeout(remove, seconds * 1000);
    else setTimeout(remove, Math.max(seconds, 20) * 1000);
    return { remove };
}
