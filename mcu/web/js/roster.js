// The list of people in the side panel: who, with which role, and what a moderator may do, in place.
// Up, Down, Home and End move through it; Enter unfolds a person's row.
import { errorKey } from './api.js';
import { button, confirmDialog, h, label, say, show, toast } from './dom.js';
import { currentLanguage, onLanguage, time, translate } from './i18n.js';
import { icon } from './icons.js';
import {
    capOf,
    initialsOf,
    inOrder,
    lookOf,
    loudness,
    nameOf,
    signIcons,
    signsOf,
} from './people.js';

// [key, icon, shown?, do]; danger last
const actions = [
    [
        'roster.mute',
        'mic_off',
        (s, p) => s.moderator && !p.muted && p.id !== s.id && p.role !== 'viewer',
        (s, p) => s.change(p.id, { muted: true }),
    ],
    [
        'roster.ask',
        'ask',
        (s, p) =>
            s.moderator && p.muted && p.id !== s.id && p.kind === 'browser' && p.role !== 'viewer',
        (s, p) => s.change(p.id, { ask_unmute: true }),
    ],
    [
        'roster.lower',
        'hand',
        (s, p) => p.hand && (s.moderator || p.id === s.id),
        (s, p) => s.change(p.id, { hand: false }),
    ],
    [
        'roster.promote',
        'star',
        (s, p) => s.moderator && p.kind === 'browser' && p.role === 'participant',
        (s, p) => s.change(p.id, { role: 'moderator' }),
    ],
    [
        'roster.demote',
        'people',
        (s, p) => s.moderator && p.role === 'moderator',
        (s, p) => s.change(p.id, { role: 'participant' }),
    ],
    [
        'roster.voice',
        'mic',
        (s, p) => s.moderator && p.role === 'viewer',
        (s, p) => s.change(p.id, { role: 'participant' }),
    ],
    ['roster.remove', 'remove', (s, p) => s.moderator && p.id !== s.id, remove],
];

async function remove(session, person) {
    const sure = await confirmDialog({
        t: ['roster.remove.title', { name: nameOf(person) }],
        text: 'roster.remove.text',
        yes: 'roster.remove',
        testid: 'confirm-remove',
    });
    if (sure) await session.removePerson(person.id);
}

const done = {
    'roster.ask': 'roster.asked',
    'roster.promote': 'roster.promoted',
    'roster.remove': null,
};

export class Roster {
    constructor(session) {
        this.session = session;
        this.rows = new Map();
        this.open = null; // whose row is unfolded
        this.list = h('ul', { class: 'roster', testid: 'roster' });
        label(this.list, 'roster.list');
        this.list.addEventListener('keydown', (event) => this.move(event));
        this.element = this.list;
        this.ends = [
            session.on('people', () => this.sync()),
            session.on('person', (person) => this.paint(person)),
            session.on('levels', () => this.levels()),
            session.on('me', () => this.sync()),
        ];
        onLanguage(() => this.sync());
        this.sync();
    }

    sync() {
        const people = inOrder(this.session);
        const ids = new Set(people.map((p) => p.id));
        for (const [id, row] of this.rows) {
            if (ids.has(id)) continue;
            row.element.remove();
            this.rows.delete(id);
        }
        people.forEach((person, i) => {
            if (!this.rows.has(person.id)) this.rows.set(person.id, this.create(person));
            const row = this.rows.get(person.id);
            if (this.list.children[i] !== row.element)
                this.list.insertBefore(row.element, this.list.children[i] ?? null);
            this.paint(person);
        });
        this.rove();
    }

    create(person) {
        const { id } = person;
        const cap = h('span', { class: 'mini-cap', 'aria-hidden': 'true', 'data-cap': capOf(id) });
        const name = h('span', { class: 'roster-name' });
        const about = h('span', { class: 'roster-about' });
        const signs = h('span', { class: 'roster-signs', 'aria-hidden': 'true' });
        const fill = h('span', { class: 'leds-fill' });
        const words = h('span', { class: 'sr-only' });
        const head = h(
            'button',
            { type: 'button', class: 'roster-head', 'aria-expanded': 'false', testid: 'person' },
            cap,
            h('span', { class: 'roster-words' }, name, about),
            words,
            signs,
            h('span', { class: 'leds mini', 'aria-hidden': 'true' }, fill),
            icon('chevron', 'turn'),
        );
        const body = h('div', { class: 'roster-body', hidden: true });
        head.addEventListener('click', () => {
            this.open = this.open === id ? null : id;
            this.sync();
        });
        head.addEventListener('focus', () => this.rove(head));
        const element = h(
            'li',
            { class: 'roster-row', testid: 'roster-row', 'data-id': id },
            head,
            body,
        );
        return { element, head, body, cap, name, about, words, signs, fill };
    }

