// Microphone, camera and loudspeaker of this person. Nothing is opened before a person asks for it,
// and what is turned off at the join page is closed again.
import { Emitter } from './emitter.js';

const reasons = {
    NotAllowedError: 'denied',
    SecurityError: 'denied',
    NotFoundError: 'none',
    NotReadableError: 'busy',
    AbortError: 'busy',
    OverconstrainedError: 'none',
};

// The key of the text that says why a device could not be had.
export function deviceErrorKey(error, kind) {
    if (!navigator.mediaDevices) return 'device.insecure';
    return `device.${kind}.${reasons[error?.name] ?? 'busy'}`;
}

let context = null;
// One AudioContext for all of the page; a person's click lets it run.
export function audioContext() {
    context ??= new (globalThis.AudioContext ?? globalThis.webkitAudioContext)();
    if (context.state === 'suspended') context.resume().catch(() => {});
    return context;
}

// How loud a track is, 0 to 1 (60 dB wide), as an eye likes to see it: up at once, down slowly.
export class Meter {
    constructor(track) {
        this.source = audioContext().createMediaStreamSource(new MediaStream([track]));
        this.analyser = audioContext().createAnalyser();
        this.analyser.fftSize = 1024;
        this.source.connect(this.analyser);
        this.samples = new Float32Array(this.analyser.fftSize);
        this.value = 0;
    }

    level() {
        this.analyser.getFloatTimeDomainData(this.samples);
        let sum = 0;
        for (const sample of this.samples) sum += sample * sample;
        const db = 10 * Math.log10(sum / this.samples.length + 1e-9);
        const now = Math.min(1, Math.max(0, (db + 60) / 54));
        this.value = Math.max(now, this.value * 0.88);
        return this.value;
    }

    close() {
        this.source.disconnect();
    }
}

// Emits: change (kind), lost (kind, fallback: 'replaced' | 'none'), lists.
export class Devices extends Emitter {
    constructor(remembered, switches) {
        super();
        this.wish = {
            microphone: remembered?.microphone ?? '',
            camera: remembered?.camera ?? '',
            speaker: remembered?.speaker ?? '',
        };
        this.processing = switches.processing;
        this.microphone = null; // MediaStreamTrack
        this.camera = null;
        this.meter = null;
        this.probe = null; // a copy of the microphone's track that muting does not silence
        this.onchange = () => this.emit('lists');
        navigator.mediaDevices?.addEventListener?.('devicechange', this.onchange);
    }

    async lists() {
        const found = { microphone: [], camera: [], speaker: [] };
        const kinds = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' };
        try {
            for (const { kind, deviceId, label } of await navigator.mediaDevices.enumerateDevices())
                if (kinds[kind] && deviceId !== '')
                    found[kinds[kind]].push({ id: deviceId, name: label });
        } catch {
            // Not allowed, or no such thing here: no choice is offered.
        }
        return found;
    }

    async open(kind) {
        const wish = this.wish[kind];
        const exactly = (id) =>
            kind === 'microphone'
                ? {
                      audio: {
                          deviceId: id ? { exact: id } : undefined,
                          echoCancellation: this.processing,
                          noiseSuppression: this.processing,
                          autoGainControl: this.processing,
                      },
                  }
                : {
                      video: {
                          deviceId: id ? { exact: id } : undefined,
                          width: { ideal: 1280 },
                          height: { ideal: 720 },
                          frameRate: { ideal: 25, max: 30 },
                      },
                  };
        let stream;
        try {
            stream = await navigator.mediaDevices.getUserMedia(exactly(wish));
        } catch (error) {
            if (!wish || !['OverconstrainedError', 'NotFoundError'].includes(error.name))
                throw error;
            stream = await navigator.mediaDevices.getUserMedia(exactly('')); // the wished one is gone
        }
        const [track] = stream.getTracks();
        this.release(kind);
        this[kind] = track;
        track.addEventListener('ended', () => this[kind] === track && this.unplugged(kind));
        if (kind === 'microphone') {
            track.addEventListener(
                'mute',
                () => this[kind] === track && this.emit('silenced', true),
            );
            track.addEventListener(
                'unmute',
                () => this[kind] === track && this.emit('silenced', false),
            );
            this.probe = track.clone();
            this.meter = new Meter(this.probe);
        }
        this.emit('change', kind);
        this.emit('lists'); // their names may be read from now on
        return track;
    }

    close(kind) {
        if (this[kind] === null) return;
        this.release(kind);
        this.emit('change', kind);
    }

    release(kind) {
        if (this[kind] === null) return;
        this[kind].stop();
        this[kind] = null;
        if (kind === 'microphone') {
            this.meter.close();
            this.probe.stop();
            this.meter = null;
            this.probe = null;
        }
    }

    // The device went away: take another one if there is one, and let the person know.
    async unplugged(kind) {
        const on = this[kind].enabled;
        this.wish[kind] = '';
        try {
            const track = await this.open(kind);
            track.enabled = on;
            this.emit('change', kind);
            this.emit('lost', kind, 'replaced');
        } catch {
            this.close(kind);
            this.emit('lost', kind, 'none');
        }
    }

    // Takes another device; one that is open is changed at once.
    async choose(kind, id) {
        this.wish[kind] = id;
        if (kind === 'speaker') {
            this.emit('change', 'speaker');
            return;
        }
        if (this[kind] === null) return;
        const on = this[kind].enabled;
        const track = await this.open(kind);
        track.enabled = on;
    }

    async setProcessing(on) {
        this.processing = on;
        if (this.microphone !== null) await this.choose('microphone', this.wish.microphone);
    }

    // What is in use right now, else what is wished for.
    chosen(kind) {
        return this[kind]?.getSettings?.().deviceId ?? this.wish[kind];
    }

    closeAll() {
        this.close('microphone');
        this.close('camera');
    }
}

export const speakersChoosable = () => typeof HTMLMediaElement.prototype.setSinkId === 'function';

export async function useSpeaker(element, id) {
    if (!speakersChoosable() || (element.sinkId ?? '') === id) return;
    await element.setSinkId(id).catch(() => element.setSinkId('').catch(() => {}));
}
