// A telephone's way into a room: a SIP server (RFC 3261, UDP, loopback) that hands each call's SDP
// to the API and lets the media go directly. sip:ROOM@127.0.0.1:PORT is that room.
import dgram from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { branchOf, formatMessage, formatReply, parseAddress, parseMessage, userOf } from './sip_message.mjs';
import { WebSocketClient } from './websocket.mjs';

const t1Ms = 500; // section 17.1.1.1
const t2Ms = 4000;
const giveUpMs = 64 * t1Ms;
const methods = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS'];
const allow = ['Allow', methods.join(', ')];
const replies = {
    100: 'Trying',
    200: 'OK',
    400: 'Bad Request',
    403: 'Forbidden',
    404: 'Not Found',
    481: 'Call Does Not Exist',
    486: 'Busy Here',
    487: 'Request Terminated',
    488: 'Not Acceptable Here',
    491: 'Request Pending',
    501: 'Not Implemented',
    503: 'Service Unavailable',
};
// What the API's refusals are to a telephone.
const refusals = { 403: 403, 404: 404, 409: 486, 422: 488, 503: 503 };
const random = () => randomBytes(6).toString('hex');

// Sends now and again, as UDP needs it, until stopped or given up (section 17.1.1.2, 13.3.1.4).
class Repeater {
    constructor(send) {
        this.send = send;
        this.waitMs = t1Ms;
        this.sentMs = 0;
        this.next();
    }

    next() {
        this.send();
        if (this.sentMs >= giveUpMs) return;
        this.timer = setTimeout(() => this.next(), this.waitMs);
        this.timer.unref();
        this.sentMs += this.waitMs;
        this.waitMs = Math.min(2 * this.waitMs, t2Ms);
    }

    stop() {
        clearTimeout(this.timer);
    }
}

export class SipBridge {
    static async open(mcu) {
        const bridge = new SipBridge();
        Object.assign(bridge, { mcu, calls: new Map(), answered: new Map() });
        bridge.socket = dgram.createSocket('udp4').unref();
        bridge.socket.on('error', () => {}); // a telephone that has gone answers with ICMP
        bridge.socket.on('message', (data, from) => bridge.take(data, from));
        bridge.socket.bind({ address: '127.0.0.1', port: 0 });
        await once(bridge.socket, 'listening');
        bridge.port = bridge.socket.address().port;
        bridge.events = await WebSocketClient.connect(mcu.httpPort, '/api/v1/events', {
            Authorization: `Bearer ${mcu.token}`,
        });
        bridge.events.received = (event) => bridge.noted(event);
        return bridge;
    }

    send(text, { address, port }) {
        if (!this.closed) this.socket.send(text, port, address);
    }

    reply(request, status, { call, ...options } = {}) {
        const text = formatReply(request, [status, replies[status]], { tag: call?.tag, ...options });
        this.answered.set(this.transaction(request), text);
        this.send(text, request.from);
    }

    transaction(request) {
        return `${branchOf(request)} ${request.method}`;
    }

    take(data, from) {
        const message = parseMessage(data);
        if (!message?.headers.via || !message.headers.from || !message.headers.to || !message.callId) return;
        const call = this.calls.get(message.callId);
        if (message.status) {
            if (message.cseqMethod !== 'BYE' || message.status < 200 || !call?.bye) return;
            call.bye.stop();
            this.calls.delete(call.id);
            return;
        }
        const request = { ...message, from };
        // UDP may bring a request twice (section 17.2).
        const repeated = this.answered.get(this.transaction(request));
        if (repeated) return this.send(repeated, from);
        if (!methods.includes(request.method)) return this.reply(request, 501, { headers: [allow] });
        this[request.method.toLowerCase()](request, call);
    }

    options(request) {
        this.reply(request, 200, { call: { tag: random() }, headers: [allow, ['Accept', 'application/sdp']] });
    }

    async invite(request, known) {
        if (parseAddress(request.headers.to[0]).tag && !known) return this.reply(request, 481);
        if (known?.pending) return this.reply(request, 491, { call: known });
        const call = known ?? { tag: random(), peer: request, seq: 1, id: request.callId };
        this.calls.set(request.callId, call);
        call.pending = request;
        call.latest = request;
        this.reply(request, 100);
        const sdp = await this.negotiate(call, request).catch((error) => error);
        call.pending = undefined;
        if (call.cancelled || this.closed) return this.end(call);
        if (sdp instanceof Error) return this.final(call, request, refusals[sdp.status] ?? 400);
        const headers = [this.contact(), allow, ['Content-Type', 'application/sdp']];
        this.final(call, request, 200, { headers, body: sdp });
    }

    // Repeats the final answer to an INVITE until the ACK.
    final(call, request, status, options) {
        call.answering?.stop();
        call.answering = new Repeater(() => this.reply(request, status, { call, ...options }));
    }

    // The answer to the first offer, which joins, or to another one.
    async negotiate(call, request) {
        if (!call.path) {
            const { uri, display } = parseAddress(request.headers.from[0]);
            call.name = display ?? userOf(uri);
            const { id, path, answer } = await this.mcu.join(userOf(request.uri), call.name, request.body);
            Object.assign(call, { path, participant: id });
            return answer;
        }
        const path = `/api/v1${call.path}`;
        const reply = await this.mcu.request('PUT', path, { body: request.body, type: 'application/sdp' });
        if (reply.status === 200) return reply.body;
        throw Object.assign(new Error(JSON.stringify(reply.body)), { status: reply.status });
    }

    contact() {
        return ['Contact', `<sip:bridge@127.0.0.1:${this.port}>`];
    }

    ack(request, call) {
        if (request.cseq !== call?.latest.cseq) return;
        call.answering?.stop();
        if (!call.path) this.calls.delete(call.id); // it was refused
    }

    bye(request, call) {
        this.reply(request, call ? 200 : 481, { call });
        if (call) this.end(call);
    }

    // Takes back an INVITE that has no final answer yet (section 9.2).
    cancel(request, call) {
        const pending = call?.pending;
        this.reply(request, call ? 200 : 481, { call });
        if (!pending || call.path) return;
        call.cancelled = true;
        this.final(call, pending, 487);
    }

    async end(call) {
        call.answering?.stop();
        this.calls.delete(call.id);
        if (call.path) await this.mcu.request('DELETE', `/api/v1${call.path}`).catch(() => {});
    }

    // A participant that the server has sent away is told so.
    noted({ type, participant }) {
        if (type !== 'left') return;
        for (const call of this.calls.values())
            if (call.participant === participant && !call.bye) this.hangUp(call);
    }

    hangUp(call) {
        const { headers, callId, from } = call.peer;
        const target = parseAddress(headers.contact?.[0] ?? headers.from[0]).uri;
        call.answering?.stop();
        const text = formatMessage(`BYE ${target} SIP/2.0`, [
            ['Via', `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${random()};rport`],
            ['Max-Forwards', 70],
            ['From', `${headers.to[0]};tag=${call.tag}`],
            ['To', headers.from[0]],
            ['Call-ID', callId],
            ['CSeq', `${call.seq++} BYE`],
        ]);
        call.bye = new Repeater(() => this.send(text, from));
    }

    close() {
        if (this.closed) return;
        this.closed = true;
        for (const call of this.calls.values()) {
            call.answering?.stop();
            call.bye?.stop();
        }
        this.events.close();
        this.socket.close();
    }
}
