// The media: one RTCPeerConnection to the server, made by WHIP (RFC 9725) and kept alive. A line that
// breaks is first mended by an ICE restart on the same resource; when the server no longer knows that,
// a new one is made with the same ticket. Both are tried again, ever more slowly, until stop().
import { ApiError, send } from './api.js';
import { Emitter } from './emitter.js';
import { Redundancy } from './redundancy.js';
import { LineStats, quality } from './stats.js';

const waits_ms = [0, 300, 600, 1000, 1000, 1000, 1500, 2000, 3000, 5000];
const settle_ms = 6000; // how long an answered offer may take to carry media
const thin_bps = 12000;

const pause = (ms) =>
    new Promise((resolve) => {
        setTimeout(resolve, ms);
    });

export function webrtcSupported() {
    return (
        typeof RTCPeerConnection === 'function' &&
        typeof RTCPeerConnection.prototype.addTransceiver === 'function' &&
        typeof WebSocket === 'function' &&
        typeof fetch === 'function'
    );
}

// Emits: state ('connecting' | 'connected' | 'reconnecting', tries), line (figures, quality),
// audio (stream), video (stream or null), joined (a new resource was made),
// refused (ApiError: the server does not want us; nothing is tried any more).
export class Connection extends Emitter {
    // options: {path: '/whip/room', token(): ticket, renew(): promise of a valid ticket, line, picture}
    constructor(options) {
        super();
        this.options = options;
        this.line = options.line;
        this.state = 'connecting';
        this.pc = null;
        this.resource = null; // URL of the WHIP resource
        this.audio = { track: null, transceiver: null };
        this.video = { track: null, transceiver: null };
        this.stopped = false;
        this.busy = false;
        this.wanted = null; // 'restart', 'offer' or 'fresh': what is to be done next
        this.tries = 0;
        this.stats = new LineStats();
        this.redundancy = new Redundancy();
        this.timer = setInterval(() => this.measure(), 1000);
        this.online = () => this.mend();
        addEventListener('online', this.online);
        this.network = navigator.connection ?? null;
        this.network?.addEventListener?.('change', this.online);
    }

    start() {
        this.want('fresh');
    }

    // What is asked for last wins, but a weaker wish does not replace a stronger one.
    want(what) {
        const rank = { offer: 1, restart: 2, fresh: 3 };
        if (this.wanted === null || rank[what] > rank[this.wanted]) this.wanted = what;
        if (!this.busy) this.work();
    }

    async work() {
        this.busy = true;
        while (this.wanted !== null && !this.stopped) {
            const what = this.resource === null ? 'fresh' : this.wanted;
            this.wanted = null;
            try {
                await (what === 'fresh' ? this.join() : this.reoffer(what === 'restart'));
                await this.settled();
            } catch (error) {
                await this.failed(what, error);
            }
        }
        this.busy = false;
    }

    async failed(what, error) {
        if (this.stopped) return;
        const told = error instanceof ApiError;
        if (what === 'fresh' && told && !error.passing && error.status !== 429) {
            this.emit('refused', error);
            return;
        }
        this.tries += 1;
        this.setState(
            this.pc === null && this.state === 'connecting' ? 'connecting' : 'reconnecting',
        );
        // The server is there but not our resource: make a new one at once.
        if (what !== 'fresh' && !(told && error.passing)) this.wanted = 'fresh';
        else this.wanted ??= what;
        const wait = waits_ms[Math.min(this.tries, waits_ms.length - 1)];
        this.wake?.();
        await Promise.race([
            pause(Math.max(wait, (error.retryAfter ?? 0) * 1000) * (0.8 + 0.4 * Math.random())),
            new Promise((resolve) => {
                this.wake = resolve;
            }),
        ]);
    }

    // Waits until media can flow; a new line that does not come up is an error.
    async settled() {
        const { pc } = this;
        const end = Date.now() + settle_ms;
        while (!this.stopped && pc === this.pc && Date.now() < end) {
            if (pc.connectionState === 'connected') {
                this.follow(); // it may never have broken: then nothing else says that all is well
                return;
            }
            if (pc.connectionState === 'failed') break;
            await pause(100);
        }
        if (!this.stopped && pc === this.pc) throw new Error('no line');
    }

    create() {
        this.drop();
        const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
        this.pc = pc;
        this.stats = new LineStats();
        this.audio.transceiver = pc.addTransceiver(this.audio.track ?? 'audio', {
            direction: 'sendrecv',
        });
        this.video.transceiver = this.options.picture
            ? pc.addTransceiver(this.video.track ?? 'video', { direction: 'sendrecv' })
            : null;
        pc.addEventListener('track', ({ track }) => {
            if (pc === this.pc && track.kind === 'audio')
                this.emit('audio', new MediaStream([track]));
        });
        pc.addEventListener('connectionstatechange', () => pc === this.pc && this.follow());
        return pc;
    }

