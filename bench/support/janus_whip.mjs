// Janus AudioBridge behind the same POST that joins our server, so that one and the same client code
// joins both: an HTTP server that serves an empty page and turns offers into Janus' requests.
import http from 'node:http';
import { once } from 'node:events';
import { freePorts } from '../../tests/e2e/support/ports.mjs';
import { Janus } from './janus.mjs';

export class JanusWhip {
    static async start() {
        const bridge = new JanusWhip();
        bridge.janus = await Janus.start({ iceLite: true });
        bridge.handles = [];
        bridge.server = http.createServer((request, response) => bridge.take(request, response));
        bridge.server.listen(await freePorts(1), '127.0.0.1');
        await once(bridge.server, 'listening');
        bridge.url = `http://127.0.0.1:${bridge.server.address().port}`;
        bridge.token = 'none';
        return bridge;
    }

    async take(request, response) {
        if (request.method === 'GET') {
            response.setHeader('Content-Type', 'text/html');
            response.end('<!doctype html><title>empty</title>');
            return;
        }
        if (request.method === 'DELETE') {
            response.end();
            return;
        }
        try {
            let sdp = '';
            for await (const piece of request) sdp += piece;
            const answer = await this.join(1, sdp);
            response.writeHead(201, { 'Content-Type': 'application/sdp', Location: '/none' });
            response.end(answer);
        } catch (error) {
            response.writeHead(500).end(error.message);
        }
    }

    // As Mcu.request, for clients outside browsers.
    async request(method, path, { body } = {}) {
        const response = await fetch(this.url + path, { method, body });
        return { status: response.status, headers: response.headers, body: await response.text() };
    }

    async join(room, sdp) {
        const { janus } = this;
        const handle = await janus.attach();
        const event = (test) =>
            new Promise((resolve, reject) => {
                janus.events.set(handle, (data, jsep) => {
                    if (data.error) reject(new Error(data.error));
                    if (test(data, jsep)) resolve(jsep);
                });
                setTimeout(() => reject(new Error('janus: no answer')), 20000).unref();
            });
        const path = `/${janus.session}/${handle}`;
        const joined = event((data) => data.audiobridge === 'joined');
        await janus.post(path, { janus: 'message', body: { request: 'join', room, codec: 'opus' } });
        await joined;
        const answered = event((data, jsep) => jsep);
        await janus.post(path, {
            janus: 'message',
            body: { request: 'configure', muted: false },
            // Without candidates it only answers, as our server does: no way but the one it offers.
            jsep: { type: 'offer', sdp: sdp.replace(/a=candidate:.*\r\n/g, ''), trickle: false },
        });
        return (await answered).sdp;
    }

    get pid() {
        return this.janus.pid;
    }

    async stop() {
        this.server.close();
        this.server.closeAllConnections?.();
        await this.janus.stop();
    }
}
