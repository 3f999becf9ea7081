// Measures the server under load, and Janus AudioBridge under the same load when it is installed.
//   node bench/server.mjs [quick|full [PATTERN]]    only what matches the pattern
// Prints rows «name value unit», then a table; writes build/bench.json.
import { cpus, loadavg } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { binary, root } from '../tests/e2e/support/mcu.mjs';
import { sleep } from '../tests/e2e/support/process.mjs';
import { Janus } from './support/janus.mjs';
import { Load, residentKiB } from './support/load.mjs';
import { Mischpult } from './support/mischpult.mjs';
import { WebrtcLoad } from './support/webrtc_load.mjs';

const full = process.argv[2] === 'full';
const only = new RegExp(process.argv[3] ?? '');
const timing = full ? { seconds: 15, warmup: 5 } : { seconds: 8, warmup: 4 };
const busy = loadavg()[0]; // others at work on this machine make every figure worse
const rows = [];
const errors = [];

function row(name, value, unit) {
    const rounded = Number(value.toPrecision(4));
    rows.push({ name, value: rounded, unit });
    console.log(`${name} ${rounded} ${unit}`);
}

// In a few requests at a time: joining is not what is measured.
async function joinAll(server, ports, participant) {
    const table = new Array(ports.length);
    let next = 0;
    const worker = async () => {
        while (next < ports.length) {
            const i = next++;
            const { room, ...options } = participant(i);
            table[i] = await server.join(room, ports[i], options);
        }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    return table;
}

// One load on a fresh server: {core, rss, ...rtpload's results}.
async function measure(server, { peers, rooms = ['bench'], participant, latency }) {
    const load = new Load(binary('rtpload'), peers, { ...timing, latency });
    try {
        for (const room of rooms) await server.createRoom(room);
        const table = await joinAll(server, await load.ports(), (i) => ({
            room: rooms[i % rooms.length],
            ...participant(i),
        }));
        const results = await load.run(table, server.pid);
        return { ...results, rss: residentKiB(server.pid), listener: (100 * results.core) / peers };
    } finally {
        await load.stop();
        await server.stop();
    }
}

function report(name, r, { listeners = true } = {}) {
    if (listeners) row(`${name}_cpu_per_listener`, r.listener, '%');
    row(`${name}_cpu`, 100 * r.core, '%');
    row(`${name}_rss`, r.rss, 'KiB');
    row(`${name}_packets`, r.packets, 'packets');
    row(`${name}_late_30ms`, r.late_30ms, 'packets');
    if (r.lateness_ms) row(`${name}_lateness_p99`, r.lateness_ms.p99, 'ms');
    if (r.lateness_ms) row(`${name}_lateness_max`, r.lateness_ms.max, 'ms');
    row(`${name}_lost`, r.lost, 'packets');
    row(`${name}_peers_without_media`, r.peers_without_media, 'peers');
    row(`${name}_heard`, r.heard_db, 'dBov');
}

async function scenario(name, start, load, options) {
    if (!only.test(name)) return null;
    try {
        const result = await measure(await start(), load);
        report(name, result, options);
        return result;
    } catch (error) {
        errors.push(`${name}: ${error.message}`);
        console.error(`${name}: ${error.message}`);
        return null;
    }
}

const ours = (name, load, { flags, ...options } = {}) =>
    scenario(name, () => Mischpult.start({ peers: load.peers, flags }), load, options);

const janusVersion = await Janus.version();
const beside = (name, load, options) =>
    janusVersion ? scenario(`janus_${name}`, () => Janus.start(), { rooms: [1], ...load }, options) : null;

// --- 1: one Opus room, three speak, the others send nothing ---------------------------------------
const idle = {};
const idleJanus = {};
const threeSpeak = (peers, more = {}) => ({ peers, participant: (i) => ({ talk: i < 3, ...more }) });
for (const n of full ? [50, 150, 500, 1000] : [50, 150])
    idle[n] = await ours(`opus_3speak_${n}`, threeSpeak(n));
for (const n of full ? [150, 1000] : [150])
    idle[`${n} GCM`] = await ours(`opus_3speak_${n}_gcm`, threeSpeak(n, { suite: 'AEAD_AES_128_GCM' }));
for (const n of full ? [50, 150] : [150])
    idleJanus[n] = await beside(`opus_3speak_${n}`, threeSpeak(n));

// --- 1b: the same with WebRTC, beside devices with the same cipher; people join all the time --------
const webrtcPeers = 100;
async function webrtc(name, measureIt) {
    if (!only.test(name)) return null;
    let server;
    let load;
    try {
        server = await Mischpult.start({ peers: 600 });
        load = new WebrtcLoad(server.mcu);
        return await measureIt(server, load);
    } catch (error) {
        errors.push(`${name}: ${error.message}`);
        console.error(`${name}: ${error.message}`);
        return null;
    } finally {
        await load?.stop();
        await server?.stop();
    }
}
const devicesGcm = await ours(
    `opus_3speak_${webrtcPeers}_gcm`,
    threeSpeak(webrtcPeers, { suite: 'AEAD_AES_128_GCM' }),
);
const browsers = await webrtc(`webrtc_3speak_${webrtcPeers}`, async (server, load) => {
    const name = `webrtc_3speak_${webrtcPeers}`;
    await load.join({ room: 'bench', peers: webrtcPeers, talkers: 3 });
    const result = await load.run(server.pid, timing);
    const listener = (100 * result.core) / webrtcPeers;
    row(`${name}_cpu_per_listener`, listener, '%');
    row(`${name}_cpu`, 100 * result.core, '%');
    row(`${name}_rss`, residentKiB(server.pid), 'KiB');
    row(`${name}_packets`, result.packets, 'packets');
    row(`${name}_peers_without_media`, result.peers_without_media, 'peers');
    return { ...result, listener };
});
if (devicesGcm && browsers)
    row('webrtc_against_srtp_gcm', browsers.listener / devicesGcm.listener, 'times');

// What the ticks did while this went on: the longest, and how many were late or missed.
async function ticksDuring(server, work) {
    const late = () => Promise.all(['ticks_late_total', 'ticks_missed_total', 'ticks_total'].map((n) => server.metric(n)));
    const before = await late();
    let longest = 0;
    let done = false;
    const watching = (async () => {
        while (!done) {
            longest = Math.max(longest, await server.metric('tick_longest_seconds'));
            await sleep(200);
        }
    })();
    await work();
    done = true;
    await watching;
    const after = await late();
    const [lateTicks, missed, ticks] = after.map((value, i) => value - before[i]);
    return { longest_ms: 1000 * longest, late: lateTicks, missed, ticks };
}
await webrtc('webrtc_joins', async (server, load) => {
    await load.join({ room: 'bench', peers: 10, talkers: 3 });
    await sleep(2000);
    const calm = await ticksDuring(server, () => sleep(4000));
    await sleep(2000);
    let joins;
    const busyTicks = await ticksDuring(server, async () => {
        joins = await load.join({ room: 'bench', peers: 200, perSecond: 50 });
    });
    row('webrtc_joins_per_second', 200 / joins.seconds, 'joins/s');
    for (const [when, ticks] of Object.entries({ calm, joins: busyTicks })) {
        row(`webrtc_${when}_longest_tick`, ticks.longest_ms, 'ms');
        row(`webrtc_${when}_late_ticks`, ticks.late, `of ${ticks.ticks}`);
        row(`webrtc_${when}_missed_ticks`, ticks.missed, `of ${ticks.ticks}`);
    }
});

// --- 2: everybody sends speech all the time -------------------------------------------------------
const all = {};
const allJanus = {};
const allSpeak = (peers, more = {}) => ({ peers, participant: () => ({ talk: true, ...more }) });
for (const n of full ? [50, 130] : [50]) {
    all[`${n} levels`] = await ours(`opus_allspeak_${n}_levels`, allSpeak(n, { level: true }));
    all[n] = await ours(`opus_allspeak_${n}`, allSpeak(n));
    all[`${n} unlimited`] = await ours(`opus_allspeak_${n}_unlimited`, allSpeak(n), {
        flags: { max_speakers: 0 },
    });
    allJanus[n] = await beside(`opus_allspeak_${n}`, allSpeak(n));
}

// --- 3: many rooms, telephones, long packets ------------------------------------------------------
const roomCount = full ? 100 : 30;
const roomNames = Array.from({ length: roomCount }, (_, i) => `room${i}`);
const manyRooms = {
    peers: 5 * roomCount,
    rooms: roomNames,
    participant: (i) => ({ talk: i < roomCount }), // one of five speaks
};
await ours(`rooms_${roomCount}_of_5`, manyRooms);
await ours('pcmu_3speak_150', threeSpeak(150, { codec: 'PCMU' }));
await ours('opus60_3speak_150', {
    peers: 150,
    participant: (i) => ({ talk: i < 3, ptime: i < 3 ? 20 : 60 }),
});

// --- 4: latency from network to network -----------------------------------------------------------
const latency = {};
// Ten pairs, each in a room of its own: ten phases of a talker's clock against the mixer's.
const pairRooms = Array.from({ length: 10 }, (_, i) => i + 1);
const pair = (codec) => ({
    peers: 20,
    latency: true,
    rooms: pairRooms,
    participant: (i) => ({ room: pairRooms[i >> 1], talk: i % 2 === 0, codec }),
});
function reportLatency(name, r) {
    if (!r?.latency_ms) return null;
    row(`${name}_latency_median`, r.latency_ms.median, 'ms');
    row(`${name}_latency_min`, r.latency_ms.min, 'ms');
    row(`${name}_latency_max`, r.latency_ms.max, 'ms');
    row(`${name}_latency_windows`, r.latency_ms.matched, 'windows');
    return r.latency_ms.matched > 0 ? r.latency_ms.median : null;
}
for (const codec of ['PCMU', 'opus', 'L16']) {
    const name = `pair_${codec.toLowerCase()}`;
    latency[codec] = reportLatency(name, await ours(name, pair(codec), { listeners: false }));
}
latency.janus = reportLatency('janus_pair_opus', await beside('pair_opus', pair('opus'), { listeners: false }));

// --- 5: memory ------------------------------------------------------------------------------------
const memory = {};
if (idle[50] && idle[150]) {
    memory.listener = (idle[150].rss - idle[50].rss) / 100;
    row('memory_per_listener', memory.listener, 'KiB');
    if (all[50]) {
        memory.talker = (all[50].rss - idle[50].rss) / 47 + memory.listener;
        row('memory_per_talker', memory.talker, 'KiB');
    }
}

// --- 6: the parts by themselves -------------------------------------------------------------------
const folder = join(root, 'build/release');
for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    if (!/^bench_[a-z0-9_]+$/.test(name) || !only.test(name)) continue;
    try {
        const text = execFileSync(join(folder, name), { timeout: 180000, encoding: 'utf8' });
        for (const line of text.split('\n')) partRows(name.replace(/^bench_/, ''), line);
    } catch (error) {
        errors.push(`${name}: ${error.message}`);
    }
}

