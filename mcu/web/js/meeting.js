// The meeting: head, notices, stage, side panel and controls, and what happens between them.
import { errorKey } from './api.js';
import { Banners } from './banners.js';
import { canShare, Controls } from './controls.js';
import { announce, h, say, show, toast } from './dom.js';
import { deviceErrorKey, useSpeaker } from './devices.js';
import { duration } from './i18n.js';
import { brandMark, icon } from './icons.js';
import { Keyboard } from './keyboard.js';
import { RoomTools } from './moderator.js';
import { nameOf } from './people.js';
import { Roster, WaitingList } from './roster.js';
import { openConnection, openHelp, openLine, openSettings } from './settings.js';
import { setTitle } from './shell.js';
import { knock } from './sound.js';
import { Stage } from './stage.js';
import { readSwitches } from './store.js';

export class Meeting {
    constructor(session) {
        this.session = session;
        this.ends = [];
        this.knocks = new Map(); // who waits → what was said of it
        this.last = { figures: null, quality: 'good' };
        this.banners = new Banners();
        this.stage = new Stage(session);
        this.actions = this.makeActions();
        this.controls = new Controls(session, this.actions);
        this.keyboard = new Keyboard(this.actions, () => readSwitches().shortcuts);
        this.audio = h('audio', { autoplay: true, testid: 'sound' });
        this.preview = this.makePreview();
        this.panel = this.makePanel();
        this.element = h(
            'div',
            { class: 'meeting', testid: 'meeting' },
            this.makeHead(),
            this.banners.element,
            h('div', { class: 'meeting-body' }, this.stage.element, this.panel.element),
            this.controls.element,
            this.audio,
        );
        this.listen();
        this.clock = setInterval(() => this.tick(), 1000);
        this.loud = 0;
        this.ear = setInterval(() => this.listenWhileMuted(), 150);
        setTitle('meeting.of', { room: session.room });
        document.body.dataset.view = 'meeting';
        document.getElementById('app').replaceChildren(this.element);
        if (matchMedia('(min-width: 1100px)').matches) this.togglePanel(true, false);
        this.paintMe();
        this.paintRoom();
        this.paintLink();
        this.head.name.focus();
    }

    makeHead() {
        const head = {
            name: h('h1', { class: 'room-name', tabindex: '-1', text: this.session.room }),
            flags: h('span', { class: 'room-flags' }),
            clock: h('span', { class: 'clock', testid: 'clock', 'aria-hidden': 'true' }),
            rates: h('span', { class: 'rates' }),
            quality: h('span', { class: 'quality-word' }),
        };
        head.link = h(
            'button',
            { type: 'button', class: 'link-state', testid: 'connection' },
            icon('bars'),
            head.quality,
            head.rates,
        );
        head.link.addEventListener('click', () => openConnection(this.session, this.last));
        this.head = head;
        return h(
            'header',
            { class: 'meeting-head' },
            brandMark(),
            head.name,
            head.flags,
            head.clock,
            head.link,
        );
    }

    makePanel() {
        const { session } = this;
        const close = h(
            'button',
            { type: 'button', class: 'icon-button', label: 'close', testid: 'close-people' },
            icon('close'),
        );
        close.addEventListener('click', () => this.togglePanel(false));
        const heading = h('h2', { id: 'people-heading', tabindex: '-1' });
        const parts = [new WaitingList(session), new RoomTools(session), new Roster(session)];
        const element = h(
            'aside',
            { class: 'panel', hidden: true, 'aria-labelledby': 'people-heading', testid: 'panel' },
            h('header', { class: 'panel-head' }, heading, close),
            h(
                'div',
                { class: 'panel-body' },
                parts.map((part) => part.element),
            ),
        );
        const paint = () =>
            session.people.size > 0
                ? say(heading, 'people.heading', { n: session.people.size })
                : say(heading, 'control.people');
        this.ends.push(session.on('people', paint), ...parts.map((part) => () => part.destroy()));
        paint();
        return { element, heading };
    }

    makePreview() {
        const video = h('video', { autoplay: true, playsinline: true });
        video.muted = true;
        const text = h('p', {});
        const element = h(
            'li',
            { class: 'self-view', hidden: true, testid: 'self-view' },
            video,
            text,
        );
        this.stage.list.append(element);
        return { element, video, text };
    }

    togglePanel(open = this.panel.element.hidden, focus = true) {
        show(this.panel.element, open);
        this.controls.panelOpen = open;
        this.controls.paint();
        this.element.classList.toggle('with-panel', open);
        if (!focus) return;
        if (open) this.panel.heading.focus();
        else this.controls.controls.people.element.focus();
    }

