// The events' WebSocket: opens, opens again when it breaks (soon, then ever more slowly), and hands
// each message on. What a page missed meanwhile is in the first message of the next socket.

const word = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/; // what may be a subprotocol's name (RFC 9110, token)
const waits_ms = [200, 500, 1000, 2000, 3000, 5000];

export class EventSocket {
    // handlers: {message(event), open(), lost(tries)}; token() is asked at every try.
    constructor(path, token, handlers) {
        this.path = path;
        this.token = token;
        this.handlers = handlers;
        this.tries = 0;
        this.socket = null;
        this.timer = 0;
        this.closed = false;
        this.connect();
    }

    connect() {
        clearTimeout(this.timer);
        if (this.closed) return;
        const url = new URL(this.path, location.href);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        const token = this.token();
        const named = word.test(token);
        const socket = new WebSocket(
            url,
            named ? ['mischpult.events', `bearer.${token}`] : ['mischpult.events'],
        );
        this.forget();
        this.socket = socket;
        // A connection attempt into a dead network can hang for minutes.
        const limit = setTimeout(
            () => socket.readyState === WebSocket.CONNECTING && this.broken(socket),
            6000,
        );
        socket.addEventListener('open', () => {
            clearTimeout(limit);
            if (socket !== this.socket) return;
            if (!named) socket.send(JSON.stringify({ token }));
            this.handlers.open?.();
        });
        socket.addEventListener(
            'message',
            (message) => socket === this.socket && this.take(message.data),
        );
        socket.addEventListener('close', () => {
            clearTimeout(limit);
            this.broken(socket);
        });
    }

    take(data) {
        let event = null;
        try {
            event = JSON.parse(data);
        } catch {
            return;
        }
        if (event === null || typeof event.type !== 'string') return;
        this.tries = 0;
        this.handlers.message(event);
    }

    broken(socket) {
        if (socket !== this.socket) return;
        this.forget();
        this.later();
    }

    later() {
        if (this.closed) return;
        const wait = waits_ms[Math.min(this.tries, waits_ms.length - 1)];
        this.tries += 1;
        this.handlers.lost?.(this.tries);
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.connect(), wait * (0.8 + 0.4 * Math.random()));
    }

    // The network may be another one: a socket of the old one would only be noticed much later.
    renew() {
        this.tries = 0;
        this.connect();
    }

    forget() {
        const old = this.socket;
        this.socket = null;
        old?.close();
    }

    close() {
        this.closed = true;
        clearTimeout(this.timer);
        this.forget();
    }
}
