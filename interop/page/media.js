// The media of the peer in a page: camera and microphone go out, what arrives
// is played, and the connection's statistics tell the test what became of it.
'use strict';
let captured = [], played = [], take;

const startConnection = methods.start;

Object.assign(methods, {
  start(config, name) {
    for (const track of captured) track.stop();
    for (const element of played) element.remove();
    captured = [];
    played = [];
    take = undefined;
    startConnection(config, name);
    pc.ontrack = (e) => {
      play(e.track);
      event('track', `${e.track.kind} ${e.transceiver.mid}`, name);
    };
  },

  // sendMedia adds camera and microphone. With encodings, the camera is sent
  // as simulcast, and each track in a section of its own; with a codec, video in
  // that one only.
  async sendMedia({audio, video, codec, encodings}) {
    const stream = await capture(audio, video);
    for (const track of stream.getTracks()) {
      const sendEncodings = track.kind === 'video' ? encodings : undefined;
      const transceiver = encodings ?
        pc.addTransceiver(track, {streams: [stream], sendEncodings}) :
        transceiverOf(pc.addTrack(track, stream));
      if (track.kind === 'video' && codec) prefer(transceiver, codec);
    }
  },

  inbound: () => streams('inbound-rtp'),
  outbound: () => streams('outbound-rtp'),

  // negotiates turns perfect negotiation on (webrtc-pc §10.7). Descriptions for
  // the test are events, the test's come to takeDescription.
  negotiates(polite) {
    const mine = pc, name = session;
    let making = false, answering = false;
    const say = () => event('description', JSON.stringify(plain(mine.localDescription)), name);
    mine.onnegotiationneeded = async () => {
      making = true;
      try {
        await mine.setLocalDescription();
        say();
      } catch (err) {
        if (mine.signalingState !== 'closed') event('failure', `${err.name}: ${err.message}`, name);
      } finally {
        making = false;
      }
    };
    take = async (description) => {
      const ready = !making && (mine.signalingState === 'stable' || answering);
      if (description.type === 'offer' && !ready && !polite) return 'ignored';
      answering = description.type === 'answer';
      await mine.setRemoteDescription(description);
      answering = false;
      if (description.type === 'offer') {
        await mine.setLocalDescription();
        say();
      }
      return 'taken';
    };
  },

  takeDescription: (description) => take(description),
});

async function capture(audio, video) {
  const stream = await navigator.mediaDevices.getUserMedia({audio: Boolean(audio), video: video || false});
  captured.push(...stream.getTracks());
  return stream;
}

const transceiverOf = (sender) => pc.getTransceivers().find((t) => t.sender === sender);

// prefer leaves a transceiver one codec, and its retransmission.
function prefer(transceiver, codec) {
  const all = RTCRtpReceiver.getCapabilities('video').codecs;
  const one = all.filter((c) => c.mimeType.toLowerCase() === codec.toLowerCase() || c.mimeType === 'video/rtx');
  if (one.every((c) => c.mimeType === 'video/rtx')) throw new Error(`no codec ${codec}`);
  transceiver.setCodecPreferences(one);
}

// play shows a track. An element that is muted would leave audio undecoded.
function play(track) {
  const element = document.createElement(track.kind);
  element.autoplay = true;
  element.muted = track.kind === 'video';
  element.srcObject = new MediaStream([track]);
  document.body.append(element);
  played.push(element);
}

// streams returns the statistics of one type, with the codec's name.
async function streams(type) {
  const stats = await pc.getStats();
  const all = [...stats.values()].filter((s) => s.type === type);
  return all.map((s) => ({...s, codec: s.codecId && stats.get(s.codecId) ? stats.get(s.codecId).mimeType : ''}));
}
