// What networks do to a call, in a namespace of the test's own: a firewall that drops UDP, an address
// that goes away. (The change of a NAT's mapping is in webrtc.test.mjs.)
import { away, home, homeFlags, inOwnNetwork, reach } from './support/namespace.mjs';
await inOwnNetwork();

const { default: assert } = await import('node:assert/strict');
const { after, before, test } = await import('node:test');
const { Chromium } = await import('./support/chromium.mjs');
const { Firefox } = await import('./support/firefox.mjs');
const { allHear } = await import('./support/hearing.mjs');
const { Mcu } = await import('./support/mcu.mjs');
const { Person } = await import('./support/person.mjs');
const { run, until } = await import('./support/process.mjs');

const log = { requests: [], findings: [] };
let mcu;
let chromium;

before(async () => {
    mcu = await Mcu.start({ flags: homeFlags });
    chromium = await Chromium.start();
});
after(async () => {
    await chromium?.stop();
    await mcu?.stop();
});

const nft = (rules) => run('nft', ['-f', '-'], { input: rules });
const person = async (browser, name, hz) => new Person(await browser.client({ name, hz }), mcu, log);
const selected = (one) => one.page.evaluate(async () => {
    const all = await window.rig.stats();
    const transport = all.find((s) => s.type === 'transport');
    const pair = all.find((s) => s.id === transport?.selectedCandidatePairId) ??
        all.find((s) => s.type === 'candidate-pair' && s.selected);
    const candidate = all.find((s) => s.id === pair?.localCandidateId);
    return { protocol: candidate?.protocol, address: candidate?.address ?? candidate?.ip };
});

test('UDP is blocked: browsers join by TCP and hear each other', async (t) => {
    const firefox = await Firefox.of(t);
    // Nothing that is UDP reaches the server's media port.
    await nft(`table inet firewall {
        chain in { type filter hook input priority 0; ip daddr ${home} meta l4proto udp drop; }
    }`);
    t.after(() => nft('delete table inet firewall').catch(() => {}));
    const people = [await person(chromium, 'Anna', 403), await person(firefox, 'Clara', 733)];
    for (const one of people) await one.join('firewall');
    await allHear(people, people);
    assert.equal((await selected(people[0])).protocol, 'tcp');
    const connections = () => mcu.request('GET', '/metrics')
        .then(({ body }) => Number(body.match(/^mischpult_webrtc_tcp_connections (\d+)/m)[1]));
    assert.ok((await connections()) >= 2);
    for (const one of people) await one.press('leave');
    await until('the connections to be closed', async () => (await connections()) === 0, { timeoutMs: 40000 });
});

test('the address of a laptop goes and another comes: the call goes on', async (t) => {
    const [from, to] = [away, '198.51.100.22'];
    const ip = (...words) => run('ip', words);
    await nft(`table inet watch {
        chain in { type filter hook input priority 0;
            ip daddr ${home} ip saddr ${from} meta l4proto udp counter comment "from"
            ip daddr ${home} ip saddr ${to} meta l4proto udp counter comment "to"
        }
    }`);
    t.after(() => nft('delete table inet watch').catch(() => {}));
    const packets = async (which) => {
        const rules = await run('nft', ['list', 'table', 'inet', 'watch']);
        return Number(rules.match(new RegExp(`packets (\\d+) .*comment "${which}"`))[1]);
    };
    const people = [await person(chromium, 'Bert', 557), await person(chromium, 'Dora', 919)];
    for (const one of people) await one.join('walking');
    await allHear(people, people);
    const ids = people.map((one) => one.id).sort();
    assert.ok((await packets('from')) > 100, 'media comes from the first address');
    assert.equal(await packets('to'), 0);
    await ip('addr', 'del', `${from}/24`, 'dev', 'home0');
    await ip('addr', 'add', `${to}/24`, 'dev', 'home0');
    await ip('route', 'replace', 'default', 'dev', 'home0');
    await run('sh', ['-c', reach(to)]); // the system has dropped the route with the address
    const gone = Date.now();
    await until('media from the second address', async () => (await packets('to')) > 200, { timeoutMs: 60000 });
    console.log(`media from the new address after ${((Date.now() - gone) / 1000).toFixed(1)} s`);
    await allHear(people, people, [], { timeoutMs: 60000 });
    for (const one of people) await one.client.connected();
    const { participants } = await mcu.api('GET', '/rooms/walking/participants');
    assert.deepEqual(participants.map((p) => p.id).sort(), ids, 'the same people');
});
