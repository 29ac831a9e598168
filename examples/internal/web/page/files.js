// Files over data channels, one channel for each, both ways: a header as text,
// the content, a trailer with the SHA-256, and a receipt in return.

import { element, hex, size } from "./format.js";

const chunkSize = 64 << 10;
const highWater = 4 << 20, lowWater = 1 << 20;

export class Files {
  /** @param {HTMLUListElement} list @param {(note: object) => void} say */
  constructor(list, say) {
    this.list = list;
    this.say = say;
    this.maxFile = 0;
    this.rows = new Map(); // by SHA-256, of what was sent
  }

  /** send sends a File to the Go peer. */
  async send(pc, file) {
    const row = new Row(this.list, `↑ ${file.name}`, file.size);
    if (file.size > this.maxFile) {
      row.fail(`larger than ${size(this.maxFile)}`);
      return;
    }
    const channel = pc.createDataChannel("file");
    channel.binaryType = "arraybuffer";
    try {
      const messages = new Messages(channel);
      await messages.opened;
      const content = await file.arrayBuffer();
      channel.bufferedAmountLowThreshold = lowWater;
      channel.send(JSON.stringify({ name: file.name, size: file.size }));
      const step = Math.min(chunkSize, pc.sctp?.maxMessageSize || chunkSize);
      for (let at = 0; at < content.byteLength; at += step) {
        if (channel.readyState !== "open") throw new Error("the channel was closed");
        channel.send(content.slice(at, at + step));
        if (channel.bufferedAmount > highWater) await messages.drained();
        row.progress(Math.max(0, at + step - channel.bufferedAmount));
      }
      const sha256 = await digest(content);
      channel.send(JSON.stringify({ sha256 }));
      const receipt = JSON.parse(await messages.next());
      if (receipt.error) throw new Error(receipt.error);
      row.done(sha256, receipt.sha256 === sha256);
      this.rows.set(sha256, row);
    } catch (error) {
      row.fail(error.message);
    } finally {
      channel.close();
    }
  }

  /** kept offers what the Go peer has stored to be sent back. */
  kept({ id, sha256 }) {
    this.rows.get(sha256)?.offer("Send it back", () => this.say({ type: "send-back", id }));
  }

  /** receive takes a file from a channel that the Go peer has opened. */
  async receive(channel) {
    channel.binaryType = "arraybuffer";
    const messages = new Messages(channel);
    let row;
    try {
      const header = JSON.parse(await messages.next());
      row = new Row(this.list, `↓ ${header.name}`, header.size);
      if (!(header.size >= 0 && header.size <= this.maxFile)) throw new Error("too large");
      const parts = [];
      let received = 0;
      while (received < header.size) {
        const part = await messages.next();
        if (!(part instanceof ArrayBuffer)) throw new Error("a text came where the file should go on");
        parts.push(part);
        received += part.byteLength;
        row.progress(received);
      }
      const trailer = JSON.parse(await messages.next());
      const blob = new Blob(parts);
      const sha256 = await digest(await blob.arrayBuffer());
      channel.send(JSON.stringify({ received, sha256 }));
      row.done(sha256, sha256 === trailer.sha256);
      row.link(blob, header.name);
    } catch (error) {
      row?.fail(error.message);
      if (channel.readyState === "open") channel.send(JSON.stringify({ error: error.message }));
    }
  }
}

/** digest is the SHA-256, where the page's address is one that browsers trust. */
async function digest(buffer) {
  if (!crypto.subtle) throw new Error("no hash on this address: use 127.0.0.1 or localhost");
  return hex(await crypto.subtle.digest("SHA-256", buffer));
}

// Messages turns a channel's events into promises.
class Messages {
  constructor(channel) {
    this.channel = channel;
    this.queue = [];
    this.waiting = null;
    channel.onmessage = ({ data }) => {
      this.queue.push(data);
      this.waiting?.resolve();
    };
    const gone = new Promise((_, reject) => {
      channel.addEventListener("close", () => reject(new Error("the channel was closed")));
    });
    gone.catch(() => {});
    this.gone = gone;
    this.opened = channel.readyState === "open" ? Promise.resolve()
      : Promise.race([gone, new Promise((done) => channel.addEventListener("open", done, { once: true }))]);
  }

  async next() {
    while (this.queue.length === 0) {
      this.waiting = Promise.withResolvers();
      await Promise.race([this.waiting.promise, this.gone]);
    }
    return this.queue.shift();
  }

  drained() {
    const low = new Promise((done) => this.channel.addEventListener("bufferedamountlow", done, { once: true }));
    return Promise.race([low, this.gone]);
  }
}

// Row is one transfer in the list.
class Row {
  constructor(list, name, total) {
    this.total = total;
    this.start = performance.now();
    this.drawn = 0;
    this.bar = element("progress", { max: Math.max(total, 1), value: 0 });
    this.bar.setAttribute("aria-label", name);
    this.facts = element("div", { class: "facts" }, "waiting");
    this.item = element("li", {},
      element("div", { class: "name" }, element("span", {}, name), element("span", {}, size(total))),
      this.bar, this.facts);
    list.prepend(this.item);
  }

  rate(done) { return done / Math.max((performance.now() - this.start) / 1000, 0.001); }

  progress(done) {
    const now = performance.now();
    if (now - this.drawn < 50) return;
    this.drawn = now;
    done = Math.min(done, this.total);
    this.bar.value = done;
    const rate = this.rate(done);
    const left = Math.ceil((this.total - done) / Math.max(rate, 1));
    this.facts.textContent = `${Math.floor(100 * done / this.total)} %, ${size(rate)}/s, ${left} s to go`;
  }

  done(sha256, same) {
    this.bar.value = this.bar.max;
    const took = (performance.now() - this.start) / 1000;
    this.facts.replaceChildren(
      element("span", { class: same ? "good" : "bad" }, same ? "✓ same SHA-256 at both ends" : "✗ the SHA-256 differs"),
      `, ${size(this.rate(this.total))}/s, ${took.toFixed(2)} s`);
    this.item.append(element("div", { class: "hash" }, sha256));
  }

  fail(reason) {
    this.facts.replaceChildren(element("span", { class: "bad" }, `✗ ${reason}`));
  }

  offer(text, action) {
    this.item.append(element("button", { type: "button", onclick: action }, text));
  }

  link(blob, name) {
    this.item.append(element("a", { class: "link", href: URL.createObjectURL(blob), download: name }, "Save"));
  }
}
