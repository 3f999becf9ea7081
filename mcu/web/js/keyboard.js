// Shortcuts of the meeting: single keys, while no field has the focus and no dialog is open. They can
// be turned off (WCAG 2.1.4). Holding the space bar talks as long as it is held.

export const shortcuts = [
    ['M', 'mic'],
    ['V', 'camera'],
    ['S', 'share'],
    ['H', 'hand'],
    ['P', 'people'],
    ['L', 'line'],
    ['?', 'help'],
];

const fields = 'input, textarea, select, [contenteditable]';
const pressable = 'button, a, summary, [role="button"], audio, video';

export class Keyboard {
    // actions: those of shortcuts, and talk(on); enabled(): whether single keys are on
    constructor(actions, enabled) {
        this.actions = actions;
        this.enabled = enabled;
        this.talking = false;
        this.down = (event) => this.pressed(event);
        this.up = (event) => event.key === ' ' && this.release();
        this.blur = () => this.release();
        addEventListener('keydown', this.down);
        addEventListener('keyup', this.up);
        addEventListener('blur', this.blur);
    }

    pressed(event) {
        if (!this.enabled() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing)
            return;
        const target = event.target instanceof Element ? event.target : document.body;
        if (target.closest(fields) || document.querySelector('dialog[open]')) return;
        if (event.key === ' ') {
            if (target.closest(pressable)) return;
            event.preventDefault();
            if (event.repeat || this.talking) return;
            this.talking = true;
            this.actions.talk(true);
            return;
        }
        if (event.repeat) return;
        const found = shortcuts.find(([key]) => key === event.key.toUpperCase());
        if (found === undefined) return;
        event.preventDefault();
        this.actions[found[1]]();
    }

    // Also when the window loses the keyboard: nobody goes on being heard unawares.
    release() {
        if (!this.talking) return;
        this.talking = false;
        this.actions.talk(false);
    }

    destroy() {
        this.release();
        removeEventListener('keydown', this.down);
        removeEventListener('keyup', this.up);
        removeEventListener('blur', this.blur);
    }
}
