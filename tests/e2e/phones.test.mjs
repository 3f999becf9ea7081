// Real telephones: baresip calls a room by SIP, through a bridge that belongs to the tests.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { isRtcp } from './support/line.mjs';
import { Mcu } from './support/mcu.mjs';
import { Device } from './support/media.mjs';
import { Phone } from './support/phone.mjs';
import { sleep, until } from './support/process.mjs';
import { rtcpTypes } from './support/rtp.mjs';
import { SipBridge } from './support/sip_bridge.mjs';
import { part, steadyToneDb, toneDb } from './support/sound.mjs';

const sentDb = 20 * Math.log10(0.05);
const toleranceDb = 4;
const ownDb = sentDb - 30;
const bye = 203; // RTCP packet type

// A server, a bridge to it and telephones that are ready to dial.
async function exchange(t, { flags, phones }) {
    const folder = mkdtempSync(join(tmpdir(), 'mischpult-e2e-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const mcu = await Mcu.of(t, { flags });
    const bridge = await SipBridge.open(mcu);
    t.after(() => bridge.close());
    const all = phones.map((options) => new Phone(folder, options));
    t.after(() => Promise.all(all.map((phone) => phone.leave())));
    await Promise.all(all.map((phone) => phone.start()));
    return { folder, mcu, bridge, phones: all };
}

// Its participant, as the API shows it.
async function participant(mcu, bridge, phone) {
    const { path } = [...bridge.calls.values()].find((call) => call.name === phone.name);
    return { path, ...(await mcu.api('GET', path)) };
}

async function enter(mcu, bridge, phone, room) {
    await phone.dial(bridge, room);
    await phone.event('CALL_ESTABLISHED');
    return participant(mcu, bridge, phone);
}

async function pressKeys(bridge, phone, id, keys) {
    await phone.command('sndcode', keys);
    const pressed = () => bridge.events.events.filter((e) => e.type === 'dtmf' && e.participant === id);
    await until(`the keys ${keys} of ${phone.name}`, () => pressed().length >= keys.length);
    assert.equal(pressed().map((e) => e.digit).join(''), keys, phone.name);
    assert.ok(pressed().every((e) => e.duration_ms > 0 && e.room === 'meeting'));
}

// The level of a tone in the last half second that a BareDevice of PCMU has heard.
function latestDb(device, hz) {
    const samples = device.heard(Math.max(0, device.packets.length - 25));
    return toneDb(Float64Array.from(samples, (v) => v / 32768), hz, 8000);
}

function checkHeard(listener, phones, recording) {
    // Before the others' leaving could be heard.
    const piece = part(recording, -5, -1.5);
    for (const phone of phones) {
        const level = steadyToneDb(piece, phone.hz, recording.rate);
        const which = `${listener.name} hears ${phone.name}'s ${phone.hz} Hz at ${level.toFixed(1)} dB`;
        if (phone === listener) assert.ok(level < ownDb, which);
        else assert.ok(Math.abs(level - sentDb) < toleranceDb, which);
    }
}

test('three telephones and a listener: tones, keys, hanging up, being sent away', async (t) => {
    const { folder, mcu, bridge, phones } = await exchange(t, {
        phones: [
            { name: 'anna', codec: 'opus', hz: 440, encryption: 'srtp-mand', mux: true },
            { name: 'bert', codec: 'G722', hz: 1010 },
            { name: 'clara', codec: 'PCMA', hz: 1730, mux: true },
        ],
    });
    const [anna, bert, clara] = phones;
    const listener = new Device(mcu, folder, { name: 'listener', codec: 'PCMU' });
    t.after(() => listener.leave());
    await listener.join('meeting');
    const ids = new Map();
    for (const phone of phones) ids.set(phone, await enter(mcu, bridge, phone, 'meeting'));
    for (const phone of phones) {
        const { stats } = await participant(mcu, bridge, phone);
        assert.equal(stats.codec, phone.codec);
        assert.equal(stats.srtp_suite, phone.encryption ? 'AES_CM_128_HMAC_SHA1_80' : null);
    }
    await listener.heard();
    for (const phone of phones) await pressKeys(bridge, phone, ids.get(phone).id, '19*#');
    await sleep(6000);
    checkHeard(listener, phones, await listener.recording());

    let byes = 0;
    listener.line.received = (data) => {
        if (isRtcp(data) && rtcpTypes(data).includes(bye)) byes++;
    };
    await Promise.all([anna.command('hangup'), mcu.api('DELETE', ids.get(bert).path)]);
    for (const phone of [anna, bert]) {
        const { id } = ids.get(phone);
        await bridge.events.event(`${phone.name} has left`, (e) => e.type === 'left' && e.participant === id);
        await phone.event('CALL_CLOSED');
    }
    const { participants } = await mcu.api('GET', '/rooms/meeting/participants');
    assert.deepEqual(participants.map((p) => p.name).sort(), ['clara', 'listener']);
    await mcu.api('DELETE', '/rooms/meeting');
    await clara.event('CALL_CLOSED');
    await until('the server to say goodbye to the listener', () => byes > 0);
    for (const phone of phones) checkHeard(phone, phones, await phone.recording());
});

for (const options of [{ codec: 'PCMU' }, { codec: 'opus', encryption: 'srtp-mand', mux: true }])
    test(`a telephone on hold neither speaks nor hears, ${options.codec}`, async (t) => {
        const { mcu, bridge, phones } = await exchange(t, { phones: [{ name: 'anna', hz: 500, ...options }] });
        const [anna] = phones;
        const listener = await new BareDevice(mcu, { name: 'listener' }).join('hold');
        t.after(() => listener.leave());
        await enter(mcu, bridge, anna, 'hold');
        // What has been on its way when it was asked for does not count.
        const settles = (what, right) => {
            const from = listener.packets.length;
            return until(what, () => listener.packets.length > from + 30 && right(latestDb(listener, anna.hz)));
        };
        const heard = (db) => Math.abs(db - sentDb) < toleranceDb;
        const silent = (db) => db < sentDb - 40;
        await settles('her tone', heard);
        for (const round of ['first', 'second']) {
            await anna.command('hold');
            await until('hold', async () => (await participant(mcu, bridge, anna)).held);
            await settles(`silence, ${round} hold`, silent);
            const sent = (await participant(mcu, bridge, anna)).stats.packets_out;
            await settles(`silence still, ${round} hold`, silent);
            assert.equal((await participant(mcu, bridge, anna)).stats.packets_out, sent);
            const taken = await anna.packetsTaken();
            await anna.command('resume');
            await settles(`her tone after the ${round} hold`, heard);
            await until('media for her', async () => (await anna.packetsTaken()) > taken + 50);
            assert.equal((await participant(mcu, bridge, anna)).held, false);
        }
    });

test('a telephone that cannot be admitted is told why', async (t) => {
    const { mcu, bridge, phones } = await exchange(t, {
        flags: { auto_create: 'no', srtp: 'require' },
        phones: [
            { name: 'lost', codec: 'PCMU', hz: 440, encryption: 'srtp-mand', room: 'nowhere', refusal: '404' },
            { name: 'open', codec: 'PCMU', hz: 440, room: 'meeting', refusal: '403' },
            { name: 'old', codec: 'GSM', hz: 440, encryption: 'srtp-mand', room: 'meeting', refusal: '488' },
        ],
    });
    await mcu.api('POST', '/rooms', { name: 'meeting' });
    for (const phone of phones) {
        await phone.dial(bridge, phone.room);
        const { param } = await phone.event('CALL_CLOSED');
        assert.ok(param.startsWith(phone.refusal), `${phone.name}: ${param}`);
    }
    const { participants } = await mcu.api('GET', '/rooms/meeting/participants');
    assert.deepEqual(participants, []);
});
