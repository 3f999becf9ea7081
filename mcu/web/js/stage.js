// The stage: the composite picture when the server sends one, and the desk, a channel strip a person
// with a level meter. A fader that is down is a muted microphone.
import { h, label, say, show } from './dom.js';
import { currentLanguage, onLanguage } from './i18n.js';
import { icon } from './icons.js';
import {
    capOf,
    describe,
    initialsOf,
    inOrder,
    lookOf,
    loudness,
    nameOf,
    signIcons,
} from './people.js';

const small = '(max-width: 40rem), (max-height: 30rem)'; // as meeting.css has it
const most_strips = 24; // more people than this: those who spoke last are shown

function createStrip() {
    const lamps = h('div', { class: 'lamps', 'aria-hidden': 'true' });
    const cap = h('div', { class: 'cap' });
    const name = h('span', { class: 'tape-name' });
    const you = h('span', { class: 'tape-you', t: 'person.you' });
    const words = h('span', { class: 'sr-only' });
    const element = h(
        'li',
        { class: 'strip', testid: 'participant' },
        lamps,
        h(
            'div',
            { class: 'channel', 'aria-hidden': 'true' },
            h('div', { class: 'ladder' }, h('div', { class: 'ladder-fill' })),
            h('div', { class: 'slot' }, cap),
        ),
        h('div', { class: 'tape', 'aria-hidden': 'true' }, name, you),
        words,
    );
    return { element, lamps, cap, name, you, words, level: -1 };
}

function paintStrip(strip, person, isMe) {
    const { element } = strip;
    const look = lookOf(person, `${isMe}${currentLanguage()}`);
    if (look === strip.look) return;
    strip.look = look;
    element.dataset.id = person.id;
    element.dataset.cap = String(capOf(person.id));
    element.classList.toggle('talking', person.talking && !person.muted);
    element.classList.toggle('muted', person.muted || person.role === 'viewer');
    element.classList.toggle('hand', person.hand);
    element.classList.toggle('me', isMe);
    for (const state of ['muted', 'hand', 'talking'])
        element.dataset[state] = String(Boolean(person[state]));
    strip.lamps.replaceChildren(...signIcons(person));
    strip.cap.textContent = initialsOf(nameOf(person));
    if (strip.cap.textContent === '')
        strip.cap.replaceChildren(icon(person.kind === 'phone' ? 'phone' : 'people'));
    strip.name.textContent = nameOf(person);
    show(strip.you, isMe);
    strip.words.textContent = describe(person, isMe);
}

export class Stage {
    constructor(session) {
        this.session = session;
        this.strips = new Map();
        this.spoke = new Map(); // id → when last
        this.list = h('ul', { class: 'desk', testid: 'desk' });
        label(this.list, 'stage.people');
        this.picture = h('video', {
            class: 'picture',
            autoplay: true,
            playsinline: true,
            hidden: true,
            testid: 'picture',
        });
        this.picture.muted = true; // the sound comes by the audio element
        label(this.picture, 'stage.picture');
        this.rest = h('p', { class: 'desk-rest', hidden: true });
        this.alone = h('p', { class: 'desk-alone', t: 'stage.alone', hidden: true });
        this.element = h(
            'main',
            { class: 'stage', id: 'main', tabindex: '0' },
            this.picture,
            h('div', { class: 'desk-place' }, this.list, this.rest, this.alone),
        );
        this.ends = [
            session.on('people', () => this.sync()),
            session.on('person', (person) => this.paint(person)),
            session.on('levels', () => this.move()),
            session.on('picture', (stream) => this.show(stream)),
        ];
        onLanguage(() => this.sync());
        this.small = matchMedia(small);
        this.lay = () =>
            this.list.classList.toggle('lying', this.small.matches || !this.picture.hidden);
        this.small.addEventListener('change', this.lay);
        this.lay();
        this.sync();
    }

    chosen() {
        const all = inOrder(this.session);
        if (all.length <= most_strips) return all;
        const rank = (p) =>
            p.id === this.session.id ? Infinity : (this.spoke.get(p.id) ?? 0) + (p.hand ? 1 : 0);
        const shown = new Set(
            [...all]
                .sort((a, b) => rank(b) - rank(a))
                .slice(0, most_strips)
                .map((p) => p.id),
        );
        return all.filter((p) => shown.has(p.id));
    }

    sync() {
        const people = this.chosen();
        const ids = new Set(people.map((p) => p.id));
        for (const [id, strip] of this.strips) {
            if (ids.has(id)) continue;
            strip.element.remove();
            this.strips.delete(id);
        }
        people.forEach((person, i) => {
            let strip = this.strips.get(person.id);
            if (strip === undefined) {
                strip = createStrip();
                this.strips.set(person.id, strip);
            }
            if (this.list.children[i] !== strip.element)
                this.list.insertBefore(strip.element, this.list.children[i] ?? null);
            paintStrip(strip, person, person.id === this.session.id);
        });
        const total = this.session.people.size;
        this.list.dataset.size = total <= 6 ? 'few' : total <= 14 ? 'some' : 'many';
        show(this.rest, total > people.length);
        if (total > people.length) say(this.rest, 'stage.rest', { n: total - people.length });
        show(this.alone, total === 1 && this.session.me !== null);
    }

    paint(person) {
        if (person.talking) this.spoke.set(person.id, Date.now());
        const strip = this.strips.get(person.id);
        if (strip !== undefined) paintStrip(strip, person, person.id === this.session.id);
        else if (person.talking || person.hand) this.sync();
    }

    move() {
        for (const [id, strip] of this.strips) {
            const level = loudness(this.session.people.get(id)?.level ?? 127);
            if (level === strip.level) continue;
            strip.level = level;
            strip.element.style.setProperty('--level', level.toFixed(3));
        }
    }

    show(stream) {
        this.picture.srcObject = stream;
        show(this.picture, stream !== null);
        this.element.classList.toggle('with-picture', stream !== null);
        this.lay();
    }

    destroy() {
        this.small.removeEventListener('change', this.lay);
        for (const end of this.ends) end();
    }
}
