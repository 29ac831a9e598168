"""Drives GStreamer's webrtcbin for the interop tests: lines of JSON on standard
input and output, with those methods of page/media.js and page/peer.js that
serve media."""

import json
import sys
import threading

import gi
import numpy

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

ENCODERS = {
    "video/vp8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 ! rtpvp8pay picture-id-mode=15-bit",
    "video/h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! "
    "video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency",
}


def report(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Peer:
    def __init__(self):
        self.pipeline = None

    def start(self, config, session, done):
        self.close(lambda _: None)
        self.session = session
        self.inbounds = []
        self.pipeline = Gst.Pipeline.new()
        self.bin = Gst.ElementFactory.make("webrtcbin")
        self.bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.bin)
        self.bin.connect("on-ice-candidate", self.candidate, session)
        self.bin.connect("pad-added", self.added)
        self.bin.connect("notify::connection-state", self.state, session)
        done(None)

    def candidate(self, _, index, text, session):
        report({"session": session, "candidate": {"candidate": text, "sdpMLineIndex": index}})

    def state(self, element, _, session):
        state = element.get_property("connection-state").value_nick
        report({"session": session, "event": "connectionstate", "detail": state})

    def sendMedia(self, options, done):
        if options.get("video"):
            name = options["codec"].lower()
            self.send(
                "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=15/1 ! "
                f"{ENCODERS[name]} ! capsfilter name=out",
                f"application/x-rtp,media=video,encoding-name={options['codec'].split('/')[1]},payload={options['payload']}",
            )
        if options.get("audio"):
            self.send(
                "audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! opusenc ! "
                "rtpopuspay ! capsfilter name=out",
                "application/x-rtp,media=audio,encoding-name=OPUS,payload=111",
            )
        done(None)

    def send(self, description, caps):
        source = Gst.parse_bin_from_description(description, False)
        out = source.get_by_name("out")
        out.set_property("caps", Gst.Caps.from_string(caps))
        ghost = Gst.GhostPad.new("src", out.get_static_pad("src"))
        source.add_pad(ghost)
        self.pipeline.add(source)
        ghost.link(self.bin.request_pad_simple("sink_%u"))

    def added(self, _, pad):
        """Decodes a stream and counts what is in it."""
        if pad.direction != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        stream = {"kind": kind, "framesDecoded": 0, "totalAudioEnergy": 0.0}
        self.inbounds.append(stream)
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", self.decoded, stream)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def decoded(self, _, pad, stream):
        convert = "audioconvert ! audio/x-raw,format=S16LE ! " if stream["kind"] == "audio" else ""
        end = Gst.parse_bin_from_description(convert + "fakesink name=end signal-handoffs=true sync=false", True)
        end.get_by_name("end").connect("handoff", self.count, stream)
        self.pipeline.add(end)
        end.sync_state_with_parent()
        pad.link(end.get_static_pad("sink"))

    def count(self, _, buffer, pad, stream):
        stream["framesDecoded"] += 1
        if stream["kind"] == "video":
            caps = pad.get_current_caps().get_structure(0)
            stream["frameWidth"], stream["frameHeight"] = caps.get_int("width")[1], caps.get_int("height")[1]
            return
        samples = numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<i2") / 32768
        stream["totalAudioEnergy"] += float(numpy.mean(samples**2)) * buffer.duration / Gst.SECOND

    def inbound(self, done):
        done(self.inbounds)

    def outbound(self, done):
        done([])

    def offer(self, done):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.promise("create-offer", lambda reply: self.describe(reply.get_value("offer"), done), None)

    def answer(self, offer, done):
        self.pipeline.set_state(Gst.State.PLAYING)

        def created(reply):
            self.describe(reply.get_value("answer"), done)

        self.remote(offer, lambda _: self.promise("create-answer", created, None))

    def accept(self, answer, done):
        self.remote(answer, lambda _: done(None))

    def describe(self, description, done):
        self.promise("set-local-description", lambda _: None, description)
        kind = "offer" if description.type == GstWebRTC.WebRTCSDPType.OFFER else "answer"
        done({"type": kind, "sdp": description.sdp.as_text()})

    def remote(self, d, then):
        _, message = GstSdp.SDPMessage.new_from_text(d["sdp"])
        kind = GstWebRTC.WebRTCSDPType.OFFER if d["type"] == "offer" else GstWebRTC.WebRTCSDPType.ANSWER
        self.promise("set-remote-description", then, GstWebRTC.WebRTCSessionDescription.new(kind, message))

    def promise(self, action, then, argument):
        """Calls an action of webrtcbin; then gets its reply on the main loop."""

        def changed(promise, *_):
            GLib.idle_add(lambda: then(promise.get_reply()) and False)

        self.bin.emit(action, argument, Gst.Promise.new_with_change_func(changed))

    def addCandidate(self, c, done):
        if c["candidate"]:
            self.bin.emit("add-ice-candidate", c["sdpMLineIndex"], c["candidate"])
        done(None)

    def close(self, done):
        if self.pipeline is not None:
            self.pipeline.set_state(Gst.State.NULL)
            self.pipeline = None
        done(None)


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer()

    def handle(line):
        request = json.loads(line)
        answer = lambda value: report({"id": request["id"], "value": value})  # noqa: E731
        try:
            getattr(peer, request["method"])(*request["args"], answer)
        except Exception as err:
            report({"id": request["id"], "error": f"{type(err).__name__}: {err}"})
        return False

    def read():
        for line in sys.stdin:
            GLib.idle_add(handle, line)
        GLib.idle_add(loop.quit)

    threading.Thread(target=read, daemon=True).start()
    loop.run()


main()
