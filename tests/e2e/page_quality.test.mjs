// The page for everybody: by keyboard alone, in German and English, from a telephone's width to a
// wide screen. (axe and the origins of requests: meeting_page.test.mjs, in every state.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium } from './support/chromium.mjs';
import { Mcu } from './support/mcu.mjs';
import { assertOwnOrigin, Person } from './support/person.mjs';
import { until } from './support/process.mjs';

const log = { requests: [], findings: [] };
let mcu;
let chromium;

before(async () => {
    mcu = await Mcu.start();
    chromium = await Chromium.start();
});
after(async () => {
    await chromium?.stop();
    await mcu?.stop();
});

const person = async (name, context) => new Person(await chromium.client({ name, hz: 440, context }), mcu, log);
const focused = (one) => one.page.evaluate(() => document.activeElement?.dataset.testid ?? '');

// Presses Tab until what is so marked has the focus; what was passed on the way.
async function tabTo(one, mark) {
    const passed = [];
    for (let i = 0; i < 80; i++) {
        const now = await focused(one);
        if (now === mark) return passed;
        passed.push(now);
        await one.page.keyboard.press('Tab');
    }
    assert.fail(`Tab never comes to ${mark}: ${passed}`);
}

test('from the start page into a meeting and out again by keyboard alone', async () => {
    const one = await person('Tasta');
    await one.goto('/');
    await one.waitFor('start');
    await tabTo(one, 'room-name');
    await one.page.keyboard.type('tastatur');
    await one.page.keyboard.press('Enter');
    await one.waitFor('join-form');
    await tabTo(one, 'join-microphone');
    await one.page.keyboard.press('Space');
    await tabTo(one, 'name');
    await one.page.keyboard.type('Tasta');
    await one.page.keyboard.press('Enter');
    await one.waitFor('meeting');
    await one.client.connected();
    const id = await one.myId('tastatur');
    await tabTo(one, 'mic');
    const before = await one.strip(id, 'muted');
    await one.page.keyboard.press('Enter');
    await until('the microphone to change', async () => (await one.strip(id, 'muted')) !== before);
    await tabTo(one, 'hand');
    await one.page.keyboard.press('Space');
    await until('the hand', async () => (await one.strip(id, 'hand')) === 'true');
    await tabTo(one, 'settings');
    await one.page.keyboard.press('Enter');
    await one.waitFor('settings-dialog');
    await one.page.keyboard.press('Escape');
    await one.waitGone('settings-dialog');
    assert.equal(await focused(one), 'settings', 'the focus goes back to where it was');
    await tabTo(one, 'leave');
    await one.page.keyboard.press('Enter');
    await one.waitFor('left');
});

for (const [locale, lang, word] of [['de-DE', 'de', /Name/], ['en-GB', 'en', /name/i]]) {
    test(`in the browser's language: ${lang}`, async () => {
        const one = await person('Lingua', { locale });
        await one.goto('/r/sprache');
        await one.waitFor('join-form');
        assert.equal(await one.page.evaluate(() => document.documentElement.lang), lang);
        assert.match(await one.text('join-form'), word);
        await one.seen(`join-${lang}`);
        await one.join('sprache');
        await one.seen(`meeting-${lang}`);
        await one.client.close();
    });
}

for (const [what, viewport] of Object.entries({
    telephone: { width: 360, height: 640 },
    tablet: { width: 820, height: 1180 },
    wide: { width: 2200, height: 1200 },
})) {
    test(`on a ${what}: nothing is cut off sideways`, async () => {
        const one = await person('Breite', { viewport });
        const fits = async (state) => {
            const { wide, room } = await one.page.evaluate(() => ({
                wide: document.documentElement.scrollWidth, room: window.innerWidth,
            }));
            assert.ok(wide <= room, `${state}: ${wide} px in ${room}`);
            await one.seen(`${state}-${what}`);
        };
        await one.goto('/r/breite');
        await one.waitFor('join-form');
        await fits('join');
        await one.join('breite');
        await fits('meeting');
        assert.ok(await one.sees('leave'));
        assert.ok(await one.sees('mic'));
        await one.client.close();
    });
}

test('requests stay at home, axe finds nothing', () => {
    assertOwnOrigin(log, mcu);
    assert.ok(log.audited >= 20, `${log.audited} audits`);
    assert.deepEqual([...new Set(log.findings)], []);
});
