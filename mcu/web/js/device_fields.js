// Fields to choose a device by, and a bar that shows what the microphone hears; for the join page
// and the settings.
import { field, h, say, show } from './dom.js';
import { speakersChoosable } from './devices.js';

export function deviceSelect(devices, kind) {
    const select = h('select', { testid: `choose-${kind}` });
    const { element } = field({ t: `device.${kind}`, control: select });
    const fill = async () => {
        const list = (await devices.lists())[kind];
        const chosen = devices.chosen(kind);
        const options = list
            .filter(({ id }) => id !== 'default' && id !== 'communications')
            .map(({ id, name }, i) => {
                const option = h('option', { value: id });
                if (name) option.textContent = name;
                else say(option, 'device.numbered', { n: String(i + 1) });
                return option;
            });
        const standard = say(h('option', { value: '' }), 'device.default');
        select.replaceChildren(standard, ...options);
        select.value = options.some((o) => o.value === chosen) ? chosen : '';
        show(element, kind !== 'speaker' || speakersChoosable());
    };
    select.addEventListener('change', () => devices.choose(kind, select.value).catch(() => fill()));
    const off = [devices.on('lists', fill), devices.on('change', fill)];
    fill();
    return { element, destroy: () => off.forEach((end) => end()) };
}

// Drawn by the screen's own clock while it is seen.
export function levelBar(devices) {
    const fill = h('div', { class: 'leds-fill' });
    const element = h(
        'div',
        { class: 'level-bar', testid: 'mic-level' },
        h('span', { class: 'hint', t: 'join.level' }),
        h('div', { class: 'leds across', 'aria-hidden': 'true' }, fill),
    );
    let frame = 0;
    const draw = () => {
        fill.style.setProperty(
            '--level',
            devices.meter === null ? '0' : devices.meter.level().toFixed(3),
        );
        frame = requestAnimationFrame(draw);
    };
    draw();
    return { element, destroy: () => cancelAnimationFrame(frame) };
}