    makeActions() {
        const { session } = this;
        return {
            mic: () => this.setMicrophone(!session.micOn),
            talk: (on) => this.setMicrophone(on, true),
            camera: () => this.guard(() => session.setCamera(!session.cameraOn), 'camera'),
            share: () => this.share(),
            hand: () => session.speaks && this.guard(() => session.setHand(!session.handUp)),
            people: () => this.togglePanel(),
            line: () => openLine(session),
            settings: () => openSettings(session),
            help: () => openHelp(),
            leave: () => session.leave(),
        };
    }

    // What goes wrong is told; devices say why they cannot be had.
    async guard(what, device) {
        try {
            await what();
        } catch (error) {
            toast(
                device ? deviceErrorKey(error, device) : errorKey(error),
                {},
                { kind: 'bad', urgent: true },
            );
        }
    }

    async setMicrophone(on, talk = false) {
        const { session } = this;
        if (!session.speaks || (talk && on && session.micOn)) return;
        if (talk) this.held = on;
        this.banners.clear('asked');
        this.banners.clear('speaking');
        await this.guard(() => session.setMicrophone(on), 'microphone');
        // The key was let go while the browser still asked for leave.
        if (talk && on && !this.held)
            await this.guard(() => session.setMicrophone(false), 'microphone');
        if (!talk) announce(session.micOn ? 'say.mic.on' : 'say.mic.off');
    }

    async share() {
        const { session } = this;
        if (!session.speaks || !canShare()) return;
        if (session.display !== null) {
            session.stopSharing();
            return;
        }
        try {
            await session.startSharing();
        } catch (error) {
            // A person who changes their mind gets no error.
            if (error.name !== 'NotAllowedError') toast('share.failed', {}, { kind: 'bad' });
        }
    }

    listen() {
        const { session } = this;
        const on = (what, run) => this.ends.push(session.on(what, run));
        on('me', () => this.paintMe());
        on('room', () => this.paintRoom());
        on('link', () => this.paintLink());
        on('line', (figures, quality) => {
            this.last = { figures, quality };
            this.paintLink();
        });
        on('audio', (stream) => this.play(stream));
        on('asked', () => this.askedToUnmute());
        on('notice', (what) => toast(`notice.${what}`, {}, { urgent: true, kind: 'strong' }));
        on('came', () => this.told('came'));
        on('gone', () => this.told('gone'));
        on('person', (person, before) => {
            if (person.id !== session.id && person.hand && !before.hand)
                toast('notice.hand', { name: nameOf(person) }, { kind: 'hand' });
        });
        on('waiting', (one) => {
            if (one) this.knocked(one);
            this.clearKnocks();
        });
        this.ends.push(
            session.devices.on('lost', (kind, then) =>
                toast(`device.${kind}.lost.${then}`, {}, { kind: 'bad', urgent: true }),
            ),
        );
        this.ends.push(
            session.devices.on(
                'silenced',
                (silent) => silent && session.micOn && toast('device.microphone.silent'),
            ),
        );
        this.ends.push(
            session.devices.on(
                'change',
                (kind) =>
                    kind === 'speaker' && useSpeaker(this.audio, session.devices.wish.speaker),
            ),
        );
        this.escape = (event) => {
            if (
                event.key !== 'Escape' ||
                document.querySelector('dialog[open]') ||
                this.panel.element.hidden
            )
                return;
            this.togglePanel(false);
        };
        addEventListener('keydown', this.escape);
    }

    // Comings and goings of a moment are told together.
    told(what) {
        this.crowd ??= { came: 0, gone: 0 };
        this.crowd[what] += 1;
        clearTimeout(this.crowdTimer);
        this.crowdTimer = setTimeout(() => {
            for (const [key, n] of Object.entries(this.crowd))
                if (n > 0) announce(`say.${key}`, { n });
            this.crowd = null;
        }, 1500);
    }

    knocked(one) {
        if (!this.session.moderator) return;
        if (readSwitches().sounds) knock();
        const note = toast(
            'notice.knock',
            { name: nameOf(one) },
            {
                kind: 'hand',
                action: { t: 'notice.knock.show', run: () => this.togglePanel(true) },
            },
        );
        if (note !== null) this.knocks.set(one.id, note);
    }

    // What was said of those who are let in, refused or gone is over.
    clearKnocks() {
        for (const [id, note] of this.knocks) {
            if (this.session.waiting.has(id)) continue;
            note.remove();
            this.knocks.delete(id);
        }
    }

    askedToUnmute() {
        if (this.session.micOn) return;
        if (readSwitches().sounds) knock();
        this.banners.set('asked', {
            t: 'asked.text',
            symbol: 'mic',
            kind: 'ask',
            urgent: true,
            actions: [
                {
                    t: 'asked.yes',
                    kind: 'primary',
                    testid: 'asked-yes',
                    run: () => this.setMicrophone(true),
                },
                { t: 'asked.no', testid: 'asked-no', run: () => this.banners.clear('asked') },
            ],
        });
    }

