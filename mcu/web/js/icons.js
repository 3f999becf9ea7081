// The page's icons, drawn on a 24 by 24 grid with round strokes. Each is a list of shapes: a path's
// data, or {d, fill: true} for a filled one.
const shapes = {
    mic: [
        'M12 3.5a2.7 2.7 0 0 1 2.7 2.7v5.3a2.7 2.7 0 0 1-5.4 0V6.2A2.7 2.7 0 0 1 12 3.5z',
        'M6 11.5a6 6 0 0 0 12 0',
        'M12 17.5v3',
        'M9 20.5h6',
    ],
    mic_off: [
        'M9.3 9.3v2.2a2.7 2.7 0 0 0 4.3 2.2',
        'M14.7 11V6.2a2.7 2.7 0 0 0-5.2-1',
        'M6 11.5a6 6 0 0 0 9.6 4.8',
        'M18 11.5a6 6 0 0 1-.6 2.6',
        'M12 17.5v3',
        'M9 20.5h6',
        'M4 3.5l16 17',
    ],
    camera: [
        'M5 6.5h8.5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z',
        'M15.5 10.5L21 7.5v9l-5.5-3',
    ],
    camera_off: [
        'M10 6.5h3.5a2 2 0 0 1 2 2V12',
        'M15 16.3a2 2 0 0 1-1.5 1.2H5a2 2 0 0 1-2-2v-7A2 2 0 0 1 5 6.5h.5',
        'M15.5 10.5L21 7.5v9l-3-1.6',
        'M4 3.5l16 17',
    ],
    screen: [
        'M4.5 4.5h15a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.5z',
        'M8.5 20h7',
        'M12 16.5V20',
        'M12 13V7.5',
        'M9.5 9.7L12 7.3l2.5 2.4',
    ],
    hand: [
        'M8 12.5V6.2a1.3 1.3 0 0 1 2.6 0V11',
        'M10.6 10.5V4.8a1.3 1.3 0 0 1 2.6 0v5.7',
        'M13.2 10.7V5.9a1.3 1.3 0 0 1 2.6 0v6',
        'M15.8 12V8.4a1.3 1.3 0 0 1 2.6 0V14a6.5 6.5 0 0 1-6.5 6.5c-2.4 0-3.8-.8-5.2-2.7l-2.9-4.2c-.8-1.3 1-2.6 2.1-1.5L8 14.2',
    ],
    line: ['M3 17.5c3 0 3-11 6-11s3 11 6 11 3-7 6-7'],
    people: [
        'M9 11.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
        'M3 19.2c.4-3.4 2.9-5.2 6-5.2s5.6 1.8 6 5.2',
        'M15.5 5.2a3.1 3.1 0 0 1 0 5.8',
        'M17.5 14.4c2 .6 3.2 2.2 3.5 4.8',
    ],
    settings: [
        'M6 3.5v17',
        'M12 3.5v17',
        'M18 3.5v17',
        { d: 'M3.7 13.5h4.6v3.4H3.7z', fill: true },
        { d: 'M9.7 6.5h4.6v3.4H9.7z', fill: true },
        { d: 'M15.7 11h4.6v3.4h-4.6z', fill: true },
    ],
    leave: [
        'M3.2 14.8c-.6-1-.6-2.3.3-3.1C5.7 9.6 8.7 8.6 12 8.6s6.3 1 8.5 3.1c.9.8.9 2.1.3 3.1l-.7 1.1c-.4.6-1.2.9-1.9.6l-2.6-1a1.6 1.6 0 0 1-1-1.7l.2-1.3a9.7 9.7 0 0 0-5.6 0l.2 1.3a1.6 1.6 0 0 1-1 1.7l-2.6 1c-.7.3-1.5 0-1.9-.6z',
    ],
    close: ['M6 6l12 12', 'M18 6L6 18'],
    more: [
        { d: 'M5 10.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4z', fill: true },
        { d: 'M12 10.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4z', fill: true },
        { d: 'M19 10.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4z', fill: true },
    ],
    lock: [
        'M6.5 10.5h11a1.5 1.5 0 0 1 1.5 1.5v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5z',
        'M8 10.5V8a4 4 0 0 1 8 0v2.5',
        'M12 14v2.5',
    ],
    lock_open: [
        'M6.5 10.5h11a1.5 1.5 0 0 1 1.5 1.5v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5z',
        'M8 10.5V7a4 4 0 0 1 7.6-1.7',
        'M12 14v2.5',
    ],
    door: [
        'M6 20.5V4.5h9v16',
        'M3.5 20.5h17',
        'M15 7h3v13.5',
        { d: 'M12 11.6a1 1 0 1 1 0 2 1 1 0 0 1 0-2z', fill: true },
    ],
    phone: [
        'M6.2 3.8l2.4-.3 1.6 4-2 1.6c1 2.6 3 4.7 5.6 5.9l1.7-2 4 1.7-.3 2.5c-.2 1.6-1.4 2.8-3 2.8C9.7 19.8 4 14 3.6 7c-.1-1.7 1-3 2.6-3.2z',
    ],
    device: ['M5 5h14v9.5H5z', 'M8 18.5h8', 'M12 14.5v4', 'M9.5 8v3.5', 'M14.5 8v3.5', 'M12 7.3v5'],
    star: ['M12 4l2.3 5 5.4.6-4 3.7 1.1 5.4-4.8-2.7-4.8 2.7 1.1-5.4-4-3.7 5.4-.6z'],
    eye: [
        'M2.8 12c2-4 5.3-6 9.2-6s7.2 2 9.2 6c-2 4-5.3 6-9.2 6s-7.2-2-9.2-6z',
        'M12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
    ],
    link: [
        'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1 1',
        'M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1-1',
    ],
    copy: ['M9 8.5h9.5V20H9z', 'M15 8.5V4.5H5.5V16H9'],
    check: ['M4.5 12.5l5 5L19.5 7'],
    remove: [
        'M9.5 11a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
        'M3.5 19c.4-3.4 2.9-5.2 6-5.2 1.6 0 3 .5 4.1 1.4',
        'M15.5 13.5l5 5',
        'M20.5 13.5l-5 5',
    ],
    ask: [
        'M4 5.5h16v10.5h-8.5L7 20v-4H4z',
        'M12 8v3',
        { d: 'M12 12.6a.9.9 0 1 1 0 1.8.9.9 0 0 1 0-1.8z', fill: true },
    ],
    help: [
        'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
        'M9.6 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.7v.3',
        { d: 'M12 15.7a.9.9 0 1 1 0 1.8.9.9 0 0 1 0-1.8z', fill: true },
    ],
    speaker: [
        'M4 9.5h3.5L12 5.5v13l-4.5-4H4z',
        'M15 9a4.2 4.2 0 0 1 0 6',
        'M17.5 6.5a7.8 7.8 0 0 1 0 11',
    ],
    warning: [
        'M12 4l9 15.5H3z',
        'M12 10v4',
        { d: 'M12 15.8a.9.9 0 1 1 0 1.8.9.9 0 0 1 0-1.8z', fill: true },
    ],
    refresh: ['M19.5 12a7.5 7.5 0 1 1-2.3-5.4L19.5 9', 'M19.5 4.5V9H15'],
    key: ['M8 11a4 4 0 1 1 0 8 4 4 0 0 1 0-8z', 'M11 12.2L19.5 4', 'M16 7.5l3 3'],
    shield: ['M12 3.5l7 2.5v5.5c0 4.4-2.8 7.4-7 9-4.2-1.6-7-4.6-7-9V6z', 'M9 12l2.2 2.2L15.2 10'],
    plus: ['M12 5v14', 'M5 12h14'],
    bars: [
        { d: 'M4 15h3.4v4.5H4z', fill: true },
        { d: 'M10.3 10.5h3.4v9h-3.4z', fill: true },
        { d: 'M16.6 5h3.4v14.5h-3.4z', fill: true },
    ],
    globe: [
        'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
        'M3.5 12h17',
        'M12 3.5c2.5 2.4 3.6 5.2 3.6 8.5s-1.1 6.1-3.6 8.5c-2.5-2.4-3.6-5.2-3.6-8.5S9.5 5.9 12 3.5z',
    ],
    contrast: [
        'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
        { d: 'M12 3.5a8.5 8.5 0 0 1 0 17z', fill: true },
    ],
    arrow: ['M5 12h14', 'M13 6l6 6-6 6'],
    chevron: ['M6 9.5l6 6 6-6'],
};

