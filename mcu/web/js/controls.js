// The bar of controls. Each button says what is, and pressing it changes that.
import { button, dialog, h, label, say, show } from './dom.js';
import { icon } from './icons.js';

// [name, icon on, icon off, key of the words, wide screens only?]
const list = [
    ['mic', 'mic', 'mic_off'],
    ['camera', 'camera', 'camera_off'],
    ['share', 'screen', 'screen'],
    ['hand', 'hand', 'hand'],
    ['people', 'people', 'people'],
    ['line', 'line', 'line'],
    ['settings', 'settings', 'settings'],
    ['more', 'more', 'more'],
    ['leave', 'leave', 'leave'],
];

function createControl(name, on, off, run) {
    const shape = h('span', { class: 'swap' }, icon(off));
    const word = h('span', { class: 'control-word' });
    const element = h(
        'button',
        { type: 'button', class: `control ${name}`, testid: name },
        shape,
        word,
    );
    element.addEventListener('click', (event) => {
        run(name);
        // After a click the space bar is for talking, not for this button again.
        if (event.detail > 0) element.blur();
    });
    let drawn = off;
    const paint = (pressed, key) => {
        if (drawn !== (pressed ? on : off)) {
            drawn = pressed ? on : off;
            shape.replaceChildren(icon(drawn));
        }
        element.classList.toggle('pressed', pressed);
        say(word, key);
    };
    return { element, paint };
}

export const canShare = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';

export class Controls {
    // actions: name → function, as in the list above
    constructor(session, actions) {
        this.session = session;
        this.actions = actions;
        this.controls = {};
        this.element = h('section', { class: 'console', testid: 'controls' });
        label(this.element, 'controls');
        for (const [name, on, off] of list) {
            const control = createControl(name, on, off, (which) =>
                which === 'more' ? this.openMore() : actions[which](),
            );
            this.controls[name] = control;
            this.element.append(control.element);
        }
        this.badge = h('span', { class: 'badge', hidden: true, testid: 'waiting-count' });
        this.controls.people.element.append(this.badge);
        this.meter = h('span', { class: 'mic-meter', 'aria-hidden': 'true' });
        this.controls.mic.element.append(this.meter);
        for (const name of ['people', 'line', 'settings', 'more'])
            if (name !== 'people')
                this.controls[name].element.setAttribute('aria-haspopup', 'dialog');
        this.panelOpen = false;
        this.ends = [
            session.on('me', () => this.paint()),
            session.on('waiting', () => this.paint()),
            session.on('people', () => this.paint()),
        ];
        this.timer = setInterval(() => this.hear(), 100);
        this.paint();
    }

    paint() {
        const { session, controls } = this;
        const state = (name, pressed, key) => {
            controls[name].paint(pressed, key);
            controls[name].element.setAttribute('aria-pressed', String(pressed));
        };
        state('mic', session.micOn, session.micOn ? 'control.mic.on' : 'control.mic.off');
        label(controls.mic.element, session.micOn ? 'control.mic.mute' : 'control.mic.unmute');
        controls.mic.element.removeAttribute('aria-pressed');
        state('camera', session.cameraOn, 'control.camera');
        state('share', session.display !== null, 'control.share');
        state('hand', session.handUp, 'control.hand');
        controls.people.paint(this.panelOpen, 'control.people');
        controls.people.element.setAttribute('aria-expanded', String(this.panelOpen));
        controls.line.paint(session.line === 'thin', 'control.line');
        controls.settings.paint(false, 'control.settings');
        controls.more.paint(false, 'control.more');
        controls.leave.paint(false, 'control.leave');
        for (const name of ['mic', 'hand', 'share', 'camera'])
            show(controls[name].element, session.speaks);
        if (!canShare()) show(controls.share.element, false);
        const waiting = session.moderator ? session.waiting.size : 0;
        show(this.badge, waiting > 0);
        this.badge.textContent = waiting > 0 ? String(waiting) : '';
    }

    // The microphone's button shows that it hears something.
    hear() {
        const { meter } = this.session.devices;
        const level = this.session.micOn && meter !== null ? meter.level() : 0;
        this.meter.style.setProperty('--level', level.toFixed(2));
    }

    // On a narrow screen: what has no place in the bar.
    openMore() {
        const entries = [
            ['share', 'screen', 'control.share'],
            ['line', 'line', 'control.line'],
            ['settings', 'settings', 'control.settings'],
            ['help', 'help', 'control.help'],
        ];
        const box = dialog({
            t: 'control.more',
            kind: 'small sheet',
            testid: 'more-dialog',
            content: h(
                'div',
                { class: 'menu' },
                entries
                    .filter(([name]) => name !== 'share' || (canShare() && this.session.speaks))
                    .map(([name, shape, t]) =>
                        button({
                            t,
                            icon: shape,
                            kind: 'menu-item',
                            testid: `more-${name}`,
                            on: {
                                click: () => {
                                    box.close();
                                    this.actions[name]();
                                },
                            },
                        }),
                    ),
            ),
        });
    }

    destroy() {
        clearInterval(this.timer);
        for (const end of this.ends) end();
    }
}
