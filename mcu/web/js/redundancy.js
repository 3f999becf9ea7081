// When much of what we send is lost, each packet is to repeat the one before it (RFC 2198). The
// server takes up what an offer lists first; whether it is worth its bits is decided here.
const on_percent = 8;
const off_percent = 2;
const on_after = 3; // samples of a second
const off_after = 30;

function order(redundant) {
    const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('audio')?.codecs ?? [];
    const red = codecs.filter((codec) => codec.mimeType.toLowerCase() === 'audio/red');
    const others = codecs.filter((codec) => !red.includes(codec));
    return red.length === 0 ? null : redundant ? [...red, ...others] : [...others, ...red];
}

export class Redundancy {
    constructor() {
        this.on = false;
        this.votes = 0;
    }

    // Takes the percentage that the server reports as lost (null: not known); true: offer again.
    take(lossOut) {
        const votes = this.on
            ? lossOut !== null && lossOut < off_percent
            : lossOut !== null && lossOut >= on_percent;
        this.votes = votes ? this.votes + 1 : 0;
        if (this.votes < (this.on ? off_after : on_after) || order(true) === null) return false;
        this.on = !this.on;
        this.votes = 0;
        return true;
    }

    // Before an offer is made.
    prepare(transceiver) {
        const codecs = order(this.on);
        try {
            if (codecs !== null) transceiver.setCodecPreferences(codecs);
        } catch {
            // A browser that knows the codec but not the wish goes on without.
        }
    }
}
