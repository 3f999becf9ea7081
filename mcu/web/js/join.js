// The join page: who one is, microphone and camera (off until turned on), what is said about data
// protection. onjoin({name, pin, remember}) returns a promise; what it rejects with is shown here.
import { ApiError, errorKey } from './api.js';
import { button, field, h, label, say, show, toggle } from './dom.js';
import { deviceErrorKey, useSpeaker } from './devices.js';
import { deviceSelect, levelBar } from './device_fields.js';
import { icon } from './icons.js';
import { privacyLink, showPage } from './shell.js';
import { testTone } from './sound.js';
import { readRemembered } from './store.js';

// A big button that turns a device on and off, and what goes wrong with that.
function deviceSwitch(devices, kind) {
    const word = h('span', { class: 'button-word' });
    const shape = h('span', { class: 'swap' });
    const problem = h('p', { class: 'field-error', role: 'alert', testid: `${kind}-error` });
    const press = h(
        'button',
        { type: 'button', class: 'button device-switch', testid: `join-${kind}` },
        shape,
        word,
    );
    const short = kind === 'microphone' ? 'mic' : 'camera';
    const on = () => devices[kind] !== null;
    const paint = () => {
        press.classList.toggle('on', on());
        shape.replaceChildren(icon(on() ? short : `${short}_off`));
        say(word, `join.${kind}.${on() ? 'on' : 'off'}`);
        label(press, `control.${short}.${on() ? 'mute' : 'unmute'}`);
    };
    press.addEventListener('click', async () => {
        problem.textContent = '';
        press.disabled = true;
        try {
            if (on()) devices.close(kind);
            else await devices.open(kind);
        } catch (error) {
            say(problem, deviceErrorKey(error, kind));
        }
        press.disabled = false;
        press.focus();
    });
    paint();
    return { press, problem, paint };
}

function devicePanel(devices, speakerTest) {
    const video = h('video', {
        class: 'preview-video',
        autoplay: true,
        playsinline: true,
        testid: 'preview',
    });
    video.muted = true;
    const empty = h(
        'div',
        { class: 'preview-empty' },
        icon('camera_off'),
        h('p', { t: 'join.camera.none' }),
    );
    const preview = h('div', { class: 'preview' }, empty, video);
    const mic = deviceSwitch(devices, 'microphone');
    const camera = deviceSwitch(devices, 'camera');
    const meter = levelBar(devices);
    const selects = ['microphone', 'camera', 'speaker'].map((kind) => deviceSelect(devices, kind));
    const tone = () =>
        useSpeaker(speakerTest, devices.wish.speaker).then(() => testTone(speakerTest));
    const test = button({
        t: 'join.test',
        icon: 'speaker',
        kind: 'quiet',
        testid: 'test-sound',
        on: { click: () => tone().catch(() => {}) },
    });
    const paint = () => {
        mic.paint();
        camera.paint();
        const seen = devices.camera !== null;
        show(video, seen);
        show(empty, !seen);
        preview.classList.toggle('off', !seen);
        video.srcObject = seen ? new MediaStream([devices.camera]) : null;
        show(meter.element, devices.microphone !== null);
    };
    paint();
    const off = devices.on('change', paint);
    const element = h(
        'div',
        { class: 'join-devices' },
        preview,
        h('div', { class: 'row switches' }, mic.press, camera.press),
        mic.problem,
        camera.problem,
        meter.element,
        h(
            'details',
            { class: 'device-details', testid: 'devices' },
            h('summary', {}, h('span', { t: 'join.devices' }), icon('chevron')),
            h(
                'div',
                { class: 'stack' },
                selects.map((s) => s.element),
                test,
            ),
        ),
    );
    const destroy = () => {
        off();
        meter.destroy();
        for (const select of selects) select.destroy();
    };
    return { element, destroy };
}