// «name value unit», «name unit value» or «scenario=x key=value …»
function partRows(name, text) {
    const words = text.trim().split(/\s+/);
    const isNumber = (word) => word !== undefined && word !== '' && Number.isFinite(Number(word));
    if (words.length > 1 && words.every((word) => word.includes('='))) {
        const pairs = Object.fromEntries(words.map((word) => word.split('=')));
        for (const [key, value] of Object.entries(pairs))
            if (isNumber(value)) row(`${name}_${pairs.scenario ?? pairs.bench}_${key}`, Number(value), key.split('_').pop());
    } else if (isNumber(words[1])) row(`${name}_${words[0]}`, Number(words[1]), words.slice(2).join(' ') || '-');
    else if (isNumber(words[2])) row(`${name}_${words[0]}`, Number(words[2]), words[1]);
}

// --- the table ------------------------------------------------------------------------------------
const cell = (value, digits = 3) => (value === undefined || value === null ? '-' : value.toFixed(digits));
function line(what, wanted, our, peer, digits = 3) {
    if (our === undefined || our === null) return;
    const ratio = peer ? `1/${(peer / our).toFixed(1)}` : '-';
    const cells = [cell(our, digits), cell(peer, digits), ratio, wanted];
    console.log(what.padEnd(46) + cells.map((text) => text.padStart(10)).join(''));
}
console.log(`\n${''.padEnd(46)}${['ours', 'Janus', 'ratio', 'wanted'].map((text) => text.padStart(10)).join('')}`);
const peerOf = (all, key) => all[parseInt(key, 10)]?.listener;
for (const [n, r] of Object.entries(idle))
    line(`3 speak, ${n}: % of a core a listener`, '1/20', r?.listener, peerOf(idleJanus, n));
