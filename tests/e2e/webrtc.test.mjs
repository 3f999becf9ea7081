// Real WebRTC stacks by WHIP and WHEP: Chromium, Firefox, aiortc, GStreamer's webrtcbin, libdatachannel
// and plain RTP devices in one room. Each hears the others and not itself.
import { inOwnNetwork, homeFlags } from './support/namespace.mjs';
await inOwnNetwork();

const { default: assert } = await import('node:assert/strict');
const { after, before, test } = await import('node:test');
const { Chromium } = await import('./support/chromium.mjs');
const { ToneDevice } = await import('./support/device.mjs');
const { Firefox } = await import('./support/firefox.mjs');
const { allHear, hears } = await import('./support/hearing.mjs');
const { Mcu } = await import('./support/mcu.mjs');
const { endNative, NativeClient } = await import('./support/native.mjs');
const { encoded } = await import('./support/ogg_opus.mjs');
const { until } = await import('./support/process.mjs');
const { Relay, through } = await import('./support/relay.mjs');
const { ScriptedClient } = await import('./support/scripted.mjs');

let mcu;
let chromium;
let firefox;
const open = [];

before(async () => {
    mcu = await Mcu.start({ build: 'asan', flags: { ...homeFlags, max_speakers: 0 } });
    chromium = await Chromium.start();
    firefox = await Firefox.start();
});
after(async () => {
    for (const client of open) await client.close?.();
    endNative();
    await chromium?.stop();
    await firefox?.stop();
    await mcu?.stop();
});

const roster = async (room) => (await mcu.api('GET', `/rooms/${room}/participants`)).participants;

async function page(browser, options) {
    const client = await (await browser.client(options)).open(mcu);
    open.push(client);
    return client;
}

function keep(client) {
    open.push(client);
    return client;
}

test('five WebRTC stacks and two RTP devices hear the others and not themselves', async () => {
    const native = keep(new NativeClient(mcu));
    native.hz = 1117;
    const peers = [
        await page(chromium, { name: 'chromium', hz: 403 }),
        await page(firefox, { name: 'firefox', hz: 557 }),
        keep(new ScriptedClient(mcu, 'aiortc', { hz: 733 })),
        keep(new ScriptedClient(mcu, 'webrtcbin', { hz: 919 })),
        native,
    ];
    for (const peer of peers) assert.equal((await peer.join('all')).status, 201, peer.name);
    native.say(await encoded({ hz: native.hz, seconds: 1 }));
    const devices = [1301, 1523].map((hz) => keep(new ToneDevice(mcu, { name: `device ${hz}`, hz })));
    for (const device of devices) await device.join('all');
    const everyone = [...peers, ...devices];
    await allHear(everyone, everyone);
    const people = await roster('all');
    assert.equal(people.length, everyone.length);
    assert.deepEqual(people.filter((p) => p.kind === 'browser').map((p) => p.encrypted), Array(5).fill(true));

    // Whoever leaves is heard no more and is gone from the roster.
    const [leaving, ...rest] = everyone;
    assert.equal(await leaving.leave(), 200);
    await until('the roster', async () => (await roster('all')).length === rest.length);
    await allHear(rest.slice(0, 2), rest, [leaving]);
    for (const peer of peers.slice(1)) assert.equal(await peer.leave(), 200, peer.name);
    for (const device of devices) device.leave();
});

test('WHEP viewers hear the room and are never heard', async () => {
    const talker = await page(chromium, { name: 'talker', hz: 403 });
    await talker.join('stage');
    const viewers = [
        await page(chromium, { name: 'viewer-c', hz: 557 }),
        await page(firefox, { name: 'viewer-f', hz: 557 }),
        keep(new ScriptedClient(mcu, 'aiortc', { name: 'viewer-a', hz: 557 })),
        keep(new ScriptedClient(mcu, 'webrtcbin', { name: 'viewer-g', hz: 557 })),
    ];
    for (const viewer of viewers) {
        const { status, answer } = await viewer.join('stage', { kind: 'whep' });
        assert.equal(status, 201, `${viewer.name}: ${answer}`);
    }
    await allHear(viewers, [talker]);
    const roles = Object.fromEntries((await roster('stage')).map((p) => [p.name, p.role]));
    for (const viewer of viewers) assert.equal(roles[viewer.name], 'viewer', viewer.name);

    // One that sends all the same: offered as sendrecv to /whep, tone and all.
    const loud = await page(chromium, { name: 'loud', hz: 733 });
    const reply = await loud.join('stage', { kind: 'whep', direction: 'sendrecv' });
    if (reply.status === 201) await hears(talker, [], [loud]);
    for (const viewer of [...viewers, talker]) assert.equal(await viewer.leave(), 200, viewer.name);
});

test('an ICE restart in mid-call: new credentials, the same meeting', async () => {
    const [a, b] = [await page(chromium, { name: 'a', hz: 403 }), await page(chromium, { name: 'b', hz: 557 })];
    for (const client of [a, b]) await client.join('restart');
    await allHear([a, b], [a, b]);
    const ids = (await roster('restart')).map((p) => p.id).sort();
    const restart = await a.restartIce(a.reply.headers.etag);
    assert.equal(restart.status, 200, restart.text);
    assert.match(restart.text, /^a=ice-ufrag:/m);
    assert.notEqual(restart.etag, a.reply.headers.etag);
    await a.connected();
    await allHear([a, b], [a, b]);
    assert.deepEqual((await roster('restart')).map((p) => p.id).sort(), ids, 'nobody left or came');
    for (const client of [a, b]) await client.leave();
});

test('a change of address in mid-call: media goes on, from and to the new one', async () => {
    const relay = await Relay.open();
    open.push(relay);
    const [near, moving] = [await page(chromium, { name: 'near', hz: 403 }), await page(chromium, { name: 'moving', hz: 557 })];
    await near.join('moving');
    await through(moving.page, relay);
    await moving.join('moving');
    await allHear([near, moving], [near, moving]);
    const ids = (await roster('moving')).map((p) => p.id).sort();
    const before = relay.far.address().port;
    await relay.rebind();
    assert.notEqual(relay.far.address().port, before);
    await allHear([near, moving], [near, moving]);
    assert.deepEqual((await roster('moving')).map((p) => p.id).sort(), ids, 'nobody left or came');
    for (const client of [near, moving]) await client.leave();
});
