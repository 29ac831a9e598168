// The browser's peer: perfect negotiation (webrtc-pc §10.7) over a WebSocket.

const slowMotion = 1000; // milliseconds that a message on the signal channel takes

export class Connection extends EventTarget {
  constructor(url) {
    super();
    this.slow = false;
    this.pc = null;
    this.makingOffer = false;
    this.ignoring = false;
    this.outgoing = Promise.resolve(); // what has been signaled, in order
    this.incoming = Promise.resolve();
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    this.socket.onclose = () => this.tell("failure", "The Go program has gone. Start it again and reload this page.");
  }

  tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  receive(message) {
    if (message.hello) {
      this.tell("hello", message.hello);
      this.open(message.hello.stun);
    }
    if (message.event) this.tell("remote-event", message.event);
    if (message.descriptions) this.tell("go-descriptions", message.descriptions);
    if (message.recording) this.tell("recording", message.recording);
    if (message.error) this.tell("failure", message.error);
    if (message.signal) {
      this.incoming = this.delay(this.incoming).then(() => this.signaled(message.signal)).catch((e) => this.failed(e));
    }
  }

  failed(error) { this.tell("failure", String(error)); }

  /** delay waits for what is queued and, in slow motion, until a while from now. */
  delay(queue) {
    if (!this.slow) return queue;
    const late = new Promise((done) => setTimeout(done, slowMotion));
    return queue.then(() => late);
  }

  open(stun) {
    const pc = this.pc = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
    pc.onnegotiationneeded = () => this.negotiate();
    pc.onicecandidate = ({ candidate }) => {
      if (candidate) this.send({ candidate: candidate.toJSON() });
      this.changed();
    };
    pc.ondatachannel = ({ channel }) => this.tell("channel", channel);
    for (const name of ["signalingstate", "icegatheringstate", "iceconnectionstate", "connectionstate"]) {
      pc.addEventListener(`${name}change`, () => {
        this.tell("state", name);
        this.changed();
      });
    }
    pc.sctp?.addEventListener("statechange", () => this.changed());
    this.tell("open", pc);
  }

  changed() { this.tell("descriptions", this.pc); }

  send(signal) {
    this.tell("sent", signal);
    this.outgoing = this.delay(this.outgoing).then(() => this.socket.send(JSON.stringify({ signal })));
  }

  /** ask presses a button of the Go peer's. */
  ask(what) { this.socket.send(JSON.stringify({ do: what })); }

  /** report tells the Go peer what this browser measures. */
  report(statistics) { this.socket.send(JSON.stringify({ statistics })); }

  async negotiate() {
    try {
      this.makingOffer = true;
      await this.pc.setLocalDescription();
      this.changed();
      this.send({ description: this.pc.localDescription.toJSON() });
    } catch (error) {
      this.failed(error);
    } finally {
      this.makingOffer = false;
    }
  }

  restart() { this.pc.restartIce(); }

  /** signaled applies a message of the Go peer's, which is the polite one. */
  async signaled({ description, candidate }) {
    const pc = this.pc;
    this.tell("received", { description, candidate });
    if (description) {
      this.ignoring = description.type === "offer" && (this.makingOffer || pc.signalingState !== "stable");
      if (this.ignoring) return;
      await pc.setRemoteDescription(description);
      this.changed();
      if (description.type === "offer") {
        if (this.slow) await this.delay(Promise.resolve()); // so that it can be seen pending
        await pc.setLocalDescription();
        this.changed();
        this.send({ description: pc.localDescription.toJSON() });
      }
      return;
    }
    try {
      await pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.ignoring) throw error;
    }
    this.changed();
  }
}