if (browsers && devicesGcm)
    line('WebRTC: CPU a listener, SRTP-GCM devices are 1', '1.5', browsers.listener / devicesGcm.listener, null);
for (const [n, r] of Object.entries(all))
    line(`all speak, ${n}: % of a core a listener`, n.includes('unl') ? '1/1' : '1/3', r?.listener, peerOf(allJanus, n));
for (const codec of ['PCMU', 'opus', 'L16'])
    line(`latency ${codec} to ${codec}, ms`, '35', latency[codec], codec === 'opus' ? latency.janus : null, 1);
line('memory, KiB a silent listener', '64', memory.listener, null, 1);
line('memory, KiB a talker', '256', memory.talker, null, 1);
const late = rows.filter((r) => r.name.endsWith('_late_30ms') && !r.name.startsWith('janus_'));
console.log(`packets of ours more than 30 ms late: ${late.reduce((sum, r) => sum + r.value, 0)}`);
if (!janusVersion) console.log('Janus is not installed: nothing beside us (apt-get install janus)');
for (const error of errors) console.log(`not measured: ${error}`);

mkdirSync(join(root, 'build'), { recursive: true });
const machine = { cpu: cpus()[0].model, cores: cpus().length, load: busy };
const json = { machine, mode: full ? 'full' : 'quick', janus: janusVersion ?? null, rows, errors };
writeFileSync(join(root, 'build/bench.json'), JSON.stringify(json, null, 1) + '\n');
process.exit(errors.some((e) => !e.startsWith('janus')) ? 1 : 0);
