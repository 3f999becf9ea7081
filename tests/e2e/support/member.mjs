// One who enters a room as the page does: a ticket by /enter, the room's WebSocket, WHIP. Its offer
// is a browser's, but no ICE check ever follows: enough to be in the room for half a minute.
import { until } from './process.mjs';
import { WebSocketClient } from './websocket.mjs';

const fingerprint = Array(32).fill('A5').join(':');
export const browserOffer =
    'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n' +
    'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n' +
    `a=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-256 ${fingerprint}\r\na=setup:actpass\r\n` +
    'a=rtcp-mux\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n';

export const asJson = (value) => ({ body: JSON.stringify(value), type: 'application/json' });

export class Member {
    constructor(mcu, room) {
        this.mcu = mcu;
        this.room = `/api/v1/rooms/${room}`;
        this.name = room;
    }

    // The reply of POST /enter; with 200 the ticket is kept.
    async enter(body = {}, bearer = this.ticket ?? '') {
        const reply = await this.mcu.request('POST', `${this.room}/enter`, { ...asJson(body), token: bearer });
        if (reply.status === 200) {
            this.ticket = reply.body.ticket;
            this.id = reply.body.id;
            this.role = reply.body.role;
            this.state = reply.body.state;
        }
        return reply;
    }

    // Opens the WebSocket; resolves with its first message.
    async watch(bearer = this.ticket) {
        this.socket = await WebSocketClient.connect(this.mcu.httpPort, `${this.room}/events`, {
            'Sec-WebSocket-Protocol': `mischpult.events, bearer.${bearer}`,
        });
        if (this.socket.status !== 101) throw new Error(this.socket.head);
        await until('the first message', () => this.socket.events.length || this.socket.closed);
        return this.socket.events[0];
    }

    // By WHIP, or WHEP.
    async join(kind = 'whip', bearer = this.ticket) {
        const reply = await this.mcu.request('POST', `/${kind}/${this.name}`, {
            body: browserOffer, type: 'application/sdp', token: bearer,
        });
        if (reply.status === 201) this.session = reply.headers.get('location');
        return reply;
    }

    request(method, path, body) {
        return this.mcu.request(method, this.room + path, {
            token: this.ticket, ...(body === undefined ? {} : asJson(body)),
        });
    }

    // A message, also of those that came before, of that type and with these fields.
    told(type, fields = {}) {
        const fits = (e) =>
            e.type === type && Object.entries(fields).every(([k, v]) => JSON.stringify(e[k]) === JSON.stringify(v));
        return until(`${type} ${JSON.stringify(fields)}`, () => this.socket.events.find(fits));
    }

    knows(type) {
        return this.socket.events.filter((e) => e.type === type);
    }

    // Entered, watching and in the room.
    static async in(t, mcu, room, body = {}, { bearer = '', kind = 'whip' } = {}) {
        const m = new Member(mcu, room);
        const entered = await m.enter(body, bearer);
        if (entered.status !== 200) throw new Error(JSON.stringify(entered.body));
        t.after(() => m.socket?.close());
        await m.watch();
        const joined = await m.join(kind);
        if (joined.status !== 201) throw new Error(JSON.stringify(joined.body));
        return m;
    }
}
