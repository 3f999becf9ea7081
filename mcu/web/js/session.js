// One person's stay in one room: entering, waiting, the meeting, leaving. Holds what the page shows
// (people, waiting ones, the room) as the server tells it, and does what the person asks for.
import { api, ApiError, roomPath } from './api.js';
import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import { EventSocket } from './events.js';
import { Outgoing } from './sound.js';
import { readTicket, writeTicket } from './store.js';

const silent = 127;

// Emits: phase ('waiting' | 'meeting' | 'over', detail), people, person (id), gone (person), levels,
// room, waiting, me, line (figures, quality), link (state, tries), audio, picture, asked, notice.
export class Session extends Emitter {
    constructor(room, entry, devices) {
        super();
        this.room = room;
        this.entry = entry;
        this.devices = devices;
        this.phase = 'out';
        this.people = new Map();
        this.waiting = new Map();
        this.levels = new Map();
        this.state = {
            name: room,
            locked: entry.locked,
            lobby: entry.lobby,
            pin: entry.pin,
            created: 0,
        };
        this.ticket = readTicket(room);
        this.line = 'full';
        this.link = 'connecting';
        this.micOn = false;
        this.cameraOn = false;
        this.handUp = false;
        this.display = null; // stream of the shared screen
        this.displaySound = false;
        this.outgoing = new Outgoing();
        this.told = null; // what the server last heard about our being muted
        this.events = null;
        this.connection = null;
        this.offDevices = devices.on('change', (kind) => this.deviceChanged(kind));
    }

    get id() {
        return this.ticket?.id ?? '';
    }
    get role() {
        return this.people.get(this.id)?.role ?? this.ticket?.role ?? 'participant';
    }
    get moderator() {
        return this.role === 'moderator' || this.role === 'admin';
    }
    get speaks() {
        return this.role !== 'viewer';
    }
    get me() {
        return this.people.get(this.id) ?? null;
    }

    // bearer: a link's token or a ticket; rejects with an ApiError that the join page shows.
    async enter({ name, pin, token }) {
        const answer = await api.enter(this.room, { name, pin, token });
        this.keep(answer);
        this.begin(answer.state);
    }

    // Answers may come when the person has left.
    keep(answer) {
        if (this.phase === 'over') throw new ApiError('left');
        this.ticket = {
            ticket: answer.ticket,
            id: answer.id,
            role: answer.role,
            name: answer.name,
            live: answer.state === 'admitted',
        };
        writeTicket(this.room, this.ticket);
    }

    begin(state) {
        this.setPhase(state === 'admitted' ? 'meeting' : 'waiting');
        this.events?.close();
        this.events = new EventSocket(`${roomPath(this.room)}/events`, () => this.ticket.ticket, {
            message: (event) => this.take(event),
            lost: (tries) => this.socketLost(tries),
        });
        if (state === 'admitted') this.startMedia();
    }

    setPhase(phase, detail) {
        if (this.phase === 'over') return;
        this.phase = phase;
        this.emit('phase', phase, detail);
    }

    startMedia() {
        if (this.connection !== null) return;
        const connection = new Connection({
            path: `/whip/${encodeURIComponent(this.room)}`,
            line: this.line,
            picture: this.entry.video,
            token: () => this.ticket.ticket,
            renew: () => this.renew(),
        });
        this.connection = connection;
        connection.on('state', (state, tries) => this.setLink(state, tries));
        connection.on('line', (figures, quality) => this.emit('line', figures, quality));
        connection.on('audio', (stream) => this.emit('audio', stream));
        connection.on('video', (stream) => this.emit('picture', stream));
        connection.on('joined', () => this.rejoined());
        connection.on('refused', (error) => this.refused(error));
        if (this.speaks) this.send();
        else this.fallSilent();
        connection.start();
    }

    setLink(state, tries) {
        const before = this.link;
        this.link = state === 'reconnecting' && this.serverGone ? 'restarting' : state;
        if (state === 'connected') {
            this.serverGone = false;
            if (before !== 'connected' && before !== 'connecting') this.events?.renew();
        }
        this.emit('link', this.link, tries);
    }

    // After a break the ticket opens the door again: the same person, the same role.
    async renew() {
        const answer = await api.enter(this.room, {
            token: this.ticket.ticket,
            name: this.ticket.name,
        });
        this.keep(answer);
        if (answer.state !== 'admitted') {
            this.connection?.stop(false);
            this.connection = null;
            this.begin('waiting');
            throw new ApiError('waiting');
        }
    }

    // A new leg knows nothing of what was said to the one before.
    rejoined() {
        this.told = null;
        this.tellMuted();
        if (this.handUp) this.setHand(true);
    }

    refused(error) {
        if (this.phase !== 'meeting') return;
        this.finish('refused', error.code);
    }

