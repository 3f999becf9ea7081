// What runs inside a browser's page, before the page's own scripts: a microphone that is a tone, ears
// for what arrives, and a WHIP or WHEP client in some lines. Everything hangs on window.rig.

// Given to addInitScript and evaluateOnNewDocument as source text: it may use nothing from outside.
export function installRig({ hz, amplitude }) {
    const rig = { peers: [], ears: new Map() };
    window.rig = rig;
    const NativePeer = window.RTCPeerConnection;
    window.RTCPeerConnection = class RTCPeerConnection extends NativePeer {
        constructor(...args) {
            super(...args);
            rig.peers.push(this);
        }
    };

    const context = () => {
        rig.context ??= new AudioContext({ sampleRate: 48000 });
        if (rig.context.state !== 'running') rig.context.resume();
        return rig.context;
    };

    rig.microphone = () => {
        const audio = context();
        const oscillator = audio.createOscillator();
        const gain = audio.createGain();
        const out = audio.createMediaStreamDestination();
        oscillator.frequency.value = hz;
        gain.gain.value = amplitude;
        oscillator.connect(gain).connect(out);
        oscillator.start();
        return out.stream;
    };

    if (navigator.mediaDevices) {
        const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            const { audio, ...rest } = constraints;
            const stream = rest.video ? await native(rest) : new MediaStream();
            if (audio) rig.microphone().getAudioTracks().forEach((track) => stream.addTrack(track));
            return stream;
        };
    }

    // The peer that speaks now: the last that has not been closed.
    rig.peer = () => rig.peers.filter((peer) => peer.connectionState !== 'closed').at(-1);

    const ear = () => {
        const receiver = rig.peer()?.getReceivers().find((r) => r.track?.kind === 'audio');
        if (!receiver) return undefined;
        const { track } = receiver;
        if (!rig.ears.has(track)) {
            // Chromium gives an AudioContext nothing of a remote track that no element plays.
            const element = new Audio();
            element.srcObject = new MediaStream([track]);
            element.muted = true;
            element.play();
            const analyser = context().createAnalyser();
            analyser.fftSize = 32768;
            context().createMediaStreamSource(element.srcObject).connect(analyser);
            rig.ears.set(track, { analyser, element });
        }
        return rig.ears.get(track).analyser;
    };

    const toneDb = (samples, tone, rate) => {
        const step = (2 * Math.PI * tone) / rate;
        let re = 0;
        let im = 0;
        for (let i = 0; i < samples.length; i++) {
            const v = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length));
            re += v * Math.cos(step * i);
            im += v * Math.sin(step * i);
        }
        return 20 * Math.log10((4 * Math.hypot(re, im)) / samples.length + 1e-9);
    };

    // Levels in dB of the tones in the last 0.68 s (0 dB: a sine of full scale), undefined before the
    // ear has listened that long. Of four windows the second best: where a jitter buffer changes its
    // delay, the phase jumps, and a tone looks like less.
    rig.heard = (tones) => {
        const analyser = ear();
        if (!analyser) return undefined;
        analyser.since ??= rig.context.currentTime;
        if (rig.context.currentTime - analyser.since < 0.75) return undefined;
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        const windows = [0, 1, 2, 3].map((i) => samples.subarray(8192 * i, 8192 * (i + 1)));
        return tones.map((tone) => {
            const levels = windows.map((window) => toneDb(window, tone, rig.context.sampleRate));
            return levels.sort((x, y) => y - x)[1];
        });
    };

    rig.stats = async () => {
        const peer = rig.peer();
        return peer ? [...(await peer.getStats()).values()] : [];
    };

    const gathered = (peer) =>
        new Promise((resolve) => {
            const check = () => peer.iceGatheringState === 'complete' && resolve();
            peer.addEventListener('icegatheringstatechange', check);
            check();
        });

    // POSTs an offer; gives {status, headers, answer}. The peer goes on connecting.
    rig.join = async ({ url, token, direction = 'sendrecv', iceServers = [] }) => {
        const peer = new RTCPeerConnection({ iceServers });
        rig.current = peer;
        if (direction === 'recvonly') peer.addTransceiver('audio', { direction });
        else peer.addTransceiver(rig.microphone().getAudioTracks()[0], { direction });
        await peer.setLocalDescription();
        await gathered(peer);
        const response = await fetch(url, {
            method: 'POST',
            body: peer.localDescription.sdp,
            headers: {
                'Content-Type': 'application/sdp',
                ...(token ? { Authorization: `Bearer ${token}` } : {}),
            },
        });
        const answer = await response.text();
        const headers = Object.fromEntries(response.headers);
        if (response.status === 201) {
            rig.location = new URL(headers.location, url).href;
            rig.token = token;
            await peer.setRemoteDescription({ type: 'answer', sdp: answer });
        } else peer.close();
        return { status: response.status, headers, answer };
    };

    // RFC 9725, 4.3.2: an ICE restart by PATCH. Gives the status; the answer's fragment is applied.
    rig.restartIce = async (etag) => {
        const peer = rig.current;
        const offer = await peer.createOffer({ iceRestart: true });
        await peer.setLocalDescription(offer);
        await gathered(peer);
        const lines = peer.localDescription.sdp.split('\r\n');
        const keep = /^a=(ice-ufrag|ice-pwd|ice-options|candidate|end-of-candidates|mid|group)/;
        const session = lines.filter((l) => /^a=(group|ice-options)/.test(l));
        const from = lines.findIndex((l) => l.startsWith('m='));
        const media = lines.slice(from).filter((l) => l.startsWith('m=') || keep.test(l));
        const response = await fetch(rig.location, {
            method: 'PATCH',
            body: [...session, ...media, ''].join('\r\n'),
            headers: {
                'Content-Type': 'application/trickle-ice-sdpfrag',
                ...(etag ? { 'If-Match': etag } : {}),
                ...(rig.token ? { Authorization: `Bearer ${rig.token}` } : {}),
            },
        });
        const text = await response.text();
        if (response.status === 200) {
            const fragment = Object.fromEntries(
                [...text.matchAll(/^a=(ice-ufrag|ice-pwd):(.*?)\r?$/gm)].map((m) => [m[1], m[2]]),
            );
            const sdp = peer.currentRemoteDescription.sdp
                .replace(/a=ice-ufrag:.*\r\n/g, `a=ice-ufrag:${fragment['ice-ufrag']}\r\n`)
                .replace(/a=ice-pwd:.*\r\n/g, `a=ice-pwd:${fragment['ice-pwd']}\r\n`);
            await peer.setRemoteDescription({ type: 'answer', sdp });
        }
        return { status: response.status, text, etag: response.headers.get('etag') };
    };

    rig.leave = async (politely = true) => {
        let status;
        if (politely)
            status = (
                await fetch(rig.location, {
                    method: 'DELETE',
                    headers: rig.token ? { Authorization: `Bearer ${rig.token}` } : {},
                })
            ).status;
        rig.current?.close();
        return status;
    };
}
