// A person who uses the page: presses what is marked data-testid, sees what is shown. The same for
// Chromium and Firefox.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './mcu.mjs';
import { sleep, until } from './process.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = join(root, 'build/test/screenshots');
mkdirSync(folder, { recursive: true });

export class Person {
    // log: {requests: [], findings: []} shared by all people of a test file.
    constructor(client, mcu, log) {
        Object.assign(this, { client, mcu, log, page: client.page, name: client.name, hz: client.hz });
        this.themes = typeof this.page.emulateMedia === 'function'; // Playwright
        this.page.on('request', (request) => log.requests.push(request.url()));
        // Firefox tells of lost connections in the same way.
        if (this.themes) this.page.on('pageerror', (error) => log.findings.push(`${this.name}: ${error.message}`));
    }

    goto(path) {
        return this.page.goto(this.mcu.url + path);
    }

    // Whether something so marked is to be seen. within: a CSS selector of what it must be in.
    sees(id, within = '') {
        return this.page.evaluate(
            (selector) => [...document.querySelectorAll(selector)].some((e) => e.checkVisibility?.() ?? e.offsetParent !== null),
            `${within} [data-testid="${id}"]`,
        );
    }

    waitFor(id, { within, timeoutMs = 25000 } = {}) {
        return until(`${this.name} to see ${id}`, () => this.sees(id, within).catch(() => false), { timeoutMs });
    }

    waitGone(id, { timeoutMs = 25000 } = {}) {
        return until(`${id} to go from ${this.name}'s page`, async () => !(await this.sees(id)), { timeoutMs });
    }

    // The mark of the page or the first of these that is seen.
    async waitForAny(...ids) {
        return until(`${this.name} to see one of ${ids}`, async () => {
            for (const id of ids) if (await this.sees(id).catch(() => false)) return id;
            return undefined;
        });
    }

    async press(id, within = '') {
        await this.waitFor(id, { within });
        await this.page.evaluate((selector) => {
            const element = document.querySelector(selector);
            element.scrollIntoView({ block: 'center' });
            element.click();
        }, `${within} [data-testid="${id}"]`);
    }

    async fill(id, text) {
        await this.waitFor(id);
        await this.page.evaluate(
            ([selector, value]) => {
                const input = document.querySelector(selector);
                input.focus();
                input.value = value;
                input.dispatchEvent(new Event('input', { bubbles: true }));
            },
            [`[data-testid="${id}"]`, text],
        );
    }

    text(id) {
        return this.page.evaluate((mark) => document.querySelector(`[data-testid="${mark}"]`)?.textContent ?? '', id);
    }

    // Fills in the form; with the microphone on unless it is told otherwise.
    async ask(room, { pin, microphone = true, fragment = '' } = {}) {
        await this.goto(`/r/${room}${fragment}`);
        await this.waitFor('join-form');
        await this.fill('name', this.name);
        if (pin) await this.fill('pin', pin);
        if (microphone && (await this.sees('join-microphone'))) {
            await this.press('join-microphone');
            await until('the microphone', () => this.page.evaluate(
                () => document.querySelector('[data-testid="join-microphone"]').getAttribute('aria-pressed') !== 'false'));
        }
        await this.press('join');
    }

    async join(room, options) {
        await this.ask(room, options);
        await this.waitFor('meeting');
        await this.client.connected();
        this.id = await this.myId(room);
    }

    async myId(room) {
        const { participants } = await this.mcu.api('GET', `/rooms/${room}/participants`);
        return participants.find((p) => p.name === this.name)?.id;
    }

    heard(tones) {
        return this.client.heard(tones);
    }

    // An attribute of a person's strip (muted, hand, talking), as this one sees it.
    strip(id, what) {
        return this.page.evaluate(
            ([who, key]) => document.querySelector(`[data-testid="participant"][data-id="${who}"]`)?.dataset[key],
            [id, what],
        );
    }

    // Presses one of the buttons that belong to a person in the roster.
    async act(id, action) {
        if (!(await this.sees('panel'))) await this.press('people');
        await this.waitFor('panel');
        const row = `[data-testid="roster-row"][data-id="${id}"]`;
        if (!(await this.sees(action, row))) await this.press('person', row);
        await this.press(action, row);
    }

    async tools() {
        if (!(await this.sees('panel'))) await this.press('people');
        await this.waitFor('tools');
        await this.page.evaluate(() => (document.querySelector('[data-testid="tools"]').open = true));
    }

    // A picture of the page as it is, in both themes, and what axe finds in each.
    async seen(state) {
        for (const theme of this.themes ? ['light', 'dark'] : ['light']) {
            if (this.themes) {
                await this.page.emulateMedia({ colorScheme: theme });
                await sleep(400); // transitions of colours end
            }
            await this.page.screenshot({ path: join(folder, `${state}-${this.themes ? theme : 'firefox'}.png`) });
            if (this.themes) await this.audit(`${state}, ${theme}`);
        }
    }

    async audit(state) {
        if (!(await this.page.evaluate(() => typeof window.axe !== 'undefined'))) await this.page.evaluate(axeSource);
        const { violations } = await this.page.evaluate(() =>
            window.axe.run(document, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
                resultTypes: ['violations'],
            }),
        );
        this.log.audited = (this.log.audited ?? 0) + 1;
        for (const { id, nodes } of violations)
            this.log.findings.push(`${state}: ${id}: ${nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
    }
}

// Every request went to the server's own origin.
export function assertOwnOrigin(log, mcu) {
    const own = new URL(mcu.url).host;
    const foreign = log.requests.filter((url) => {
        const { protocol, host } = new URL(url);
        return !['data:', 'blob:', 'about:'].includes(protocol) && host !== own;
    });
    assert.ok(log.requests.length > 0);
    assert.deepEqual([...new Set(foreign)], []);
}
