// The room's own controls: the address to pass on (everybody), and for moderators lock, lobby, PIN,
// guest links and the end of the meeting.
import { errorKey } from './api.js';
import {
    button,
    choice,
    confirmDialog,
    dialog,
    field,
    h,
    say,
    show,
    toast,
    toggle,
} from './dom.js';

export async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false; // not allowed: the text stands in a field to copy by hand
    }
}

const day_s = 86400;
const ages = [
    ['3600', 'link.hour'],
    [String(day_s), 'link.day'],
    [String(7 * day_s), 'link.week'],
];
const roles = ['participant', 'viewer', 'moderator'];

function addressField(t, url) {
    const input = h('input', {
        type: 'text',
        readonly: true,
        value: url,
        testid: 'link-url',
        class: 'mono',
    });
    input.addEventListener('focus', () => input.select());
    const { element } = field({ t, control: input });
    const copied = h('p', { class: 'hint', role: 'status' });
    const copy = button({
        t: 'link.copy',
        icon: 'copy',
        kind: 'primary',
        testid: 'copy-link',
        on: {
            click: async () => {
                const ok = await copyText(input.value);
                say(copied, ok ? 'link.copied' : 'link.by_hand');
                if (!ok) input.select();
            },
        },
    });
    return {
        element: h('div', { class: 'stack' }, element, h('div', { class: 'row' }, copy), copied),
        input,
    };
}

// The plain address for all; moderators also make links that need no PIN and expire.
export function openInvite(session) {
    const plain = addressField(
        'link.address',
        `${location.origin}/r/${encodeURIComponent(session.room)}`,
    );
    const content = [plain.element];
    if (session.moderator) content.push(guestLink(session));
    dialog({ t: 'invite.title', testid: 'invite-dialog', content });
}

function guestLink(session) {
    let role = 'participant';
    let age = String(day_s);
    const out = h('div', {});
    const make = button({ t: 'link.make', icon: 'link', testid: 'make-link' });
    const problem = h('p', { class: 'field-error', role: 'alert' });
    make.addEventListener('click', async () => {
        problem.textContent = '';
        make.disabled = true;
        try {
            const made = await session.makeLink({ role, expires_s: Number(age) });
            const shown = addressField('link.guest', new URL(made.url, location.origin).href);
            out.replaceChildren(shown.element);
            shown.input.focus();
        } catch (error) {
            say(problem, errorKey(error));
        }
        make.disabled = false;
    });
    return h(
        'section',
        { class: 'stack boxed' },
        h('h3', { t: 'link.title' }),
        h('p', { class: 'hint', t: 'link.text' }),
        choice({
            t: 'link.role',
            kind: 'inline',
            value: role,
            testid: 'link-role',
            options: roles.map((value) => ({ value, t: `role.${value}` })),
            onchange: (value) => {
                role = value;
            },
        }),
        choice({
            t: 'link.age',
            kind: 'inline',
            value: age,
            options: ages.map(([value, t]) => ({ value, t })),
            onchange: (value) => {
                age = value;
            },
        }),
        h('div', { class: 'row' }, make),
        problem,
        out,
    );
}

function openPin(session) {
    const input = h('input', {
        type: 'text',
        inputmode: 'numeric',
        autocomplete: 'off',
        maxlength: 12,
        testid: 'new-pin',
        class: 'pin',
    });
    const pin = field({ t: 'pin.new', hint: 'pin.hint', control: input, error: true });
    const set = async (value) => {
        try {
            await session.changeRoom({ pin: value });
            box.close();
            toast(value === null ? 'pin.gone' : 'pin.set');
        } catch (error) {
            say(pin.problem, errorKey(error));
        }
    };
    const form = h(
        'form',
        { class: 'stack', novalidate: true },
        pin.element,
        h(
            'div',
            { class: 'row end' },
            session.state.pin &&
                button({ t: 'pin.remove', testid: 'remove-pin', on: { click: () => set(null) } }),
            button({ t: 'pin.save', kind: 'primary', type: 'submit', testid: 'save-pin' }),
        ),
    );
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        const value = input.value.trim();
        if (/^[0-9]{4,12}$/.test(value)) set(value);
        else say(pin.problem, 'pin.bad');
    });
    const box = dialog({ t: 'pin.title', testid: 'pin-dialog', kind: 'small', content: form });
    input.focus();
}

export async function endForAll(session) {
    const sure = await confirmDialog({
        t: 'end.title',
        text: 'end.text',
        yes: 'end.go',
        testid: 'confirm-end',
    });
    if (!sure) return;
    try {
        await session.endForAll();
    } catch (error) {
        toast(errorKey(error), {}, { kind: 'bad' });
    }
}

export class RoomTools {
    constructor(session) {
        this.session = session;
        const change = (what) => async (on, box) => {
            try {
                await session.changeRoom({ [what]: on });
            } catch (error) {
                box.checked = !on;
                toast(errorKey(error), {}, { kind: 'bad' });
            }
        };
        this.lock = toggle({
            t: 'room.lock',
            hint: 'room.lock.hint',
            testid: 'lock',
            onchange: change('locked'),
        });
        this.lobby = toggle({
            t: 'room.lobby',
            hint: 'room.lobby.hint',
            testid: 'lobby',
            onchange: change('lobby'),
        });
        this.pin = button({
            t: 'room.pin',
            icon: 'key',
            kind: 'small',
            testid: 'pin-open',
            on: { click: () => openPin(session) },
        });
        this.end = button({
            t: 'end.open',
            icon: 'leave',
            kind: 'small danger',
            testid: 'end',
            on: { click: () => endForAll(session) },
        });
        this.moderation = h(
            'details',
            { class: 'tools', testid: 'tools', hidden: true },
            h('summary', {}, h('span', { t: 'room.tools' })),
            h(
                'div',
                { class: 'stack' },
                this.lock.element,
                this.lobby.element,
                h('div', { class: 'row wrap' }, this.pin, this.end),
            ),
        );
        this.element = h(
            'div',
            { class: 'stack' },
            button({
                t: 'invite.open',
                icon: 'link',
                testid: 'invite',
                on: { click: () => openInvite(session) },
            }),
            this.moderation,
        );
        this.ends = [
            session.on('room', () => this.paint()),
            session.on('me', () => this.paint()),
            session.on('people', () => this.paint()),
        ];
        this.paint();
    }

    paint() {
        const { state, moderator } = this.session;
        show(this.moderation, moderator);
        this.lock.box.checked = Boolean(state.locked);
        this.lobby.box.checked = Boolean(state.lobby);
        say(this.pin.querySelector('.button-word'), state.pin ? 'room.pin.change' : 'room.pin');
    }

    destroy() {
        for (const end of this.ends) end();
    }
}
