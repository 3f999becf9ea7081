// The page's session without a browser: what happens when answers come after a person has left.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const opened = { sockets: 0, lines: 0 };
const answers = []; // of requests that wait for one

Object.assign(globalThis, {
    navigator: {},
    location: new URL('http://127.0.0.1/r/demo'),
    sessionStorage: { items: {}, getItem(k) { return this.items[k] ?? null; }, setItem(k, v) { this.items[k] = v; }, removeItem(k) { delete this.items[k]; } },
    addEventListener() {},
    removeEventListener() {},
    WebSocket: class extends EventTarget {
        constructor() {
            super();
            opened.sockets += 1;
        }
        close() {}
    },
    RTCPeerConnection: class extends EventTarget {
        constructor() {
            super();
            opened.lines += 1;
        }
        addTransceiver() { return { sender: {} }; }
        createOffer() { return new Promise(() => {}); }
        close() {}
    },
    fetch: () => new Promise((resolve) => { answers.push(resolve); }),
});

const { Session } = await import('../../mcu/web/js/session.js');
const { Connection } = await import('../../mcu/web/js/connection.js');

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

async function answer(state) {
    answers.pop()(new Response(JSON.stringify({ state, ticket: 't', id: 'a', role: 'participant', name: 'A' })));
    for (let i = 0; i < 5; i++) await turn();
}

async function entered(state) {
    const devices = { microphone: null, camera: null, on: () => () => {}, closeAll() {} };
    const session = new Session('demo', {}, devices);
    const done = session.enter({ name: 'A' });
    await answer(state);
    await done;
    return session;
}

test('who gives up waiting is not brought in by a late answer', async () => {
    const session = await entered('waiting');
    const late = session.socketLost(2);
    session.leave();
    Object.assign(opened, { sockets: 0, lines: 0 });
    await answer('admitted');
    await late;
    assert.deepEqual(opened, { sockets: 0, lines: 0 });
    assert.equal(JSON.parse(sessionStorage.getItem('mischpult.ticket.demo')).live, false, 'a reload asks first');
});

test('who leaves while the line is made anew does not come back', async () => {
    const every = globalThis.setInterval;
    globalThis.setInterval = () => undefined; // no statistics of a line that is not there
    const session = await entered('admitted');
    session.connection.stop(false);
    const connection = new Connection({ path: '/whip/demo', line: 'full', token: () => 't', renew: () => session.renew() });
    connection.tries = 1;
    session.connection = connection;
    connection.start();
    await turn();
    session.leave();
    Object.assign(opened, { sockets: 0, lines: 0 });
    await answer('admitted');
    assert.deepEqual(opened, { sockets: 0, lines: 0 });
    assert.equal(JSON.parse(sessionStorage.getItem('mischpult.ticket.demo')).live, false);
    globalThis.setInterval = every;
});

test('a line that never broke is well again as soon as the server answers', async () => {
    const connection = new Connection({ path: '/whip/demo', line: 'full', token: () => 't', renew: async () => {} });
    connection.pc = { connectionState: 'connected', close() {} };
    connection.setState('reconnecting'); // the server could not be asked, but media flowed on
    connection.tries = 3;
    await connection.settled();
    assert.deepEqual([connection.state, connection.tries], ['connected', 0]);
    connection.stop(false);
});