export const iconNames = Object.keys(shapes);

const namespace = 'http://www.w3.org/2000/svg';

// An icon is decoration: the element around it says what it means.
export function icon(name, kind = '') {
    const svg = document.createElementNS(namespace, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('class', `icon ${kind}`.trim());
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('focusable', 'false');
    for (const shape of shapes[name] ?? []) {
        const path = document.createElementNS(namespace, 'path');
        path.setAttribute('d', shape.d ?? shape);
        if (shape.fill) path.setAttribute('class', 'filled');
        svg.append(path);
    }
    return svg;
}

// The mark of the page: three faders.
export function brandMark() {
    const svg = document.createElementNS(namespace, 'svg');
    svg.setAttribute('viewBox', '0 0 32 32');
    svg.setAttribute('class', 'mark');
    svg.setAttribute('aria-hidden', 'true');
    const draw = (tag, attributes) => {
        const shape = document.createElementNS(namespace, tag);
        for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
        svg.append(shape);
    };
    for (const x of [7, 16, 25]) draw('path', { d: `M${x} 4v24`, class: 'mark-slot' });
    for (const [x, y, which] of [
        [3, 18, 'a'],
        [12, 7, 'b'],
        [21, 14, 'c'],
    ])
        draw('rect', { x, y, width: 8, height: 6, rx: 1.8, class: `mark-cap ${which}` });
    return svg;
}
