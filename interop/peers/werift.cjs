// Gives werift's connection what page/peer.js expects of a browser's.
'use strict';

module.exports = (werift) => class extends werift.RTCPeerConnection {
  constructor(config) {
    super({...config, iceServers: []});
  }

  addIceCandidate(c) {
    return super.addIceCandidate(new werift.RTCIceCandidate(c));
  }

  createDataChannel(label, options) {
    return browserLike(super.createDataChannel(label, options));
  }

  set ondatachannel(f) {
    this.onDataChannel.subscribe((channel) => f({channel: browserLike(channel)}));
  }

  set onconnectionstatechange(f) {
    this.connectionStateChange.subscribe(f);
  }

  set onicecandidate(f) {
    this.onIceCandidate.subscribe((c) => f({candidate: c ? {toJSON: () => c.toJSON()} : null}));
  }
};

// browserLike makes messages ArrayBuffers and sends typed arrays.
function browserLike(channel) {
  const send = channel.send.bind(channel);
  channel.send = (data) => send(typeof data === 'string' ? data : Buffer.from(data.buffer || data));
  Object.defineProperty(channel, 'onmessage', {
    set(f) {
      channel.onMessage.subscribe((data) => f({
        data: typeof data === 'string' ? data : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
      }));
    },
  });
  return channel;
}
