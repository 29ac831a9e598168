// The call: camera and microphone go to Go, which sends them back.

import { element, size } from "./format.js";

const interval = 1000; // milliseconds between two reports of statistics

export class Call {
  /**
   * @param {Connection} connection @param {(id: string) => HTMLElement} $
   * @param {() => void} slow is called before anything is negotiated.
   */
  constructor(connection, $, slow) {
    this.connection = connection;
    this.$ = $;
    this.stream = null; // what the camera and the microphone bring, during a call
    this.transceivers = {}; // by kind, from the first call on
    this.plots = "";
    this.recording = false;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    $("call").onclick = () => {
      slow();
      (this.stream ? this.end() : this.start()).catch((e) => connection.failed(e));
    };
    $("record").onclick = () => connection.ask(this.recording ? "stop-recording" : "record");
    connection.addEventListener("recording", ({ detail }) => this.showRecording(detail));
  }

  /** open listens to a connection that is new. */
  open(pc) {
    this.pc = pc;
    const echo = new MediaStream();
    this.$("echo").srcObject = echo;
    pc.ontrack = ({ track }) => {
      echo.addTrack(track); // which it may have already
      this.$("echo").play().catch(() => {}); // it waits for a click
    };
  }

  async start() {
    const { $, pc } = this;
    $("call").disabled = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
    } catch (error) {
      throw new Error(`There is no call without a camera and a microphone: ${error.message}.`);
    } finally {
      $("call").disabled = false;
    }
    $("camera").srcObject = this.stream;
    for (const track of this.stream.getTracks()) {
      const before = this.transceivers[track.kind];
      if (before) {
        await before.sender.replaceTrack(track);
        before.direction = "sendrecv";
      } else {
        this.transceivers[track.kind] = pc.addTransceiver(track, { streams: [this.stream] });
      }
    }
    this.show();
    this.timer ??= setInterval(() => this.measure(), interval);
    this.measure();
  }

  /** end keeps the transceivers for the next call. */
  async end() {
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.$("camera").srcObject = null;
    if (this.recording) this.connection.ask("stop-recording");
    for (const transceiver of Object.values(this.transceivers)) {
      await transceiver.sender.replaceTrack(null);
      transceiver.direction = "inactive";
    }
    this.show();
  }

  show() {
    this.$("call").textContent = this.stream ? "Hang up" : "Call";
    this.$("call").classList.toggle("primary", !this.stream);
    this.$("record").disabled = !this.stream;
    this.$("pictures").classList.toggle("running", Boolean(this.stream));
  }

  showRecording({ on, seconds, folder, files }) {
    this.recording = on;
    this.$("record").textContent = on ? "Stop recording" : "Record";
    this.$("record").classList.toggle("on", on);
    this.$("recording").replaceChildren(
      `${on ? "Recording" : "Recorded"} ${seconds.toFixed(1)} s in ${folder}: `,
      ...files.flatMap(({ name, bytes }, i) => [i ? ", " : "", element("b", {}, name), ` (${size(bytes)})`]));
  }

  /** measure tells Go what this browser measures, and shows what Go makes of it. */
  async measure() {
    if (this.stream) this.connection.report(statistics(await this.pc.getStats()));
    await Promise.all([...document.querySelectorAll("#plots img")].map((img) => this.draw(img)));
  }

  /** draw shows a plot once it is there, so that it does not flicker. */
  async draw(img) {
    const next = new Image();
    next.src = `${this.plots}${img.dataset.plot}?theme=${this.dark.matches ? "dark" : "light"}&at=${Date.now()}`;
    await next.decode().then(() => { img.src = next.src; }, () => {}); // Go may have gone
  }
}

/** statistics takes of a browser's report what Go draws (webrtc-stats). */
function statistics(all) {
  const kinds = [];
  let roundTrip = null;
  for (const s of all.values()) {
    if (s.type === "inbound-rtp") {
      let rtcp = null;
      for (const r of all.values()) {
        if (r.type === "remote-inbound-rtp" && r.kind === s.kind) rtcp = r.roundTripTime ?? rtcp;
      }
      kinds.push({
        kind: s.kind, at: s.timestamp / 1000, bytesReceived: s.bytesReceived,
        packetsReceived: s.packetsReceived, packetsLost: s.packetsLost ?? 0, roundTrip: rtcp,
      });
    }
    if (s.type === "transport") roundTrip = all.get(s.selectedCandidatePairId)?.currentRoundTripTime ?? roundTrip;
    // Firefox has no report of the transport.
    if (s.type === "candidate-pair" && s.selected) roundTrip = s.currentRoundTripTime ?? roundTrip;
  }
  return { kinds, roundTrip };
}
