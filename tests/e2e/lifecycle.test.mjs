// The server as a process: one port, one server; ends politely; gives back what it took.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BareDevice } from './support/device.mjs';
import { ApiError, binary, flagList, Mcu } from './support/mcu.mjs';
import { Program, sleep, until } from './support/process.mjs';
import { makeOffer } from './support/sdp.mjs';
import { tone } from './support/sound.mjs';

test('SIGTERM under load: RTCP BYE to everybody, then a clean end', async (t) => {
    const mcu = await Mcu.start({ build: 'asan' });
    const devices = [];
    t.after(() => devices.forEach((device) => device.leave()));
    t.after(() => mcu.stop());
    for (let i = 0; i < 12; i++) {
        const device = await new BareDevice(mcu, { name: `d${i}` }).join(`room${i % 3}`);
        devices.push(device);
        device.say(tone(300 + 100 * i, 1, 8000));
    }
    await Promise.all(devices.map((device) => device.packetsBeyond(25)));
    mcu.program.child.kill('SIGTERM');
    const result = await mcu.program.finish(10000);
    assert.deepEqual(result, { code: 0, signal: null }, mcu.program.stderr);
    await until('the last packets', () => devices.every((device) => device.byes > 0), { timeoutMs: 2000 });
});

test('a second server on the HTTP port is refused', async (t) => {
    const mcu = await Mcu.of(t);
    const flags = { ...mcu.flags, rtp_port_min: mcu.rtpPort + 1000, rtp_port_max: mcu.rtpPort + 1099 };
    const second = new Program(binary('mcu'), flagList(flags), {
        env: { ...process.env, MCU_ADMIN_TOKEN: mcu.token, HOME: mcu.folder },
    });
    t.after(() => second.stop('SIGKILL'));
    const { code } = await second.finish(10000);
    assert.notEqual(code, 0);
    assert.notEqual(code, null, 'it did not end by itself');
    assert.match(second.stderr + second.stdout, new RegExp(String(mcu.httpPort)));
    assert.equal((await fetch(`${mcu.url}/healthz`)).status, 200);
});

test('ports run out with an answer, and come back when people leave', async (t) => {
    const mcu = await Mcu.of(t, { rtpPorts: 20 });
    const devices = [];
    t.after(() => devices.forEach((device) => device.leave()));
    let refused;
    while (!refused && devices.length < 100) {
        const device = new BareDevice(mcu, { name: 'x' });
        devices.push(device);
        await device.join('ports').catch((error) => (refused = error));
    }
    assert.ok(refused instanceof ApiError, 'a join without a port is refused');
    assert.equal(refused.status, 503);
    assert.ok(refused.body.message.length > 0);
    const first = devices.length - 1;
    assert.ok(first >= 5, `${first} joined`);
    // Again and again: nothing is lost on the way.
    for (let round = 0; round < 3; round++) {
        for (const device of devices.filter((d) => d.path)) {
            await mcu.api('DELETE', device.path);
            device.path = undefined;
        }
        await until('the ports', async () => {
            const probe = new BareDevice(mcu, { name: 'probe' });
            devices.push(probe);
            return probe.join('ports').then(() => true, () => false);
        });
        for (let i = 1; i < first; i++) {
            const device = new BareDevice(mcu, { name: 'again' });
            devices.push(device);
            await device.join('ports');
        }
    }
});

test('a thousand joins and leaves leave no port, file descriptor or memory behind', async (t) => {
    const mcu = await Mcu.of(t, { rtpPorts: 100, build: 'asan' });
    const { readdirSync } = await import('node:fs');
    const open = () => readdirSync(`/proc/${mcu.pid}/fd`).length;
    const joinAndLeave = async (i) => {
        const { path } = await mcu.join(`churn${i % 4}`, 'x', makeOffer({ port: 40000 + i }));
        await mcu.api('DELETE', path);
    };
    for (let i = 0; i < 50; i++) await joinAndLeave(i);
    await sleep(500);
    const before = open();
    for (let i = 0; i < 1000; i++) await joinAndLeave(i);
    await until('descriptors to be closed', () => open() <= before + 4);
    // The sanitizer tells of leaks when the server ends.
});
