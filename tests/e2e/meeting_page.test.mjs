// The page in real browsers, by its marks (data-testid): who hears whom, what moderators do, doors,
// reload, the server's restart. A picture of every state goes to build/test/screenshots; axe looks at
// every state in both themes.
import { homeFlags, inOwnNetwork } from './support/namespace.mjs';
await inOwnNetwork();

const { default: assert } = await import('node:assert/strict');
const { after, before, test } = await import('node:test');
const { Chromium } = await import('./support/chromium.mjs');
const { ToneDevice } = await import('./support/device.mjs');
const { Firefox } = await import('./support/firefox.mjs');
const { allHear } = await import('./support/hearing.mjs');
const { Mcu } = await import('./support/mcu.mjs');
const { assertOwnOrigin, Person } = await import('./support/person.mjs');
const { sleep, until } = await import('./support/process.mjs');

const room = 'sitzung';
const log = { requests: [], findings: [] };
let mcu;
let chromium;
let firefox;
let anna; // moderator: the first in the room
let bert;
let clara; // with Firefox
const devices = [];

async function person(name, hz, { browser = chromium, context } = {}) {
    return new Person(await browser.client({ name, hz, context }), mcu, log);
}

async function visitor(name, hz) {
    const visitor = await person(name, hz);
    visitor.close = () => visitor.client.close();
    return visitor;
}

before(async () => {
    mcu = await Mcu.start({ flags: { ...homeFlags, max_speakers: 0 } });
    chromium = await Chromium.start();
    firefox = await Firefox.start();
});
after(async () => {
    devices.forEach((device) => device.leave());
    await chromium?.stop();
    await firefox?.stop();
    await mcu?.stop();
});

test('three browsers and two devices hear the others and not themselves', async () => {
    anna = await person('Anna', 403);
    bert = await person('Bert', 557);
    clara = await person('Clara', 733, { browser: firefox });
    await anna.goto('/');
    await anna.waitFor('start');
    await anna.seen('start');
    await anna.goto(`/r/${room}`);
    await anna.waitFor('join-form');
    await anna.seen('join');
    for (const one of [anna, bert, clara]) await one.join(room);
    for (const hz of [919, 1117]) {
        devices.push(new ToneDevice(mcu, { name: `Geraet ${hz}`, hz }));
        await devices.at(-1).join(room);
    }
    const everyone = [anna, bert, clara, ...devices];
    await allHear(everyone, everyone);
    for (const one of [anna, bert, clara])
        await until('five strips', () => one.page.evaluate(() => document.querySelectorAll('[data-testid="participant"]').length === 5));
    await anna.seen('meeting');
    await clara.seen('meeting');
});

test('mute: oneself, by a moderator, asked to speak again', async () => {
    await bert.press('mic');
    await until('Bert muted', async () => (await anna.strip(bert.id, 'muted')) === 'true');
    await allHear([anna, clara], [anna, clara, ...devices], [bert]);
    await bert.press('mic');
    await allHear([anna], [anna, bert, clara, ...devices]);
    await anna.act(bert.id, 'do-mute');
    await allHear([anna, clara], [anna, clara, ...devices], [bert]);
    await anna.seen('people');
    await anna.act(bert.id, 'do-ask');
    await bert.waitFor('banner-asked');
    await bert.seen('asked');
    await allHear([anna], [anna, clara, ...devices], [bert]);
    await bert.press('asked-yes');
    await allHear([anna, clara], [anna, bert, clara, ...devices]);
});

test('raised hands are seen by all, and lowered by a moderator', async () => {
    await bert.press('hand');
    for (const one of [anna, clara])
        await until('the hand', async () => (await one.strip(bert.id, 'hand')) === 'true');
    await anna.act(bert.id, 'do-lower');
    await until('the hand lowered', async () => (await clara.strip(bert.id, 'hand')) !== 'true');
});

test('a reload comes back as the same person', async () => {
    const before = bert.id;
    await bert.page.reload();
    await bert.waitFor('meeting');
    await bert.client.connected();
    assert.equal(await bert.myId(room), before);
    if ((await bert.strip(before, 'muted')) === 'true') await bert.press('mic');
    await allHear([anna, bert], [anna, bert, clara, ...devices]);
});

test('lobby: admitted and refused', async () => {
    await anna.tools();
    await anna.press('lobby');
    const [dora, emil] = [await visitor('Dora', 1301), await visitor('Emil', 1523)];
    for (const one of [dora, emil]) {
        await one.ask(room);
        await one.waitFor('lobby-page');
    }
    await dora.seen('lobby');
    await anna.waitFor('waiting');
    await anna.seen('waiting');
    // In the order of their coming.
    await anna.press('admit');
    await dora.waitFor('meeting');
    await dora.client.connected();
    await allHear([dora], [anna, bert, clara], [dora, emil]);
    await anna.press('refuse');
    await emil.waitFor('refused');
    await emil.seen('refused');
    await dora.press('leave');
    await dora.waitFor('left');
    await dora.seen('left');
    await anna.tools();
    await anna.press('lobby');
    for (const one of [dora, emil]) await one.close();
});