    paint(person) {
        const row = this.rows.get(person.id);
        if (row === undefined) return;
        const isMe = person.id === this.session.id;
        const open = this.open === person.id;
        const look = lookOf(person, `${isMe}${open}${this.session.role}${currentLanguage()}`);
        if (look === row.look) return;
        row.look = look;
        row.cap.textContent = initialsOf(nameOf(person)) || '·';
        row.name.textContent = nameOf(person);
        row.about.textContent = isMe ? translate('person.you') : '';
        row.signs.replaceChildren(...signIcons(person));
        row.words.textContent = signsOf(person)
            .map(([, key]) => translate(key))
            .join(', ');
        row.element.classList.toggle('talking', person.talking && !person.muted);
        row.head.setAttribute('aria-expanded', String(open));
        if (open) this.unfold(row, person);
        show(row.body, open);
    }

    unfold(row, person) {
        const had = row.body.contains(document.activeElement)
            ? document.activeElement.dataset.action
            : null;
        const facts = [
            h('p', { class: 'hint', t: ['roster.since', { time: time(person.joined) }] }),
            h('p', {
                class: 'hint',
                t: person.encrypted === false ? 'roster.plain' : 'roster.encrypted',
            }),
        ];
        const buttons = actions
            .filter(([, , when]) => when(this.session, person))
            .map(([key, name, , act]) => {
                const b = button({
                    t: key,
                    icon: name,
                    kind: key === 'roster.remove' ? 'small danger' : 'small',
                    testid: key.replace('roster.', 'do-'),
                    on: { click: () => this.act(key, act, person) },
                });
                b.dataset.action = key;
                return b;
            });
        row.body.replaceChildren(...facts, h('div', { class: 'row wrap' }, buttons));
        if (had) (row.body.querySelector(`[data-action="${had}"]`) ?? row.head).focus();
    }

    async act(key, act, person) {
        try {
            await act(this.session, person);
            if (done[key]) toast(done[key], { name: nameOf(person) });
        } catch (error) {
            toast(errorKey(error), {}, { kind: 'bad' });
        }
    }

    levels() {
        for (const [id, row] of this.rows) {
            const level = loudness(this.session.people.get(id)?.level ?? 127);
            if (level === row.level) continue;
            row.level = level;
            row.fill.style.setProperty('--level', level.toFixed(3));
        }
    }

    // One stop for the Tab key; arrows go on from there.
    rove(to) {
        const heads = [...this.rows.values()].map((row) => row.head);
        const current =
            to ?? heads.find((head) => head.tabIndex === 0 && head.isConnected) ?? heads[0];
        for (const head of heads) head.tabIndex = head === current ? 0 : -1;
    }

    move(event) {
        const heads = [...this.list.querySelectorAll('.roster-head')];
        const at = heads.indexOf(document.activeElement);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1 }[
            event.key
        ];
        if (to === undefined || at < 0) return;
        event.preventDefault();
        event.stopPropagation();
        heads[Math.min(heads.length - 1, Math.max(0, to))].focus();
    }

    destroy() {
        for (const end of this.ends) end();
    }
}

// Those who wait at the door, for moderators.
export class WaitingList {
    constructor(session) {
        this.session = session;
        this.list = h('ul', { class: 'waiting-list' });
        this.heading = h('h3', {});
        this.element = h(
            'section',
            { class: 'waiting', testid: 'waiting', hidden: true },
            this.heading,
            this.list,
        );
        this.ends = [session.on('waiting', () => this.sync()), session.on('me', () => this.sync())];
        onLanguage(() => this.sync());
        this.sync();
    }

    sync() {
        const { waiting, moderator } = this.session;
        show(this.element, moderator && waiting.size > 0);
        if (this.element.hidden) return;
        say(this.heading, 'waiting.heading', { n: waiting.size });
        this.list.replaceChildren(...[...waiting.values()].map((one) => this.row(one)));
    }

    row(one) {
        const name = nameOf(one);
        const answer = (admit, t, kind, testid) => {
            const b = button({
                t,
                icon: admit ? 'check' : 'close',
                kind,
                testid,
                on: { click: () => this.answer(one, admit) },
            });
            label(b, `${t}.whom`, { name });
            return b;
        };
        return h(
            'li',
            { class: 'waiting-row', 'data-id': one.id },
            h('span', { class: 'roster-name', text: name }),
            h(
                'div',
                { class: 'row' },
                answer(true, 'waiting.admit', 'small primary', 'admit'),
                answer(false, 'waiting.refuse', 'small', 'refuse'),
            ),
        );
    }

    async answer(one, admit) {
        try {
            await this.session.answerKnock(one.id, admit);
            this.session.waiting.delete(one.id);
            this.session.emit('waiting');
        } catch (error) {
            toast(errorKey(error), {}, { kind: 'bad' });
        }
    }

    destroy() {
        for (const end of this.ends) end();
    }
}
