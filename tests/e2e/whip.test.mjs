// WHIP and WHEP as HTTP has them (RFC 9725): statuses, headers, what a session's address may do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mcu } from './support/mcu.mjs';
import { credentials, fragment, webrtcOffer } from './support/webrtc_sdp.mjs';

const SDP = 'application/sdp';
const FRAG = 'application/trickle-ice-sdpfrag';
const join = (mcu, path = '/whip/demo', options = {}) =>
    mcu.request('POST', path, { body: webrtcOffer(options.offer), type: SDP, token: '', ...options });

test('a join, and what its address is good for', async (t) => {
    const mcu = await Mcu.of(t);
    const joined = await join(mcu, '/whip/demo?name=Anna&line=thin');
    assert.equal(joined.status, 201, joined.body);
    assert.equal(joined.headers.get('content-type'), SDP);
    assert.match(joined.headers.get('etag'), /^"\d+"$/);
    assert.equal(joined.headers.get('accept-patch'), FRAG);
    for (const line of ['a=ice-lite', 'a=setup:passive', 'a=group:BUNDLE 0', 'a=end-of-candidates', 'a=ptime:60'])
        assert.ok(joined.body.split('\r\n').includes(line), `${line} is not in ${joined.body}`);
    assert.match(joined.body, /^a=candidate:\S+ 1 udp /im);
    assert.match(joined.body, /^a=candidate:\S+ 1 tcp .* tcptype passive/im);
    const session = joined.headers.get('location');
    assert.match(session, /^\/whip\/demo\/[a-z0-9]{32}$/);
    const [person] = (await mcu.api('GET', '/rooms/demo/participants')).participants;
    assert.deepEqual([person.name, person.kind, person.encrypted], ['Anna', 'browser', true]);
    assert.ok(!session.includes(person.id), 'the id, which all see, must not open the session');
    for (const wrong of [person.id, 'a'.repeat(32), session.split('/').pop().slice(1)])
        assert.equal((await mcu.request('DELETE', `/whip/demo/${wrong}`, { token: '' })).status, 404);
    assert.equal((await mcu.request('DELETE', session, { token: '' })).status, 200);
    assert.equal((await mcu.request('DELETE', session, { token: '' })).status, 404);
});

test('trickled candidates and ICE restarts', async (t) => {
    const mcu = await Mcu.of(t);
    const before = credentials();
    const joined = await join(mcu, '/whip/demo', { offer: before });
    const session = joined.headers.get('location');
    const patch = (body, match) =>
        mcu.request('PATCH', session, {
            body, type: FRAG, token: '', headers: match === undefined ? {} : { 'If-Match': match },
        });
    const etag = joined.headers.get('etag');
    const trickle = fragment(before, ['a=candidate:1 1 udp 1 192.0.2.1 9 typ host', 'a=end-of-candidates']);
    assert.equal((await patch(trickle, etag)).status, 204);
    assert.equal((await patch(trickle)).status, 428);
    assert.equal((await patch(trickle, '"99"')).status, 412);
    assert.equal((await patch('nonsense', etag)).status, 400);
    const after = credentials();
    const restarted = await patch(fragment(after), '*');
    assert.equal(restarted.status, 200, restarted.body);
    assert.equal(restarted.headers.get('content-type'), FRAG);
    assert.notEqual(restarted.headers.get('etag'), etag);
    const ours = restarted.body.match(/a=ice-ufrag:(\S+)/)[1];
    assert.ok(!joined.body.includes(`a=ice-ufrag:${ours}`));
    assert.equal((await patch(fragment(after), etag)).status, 412, 'the old ETag');
    assert.equal((await patch(fragment(after), restarted.headers.get('etag'))).status, 204);
});

test('a re-offer keeps the session', async (t) => {
    const mcu = await Mcu.of(t);
    const same = { ...credentials(), print: Array(32).fill('AB').join(':') };
    const joined = await join(mcu, '/whip/demo', { offer: same });
    const session = joined.headers.get('location');
    const put = (offer, query = '') =>
        mcu.request('PUT', session + query, { body: webrtcOffer(offer), type: SDP, token: '' });
    const held = await put({ ...same, direction: 'inactive' });
    assert.equal(held.status, 200, held.body);
    assert.match(held.body, /^a=inactive\r$/m);
    const ufrag = /a=ice-ufrag:(\S+)/;
    assert.equal(held.body.match(ufrag)[1], joined.body.match(ufrag)[1]);
    assert.match((await put(same, '?line=thin')).body, /^a=ptime:60\r$/m);
    assert.match((await put(same, '?line=full')).body, /^a=ptime:20\r$/m);
    assert.equal((await put(same, '?line=wide')).status, 400);
    assert.equal((await put({ ...same, print: Array(32).fill('CD').join(':') })).status, 403, 'another certificate');
    const restarted = await put({ ...same, ...credentials() });
    assert.equal(restarted.status, 200);
    assert.notEqual(restarted.body.match(ufrag)[1], joined.body.match(ufrag)[1]);
    assert.notEqual(restarted.headers.get('etag'), joined.headers.get('etag'));
});

test('a viewer listens and no more', async (t) => {
    const mcu = await Mcu.of(t);
    const joined = await join(mcu, '/whep/demo', { offer: { direction: 'recvonly' } });
    assert.equal(joined.status, 201, joined.body);
    assert.match(joined.body, /^a=sendonly\r$/m);
    assert.match(joined.headers.get('location'), /^\/whep\/demo\//);
    const [person] = (await mcu.api('GET', '/rooms/demo/participants')).participants;
    assert.equal(person.role, 'viewer');
});

test('what is wrong is said', async (t) => {
    const mcu = await Mcu.of(t, { flags: { auto_create: 'no' } });
    assert.equal((await join(mcu)).status, 404, 'no such room');
    await mcu.api('POST', '/rooms', { name: 'demo', pin: '4711' });
    const none = await join(mcu);
    assert.deepEqual([none.status, none.body.error], [401, 'pin_required']);
    assert.equal((await join(mcu, '/whip/demo', { token: '0000' })).body.error, 'wrong_pin');
    assert.equal((await join(mcu, '/whip/demo', { token: '4711' })).status, 201, 'the PIN is a bearer too');
    assert.equal((await join(mcu, '/whip/demo?colour=red', { token: '4711' })).status, 400);
    assert.equal((await join(mcu, '/whip/demo', { token: '4711', type: 'text/plain' })).status, 415);
    const garbage = await mcu.request('POST', '/whip/demo', { body: 'garbage', type: SDP, token: '4711' });
    assert.equal(garbage.status, 400);
    const options = await mcu.request('OPTIONS', '/whip/demo', { token: '' });
    assert.equal(options.status, 204);
    assert.equal(options.headers.get('accept-post'), SDP);
    assert.match(options.headers.get('allow'), /POST/);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
        assert.equal((await mcu.request(method, '/whip/demo', { token: '' })).status, 405);
});
