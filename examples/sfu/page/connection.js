// A connection with the server: perfect negotiation (webrtc-pc §10.7) over a
// WebSocket. This side is the impolite one.

export class Connection extends EventTarget {
  constructor(url) {
    super();
    this.makingOffer = false;
    this.ignoring = false;
    this.incoming = Promise.resolve(); // messages are applied one after the other
    const pc = this.pc = new RTCPeerConnection();
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => {
      this.incoming = this.incoming.then(() => this.receive(JSON.parse(data))).catch((e) => this.fail(e));
    };
    this.socket.onclose = ({ reason }) => this.fail(reason || "The program has gone. Start it again and reload this page.");
    this.opened = new Promise((done) => { this.socket.onopen = done; });
    pc.onicecandidate = ({ candidate }) => { if (candidate) this.send({ candidate: candidate.toJSON() }); };
    pc.onnegotiationneeded = () => this.offer();
  }

  fail(error) { this.dispatchEvent(new CustomEvent("failure", { detail: String(error) })); }

  async send(message) {
    await this.opened;
    this.socket.send(JSON.stringify(message));
  }

  async offer() {
    try {
      this.makingOffer = true;
      await this.pc.setLocalDescription();
      this.send({ description: this.pc.localDescription.toJSON() });
    } catch (error) {
      this.fail(error);
    } finally {
      this.makingOffer = false;
    }
  }

  async receive({ description, candidate }) {
    const pc = this.pc;
    if (candidate) {
      try {
        await pc.addIceCandidate(candidate);
      } catch (error) {
        if (!this.ignoring) throw error;
      }
      return;
    }
    const offer = description.type === "offer";
    this.ignoring = offer && (this.makingOffer || pc.signalingState !== "stable");
    if (this.ignoring) return;
    await pc.setRemoteDescription(description);
    if (!offer) return;
    await pc.setLocalDescription();
    this.send({ description: pc.localDescription.toJSON() });
  }
}