    // A waiting one whose server went away knocks again.
    async socketLost(tries) {
        if (this.phase !== 'waiting') {
            if (tries === 2) this.connection?.mend();
            return;
        }
        if (tries < 2) return;
        try {
            const answer = await api.enter(this.room, {
                token: this.ticket.ticket,
                name: this.ticket.name,
            });
            if (this.phase !== 'waiting') return;
            this.keep(answer);
            if (answer.state === 'admitted') this.begin('admitted');
        } catch (error) {
            if (this.phase === 'waiting' && !error.passing && error.status !== 429)
                this.finish('refused', error.code);
        }
    }

    take(event) {
        handlers[event.type]?.call(this, event);
    }

    // Many who come at once are one change.
    peopleChanged() {
        this.gathering ??= setTimeout(() => {
            this.gathering = undefined;
            this.emit('people');
        }, 40);
    }

    setPeople(list) {
        this.people.clear();
        for (const person of list ?? []) this.people.set(person.id, { ...person, level: silent });
        this.followMe();
        this.emit('people');
    }

    // What the server says about us decides; see also changed.
    followMe() {
        const { me } = this;
        if (me === null) return;
        this.handUp = me.hand;
        if (this.told === false && me.muted) this.mutedByOther();
        else if (me.muted !== this.wantsMuted) this.tellMuted(true);
        this.emit('me');
    }

    changedMe(event, before) {
        if (event.hand !== undefined) {
            this.handUp = event.hand;
            if (before.hand && !event.hand && event.by) this.emit('notice', 'hand_lowered');
        }
        if (event.muted === true && event.by) this.mutedByOther();
        if (event.role !== undefined && event.role !== before.role) this.roleChanged();
        this.emit('me');
    }

    roleChanged() {
        this.ticket.role = this.role;
        writeTicket(this.room, this.ticket);
        if (!this.speaks) this.fallSilent();
        this.emit('notice', `role_${this.role}`);
        if (!this.moderator) this.waiting.clear(); // the server tells moderators only
        this.emit('waiting');
        this.emit('people');
    }

    // Who only listens sends nothing.
    fallSilent() {
        this.micOn = false;
        this.cameraOn = false;
        this.stopSharing();
        this.devices.closeAll();
        this.send();
    }

    get wantsMuted() {
        return !(this.micOn || (this.display !== null && this.displaySound));
    }

    mutedByOther() {
        this.told = true;
        this.micOn = false;
        this.displaySound = false;
        this.send();
        this.emit('me');
        this.emit('notice', 'muted_by_moderator');
    }

    // Local first: what is off is off here before the server hears of it.
    send() {
        const { microphone } = this.devices;
        if (microphone !== null) microphone.enabled = this.micOn;
        const shared = this.display?.getAudioTracks()[0] ?? null;
        if (shared !== null) shared.enabled = this.displaySound;
        this.connection?.setTrack('audio', this.outgoing.track(microphone, shared));
        const picture =
            this.display?.getVideoTracks()[0] ?? (this.cameraOn ? this.devices.camera : null);
        if (this.entry.video) this.connection?.setTrack('video', picture);
        this.tellMuted();
    }

    // Tells the server until it knows the last wish; force: it said something else.
    async tellMuted(force = false) {
        if (force) this.told = null;
        if (this.telling || this.connection?.resource == null || !this.speaks) return;
        this.telling = true;
        try {
            for (let tries = 0; tries < 4 && this.told !== this.wantsMuted; tries++) {
                const wish = this.wantsMuted;
                try {
                    await api.person(this.room, this.ticket.ticket, this.id, { muted: wish });
                    this.told = wish;
                } catch (error) {
                    if (!error.passing && error.status !== 404) break;
                    await new Promise((resolve) => {
                        setTimeout(resolve, 300 << tries);
                    });
                }
            }
        } finally {
            this.telling = false;
        }
    }

    // Rejects with what getUserMedia says when there is no microphone to turn on.
    async setMicrophone(on) {
        if (on && this.devices.microphone === null) await this.devices.open('microphone');
        this.micOn = on;
        if (on && this.display !== null)
            this.displaySound = this.display.getAudioTracks().length > 0;
        this.send();
        this.emit('me');
    }

    async setCamera(on) {
        if (on) await this.devices.open('camera');
        else this.devices.close('camera');
        this.cameraOn = on;
        this.send();
        this.emit('me');
    }

    async startSharing() {
        const display = await navigator.mediaDevices.getDisplayMedia({
            video: { frameRate: { ideal: 5, max: 15 } },
            audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
        });
        this.stopSharing();
        this.display = display;
        this.displaySound = display.getAudioTracks().length > 0;
        for (const track of display.getTracks())
            track.addEventListener('ended', () => this.display === display && this.stopSharing());
        this.send();
        this.emit('me');
    }

    stopSharing() {
        if (this.display === null) return;
        for (const track of this.display.getTracks()) track.stop();
        this.display = null;
        this.displaySound = false;
        this.send();
        this.emit('me');
    }

    setShareSound(on) {
        this.displaySound = on;
        this.send();
        this.emit('me');
    }