test('a kick: out, and not in again', async () => {
    const fritz = await visitor('Fritz', 1301);
    await fritz.join(room);
    await anna.act(fritz.id, 'do-remove');
    await anna.waitFor('confirm-remove');
    await anna.seen('confirm-remove');
    await anna.press('confirm', '[data-testid="confirm-remove"]');
    await fritz.waitFor('kicked');
    await fritz.seen('kicked');
    await allHear([anna], [bert, clara, ...devices], [fritz]);
    await fritz.page.reload();
    assert.notEqual(await fritz.waitForAny('kicked', 'join-form', 'meeting'), 'meeting');
    await fritz.close();
});

test('lock, PIN, and links that need none', async () => {
    await anna.tools();
    await anna.press('lock');
    await until('the lock', async () => (await mcu.api('GET', `/rooms/${room}`)).locked);
    const gustav = await visitor('Gustav', 1301);
    await gustav.goto(`/r/${room}`);
    const door = await gustav.waitForAny('locked', 'join-form');
    if (door === 'join-form') {
        await gustav.ask(room);
        await gustav.waitForAny('locked', 'join-error');
    }
    await gustav.seen('locked');
    assert.ok(!(await gustav.sees('meeting')));
    await anna.press('lock');
    await anna.press('pin-open');
    await anna.waitFor('pin-dialog');
    await anna.seen('pin-dialog');
    await anna.fill('new-pin', '424242');
    await anna.press('save-pin');
    await anna.waitGone('pin-dialog');
    await gustav.ask(room, { pin: '111111' });
    await until('the refusal', () => gustav.page.evaluate(
        () => document.querySelector('[data-testid="pin"]').getAttribute('aria-invalid') === 'true'));
    await gustav.seen('wrong-pin');
    await gustav.fill('pin', '424242');
    await gustav.press('join');
    await gustav.waitFor('meeting');
    await gustav.close();

    await anna.press('invite');
    await anna.waitFor('invite-dialog');
    await anna.press('link-role-viewer');
    await anna.press('make-link');
    const guest = `[data-testid="invite-dialog"] .boxed [data-testid="link-url"]`;
    const url = await until('the link', () => anna.page.evaluate((css) => document.querySelector(css)?.value, guest));
    await anna.seen('invite');
    await anna.press('close', '[data-testid="invite-dialog"]');
    const hanna = await visitor('Hanna', 1523);
    await hanna.ask(room, { fragment: new URL(url).hash, microphone: false });
    await hanna.waitFor('meeting');
    await hanna.client.connected();
    await allHear([hanna], [anna, bert, clara], []);
    assert.ok(!(await hanna.sees('mic')), 'a viewer has no microphone');
    await hanna.seen('viewer');
    await hanna.close();
    await mcu.api('PATCH', `/rooms/${room}`, { pin: null });
});

test('a link that was changed on its way opens nothing', async () => {
    const made = await mcu.api('POST', `/rooms/${room}/links`, { role: 'participant', expires_s: 60 });
    const ida = await visitor('Ida', 1301);
    await ida.goto(`/r/${room}#t=${made.token.slice(0, -4)}AAAA`);
    await ida.waitFor('join-form');
    await ida.fill('name', 'Ida');
    await ida.press('join');
    await ida.waitForAny('link-invalid', 'link-expired');
    await ida.seen('link-invalid');
    await ida.close();
});

test('the server dies and starts again: everybody is back by themselves', async () => {
    const begin = Date.now();
    await mcu.restart('SIGKILL');
    const people = [anna, bert, clara];
    await until('all three to be back', async () => {
        const reply = await mcu.request('GET', `/api/v1/rooms/${room}/participants`);
        return reply.status === 200 && people.every((one) => reply.body.participants.some((p) => p.id === one.id && p.name === one.name));
    }, { timeoutMs: 60000 });
    for (const one of people) await one.client.connected();
    console.log(`restart: all three back after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    for (const one of people) if ((await one.strip(one.id, 'muted')) === 'true') await one.press('mic');
    await allHear(people, people);
});

test('the end for all', async () => {
    devices.splice(0).forEach((device) => device.leave());
    await anna.tools();
    await anna.press('end');
    await anna.waitFor('confirm-end');
    await anna.press('confirm', '[data-testid="confirm-end"]');
    for (const one of [bert, clara]) await one.waitForAny('ended', 'left');
    await bert.seen('ended');
    await sleep(300);
});

test('every request of every page went to its own origin', () => assertOwnOrigin(log, mcu));

test('axe finds nothing in any state, in both themes', () => {
    assert.ok(log.audited >= 20, `${log.audited} audits`);
    assert.deepEqual([...new Set(log.findings)], []);
});
