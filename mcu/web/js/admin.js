// The page of who runs the server: every room, live, and the people in one. It needs the admin's
// token, which stays in this tab. Rooms and people are asked for again when events tell of changes,
// and every few seconds for the figures.
//
// Marks for tests (data-testid): token-form admin-token enter token-error admin health metrics
//   new-room create-form new-name new-pin new-lobby create-error room-row (data-room) open-room
//   room-panel admin-person (data-id) admin-mute admin-kick close-room admin-lock admin-lobby
//   admin-invite link-url copy-link forget language theme
import { ApiError, errorKey, json, send } from './api.js';
import { button, field, h, prepareAnnouncements, say, show, toast } from './dom.js';
import { EventSocket } from './events.js';
import { createRoom, RoomPanel } from './admin_room.js';
import { duration, onLanguage } from './i18n.js';
import { icon } from './icons.js';
import { pageHead, setTitle, showPage } from './shell.js';
import { readAdminToken, writeAdminToken } from './store.js';

const metrics = {
    participants: 'mischpult_participants',
    speakers: 'mischpult_speakers',
    busy: 'mischpult_media_busy_ratio',
    late: 'mischpult_ticks_late_total',
    longest: 'mischpult_tick_longest_seconds',
    memory: 'process_resident_memory_bytes',
};

// name → number of Prometheus' text
export function readMetrics(text) {
    const found = {};
    for (const line of text.split('\n')) {
        const [name, value] = line.split(' ');
        if (!name.startsWith('#') && value !== undefined) found[name] = Number(value);
    }
    return found;
}

function showTokenForm(problem) {
    const token = field({
        t: 'admin.token',
        hint: 'admin.token.hint',
        error: true,
        control: h('input', {
            type: 'password',
            autocomplete: 'off',
            testid: 'admin-token',
            required: true,
        }),
    });
    token.problem.dataset.testid = 'token-error';
    if (problem) say(token.problem, problem);
    const form = h(
        'form',
        { class: 'stack', novalidate: true, testid: 'token-form' },
        token.element,
        button({
            t: 'admin.enter',
            icon: 'arrow',
            kind: 'primary wide',
            type: 'submit',
            testid: 'enter',
        }),
    );
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        const value = token.control.value.trim();
        try {
            await json('GET', '/api/v1/rooms?limit=1', { token: value });
            writeAdminToken(value);
            showRooms(value);
        } catch (error) {
            const wrong = error instanceof ApiError && [401, 403].includes(error.status);
            say(token.problem, wrong ? 'error.unauthorized' : errorKey(error));
            token.control.setAttribute('aria-invalid', 'true');
            token.control.focus();
        }
    });
    showPage(
        h(
            'section',
            { class: 'card' },
            h('h1', { tabindex: '-1', t: 'admin.title' }),
            h('p', { class: 'lead', t: 'admin.text' }),
            form,
        ),
        { title: ['admin.title'] },
    );
    token.control.focus();
}

class AdminPage {
    constructor(token) {
        this.token = token;
        this.rooms = [];
        this.talking = new Map(); // room → set of ids
        this.rows = new Map();
        this.panel = null;
        this.build();
        this.events = new EventSocket('/api/v1/events', () => token, {
            message: (event) => this.take(event),
        });
        this.timer = setInterval(() => this.refresh(), 5000);
        this.clock = setInterval(() => this.paintAges(), 1000);
        onLanguage(() => this.paint());
        this.refresh();
    }

    build() {
        this.health = h('span', { class: 'pill', testid: 'health' });
        this.metrics = h('dl', { class: 'tiles', testid: 'metrics' });
        this.heading = h('h2', {});
        this.body = h('tbody', {});
        this.empty = h('p', { class: 'hint empty', t: 'admin.empty', hidden: true });
        this.problem = h('p', { class: 'form-error', role: 'alert' });
        this.side = h('div', { class: 'admin-side' });
        const head = (key) => h('th', { scope: 'col', t: key });
        const table = h(
            'table',
            { class: 'rooms' },
            h('caption', { class: 'sr-only', t: 'admin.rooms' }),
            h(
                'thead',
                {},
                h(
                    'tr',
                    {},
                    head('admin.room'),
                    head('admin.people'),
                    head('admin.talkers'),
                    head('admin.age'),
                ),
            ),
            this.body,
        );
        const forget = button({
            t: 'admin.forget',
            kind: 'quiet',
            testid: 'forget',
            on: { click: () => this.forget() },
        });
        const make = button({
            t: 'admin.new',
            icon: 'plus',
            kind: 'small primary',
            testid: 'new-room',
            on: { click: () => createRoom(this.token, () => this.refresh()) },
        });
        const main = h(
            'main',
            { class: 'admin', id: 'main', testid: 'admin' },
            h(
                'div',
                { class: 'admin-top' },
                h('h1', { t: 'admin.title', tabindex: '-1' }),
                this.health,
                forget,
            ),
            this.metrics,
            this.problem,
            h(
                'div',
                { class: 'admin-body' },
                h(
                    'section',
                    { class: 'card' },
                    h('div', { class: 'row between' }, this.heading, make),
                    table,
                    this.empty,
                ),
                this.side,
            ),
        );
        setTitle('admin.title');
        document.body.dataset.view = 'page';
        document.getElementById('app').replaceChildren(pageHead(), main);
        main.querySelector('h1').focus();
    }

    // A storm of events asks once.
    soon() {
        this.pending ??= setTimeout(() => {
            this.pending = undefined;
            this.refresh();
        }, 250);
    }

