// One room as the admin's page shows it: its people with what their lines do, and what may be done.
import { api, errorKey, json, roomPath } from './api.js';
import { button, confirmDialog, dialog, field, h, label, say, show, toast, toggle } from './dom.js';
import { duration } from './i18n.js';
import { icon } from './icons.js';
import { openInvite } from './moderator.js';
import { loudness, nameOf, signIcons } from './people.js';

async function attempt(what) {
    try {
        await what();
        return true;
    } catch (error) {
        toast(errorKey(error), {}, { kind: 'bad', urgent: true });
        return false;
    }
}

export function createRoom(token, done) {
    const name = field({
        t: 'start.room',
        hint: 'start.hint',
        error: true,
        control: h('input', {
            type: 'text',
            autocomplete: 'off',
            autocapitalize: 'none',
            spellcheck: 'false',
            maxlength: 64,
            testid: 'new-name',
        }),
    });
    const pin = field({
        t: 'admin.pin',
        hint: 'admin.pin.hint',
        control: h('input', {
            type: 'text',
            inputmode: 'numeric',
            autocomplete: 'off',
            maxlength: 12,
            class: 'pin',
            testid: 'new-pin',
        }),
    });
    const lobby = toggle({
        t: 'room.lobby',
        hint: 'room.lobby.hint',
        testid: 'new-lobby',
        onchange: () => {},
    });
    const problem = h('p', { class: 'form-error', role: 'alert', testid: 'create-error' });
    const form = h(
        'form',
        { class: 'stack', novalidate: true, testid: 'create-form' },
        name.element,
        pin.element,
        lobby.element,
        problem,
        h(
            'div',
            { class: 'row end' },
            button({ t: 'admin.create', kind: 'primary', type: 'submit', icon: 'plus' }),
        ),
    );
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        problem.textContent = '';
        const body = { name: name.control.value.trim(), lobby: lobby.box.checked };
        if (pin.control.value.trim() !== '') body.pin = pin.control.value.trim();
        if (!/^[A-Za-z0-9._-]{1,64}$/.test(body.name)) {
            say(problem, 'page.bad_name.text');
            return;
        }
        if (body.pin !== undefined && !/^[0-9]{4,12}$/.test(body.pin)) {
            say(problem, 'pin.bad');
            return;
        }
        try {
            await json('POST', '/api/v1/rooms', { token, body });
            box.close();
            toast('admin.created', { name: body.name });
            done();
        } catch (error) {
            say(problem, errorKey(error));
        }
    });
    const box = dialog({ t: 'admin.new', testid: 'create-dialog', kind: 'small', content: form });
    name.control.focus();
}

// [key, value of a participant's statistics]
const columns = [
    ['admin.codec', (s) => `${s.codec ?? '–'} ${Math.round(s.bitrate_bps / 1000)}k`],
    ['admin.loss', (s) => `${s.loss_percent.toFixed(1)} %`],
    ['admin.delay', (s) => `${s.delay_ms} ms`],
    ['admin.rtt', (s) => (s.rtt_ms === null ? '–' : `${s.rtt_ms} ms`)],
];

export class RoomPanel {
    constructor(name, token, onclose) {
        this.name = name;
        this.token = token;
        this.rows = new Map();
        const close = h(
            'button',
            { type: 'button', class: 'icon-button', label: 'close' },
            icon('close'),
        );
        close.addEventListener('click', onclose);
        this.list = h('ul', { class: 'admin-people' });
        this.empty = h('p', { class: 'hint', t: 'admin.nobody', hidden: true });
        const change = (field) => (on, box) =>
            attempt(() => api.room(name, token, { [field]: on })).then((ok) => {
                if (!ok) box.checked = !on;
            });
        this.lock = toggle({
            t: 'room.lock',
            hint: 'room.lock.hint',
            testid: 'admin-lock',
            onchange: change('locked'),
        });
        this.lobby = toggle({
            t: 'room.lobby',
            hint: 'room.lobby.hint',
            testid: 'admin-lobby',
            onchange: change('lobby'),
        });
        this.element = h(
            'section',
            { class: 'card', testid: 'room-panel' },
            h('div', { class: 'row between' }, h('h2', { tabindex: '-1', text: name }), close),
            h(
                'div',
                { class: 'row wrap' },
                h(
                    'a',
                    {
                        class: 'button small',
                        href: `/r/${encodeURIComponent(name)}`,
                        target: '_blank',
                        rel: 'noopener',
                    },
                    icon('arrow'),
                    h('span', { t: 'admin.go' }),
                ),
                button({
                    t: 'invite.open',
                    icon: 'link',
                    kind: 'small',
                    testid: 'admin-invite',
                    on: { click: () => this.invite() },
                }),
                button({
                    t: 'admin.close',
                    icon: 'close',
                    kind: 'small danger',
                    testid: 'close-room',
                    on: { click: () => this.end() },
                }),
            ),
            this.lock.element,
            this.lobby.element,
            this.list,
            this.empty,
        );
    }

