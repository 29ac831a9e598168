"""Drives aiortc for the interop tests: lines of JSON on standard input and
output, with the methods of page/peer.js that aiortc can serve."""

import asyncio
import hashlib
import json
import sys

import av
import numpy
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame, VideoFrame

av.logging.set_level(av.logging.PANIC)  # codecs tell of what they look for


def report(message):
    print(json.dumps(message), flush=True)


def pattern(length, seed):
    out = bytearray(length)
    for i in range(length):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = seed >> 24
    return bytes(out)


async def until(condition, what, limit=20):
    for _ in range(limit * 200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError(f"not within {limit} s: {what}")


class Camera(VideoStreamTrack):
    """Shows a gradient that moves."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = numpy.add.outer(numpy.arange(240), numpy.arange(320)) + pts // 3000
        picture = numpy.repeat(picture.astype(numpy.uint8)[:, :, None], 3, axis=2)
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Microphone(AudioStreamTrack):
    """Plays a tone."""

    async def recv(self):
        frame = await super().recv()
        times = (frame.pts + numpy.arange(frame.samples)) / frame.sample_rate
        tone = (8000 * numpy.sin(2 * numpy.pi * 440 * times)).astype(numpy.int16)
        loud = AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
        loud.pts, loud.time_base, loud.sample_rate = frame.pts, frame.time_base, frame.sample_rate
        return loud


class Peer:
    def __init__(self):
        self.pc = None

    async def start(self, config, session):
        if self.pc is not None:
            await self.pc.close()
        self.pc = pc = RTCPeerConnection()
        self.session = session
        self.channels = {}
        self.messages = {}
        self.inbounds = []
        pc.on("datachannel", self.adopt)
        pc.on("track", lambda track: asyncio.ensure_future(self.drain(track)))
        pc.on(
            "connectionstatechange",
            lambda: self.event("connectionstate", pc.connectionState, session),
        )

    def event(self, name, detail, session):
        report({"session": session, "event": name, "detail": detail})

    def adopt(self, channel):
        label, session = channel.label, self.session
        messages = self.messages.setdefault(label, [])
        self.channels[label] = channel
        channel.on("message", messages.append)
        channel.on("open", lambda: self.event("open", label, session))
        channel.on("close", lambda: self.event("close", label, session))
        if channel.readyState == "open":
            self.event("open", label, session)

    def description(self):
        d = self.pc.localDescription
        return {"type": d.type, "sdp": d.sdp}

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.description()

    async def answer(self, offer):
        await self.pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], offer["type"]))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.description()

    async def accept(self, answer):
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    async def addCandidate(self, c):
        pc = self.pc
        await until(lambda: pc.remoteDescription, "the description of a candidate")
        value = c["candidate"]
        if value == "":
            return  # aiortc has no way to say that a generation is complete
        candidate = candidate_from_sdp(value.removeprefix("candidate:"))
        candidate.sdpMid = c["sdpMid"]
        candidate.sdpMLineIndex = c["sdpMLineIndex"]
        await pc.addIceCandidate(candidate)

    async def open(self, label, options):
        names = {"maxPacketLifeTime", "maxRetransmits", "ordered", "protocol", "negotiated", "id"}
        self.adopt(self.pc.createDataChannel(label, **{k: options[k] for k in names & options.keys()}))

    async def describeChannel(self, label):
        c = self.channels[label]
        return {
            "id": c.id,
            "ordered": c.ordered,
            "protocol": c.protocol,
            "maxRetransmits": c.maxRetransmits,
            "maxPacketLifeTime": c.maxPacketLifeTime,
            "negotiated": c.negotiated,
            "readyState": c.readyState,
        }

    async def sendText(self, label, text):
        self.channels[label].send(text)

    async def sendPattern(self, label, length, seed):
        self.channels[label].send(pattern(length, seed))

    async def received(self, label, count):
        await until(lambda: len(self.messages.get(label, [])) >= count, f"{count} messages on {label}")
        return [
            {"text": m} if isinstance(m, str) else {"length": len(m), "sha256": hashlib.sha256(m).hexdigest()}
            for m in self.messages[label]
        ]

    async def closeChannel(self, label):
        self.channels[label].close()

    async def sendMedia(self, options):
        if options.get("audio"):
            self.pc.addTrack(Microphone())
        if options.get("video"):
            sender = self.pc.addTrack(Camera())
            transceiver = next(t for t in self.pc.getTransceivers() if t.sender == sender)
            codecs = RTCRtpSender.getCapabilities("video").codecs
            wanted = {options["codec"].lower(), "video/rtx"}
            transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() in wanted])

    async def drain(self, track):
        """Decodes a track and counts what is in it."""
        stream = {"kind": track.kind, "framesDecoded": 0, "totalAudioEnergy": 0.0}
        self.inbounds.append(stream)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            stream["framesDecoded"] += 1
            if track.kind == "video":
                stream["frameWidth"], stream["frameHeight"] = frame.width, frame.height
            else:
                level = numpy.sqrt(numpy.mean((frame.to_ndarray() / 32768.0) ** 2))
                stream["totalAudioEnergy"] += float(level**2 * frame.samples / frame.sample_rate)

    async def inbound(self):
        received = [s for s in (await self.pc.getStats()).values() if s.type == "inbound-rtp"]
        for stream in self.inbounds:
            for s in received:
                if s.kind == stream["kind"]:
                    stream["packetsReceived"], stream["packetsLost"] = s.packetsReceived, s.packetsLost
        return self.inbounds

    async def outbound(self):
        sent = [s for s in (await self.pc.getStats()).values() if s.type == "outbound-rtp"]
        return [{"kind": s.kind, "ssrc": s.ssrc, "packetsSent": s.packetsSent} for s in sent]

    async def close(self):
        await self.pc.close()

    async def handle(self, line):
        request = json.loads(line)
        try:
            value = await getattr(self, request["method"])(*request["args"])
            report({"id": request["id"], "value": value})
        except Exception as err:
            report({"id": request["id"], "error": f"{type(err).__name__}: {err}"})


async def main():
    peer = Peer()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        task = asyncio.ensure_future(peer.handle(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