function protection(entry) {
    return h(
        'div',
        { class: 'protection', testid: 'protection' },
        icon('shield'),
        h(
            'p',
            {},
            h('span', { t: 'privacy.transport' }),
            ' ',
            h('span', { t: 'privacy.people' }),
            ' ',
            privacyLink(entry),
        ),
    );
}

// Counts a wait down in the button and in words; the form is back when it is over.
function countDown(problem, submit, seconds) {
    let left = Math.ceil(seconds);
    const tick = () => {
        if (left <= 0) {
            problem.textContent = '';
            submit.disabled = false;
            return;
        }
        say(problem, 'error.wait', { n: left });
        left -= 1;
        setTimeout(tick, 1000);
    };
    submit.disabled = true;
    tick();
}

export function showJoin({ room, entry, devices, name, invited, onjoin }) {
    const remembered = readRemembered();
    const speakerTest = h('audio', {});
    const who = field({
        t: 'join.name',
        hint: 'join.name.hint',
        control: h('input', {
            type: 'text',
            maxlength: 64,
            autocomplete: 'nickname',
            testid: 'name',
            enterkeyhint: 'go',
        }),
    });
    who.control.value = remembered?.name ?? name ?? '';
    const pin = field({
        t: 'join.pin',
        error: true,
        control: h('input', {
            type: 'text',
            inputmode: 'numeric',
            autocomplete: 'off',
            maxlength: 12,
            testid: 'pin',
            class: 'pin',
        }),
    });
    show(pin.element, entry.pin && !invited);
    const remember = toggle({
        t: 'join.remember',
        hint: 'join.remember.hint',
        checked: remembered !== null,
        testid: 'remember',
        onchange: () => {},
    });
    const problem = h('p', { class: 'form-error', role: 'alert', testid: 'join-error' });
    const submit = button({
        t: 'join.go',
        kind: 'primary wide',
        type: 'submit',
        testid: 'join',
        icon: 'arrow',
    });
    const panel = devicePanel(devices, speakerTest);
    const notes = h(
        'ul',
        { class: 'notes' },
        entry.lobby && h('li', {}, icon('door'), h('span', { t: 'join.lobby' })),
        entry.locked && h('li', {}, icon('lock'), h('span', { t: 'join.locked' })),
        !entry.video && h('li', {}, icon('speaker'), h('span', { t: 'join.sound_only' })),
    );
    const head = h(
        'div',
        { class: 'join-head' },
        h(
            'h1',
            { tabindex: '-1' },
            h('span', { class: 'kicker', t: 'join.title' }),
            h('span', { text: room }),
        ),
        notes,
    );
    const form = h(
        'form',
        { class: 'stack join-form', novalidate: true, testid: 'join-form' },
        who.element,
        pin.element,
        remember.element,
        problem,
        submit,
        protection(entry),
    );

    const fail = (error) => {
        submit.classList.remove('busy');
        submit.disabled = false;
        const about = error instanceof ApiError ? error.code : '';
        if (about === 'pin_required' || about === 'wrong_pin') {
            show(pin.element, true);
            say(pin.problem, errorKey(error));
            pin.control.setAttribute('aria-invalid', 'true');
            pin.control.focus();
            pin.control.select();
        } else if (error.retryAfter > 0) {
            countDown(problem, submit, error.retryAfter);
        } else {
            say(problem, errorKey(error));
        }
    };
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        problem.textContent = '';
        if (pin.problem) pin.problem.textContent = '';
        pin.control.removeAttribute('aria-invalid');
        submit.disabled = true;
        submit.classList.add('busy');
        try {
            await onjoin({
                name: who.control.value.trim(),
                pin: pin.control.value.trim(),
                remember: remember.box.checked,
            });
            panel.destroy();
        } catch (error) {
            fail(error);
        }
    });
    showPage(h('section', { class: 'card join' }, head, panel.element, form, speakerTest), {
        entry,
        title: ['join.of', { room }],
        kind: 'wide',
    });
    who.control.focus();
}