    async setHand(up) {
        this.handUp = up;
        this.emit('me');
        try {
            await api.person(this.room, this.ticket.ticket, this.id, { hand: up });
        } catch (error) {
            this.handUp = this.me?.hand ?? false;
            this.emit('me');
            throw error;
        }
    }

    setLine(line) {
        this.line = line;
        this.connection?.setLine(line === 'thin' ? 'thin' : 'full');
        this.emit('me');
    }

    deviceChanged(kind) {
        if (kind === 'camera') this.cameraOn = this.devices.camera !== null;
        if (kind === 'microphone' && this.devices.microphone === null) this.micOn = false;
        if (this.phase === 'meeting') this.send();
        this.emit('me');
    }

    // What moderators do; each rejects with an ApiError.
    change(id, what) {
        return api.person(this.room, this.ticket.ticket, id, what);
    }
    removePerson(id) {
        return api.remove(this.room, this.ticket.ticket, id);
    }
    changeRoom(what) {
        return api.room(this.room, this.ticket.ticket, what);
    }
    answerKnock(id, admit) {
        return api.lobby(this.room, this.ticket.ticket, id, admit);
    }
    makeLink(wish) {
        return api.link(this.room, this.ticket.ticket, wish);
    }

    async endForAll() {
        await api.close(this.room, this.ticket.ticket);
        this.finish('ended', 'closed', false);
    }

    leave() {
        this.finish('left', null, true);
    }

    // The tab goes away: say goodbye, but a reload is to come back.
    vanish() {
        this.connection?.stop(true);
        this.events?.close();
    }

    finish(how, detail, tell = false) {
        if (this.phase === 'over') return;
        if (this.ticket !== null) {
            this.ticket.live = false;
            const spent = ['kicked', 'closed', 'refused'].includes(detail) || how === 'refused';
            writeTicket(this.room, spent ? null : this.ticket);
        }
        this.offDevices();
        clearTimeout(this.gathering);
        clearTimeout(this.hush);
        this.stopSharing();
        this.connection?.stop(tell);
        this.events?.close();
        this.devices.closeAll();
        this.setPhase('over', { how, detail });
    }
}

// What the server tells, by type; 'this' is the session.
const handlers = {
    welcome(event) {
        if (event.room) this.state = event.room;
        if (event.state === 'waiting') return;
        this.waiting.clear();
        for (const one of event.waiting ?? []) this.waiting.set(one.id, one);
        const knew = this.me !== null;
        this.setPeople(event.participants);
        // The server started anew, or took us for gone, while the line looked well.
        if (knew && this.me === null && this.link === 'connected') this.connection?.again();
        this.emit('room');
        this.emit('waiting');
    },
    joined({ participant }) {
        const known = this.people.has(participant.id);
        this.people.set(participant.id, { ...participant, level: silent });
        if (participant.id === this.id) this.followMe();
        this.peopleChanged();
        if (!known && participant.id !== this.id) this.emit('came', participant);
    },
    left({ participant, reason }) {
        const person = this.people.get(participant);
        // A server that restarts takes all of them back in a moment.
        if (person === undefined || reason === 'shutdown') return;
        this.people.delete(participant);
        this.peopleChanged();
        if (participant !== this.id) this.emit('gone', person, reason);
    },
    changed(event) {
        const person = this.people.get(event.participant);
        if (person === undefined) return;
        const before = { ...person };
        for (const field of ['muted', 'hand', 'role', 'name', 'deaf'])
            if (event[field] !== undefined) person[field] = event[field];
        if (person.id === this.id) this.changedMe(event, before);
        this.emit('person', person, before, event.by);
    },
    talking({ participant, on }) {
        const person = this.people.get(participant);
        if (person === undefined) return;
        person.talking = on;
        this.emit('person', person, person);
    },
    levels({ levels }) {
        for (const person of this.people.values()) person.level = levels[person.id] ?? silent;
        this.emit('levels');
        clearTimeout(this.hush);
        this.hush = setTimeout(() => {
            for (const person of this.people.values()) person.level = silent;
            this.emit('levels');
        }, 600);
    },
    room({ room }) {
        this.state = room;
        this.emit('room');
    },
    waiting({ waiting }) {
        this.waiting.set(waiting.id, waiting);
        this.emit('waiting', waiting);
    },
    waiting_gone({ id }) {
        this.waiting.delete(id);
        this.emit('waiting');
    },
    ask_unmute() {
        this.emit('asked');
    },
    admitted({ ticket }) {
        this.ticket = { ...this.ticket, ticket, live: true };
        writeTicket(this.room, this.ticket);
        this.begin('admitted');
    },
    refused() {
        this.finish('refused', 'refused');
    },
    ended({ reason }) {
        if (reason === 'shutdown') {
            this.serverGone = true;
            this.connection?.again();
        } else if (reason === 'timeout' || reason === 'left') {
            // Not by this page's wish: another window's leg said goodbye, or ours was taken for gone.
            if (this.connection?.resource) this.connection.again();
        } else {
            this.finish('ended', reason);
        }
    },
};
