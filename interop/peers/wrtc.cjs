// Gives wrtc's connection, an older libwebrtc, what page/peer.js expects of a
// browser's.
'use strict';

module.exports = (wrtc) => class extends wrtc.RTCPeerConnection {
  async setLocalDescription(description) {
    if (!description) {
      const offer = this.signalingState === 'stable';
      description = await (offer ? this.createOffer() : this.createAnswer());
    }
    return super.setLocalDescription(description);
  }
};