    take(event) {
        if (event.type === 'talking') {
            const ids = this.talking.get(event.room) ?? new Set();
            if (event.on) ids.add(event.participant);
            else ids.delete(event.participant);
            this.talking.set(event.room, ids);
            this.paint();
            this.panel?.talking(event);
            return;
        }
        if (event.type === 'left') this.talking.get(event.room)?.delete(event.participant);
        if (event.type === 'room_closed') this.talking.delete(event.room);
        this.soon();
    }

    async refresh() {
        if (this.asking) return;
        this.asking = true;
        try {
            const [list, figures, health] = await Promise.all([
                json('GET', '/api/v1/rooms?limit=1000', { token: this.token }),
                send('GET', '/metrics', { token: this.token }),
                send('GET', '/healthz').catch((error) => ({ error })),
            ]);
            this.problem.textContent = '';
            this.total = list.total;
            this.rooms = list.rooms;
            this.paintHealth(health);
            this.paintMetrics(readMetrics(figures.text));
            await this.refreshPanel();
            this.paint();
        } catch (error) {
            if ([401, 403].includes(error.status)) this.forget('error.unauthorized');
            else say(this.problem, errorKey(error));
        } finally {
            this.asking = false;
        }
    }

    async refreshPanel() {
        const { panel } = this;
        const talking = await panel?.refresh();
        if (talking) this.talking.set(panel.name, talking);
    }

    paintHealth({ text, error }) {
        let status = 'unknown';
        try {
            if (!error) ({ status } = JSON.parse(text));
        } catch {
            // Not what a server of ours says.
        }
        this.health.dataset.state = status;
        say(
            this.health,
            { ok: 'health.ok', stalled: 'health.stalled', draining: 'health.draining' }[status] ??
                'health.unknown',
        );
    }

    paintMetrics(all) {
        const value = (name) => all[metrics[name]] ?? 0;
        const tiles = [
            ['admin.people', 'figure.plain', value('participants')],
            ['admin.talkers', 'figure.plain', value('speakers')],
            ['metric.busy', 'figure.percent', Math.round(value('busy') * 1000) / 10],
            ['metric.longest', 'figure.ms', Math.round(value('longest') * 10000) / 10],
            ['metric.late', 'figure.plain', value('late')],
            ['metric.memory', 'figure.mb', Math.round(value('memory') / 1e6)],
        ];
        this.metrics.replaceChildren(
            ...tiles.map(([name, t, n]) =>
                h('div', { class: 'tile' }, h('dt', { t: name }), h('dd', { t: [t, { n }] })),
            ),
        );
    }

    paint() {
        say(this.heading, 'admin.count', { n: this.total ?? 0 });
        show(this.empty, this.rooms.length === 0);
        const names = new Set(this.rooms.map((room) => room.name));
        for (const [name, row] of this.rows) {
            if (names.has(name)) continue;
            row.element.remove();
            this.rows.delete(name);
        }
        for (const room of this.rooms) {
            if (!this.rows.has(room.name)) this.rows.set(room.name, this.row(room.name));
            const row = this.rows.get(room.name);
            row.created = room.created;
            row.people.textContent = String(room.participants);
            row.talkers.textContent = String(this.talking.get(room.name)?.size ?? 0);
            row.flags.replaceChildren(
                ...[
                    [room.locked, 'lock'],
                    [room.lobby, 'door'],
                    [room.pin, 'key'],
                ]
                    .filter(([on]) => on)
                    .map(([, name]) => icon(name, 'sign')),
            );
            row.open.setAttribute('aria-expanded', String(this.panel?.name === room.name));
            if (row.element.parentNode === null) this.body.append(row.element);
        }
        this.paintAges();
        if (this.panel && !names.has(this.panel.name)) this.close();
    }

    row(name) {
        const open = h('button', {
            type: 'button',
            class: 'link-button',
            text: name,
            testid: 'open-room',
        });
        open.addEventListener('click', () =>
            this.panel?.name === name ? this.close() : this.open(name),
        );
        const cells = [1, 2, 3].map(() => h('td', {}));
        const flags = h('span', { class: 'room-flags' });
        const element = h(
            'tr',
            { testid: 'room-row', 'data-room': name },
            h('th', { scope: 'row' }, open, flags),
            cells,
        );
        return {
            element,
            open,
            flags,
            people: cells[0],
            talkers: cells[1],
            age: cells[2],
            created: 0,
        };
    }

    paintAges() {
        for (const row of this.rows.values())
            row.age.textContent = duration(Date.now() / 1000 - row.created);
    }

    open(name) {
        this.panel = new RoomPanel(name, this.token, () => this.close());
        this.side.replaceChildren(this.panel.element);
        this.paint();
        this.refreshPanel().then(() => this.paint());
        this.panel.element.querySelector('h2').focus();
    }

    close() {
        const row = this.rows.get(this.panel?.name);
        this.panel = null;
        this.side.replaceChildren();
        this.paint();
        row?.open.focus();
    }

    forget(problem) {
        clearInterval(this.timer);
        clearInterval(this.clock);
        clearTimeout(this.pending);
        this.events.close();
        writeAdminToken(null);
        showTokenForm(problem);
        if (!problem) toast('admin.forgotten');
    }
}

function showRooms(token) {
    return new AdminPage(token);
}

prepareAnnouncements();
const known = readAdminToken();
if (known) showRooms(known);
else showTokenForm();
