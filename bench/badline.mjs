// Chromium on a bad line, joined to our server and to Janus AudioBridge at the same time: what its
// jitter buffer made up, and how long it held the sound back.
//   node bench/badline.mjs [SECONDS]    30; rows «name value unit», then a table
// 5 % loss and up to 30 ms of jitter in each direction, the same seeds for both.
import { Chromium } from '../tests/e2e/support/chromium.mjs';
import { Mcu } from '../tests/e2e/support/mcu.mjs';
import { endNative, NativeClient } from '../tests/e2e/support/native.mjs';
import { encoded } from '../tests/e2e/support/ogg_opus.mjs';
import { sleep } from '../tests/e2e/support/process.mjs';
import { Relay, through } from '../tests/e2e/support/relay.mjs';
import { voice } from '../tests/e2e/support/voice.mjs';
import { Janus } from './support/janus.mjs';
import { JanusWhip } from './support/janus_whip.mjs';

const seconds = Number(process.argv[2] ?? 30);
const faults = { loss: 0.05, jitterMs: 30, delayMs: 20 };
const settleMs = 5000; // what the jitter buffers and the loss reports need to know the line

async function openSide(name, server, chromium, packets) {
    // Janus offers an address of the machine, not loopback.
    const talker = new NativeClient(server, { name: 'talker', keep: 0, config: { bindAddress: '0.0.0.0' } });
    const joined = await talker.join('1');
    if (joined.status !== 201) throw new Error(`${name}: ${joined.status} ${joined.body}`);
    talker.say(packets);
    const client = await (await chromium.client({ name: 'listener', hz: 440 })).open(server);
    const relay = await Relay.open();
    await through(client.page, relay);
    const { status, answer } = await client.join('1');
    if (status !== 201) throw new Error(`${name}: ${status} ${answer}`);
    await client.heard([440]); // a track that nothing plays is not decoded
    relay.impair({ up: faults, seed: 11 });
    return { name, server, talker, client, relay };
}

const inbound = (side) => side.client.stats('inbound-rtp', { kind: 'audio' });

function between(before, after) {
    const d = (key) => after[key] - before[key];
    return {
        concealed: (100 * d('concealedSamples')) / d('totalSamplesReceived'),
        audible: (100 * (d('concealedSamples') - d('silentConcealedSamples'))) / d('totalSamplesReceived'),
        events: d('concealmentEvents'),
        delay: (1000 * d('jitterBufferDelay')) / d('jitterBufferEmittedCount'),
        lost: (100 * d('packetsLost')) / (d('packetsLost') + d('packetsReceived')),
        stretched: (100 * (d('insertedSamplesForDeceleration') + d('removedSamplesForAcceleration'))) / d('totalSamplesReceived'),
    };
}

const units = { concealed: '%', audible: '%', events: 'times', delay: 'ms', lost: '%', stretched: '%' };
const sides = [];
const servers = [];
let chromium;
try {
    const packets = await encoded({ wav: await voice(0), bitrate: 32000 });
    servers.push(['ours', await Mcu.start({ flags: { auto_create: 'yes' } })]);
    if (await Janus.version()) {
        const bridge = await JanusWhip.start();
        servers.push(['janus', bridge]);
        // It may count on the loss that there will be.
        await bridge.janus.createRoom(1, 48000, { default_expectedloss: 5 });
    } else console.log('Janus is not installed: nothing beside us (apt-get install janus)');
    chromium = await Chromium.start();
    for (const [name, server] of servers) sides.push(await openSide(name, server, chromium, packets));
    await sleep(settleMs);
    const before = await Promise.all(sides.map(inbound));
    await sleep(1000 * seconds);
    const after = await Promise.all(sides.map(inbound));
    const results = sides.map((side, i) => [side.name, between(before[i], after[i])]);
    for (const [name, result] of results)
        for (const [key, value] of Object.entries(result))
            console.log(`badline_${name}_${key} ${Number(value.toPrecision(4))} ${units[key]}`);
    console.log(`\n${''.padEnd(34)}${results.map(([name]) => name.padStart(10)).join('')}`);
    for (const [key, words] of Object.entries({
        lost: 'packets lost on the way, %', concealed: 'samples made up, %', audible: 'of which not in silence, %',
        delay: 'held in the jitter buffer, ms', stretched: 'stretched or squeezed, %',
    }))
        console.log(words.padEnd(34) + results.map(([, r]) => r[key].toFixed(2).padStart(10)).join(''));
} finally {
    for (const { talker, relay } of sides) {
        talker.close();
        relay.close();
    }
    endNative();
    await chromium?.stop();
    for (const [, server] of servers) await server.stop();
}
process.exit(0);
