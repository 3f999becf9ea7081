// What RTCPeerConnection.getStats() says, boiled down to what a person wants to know. Rates and
// shares are of the time since the sample before.

const average = (old, value, weight) => (old === null ? value : old + (value - old) * weight);

function pick(report) {
    const byType = { inbound: null, outbound: null, remote: null, pair: null, transport: null };
    const all = new Map();
    for (const stat of report.values()) {
        all.set(stat.id, stat);
        if (stat.type === 'inbound-rtp' && stat.kind === 'audio') byType.inbound = stat;
        else if (stat.type === 'outbound-rtp' && stat.kind === 'audio') byType.outbound = stat;
        else if (stat.type === 'remote-inbound-rtp' && stat.kind === 'audio') byType.remote = stat;
        else if (stat.type === 'transport') byType.transport = stat;
    }
    const selected = all.get(byType.transport?.selectedCandidatePairId);
    byType.pair =
        selected ??
        [...all.values()].find(
            (s) =>
                s.type === 'candidate-pair' &&
                s.state === 'succeeded' &&
                (s.selected || s.nominated),
        ) ??
        null;
    const local = all.get(byType.pair?.localCandidateId);
    const codec = all.get(byType.inbound?.codecId ?? byType.outbound?.codecId);
    return { ...byType, local, codec };
}

function sample(found) {
    const { inbound, outbound, pair } = found;
    return {
        at: pair?.timestamp ?? inbound?.timestamp ?? 0,
        bytesIn: pair?.bytesReceived ?? inbound?.bytesReceived ?? 0,
        bytesOut: pair?.bytesSent ?? outbound?.bytesSent ?? 0,
        packets: inbound?.packetsReceived ?? 0,
        lost: inbound?.packetsLost ?? 0,
        samples: inbound?.totalSamplesReceived ?? 0,
        concealed: (inbound?.concealedSamples ?? 0) - (inbound?.silentConcealedSamples ?? 0),
        buffered: inbound?.jitterBufferDelay ?? 0,
        emitted: inbound?.jitterBufferEmittedCount ?? 0,
    };
}

const share = (part, whole) => (whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0);

export class LineStats {
    constructor() {
        this.last = null;
        this.lossIn = null;
        this.quiet_s = 0;
    }

    // Takes an RTCStatsReport; gives the figures, or null for the first of a connection.
    take(report) {
        const found = pick(report);
        const now = sample(found);
        const before = this.last;
        this.last = now;
        if (before === null || now.at <= before.at || now.packets < before.packets) return null;
        // Another pair of addresses counts from the beginning.
        if (now.bytesIn < before.bytesIn || now.bytesOut < before.bytesOut) return null;
        const seconds = (now.at - before.at) / 1000;
        const lost = now.lost - before.lost;
        const got = now.packets - before.packets;
        this.quiet_s = got > 0 || now.bytesIn > before.bytesIn ? 0 : this.quiet_s + seconds;
        this.lossIn = average(this.lossIn, share(lost, lost + got), 0.35);
        const rtt = found.pair?.currentRoundTripTime ?? found.remote?.roundTripTime;
        const emitted = now.emitted - before.emitted;
        const protocol = found.local?.protocol ?? found.local?.transport;
        return {
            kbpsIn: ((now.bytesIn - before.bytesIn) * 8) / 1000 / seconds,
            kbpsOut: ((now.bytesOut - before.bytesOut) * 8) / 1000 / seconds,
            lossIn: this.lossIn,
            lossOut:
                found.remote?.fractionLost === undefined ? null : found.remote.fractionLost * 100,
            concealed: share(now.concealed - before.concealed, now.samples - before.samples),
            rtt_ms: rtt === undefined ? null : rtt * 1000,
            buffer_ms: emitted > 0 ? ((now.buffered - before.buffered) * 1000) / emitted : null,
            path: protocol ? protocol.toLowerCase() : null,
            codec: found.codec?.mimeType?.replace(/^audio\//, '') ?? null,
            // 'AEAD_AES_128_GCM' or 'SRTP_AEAD_AES_128_GCM', as browsers have it
            srtp:
                found.transport?.srtpCipher
                    ?.replace(/^SRTP_/, '')
                    .replace(/^AEAD_/, '')
                    .replaceAll('_', '-') ?? null,
            quiet_s: this.quiet_s,
        };
    }
}

// 'good' or 'weak', by what a listener would notice.
export function quality(line) {
    if (line === null) return 'good';
    const bad =
        line.lossIn > 6 ||
        (line.lossOut ?? 0) > 8 ||
        line.concealed > 6 ||
        (line.rtt_ms ?? 0) > 450 ||
        line.quiet_s > 3;
    return bad ? 'weak' : 'good';
}