    async play(stream) {
        this.audio.srcObject = stream;
        await useSpeaker(this.audio, this.session.devices.wish.speaker);
        try {
            await this.audio.play();
            this.banners.clear('sound');
        } catch (error) {
            if (error.name !== 'NotAllowedError') return; // a newer stream took its place
            this.banners.set('sound', {
                t: 'sound.blocked',
                symbol: 'speaker',
                kind: 'ask',
                urgent: true,
                actions: [
                    {
                        t: 'sound.allow',
                        kind: 'primary',
                        testid: 'allow-sound',
                        run: () => this.play(stream),
                    },
                ],
            });
        }
    }

    paintMe() {
        const { session, preview } = this;
        const camera = session.devices.camera;
        show(preview.element, camera !== null);
        const track = preview.video.srcObject?.getVideoTracks()[0] ?? null;
        if (track !== camera)
            preview.video.srcObject = camera === null ? null : new MediaStream([camera]);
        say(preview.text, session.entry.video ? 'camera.seen' : 'camera.only_you');
        if (session.display === null) this.banners.clear('share');
        else this.paintShare();
    }

    paintShare() {
        const { session } = this;
        const sound = session.display.getAudioTracks().length > 0;
        const state = `${sound}/${session.displaySound}`;
        if (this.banners.has('share') && this.shareState === state) return;
        this.shareState = state;
        const actions = [
            { t: 'share.stop', testid: 'stop-share', run: () => session.stopSharing() },
        ];
        if (sound)
            actions.unshift({
                t: session.displaySound ? 'share.sound_off' : 'share.sound_on',
                testid: 'share-sound',
                run: () => session.setShareSound(!session.displaySound),
            });
        const what = session.entry.video
            ? 'share.on'
            : sound
              ? 'share.sound_only'
              : 'share.nothing';
        this.banners.set('share', { t: what, symbol: 'screen', actions });
    }

    paintRoom() {
        const { locked, lobby, pin } = this.session.state;
        const flags = [
            [locked, 'lock', 'flag.locked'],
            [lobby, 'door', 'flag.lobby'],
            [pin, 'key', 'flag.pin'],
        ];
        this.head.flags.replaceChildren(
            ...flags
                .filter(([on]) => on)
                .map(([, name, t]) =>
                    h(
                        'span',
                        { class: 'flag', title: t },
                        icon(name),
                        h('span', { class: 'sr-only', t }),
                    ),
                ),
        );
    }

    paintLink() {
        const { session, head } = this;
        const { figures, quality } = this.last;
        const state = session.link === 'connected' ? quality : session.link;
        head.link.dataset.state = state;
        say(head.quality, `connection.${state}`);
        show(head.rates, figures !== null && session.link === 'connected');
        if (figures !== null)
            say(head.rates, 'connection.rates', {
                in: Math.round(figures.kbpsIn),
                out: Math.round(figures.kbpsOut),
            });
        if (this.shownLink === session.link) return;
        this.announceLink(this.shownLink);
        this.shownLink = session.link;
    }

    announceLink(before) {
        const { link } = this.session;
        if (link === 'connected') {
            this.banners.clear('line');
            if (before === 'reconnecting' || before === 'restarting')
                toast('notice.back', {}, { kind: 'good', seconds: 3 });
            else announce('say.connected');
        } else if (link === 'reconnecting' || link === 'restarting') {
            this.banners.set('line', {
                t: `banner.${link}`,
                symbol: 'refresh',
                kind: 'busy',
                urgent: true,
                actions: [
                    {
                        t: 'banner.now',
                        testid: 'try-now',
                        run: () => this.session.connection?.mend(),
                    },
                ],
            });
        }
    }

    tick() {
        const { created } = this.session.state;
        if (created > 0) this.head.clock.textContent = duration(Date.now() / 1000 - created);
    }

    // Somebody who goes on speaking into a microphone that is off is told, twice a minute at most.
    listenWhileMuted() {
        const { devices, micOn } = this.session;
        if (micOn || devices.meter === null) {
            this.loud = 0;
            return;
        }
        this.loud = devices.meter.level() > 0.5 ? this.loud + 1 : Math.max(0, this.loud - 0.2);
        const long = Date.now() - (this.hinted ?? 0) > 30000;
        if (this.loud < 6 || !long) return;
        this.hinted = Date.now();
        this.loud = 0;
        toast(
            'notice.muted_speaking',
            {},
            { kind: 'strong', action: { t: 'asked.yes', run: () => this.setMicrophone(true) } },
        );
    }

    destroy() {
        clearInterval(this.clock);
        clearInterval(this.ear);
        clearTimeout(this.crowdTimer);
        removeEventListener('keydown', this.escape);
        this.keyboard.destroy();
        this.stage.destroy();
        this.controls.destroy();
        for (const end of this.ends) end();
        this.audio.srcObject = null;
        for (const open of document.querySelectorAll('dialog[open]')) open.close();
    }
}
