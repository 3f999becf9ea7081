// Measures the server under load, and Janus AudioBridge under the same load when it is installed.
//   node bench/server.mjs [quick|full]
// Prints rows «name value unit», then a table; writes build/bench.json.
import { cpus } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { binary, root } from '../tests/e2e/support/mcu.mjs';
import { Janus } from './support/janus.mjs';
import { Load, residentKiB } from './support/load.mjs';
import { Mischpult } from './support/mischpult.mjs';

const full = process.argv[2] === 'full';
const timing = full ? { seconds: 15, warmup: 5 } : { seconds: 8, warmup: 4 };
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
const pair = (codec) => ({ peers: 2, latency: true, participant: (i) => ({ talk: i === 0, codec }) });
function reportLatency(name, r) {
    if (!r?.latency_ms) return null;
    row(`${name}_latency_median`, r.latency_ms.median, 'ms');
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
    if (!/^bench_[a-z0-9_]+$/.test(name)) continue;
    try {
        const text = execFileSync(join(folder, name), { timeout: 60000, encoding: 'utf8' });
        for (const line of text.split('\n')) {
            const [what, value, ...unit] = line.trim().split(/\s+/);
            if (unit.length > 0 && Number.isFinite(Number(value)))
                row(`${name}_${what}`, Number(value), unit.join(' '));
        }
    } catch (error) {
        errors.push(`${name}: ${error.message}`);
    }
}

// --- the table ------------------------------------------------------------------------------------
const cell = (value, digits = 3) => (value === undefined || value === null ? '-' : value.toFixed(digits));
function line(what, our, peer, digits = 3) {
    const ratio = our && peer ? `1/${(peer / our).toFixed(1)}` : '-';
    console.log(`${what.padEnd(44)}${cell(our, digits).padStart(10)}${cell(peer, digits).padStart(10)}${ratio.padStart(9)}`);
}
console.log(`\n${''.padEnd(44)}${'ours'.padStart(10)}${'Janus'.padStart(10)}${'ratio'.padStart(9)}`);
for (const [n, r] of Object.entries(idle))
    line(`3 speak, ${n} in the room, % of a core each`, r?.listener, idleJanus[parseInt(n, 10)]?.listener);
for (const [n, r] of Object.entries(all))
    line(`all speak, ${n} in the room, % of a core each`, r?.listener, allJanus[parseInt(n, 10)]?.listener);
for (const codec of ['PCMU', 'opus', 'L16'])
    line(`latency ${codec} to ${codec}, ms`, latency[codec], codec === 'opus' ? latency.janus : null, 1);
line('memory, KiB a silent listener', memory.listener, null, 1);
line('memory, KiB a talker', memory.talker, null, 1);
const late = rows.filter((r) => r.name.endsWith('_late_30ms') && !r.name.startsWith('janus_'));
console.log(`packets of ours more than 30 ms late: ${late.reduce((sum, r) => sum + r.value, 0)}`);
if (!janusVersion) console.log('Janus is not installed: nothing beside us (apt-get install janus)');
for (const error of errors) console.log(`not measured: ${error}`);

mkdirSync(join(root, 'build'), { recursive: true });
const machine = { cpu: cpus()[0].model, cores: cpus().length };
const json = { machine, mode: full ? 'full' : 'quick', janus: janusVersion ?? null, rows, errors };
writeFileSync(join(root, 'build/bench.json'), JSON.stringify(json, null, 1) + '\n');
process.exit(errors.some((e) => !e.startsWith('janus')) ? 1 : 0);
