// The page for people: the start page at /, a room at /r/{room}.
//
// Marks for tests (data-testid):
//   start: start room-name open-room
//   join: join-form name pin remember join join-error protection privacy join-microphone join-camera
//     microphone-error camera-error mic-level preview devices choose-microphone choose-camera
//     choose-speaker test-sound
//   pages that say one thing (each with its buttons): lobby-page, refused (again), locked, room-full,
//     no-room, bad-name, token-required, link-expired, no-webrtc, kicked, ended, replaced (here),
//     left (rejoin), failed (again), entering; cancel-wait
//   meeting: meeting desk participant (one a person; data-id, data-muted, data-hand, data-talking)
//     picture sound self-view clock connection controls mic camera share hand people line settings
//     more leave waiting-count
//   panel: panel close-people invite tools lock lobby pin-open end waiting admit refuse roster
//     roster-row (data-id) person do-mute do-ask do-lower do-promote do-demote do-voice do-remove
//   dialogs (each with close): settings-dialog (language-de language-en theme-auto theme-light
//     theme-dark sounds shortcuts processing) line-dialog (line-thin line-small line-full line-now)
//     connection-dialog (connection-state figures) help-dialog more-dialog (more-share more-line
//     more-settings more-help) invite-dialog (link-url copy-link make-link) pin-dialog (new-pin
//     save-pin remove-pin) confirm-remove confirm-end (confirm cancel)
//   notices: banner-line (try-now) banner-sound (allow-sound) banner-share (share-sound stop-share)
//     banner-asked (asked-yes asked-no) toast live-polite live-assertive
//   everywhere but in a meeting: language theme
import { api, ApiError, errorKey } from './api.js';
import { webrtcSupported } from './connection.js';
import { Devices } from './devices.js';
import { h, prepareAnnouncements } from './dom.js';
import { showJoin } from './join.js';
import { Meeting } from './meeting.js';
import { givenName } from './people.js';
import { Session } from './session.js';
import { showNotice } from './shell.js';
import { showStart } from './start.js';
import {
    readLink,
    readRemembered,
    readSwitches,
    readTicket,
    writeLink,
    writeRemembered,
    writeTicket,
} from './store.js';

const home = { t: 'to_start', run: () => location.assign('/'), testid: 'to-start' };
const again = {
    t: 'try_again',
    icon: 'refresh',
    kind: 'primary',
    testid: 'again',
    run: () => location.reload(),
};

// code of an error → [key of the page, symbol, actions]
const pages = {
    no_room: ['page.no_room', 'door', [home], 'no-room'],
    bad_name: ['page.bad_name', 'warning', [home], 'bad-name'],
    room_full: ['page.full', 'people', [again, home], 'room-full'],
    locked: ['page.locked', 'lock', [again, home], 'locked'],
    token_required: ['page.token_required', 'link', [home], 'token-required'],
    token_expired: ['page.expired', 'link', [home], 'link-expired'],
    invalid_token: ['page.invalid', 'link', [home], 'link-invalid'],
    wrong_room: ['page.invalid', 'link', [home], 'link-invalid'],
    refused: ['page.refused', 'door', [home], 'refused'],
    kicked: ['page.kicked', 'remove', [home], 'kicked'],
    closed: ['page.ended', 'check', [home], 'ended'],
    replaced: [
        'page.replaced',
        'screen',
        [{ ...again, t: 'page.replaced.here', testid: 'here' }],
        'replaced',
    ],
};

class Room {
    constructor(name) {
        this.name = name;
        this.entry = null;
        this.devices = null;
        this.meeting = null;
        this.session = null;
        addEventListener(
            'pagehide',
            () => this.session?.phase !== 'over' && this.session?.vanish(),
        );
        // A page that comes back from the browser's memory has no connection any more.
        addEventListener(
            'pageshow',
            (event) => event.persisted && this.session !== null && location.reload(),
        );
    }

    async open() {
        this.takeLink();
        if (!webrtcSupported()) {
            showNotice({ key: 'page.no_webrtc', symbol: 'warning', testid: 'no-webrtc' });
            return;
        }
        try {
            this.entry = await api.entry(this.name);
        } catch (error) {
            this.showError(error);
            return;
        }
        const ticket = readTicket(this.name);
        if (ticket?.live) await this.comeBack(ticket);
        else this.showJoin();
    }

    // The token of a link is taken out of the address, so that it is in no history and on no screen.
    takeLink() {
        const token = new URLSearchParams(location.hash.slice(1)).get('t');
        if (!token) return;
        writeLink(this.name, token);
        writeTicket(this.name, null);
        history.replaceState(null, '', location.pathname + location.search);
    }

