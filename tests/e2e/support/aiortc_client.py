#!/usr/bin/python3
"""A WHIP or WHEP client on aiortc, driven by lines of JSON on standard input.

{"do": "join", "url": …, "token": …, "hz": …, "amplitude": …, "direction": "sendrecv"|"recvonly"}
{"do": "heard", "tones": [Hz …]}  the levels in the last 0.68 s, in dB
{"do": "leave"}

Each line is answered with one line: {"ok": …} or {"error": text}.
"""
import asyncio
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import aioice.ice
import av
import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

RATE = 48000
WINDOW = 32768

# aioice offers no loopback address by itself, and the tests have no other network.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, hz, amplitude):
        super().__init__()
        self.hz, self.amplitude = hz, amplitude
        self.samples = 0
        self.begin = None

    async def recv(self):
        loop = asyncio.get_event_loop()
        self.begin = self.begin or loop.time()
        wait = self.begin + self.samples / RATE - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        at = numpy.arange(self.samples, self.samples + RATE // 50)
        wave = 32767 * self.amplitude * numpy.sin(2 * numpy.pi * self.hz * at / RATE)
        frame = av.AudioFrame.from_ndarray(
            numpy.round(wave).astype(numpy.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        frame.pts = self.samples
        self.samples += len(at)
        return frame


def request(method, url, token, body=None, content_type=None):
    headers = {"Content-Type": content_type} if content_type else {}
    if token:
        headers["Authorization"] = "Bearer " + token
    call = urllib.request.Request(url, method=method, data=body, headers=headers)
    try:
        with urllib.request.urlopen(call, timeout=20) as reply:
            return reply.status, dict(reply.headers), reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


class Client:
    def __init__(self):
        self.pcm = numpy.zeros(WINDOW)
        self.received = 0

    async def join(self, url, token=None, hz=440, amplitude=0.1, direction="sendrecv"):
        self.peer = RTCPeerConnection()
        self.token = token
        connected = asyncio.Event()

        @self.peer.on("connectionstatechange")
        def changed():
            if self.peer.connectionState in ("connected", "failed"):
                connected.set()

        @self.peer.on("track")
        def track(received):
            self.listening = asyncio.ensure_future(self.listen(received))

        if direction == "recvonly":
            self.peer.addTransceiver("audio", direction=direction)
        else:
            self.peer.addTransceiver(Tone(hz, amplitude), direction=direction)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        offer = self.peer.localDescription.sdp.encode()
        loop = asyncio.get_event_loop()
        status, headers, answer = await loop.run_in_executor(
            None, request, "POST", url, token, offer, "application/sdp"
        )
        if status != 201:
            return {"status": status, "answer": answer}
        self.location = urllib.parse.urljoin(url, headers["Location"])
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(connected.wait(), 30)
        return {"status": status, "state": self.peer.connectionState, "answer": answer}

    async def listen(self, track):
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            frames = resampler.resample(frame)
            for piece in frames if isinstance(frames, list) else [frames]:
                samples = piece.to_ndarray().reshape(-1) / 32768
                self.pcm = numpy.concatenate([self.pcm, samples])[-WINDOW:]
                self.received += len(samples)

    async def heard(self, tones):
        before = self.received
        while self.received < before + WINDOW:
            await asyncio.sleep(0.02)
        window = self.pcm * numpy.hanning(WINDOW)
        at = numpy.arange(WINDOW)
        levels = [abs(numpy.sum(window * numpy.exp(-2j * numpy.pi * hz * at / RATE))) for hz in tones]
        return [20 * float(numpy.log10(4 * level / WINDOW + 1e-9)) for level in levels]

    async def leave(self):
        loop = asyncio.get_event_loop()
        status, _, _ = await loop.run_in_executor(None, request, "DELETE", self.location, self.token)
        await self.peer.close()
        return {"status": status}


async def main():
    client = Client()
    loop = asyncio.get_event_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        order = json.loads(line)
        try:
            reply = {"ok": await getattr(client, order.pop("do"))(**order)}
        except Exception as error:  # told to who gave the order
            reply = {"error": repr(error)}
        print(json.dumps(reply), flush=True)


asyncio.run(main())