    invite() {
        openInvite({
            room: this.name,
            moderator: true,
            makeLink: (wish) => api.link(this.name, this.token, wish),
        });
    }

    async end() {
        const sure = await confirmDialog({
            t: 'end.title',
            text: 'end.text',
            yes: 'end.go',
            testid: 'confirm-end',
        });
        if (sure) await attempt(() => api.close(this.name, this.token));
    }

    // Gives who speaks, or null.
    async refresh() {
        const people = `${roomPath(this.name)}/participants`;
        try {
            const [room, list] = await Promise.all([
                json('GET', roomPath(this.name), { token: this.token }),
                json('GET', people, { token: this.token }),
            ]);
            this.lock.box.checked = Boolean(room.locked);
            this.lobby.box.checked = Boolean(room.lobby);
            return await this.paint(list.participants ?? list);
        } catch (error) {
            if (error.status !== 404) toast(errorKey(error), {}, { kind: 'bad' });
            return null;
        }
    }

    // The list of a room has no figures: those of each are asked for, a few dozen at most.
    async paint(people) {
        const wanted = people.slice(0, 50);
        const detailed = await Promise.all(
            wanted.map((p) =>
                p.stats
                    ? p
                    : json(
                          'GET',
                          `${roomPath(this.name)}/participants/${encodeURIComponent(p.id)}`,
                          { token: this.token },
                      ).catch(() => p),
            ),
        );
        const ids = new Set(detailed.map((p) => p.id));
        for (const [id, row] of this.rows) {
            if (ids.has(id)) continue;
            row.element.remove();
            this.rows.delete(id);
        }
        for (const person of detailed) {
            if (!this.rows.has(person.id)) {
                this.rows.set(person.id, this.row(person));
                this.list.append(this.rows.get(person.id).element);
            }
            this.fill(this.rows.get(person.id), person);
        }
        show(this.empty, people.length === 0);
        return new Set(detailed.filter((p) => p.stats?.talking).map((p) => p.id));
    }

    row(person) {
        const name = h('span', { class: 'roster-name' });
        const signs = h('span', { class: 'roster-signs', 'aria-hidden': 'true' });
        const level = h('span', { class: 'leds-fill' });
        const cells = columns.map(([key]) => [h('dt', { t: key }), h('dd', {})]);
        const since = h('dd', {});
        const mute = button({
            t: 'roster.mute',
            icon: 'mic_off',
            kind: 'small',
            testid: 'admin-mute',
        });
        const kick = button({
            t: 'roster.remove',
            icon: 'remove',
            kind: 'small danger',
            testid: 'admin-kick',
        });
        mute.addEventListener('click', () =>
            attempt(() => api.person(this.name, this.token, person.id, { muted: true })).then(() =>
                this.refresh(),
            ),
        );
        kick.addEventListener('click', () => this.kick(person));
        const element = h(
            'li',
            { class: 'admin-person', testid: 'admin-person', 'data-id': person.id },
            h(
                'div',
                { class: 'row between' },
                name,
                h(
                    'span',
                    { class: 'row' },
                    signs,
                    h('span', { class: 'leds mini', 'aria-hidden': 'true' }, level),
                ),
            ),
            h(
                'dl',
                { class: 'facts' },
                h('div', {}, h('dt', { t: 'admin.age' }), since),
                cells.map((cell) => h('div', {}, cell)),
            ),
            h('div', { class: 'row' }, mute, kick),
        );
        return { element, name, signs, level, cells, since, mute, kick };
    }

    fill(row, person) {
        row.name.textContent = nameOf(person);
        row.signs.replaceChildren(...signIcons(person));
        row.since.textContent = duration(Date.now() / 1000 - person.joined);
        row.mute.disabled = person.muted;
        label(row.mute, 'admin.mute.whom', { name: nameOf(person) });
        label(row.kick, 'admin.kick.whom', { name: nameOf(person) });
        const { stats } = person;
        row.level.style.setProperty('--level', stats ? loudness(stats.level).toFixed(3) : '0');
        if (!stats) return;
        columns.forEach(([, value], i) => {
            row.cells[i][1].textContent = value(stats);
        });
        row.element.classList.toggle('talking', stats.talking);
    }

    talking(event) {
        if (event.room === this.name)
            this.rows.get(event.participant)?.element.classList.toggle('talking', event.on);
    }

    async kick(person) {
        const sure = await confirmDialog({
            t: ['roster.remove.title', { name: nameOf(person) }],
            text: 'roster.remove.text',
            yes: 'roster.remove',
            testid: 'confirm-remove',
        });
        if (sure && (await attempt(() => api.remove(this.name, this.token, person.id))))
            await this.refresh();
    }
}
