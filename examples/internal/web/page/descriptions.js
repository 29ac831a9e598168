// The table of one peer's descriptions: local and remote, current, pending and
// what localDescription and remoteDescription return.

import { element } from "./format.js";

const columns = [["current", "current"], ["pending", "pending"], ["", "pending, else current"]];
const sides = ["local", "remote"];

export class Descriptions {
  /** @param {HTMLElement} root is filled with the table. */
  constructor(root) {
    this.name = root.dataset.name;
    this.cells = {};
    this.seen = {};
    this.signaling = element("code", {}, "stable");
    const head = element("tr", {}, element("td"));
    for (const [, title] of columns) head.append(element("th", { scope: "col" }, title));
    const body = element("tbody");
    for (const side of sides) {
      const row = element("tr", {}, element("th", { scope: "row" }, side));
      for (const [which] of columns) {
        const key = which ? which + side[0].toUpperCase() + side.slice(1) : side;
        this.cells[key] = element("td", { class: "cell empty" }, "null");
        row.append(this.cells[key]);
      }
      body.append(row);
    }
    root.append(
      element("h3", {}, `${this.name} · `, this.signaling),
      element("table", {}, element("thead", {}, head), body));
  }

  /** show takes { signaling, currentLocal, … }, each { type, sdp } or null. */
  show(all) {
    this.signaling.textContent = all.signaling;
    for (const [key, cell] of Object.entries(this.cells)) {
      const d = all[key];
      const text = d ? d.type + d.sdp : "";
      if (text === (this.seen[key] ?? "")) continue;
      this.seen[key] = text;
      this.draw(cell, key, d, all);
    }
  }

  draw(cell, key, d, all) {
    cell.className = "cell changed";
    requestAnimationFrame(() => requestAnimationFrame(() => cell.classList.remove("changed")));
    if (key.startsWith("pending")) cell.classList.add("pending");
    if (!d) {
      cell.classList.add("empty");
      cell.replaceChildren("null");
      return;
    }
    const show = element("button", { type: "button" }, "SDP");
    show.setAttribute("aria-label", `Show the text of ${this.name}, ${key}`);
    show.onclick = () => showText(`${this.name}: ${title(key)} (${d.type})`, d.sdp);
    const count = (d.sdp.match(/^a=candidate:/gm) ?? []).length;
    const ufrag = d.sdp.match(/^a=ice-ufrag:(.*)$/m)?.[1].trim() ?? "none";
    cell.replaceChildren(
      element("b", {}, d.type),
      element("div", { class: "facts" }, `ufrag ${ufrag}`),
      element("div", { class: "facts" }, `${count} candidate${count === 1 ? "" : "s"}`),
      show);
  }
}

function title(key) { return key.replace(/([LR])/, (c) => c) + "Description"; }

function showText(heading, text) {
  const close = element("button", { type: "button" }, "Close");
  const dialog = element("dialog", {}, element("h3", {}, heading), element("pre", {}, text), close);
  dialog.setAttribute("aria-label", heading);
  close.onclick = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
}
