// The start page: the name of a room, or an invitation's whole address, opens its page.
import { button, field, h, say } from './dom.js';
import { showPage } from './shell.js';

// The place in this server that a person meant; null when it cannot be a room.
export function roomAddress(text, origin) {
    const typed = text.trim();
    if (typed === '') return null;
    if (/^https?:\/\//i.test(typed)) {
        let url;
        try {
            url = new URL(typed);
        } catch {
            return null;
        }
        const here = url.origin === origin && /^\/r\/[^/]+$/.test(url.pathname);
        return here ? url.pathname + url.hash : null;
    }
    return /^[A-Za-z0-9._-]{1,64}$/.test(typed) ? `/r/${encodeURIComponent(typed)}` : null;
}

export function showStart() {
    const name = h('input', {
        type: 'text',
        testid: 'room-name',
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        enterkeyhint: 'go',
        required: true,
    });
    const room = field({ t: 'start.room', control: name, hint: 'start.hint', error: true });
    const form = h(
        'form',
        { class: 'stack', novalidate: true, testid: 'start' },
        room.element,
        button({
            t: 'start.go',
            icon: 'arrow',
            kind: 'primary wide',
            type: 'submit',
            testid: 'open-room',
        }),
    );
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        const address = roomAddress(name.value, location.origin);
        if (address !== null) {
            location.assign(address);
            return;
        }
        say(room.problem, name.value.trim() === '' ? 'start.empty' : 'start.bad');
        name.setAttribute('aria-invalid', 'true');
        name.focus();
    });
    const strips = h(
        'div',
        { class: 'hero-faders', 'aria-hidden': 'true' },
        [0, 1, 2, 3, 4].map((i) => h('span', { class: `hero-fader f${i}` })),
    );
    showPage(
        h(
            'section',
            { class: 'card' },
            strips,
            h('h1', { t: 'start.title', tabindex: '-1' }),
            h('p', { class: 'lead', t: 'start.text' }),
            form,
        ),
    );
    name.focus();
}
