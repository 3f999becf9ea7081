// Notices above the stage that stay until what they tell of is over: the line, blocked sound, a shared
// screen, a moderator's wish. One a name.
import { button, h } from './dom.js';
import { icon } from './icons.js';

export class Banners {
    constructor() {
        this.all = new Map();
        this.element = h('div', { class: 'banners' });
    }

    // {t, symbol, kind, parts, actions: [{t, kind, testid, run}], urgent}
    set(name, { t, symbol, kind = '', parts = [], actions = [], urgent = false }) {
        const banner = h(
            'div',
            {
                class: `banner ${kind}`.trim(),
                role: urgent ? 'alert' : 'status',
                testid: `banner-${name}`,
            },
            icon(symbol),
            h('p', { t }),
            h(
                'div',
                { class: 'row wrap' },
                parts,
                actions.map((a) =>
                    button({
                        t: a.t,
                        kind: `small ${a.kind ?? ''}`,
                        testid: a.testid,
                        on: { click: a.run },
                    }),
                ),
            ),
        );
        const old = this.all.get(name);
        if (old) old.replaceWith(banner);
        else this.element.append(banner);
        this.all.set(name, banner);
    }

    clear(name) {
        this.all.get(name)?.remove();
        this.all.delete(name);
    }

    has(name) {
        return this.all.has(name);
    }
}
