// Two talkers with a tone each, a listener without a microphone, one room: who hears what?
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Device } from '../tests/e2e/support/media.mjs';
import { Mcu, root } from '../tests/e2e/support/mcu.mjs';
import { sleep } from '../tests/e2e/support/process.mjs';
import { part, toneDb } from '../tests/e2e/support/sound.mjs';

const folder = join(root, 'build/demo');
const seconds = 6;
const audibleDb = -40; // each talker's tone is sent at -18 dB
const silentDb = -60;

const talkers = [
    { name: 'Anna', codec: 'opus', hz: 440, amplitude: 0.125 },
    { name: 'Ben', codec: 'PCMU', hz: 880, amplitude: 0.125 },
];
const listener = { name: 'Carla', codec: 'G722' };

function tell(device, recording) {
    let right = true;
    const words = talkers.map(({ name, hz }) => {
        const level = toneDb(part(recording, -4, -1), hz, recording.rate);
        const own = name === device.name;
        right &&= own ? level < silentDb : level > audibleDb;
        const whose = own ? 'their own tone' : `${name}'s tone`;
        const shown = level < -90 ? 'below -90' : level.toFixed(1);
        return level > audibleDb
            ? `heard ${whose} (${hz} Hz) at ${shown} dB`
            : `did not hear ${whose} (${hz} Hz: ${shown} dB)`;
    });
    console.log(`${right ? 'right' : 'WRONG'}  ${device.name} (${device.codec.name}) ${words.join(' and ')}.`);
    return right;
}

mkdirSync(folder, { recursive: true });
const mcu = await Mcu.start();
let right = false;
const devices = [];
try {
    console.log(`The server runs at ${mcu.url}; Anna, Ben and Carla join the room «demo».`);
    await mcu.api('POST', '/rooms', { name: 'demo' });
    for (const options of [...talkers, listener]) {
        const device = new Device(mcu, folder, options);
        devices.push(device);
        await device.join('demo');
        const does = options.hz ? `sends a tone of ${options.hz} Hz` : 'only listens';
        console.log(`${device.name} ${does}, codec ${device.codec.name}.`);
    }
    await sleep(seconds * 1000);
    right = true;
    for (const device of devices) right = tell(device, await device.recording()) && right;
    console.log(`What Carla heard is in build/demo/Carla.wav.`);
} finally {
    await Promise.all(devices.map((device) => device.leave()));
    await mcu.stop();
}
process.exit(right ? 0 : 1);
