#!/usr/bin/python3
"""A WHIP or WHEP client on GStreamer's webrtcbin; the same orders as aiortc_client.py."""
import ctypes
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import gi
import numpy

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

RATE = 48000
WINDOW = 32768
CAPS = (
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000"
    ",encoding-params=(string)2"
)
EAR = (
    "queue ! rtpopusdepay ! opusdec ! audioconvert ! audioresample"
    " ! audio/x-raw,format=S16LE,rate=48000,channels=1"
    " ! appsink name=ear emit-signals=true sync=false"
)


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


def wait(what, probe, seconds=30):
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


kept = []


def asked(element, signal, *args):
    promise = Gst.Promise.new()
    element.emit(signal, *args, promise)
    promise.wait()
    reply = promise.get_reply()
    kept.append((promise, reply))  # who owns a reply's description is not known to Python
    return reply


def described(kind, text):
    _, message = GstSdp.SDPMessage.new_from_text(text)
    description = GstWebRTC.WebRTCSessionDescription.new(kind, message)
    kept.append((message, description))
    return description


class Client:
    def __init__(self):
        self.pcm = numpy.zeros(WINDOW)
        self.received = 0

    def join(self, url, token=None, hz=440, amplitude=0.1, direction="sendrecv"):
        self.token = token
        text = "webrtcbin name=peer bundle-policy=max-bundle "
        if direction != "recvonly":
            text += (
                f"audiotestsrc is-live=true wave=sine freq={hz} volume={amplitude} samplesperbuffer=960"
                " ! audio/x-raw,rate=48000,channels=1 ! opusenc frame-size=20"
                f" ! rtpopuspay pt=111 ! {CAPS} ! peer."
            )
        self.pipeline = Gst.Pipeline.new()
        self.parts = Gst.parse_bin_from_description(text, False)
        self.pipeline.add(self.parts)
        self.peer = self.pipeline.get_by_name("peer")
        # libnice leaves loopback out by itself, and the tests have no other network.
        agent = self.peer.get_property("ice-agent")
        # This getter of GStreamer 1.22 gives away a reference that it has not taken.
        ctypes.CDLL("libgobject-2.0.so.0").g_object_ref(ctypes.c_void_p(hash(agent)))
        agent.emit("add-local-ip-address", "127.0.0.1")
        self.peer.connect("pad-added", self.pad_added)
        if direction == "recvonly":
            self.peer.emit(
                "add-transceiver",
                GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY,
                Gst.Caps.from_string(CAPS),
            )
        self.pipeline.set_state(Gst.State.PLAYING)
        if direction != "recvonly":
            wait("the encoder", lambda: self.peer.sinkpads[0].get_current_caps())
        reply = asked(self.peer, "create-offer", None)
        offer = reply["offer"].sdp.as_text()
        kinds = GstWebRTC.WebRTCSDPType
        asked(self.peer, "set-local-description", described(kinds.OFFER, offer))
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        wait("candidates", lambda: self.peer.get_property("ice-gathering-state") == complete)
        offer = self.peer.get_property("local-description").sdp.as_text().encode()
        status, headers, answer = request("POST", url, token, offer, "application/sdp")
        if status != 201:
            return {"status": status, "answer": answer}
        self.location = urllib.parse.urljoin(url, headers["Location"])
        asked(self.peer, "set-remote-description", described(kinds.ANSWER, answer))
        done = (
            GstWebRTC.WebRTCPeerConnectionState.CONNECTED,
            GstWebRTC.WebRTCPeerConnectionState.FAILED,
        )
        wait("a connection", lambda: self.peer.get_property("connection-state") in done)
        state = self.peer.get_property("connection-state").value_nick
        return {"status": status, "state": state, "answer": answer}

    def pad_added(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        ear = Gst.parse_bin_from_description(EAR, True)
        ear.get_by_name("ear").connect("new-sample", self.sample)
        self.parts.add(ear)
        ear.sync_state_with_parent()
        pad.link(ear.sinkpads[0])

    def sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        samples = numpy.frombuffer(data, dtype=numpy.int16) / 32768
        self.pcm = numpy.concatenate([self.pcm, samples])[-WINDOW:]
        self.received += len(samples)
        return Gst.FlowReturn.OK

    def heard(self, tones):
        before = self.received
        wait("sound", lambda: self.received >= before + WINDOW)
        window = self.pcm * numpy.hanning(WINDOW)
        at = numpy.arange(WINDOW)
        levels = [abs(numpy.sum(window * numpy.exp(-2j * numpy.pi * hz * at / RATE))) for hz in tones]
        return [20 * float(numpy.log10(4 * level / WINDOW + 1e-9)) for level in levels]

    def leave(self):
        status, _, _ = request("DELETE", self.location, self.token)
        self.pipeline.set_state(Gst.State.NULL)
        return {"status": status}


Gst.init(None)
threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
client = Client()
for line in sys.stdin:
    order = json.loads(line)
    try:
        reply = {"ok": getattr(client, order.pop("do"))(**order)}
    except Exception as error:  # told to who gave the order
        reply = {"error": repr(error)}
    print(json.dumps(reply), flush=True)