    newSession() {
        this.devices ??= new Devices(readRemembered(), readSwitches());
        this.session = new Session(this.name, this.entry, this.devices);
        this.session.on('phase', (phase, detail) => this.follow(phase, detail));
        return this.session;
    }

    // A reload: the ticket opens the door without questions.
    async comeBack(ticket) {
        showNotice({
            key: 'page.entering',
            symbol: 'refresh',
            testid: 'entering',
            busy: true,
            entry: this.entry,
        });
        try {
            await this.newSession().enter({ token: ticket.ticket, name: ticket.name });
        } catch (error) {
            if (error instanceof ApiError && !error.passing) writeTicket(this.name, null);
            if (['kicked', 'refused', 'locked', 'room_full'].includes(error.code) || error.passing)
                this.showError(error);
            else this.showJoin();
        }
    }

    showJoin() {
        this.devices ??= new Devices(readRemembered(), readSwitches());
        const link = readLink(this.name);
        if (this.entry.token_required && !link) {
            this.showError(new ApiError('token_required'));
            return;
        }
        showJoin({
            room: this.name,
            entry: this.entry,
            devices: this.devices,
            name: givenName(readTicket(this.name)?.name),
            invited: link !== null,
            onjoin: (wish) => this.join(wish),
        });
    }

    async join({ name, pin, remember }) {
        const micWasOn = this.devices.microphone !== null;
        const cameraWasOn = this.devices.camera !== null;
        writeRemembered(remember ? { name, ...this.devices.wish } : null);
        const session = this.newSession();
        session.micOn = micWasOn;
        session.cameraOn = cameraWasOn;
        const token = readLink(this.name) ?? readTicket(this.name)?.ticket;
        try {
            await session.enter({ name, pin, token });
        } catch (error) {
            const page = pages[error.code];
            if (page !== undefined && error.code !== 'locked') {
                if (['token_expired', 'invalid_token', 'wrong_room'].includes(error.code))
                    this.dropBearers();
                this.showError(error);
                return;
            }
            throw error;
        }
    }

    dropBearers() {
        writeLink(this.name, null);
        writeTicket(this.name, null);
    }

    follow(phase, detail) {
        if (phase === 'waiting') this.showLobby();
        if (phase === 'meeting') this.meeting ??= new Meeting(this.session);
        if (phase === 'over') this.over(detail);
    }

    showLobby() {
        this.meeting?.destroy();
        this.meeting = null;
        showNotice({
            key: 'page.lobby',
            parameters: { room: this.name },
            symbol: 'door',
            testid: 'lobby-page',
            busy: true,
            entry: this.entry,
            actions: [
                { t: 'page.lobby.cancel', testid: 'cancel-wait', run: () => this.session.leave() },
            ],
        });
    }

    over({ how, detail }) {
        this.meeting?.destroy();
        this.meeting = null;
        const code = how === 'ended' && !pages[detail] ? 'left' : detail;
        if (how === 'left' || code === 'left') this.showLeft();
        else this.showError(new ApiError(code));
    }

    showLeft() {
        showNotice({
            key: 'page.left',
            parameters: { room: this.name },
            symbol: 'leave',
            testid: 'left',
            entry: this.entry,
            actions: [
                {
                    t: 'page.left.rejoin',
                    icon: 'refresh',
                    kind: 'primary',
                    testid: 'rejoin',
                    run: () => location.reload(),
                },
                home,
            ],
        });
    }

    showError(error) {
        const [key, symbol, actions, testid] = pages[error.code] ?? [
            'page.failed',
            'warning',
            [again],
            'failed',
        ];
        // Reloading comes back as the same person only if the ticket says so.
        if (error.code === 'replaced')
            writeTicket(this.name, { ...readTicket(this.name), live: true });
        const parameters = { room: this.name };
        const extra = key === 'page.failed' ? [h('p', { class: 'hint', t: errorKey(error) })] : [];
        showNotice({ key, parameters, symbol, actions, testid, entry: this.entry, extra });
    }
}

function boot() {
    prepareAnnouncements();
    const place = /^\/r\/([^/]+)\/?$/.exec(location.pathname);
    if (place === null) {
        showStart();
        return;
    }
    let name = '';
    try {
        name = decodeURIComponent(place[1]);
    } catch {
        // Not a name: the server says so, too.
    }
    new Room(name)
        .open()
        .catch(() =>
            showNotice({
                key: 'page.failed',
                symbol: 'warning',
                actions: [again],
                testid: 'failed',
            }),
        );
}

boot();