    follow() {
        const { connectionState } = this.pc;
        clearTimeout(this.patience);
        if (connectionState === 'connected') {
            this.tries = 0;
            this.setState('connected');
        } else if (connectionState === 'failed') {
            this.setState('reconnecting');
            if (!this.busy) this.want('restart');
        } else if (connectionState === 'disconnected') {
            // Often it comes back by itself within a second.
            this.patience = setTimeout(() => {
                if (this.pc?.connectionState !== 'disconnected') return;
                this.setState('reconnecting');
                this.want('restart');
            }, 1200);
        }
    }

    setState(state) {
        const changed = this.state !== state;
        this.state = state;
        if (changed || state === 'reconnecting') this.emit('state', state, this.tries);
    }

    // A new resource: the whole join in one request.
    async join() {
        this.resource = null;
        if (this.tries > 0) await this.options.renew();
        const pc = this.create();
        this.redundancy.prepare(this.audio.transceiver);
        await pc.setLocalDescription(await pc.createOffer());
        const { response, text } = await send('POST', `${this.options.path}?line=${this.line}`, {
            body: pc.localDescription.sdp,
            type: 'application/sdp',
            token: this.options.token(),
            headers: { Accept: 'application/sdp' },
            timeout: 10000,
        });
        const where = new URL(response.headers.get('Location') ?? '', location.href);
        if (this.stopped || pc !== this.pc) {
            this.forgetResource(where.pathname);
            return;
        }
        this.resource = where.pathname;
        await pc.setRemoteDescription({ type: 'answer', sdp: text });
        this.answered();
        this.emit('joined');
    }

    async reoffer(restart) {
        const { pc } = this;
        if (pc === null || pc.signalingState === 'closed') throw new Error('no line');
        this.redundancy.prepare(this.audio.transceiver);
        await pc.setLocalDescription(await pc.createOffer({ iceRestart: restart }));
        try {
            const { text } = await send('PUT', `${this.resource}?line=${this.line}`, {
                body: pc.localDescription.sdp,
                type: 'application/sdp',
                token: this.options.token(),
                headers: { Accept: 'application/sdp' },
                timeout: 5000,
            });
            await pc.setRemoteDescription({ type: 'answer', sdp: text });
        } catch (error) {
            if (pc.signalingState === 'have-local-offer')
                await pc.setLocalDescription({ type: 'rollback' }).catch(() => {});
            throw error;
        }
        this.answered();
    }

    answered() {
        this.limitSender();
        const { transceiver } = this.video;
        const active = transceiver?.currentDirection?.includes('recv') ?? false;
        this.emit('video', active ? new MediaStream([transceiver.receiver.track]) : null);
    }

    // The answer names the codec's settings; this holds a browser to it that reads them loosely.
    limitSender() {
        const { sender } = this.audio.transceiver;
        const parameters = sender.getParameters();
        if (!parameters.encodings?.length) return;
        if (this.line === 'thin') parameters.encodings[0].maxBitrate = thin_bps;
        else delete parameters.encodings[0].maxBitrate;
        sender.setParameters(parameters).catch(() => {});
    }

    async setTrack(kind, track) {
        const which = this[kind];
        which.track = track;
        await which.transceiver?.sender.replaceTrack(track).catch(() => {});
    }

    setLine(line) {
        if (line === this.line) return;
        this.line = line;
        this.want('offer');
    }

    // The network changed, or a person asks: look at once rather than at the next turn.
    mend() {
        if (this.stopped) return;
        if (this.pc?.connectionState !== 'connected') this.tries = Math.min(this.tries, 1);
        this.wake?.();
        if (!this.busy) this.want('restart');
    }

    // The server says that it forgot us.
    again() {
        this.tries = Math.max(this.tries, 1);
        this.setState('reconnecting');
        this.wake?.();
        this.want('fresh');
    }

    async measure() {
        const { pc } = this;
        if (pc === null || pc.connectionState === 'closed') return;
        try {
            const figures = this.stats.take(await pc.getStats());
            if (figures === null || pc !== this.pc || this.stopped) return;
            this.emit('line', figures, quality(figures));
            if (this.redundancy.take(figures.lossOut) && pc.connectionState === 'connected')
                this.want('offer');
            if (figures.quiet_s > 8 && pc.connectionState === 'connected' && !this.busy) {
                this.stats.quiet_s = 0;
                this.want('restart');
            }
        } catch {
            // A connection that closed meanwhile has no figures.
        }
    }

    drop() {
        clearTimeout(this.patience);
        this.pc?.close();
        this.pc = null;
    }

    forgetResource(resource) {
        if (resource === null) return;
        send('DELETE', resource, {
            token: this.options.token(),
            keepalive: true,
            timeout: 3000,
        }).catch(() => {});
    }

    // tell: whether the server is to be told, or knows.
    stop(tell = true) {
        if (this.stopped) return;
        this.stopped = true;
        clearInterval(this.timer);
        removeEventListener('online', this.online);
        this.network?.removeEventListener?.('change', this.online);
        if (tell) this.forgetResource(this.resource);
        this.wake?.();
        this.drop();
    }
}
