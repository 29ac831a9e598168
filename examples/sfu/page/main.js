// The room: a tile for each publisher, with its layers to choose from.
//
// The page takes two parameters: name, and publish to begin at once.

import { Connection } from "./connection.js";

const $ = (id) => document.getElementById(id);
const parameters = new URLSearchParams(location.search);
const name = parameters.get("name") ?? `guest-${Math.random().toString(36).slice(2, 8)}`;
const connection = new Connection(new URL(`session?name=${encodeURIComponent(name)}`, location.href.replace(/^http/, "ws")));
const pc = connection.pc;
const tiles = new Map(); // by the stream's identifier, which is the publisher's name

$("name").textContent = name;
connection.addEventListener("failure", ({ detail }) => fail(detail));
pc.onconnectionstatechange = () => { $("connection-state").textContent = pc.connectionState; };

function fail(text) {
  $("failure").textContent = text;
  $("failure").hidden = false;
}

// What the others publish.

pc.ontrack = ({ track, streams: [stream], transceiver }) => {
  const tile = tiles.get(stream.id) ?? new Tile(stream.id, stream);
  if (track.kind === "video") tile.mid = transceiver.mid;
  stream.onremovetrack = () => { if (stream.getTracks().length === 0) tile.remove(); };
};

// A Tile is one publisher, or this page itself.
class Tile {
  constructor(publisher, stream, mine = false) {
    this.publisher = publisher;
    this.mid = null;
    this.bytes = 0;
    this.at = 0;
    this.video = element("video", { autoplay: true, playsInline: true, muted: mine, srcObject: stream });
    this.facts = element("span", { className: "facts" });
    this.layers = element("div", { className: "layers" });
    this.root = element("figure", { className: "tile" }, this.video,
      element("figcaption", {}, element("b", {}, mine ? `${publisher} (you)` : publisher), this.facts, this.layers));
    this.root.dataset.publisher = publisher;
    // Browsers play sound only once somebody has done something on the page.
    this.video.play().catch(() => {
      this.video.muted = true;
      this.video.controls = true;
    });
    $("tiles").append(this.root);
    tiles.set(publisher, this);
    $("empty").hidden = true;
  }

  remove() {
    this.root.remove();
    tiles.delete(this.publisher);
    $("empty").hidden = tiles.size > 0;
  }

  /** show draws the layers of a source and which of them this page is sent. */
  show(source, view) {
    const buttons = source.layers.length > 1 ? [...source.layers, { rid: "" }] : [];
    const key = JSON.stringify([buttons.map(({ rid, width, height, alive }) => [rid, width, height, alive]), view.current, view.wanted]);
    if (key === this.shown) return;
    this.shown = key;
    this.layers.replaceChildren(...buttons.map(({ rid, width, height, alive }) => {
      const text = rid === "" ? "largest" : `${rid} ${width ? `${width}×${height}` : ""}`;
      const button = element("button", { type: "button", disabled: alive === false }, text);
      button.dataset.rid = rid;
      button.setAttribute("aria-pressed", view.wanted === rid);
      if (rid !== "" && view.playing && view.current === rid) button.classList.add("current");
      button.onclick = () => choose(source.id, rid);
      return button;
    }));
  }

  /** measure shows what is decoded, from the browser's statistics. */
  measure({ bytesReceived, frameWidth, frameHeight, framesPerSecond, timestamp }) {
    const rate = this.at ? 8 * (bytesReceived - this.bytes) / (timestamp - this.at) : 0;
    this.bytes = bytesReceived;
    this.at = timestamp;
    this.facts.textContent = frameWidth ? `${frameWidth}×${frameHeight}, ${framesPerSecond ?? 0} frames/s, ${Math.round(rate)} kbit/s` : "waiting";
  }
}

async function choose(source, rid) {
  const response = await fetch(`layer?${new URLSearchParams({ viewer: name, source, rid })}`, { method: "POST" });
  if (!response.ok) fail(await response.text());
}

/** refresh asks the program what there is and the browser how it goes. */
async function refresh() {
  try {
    const state = await (await fetch("state")).json();
    const views = state.viewers.find((v) => v.name === name)?.views ?? [];
    for (const source of state.sources) {
      const view = views.find((v) => v.source === source.id);
      if (view && source.codec.startsWith("video/")) tiles.get(source.publisher)?.show(source, view);
    }
    for (const report of (await pc.getStats()).values()) {
      if (report.type !== "inbound-rtp" || report.kind !== "video") continue;
      for (const tile of tiles.values()) if (tile.mid === report.mid) tile.measure(report);
    }
  } catch {
    return; // the program has gone, which the WebSocket says
  }
  setTimeout(refresh, 500);
}
refresh();

// What this page publishes: the picture in three sizes.

let published = null;

async function publish() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
  const transceivers = stream.getTracks().map((track) => pc.addTransceiver(track, {
    direction: "sendonly",
    streams: [stream],
    sendEncodings: track.kind === "audio" ? undefined : [
      { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
      { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
      { rid: "f", maxBitrate: 1_500_000 },
    ],
  }));
  published = { stream, transceivers, tile: new Tile(name, stream, true) };
}

function unpublish() {
  for (const t of published.transceivers) t.stop();
  for (const t of published.stream.getTracks()) t.stop();
  published.tile.remove();
  published = null;
}

$("publish").onclick = async () => {
  $("publish").disabled = true;
  try {
    if (published) unpublish();
    else await publish();
  } catch (error) {
    fail(error);
  }
  $("publish").disabled = false;
  $("publish").textContent = published ? "Stop publishing" : "Publish camera and microphone";
};

function element(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

if (parameters.has("publish")) $("publish").click();
