// What this person sends: the microphone alone, or mixed with the sound of a shared tab or system.
// Also the page's two own sounds, a knock and a test tone.
import { audioContext } from './devices.js';

export class Outgoing {
    constructor() {
        this.microphone = null;
        this.shared = null;
        this.nodes = [];
    }

    // Gives the track to send (null: nothing to send).
    track(microphone, shared) {
        if (microphone === this.microphone && shared === this.shared && this.result !== undefined)
            return this.result;
        for (const node of this.nodes) node.disconnect();
        this.nodes = [];
        this.microphone = microphone;
        this.shared = shared;
        this.result = shared === null ? microphone : this.mix([microphone, shared]);
        return this.result;
    }

    mix(tracks) {
        const context = audioContext();
        const out = context.createMediaStreamDestination();
        for (const track of tracks) {
            if (track === null) continue;
            const source = context.createMediaStreamSource(new MediaStream([track]));
            source.connect(out);
            this.nodes.push(source);
        }
        return out.stream.getAudioTracks()[0];
    }
}

function notes(list, gain, destination) {
    const context = audioContext();
    for (const [hz, from, length] of list) {
        const tone = context.createOscillator();
        const envelope = context.createGain();
        const start = context.currentTime + from;
        tone.frequency.value = hz;
        envelope.gain.setValueAtTime(0, start);
        envelope.gain.linearRampToValueAtTime(gain, start + 0.015);
        envelope.gain.exponentialRampToValueAtTime(0.0005, start + length);
        tone.connect(envelope).connect(destination ?? context.destination);
        tone.start(start);
        tone.stop(start + length);
    }
}

// Someone waits at the door.
export function knock() {
    notes(
        [
            [587, 0, 0.25],
            [784, 0.16, 0.4],
        ],
        0.08,
    );
}

// A short chord on the chosen loudspeaker.
export function testTone(element) {
    const out = audioContext().createMediaStreamDestination();
    notes(
        [
            [440, 0, 0.9],
            [554, 0.12, 0.9],
            [659, 0.24, 1.1],
        ],
        0.12,
        out,
    );
    element.srcObject = out.stream;
    return element.play();
}
