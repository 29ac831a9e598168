// The sequence diagram: a row for each event, in the order of their times.

import { element } from "./format.js";

const parties = ["Peer A", "STUN", "TURN", "Signal channel", "Peer B"];
const maxRows = 600;

export class Diagram {
  /** @param {HTMLOListElement} list takes the rows. @param {HTMLInputElement} follow */
  constructor(list, follow) {
    this.list = list;
    this.scroller = list.parentElement;
    this.follow = follow;
    this.offset = null; // from performance.now() to the time of the events
    this.latest = 0; // the time of the latest event that the server has told
  }

  /** sync learns from an event of the server's what time it is there. */
  sync(at) {
    const offset = at - performance.now();
    // The least delayed event tells best.
    if (this.offset === null || offset > this.offset) this.offset = offset;
    this.latest = Math.max(this.latest, at);
  }

  /** now is the time of an event in this page: after those that it has heard of. */
  now() { return Math.max(this.latest, performance.now() + (this.offset ?? 0)); }

  note(party, kind, text) { this.add({ at: this.now(), from: party, to: party, kind, text }); }
  arrow(from, to, kind, text) { this.add({ at: this.now(), from, to, kind, text }); }

  /** add draws an event: { at, from, to, kind, text }. */
  add(event) {
    const row = this.row(event);
    row.at = event.at;
    let before = null;
    for (let r = this.list.lastElementChild; r && r.at > event.at; r = r.previousElementSibling) before = r;
    this.list.insertBefore(row, before);
    while (this.list.childElementCount > maxRows) this.list.firstElementChild.remove();
    if (this.follow.checked) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  clear() { this.list.replaceChildren(); }

  row({ at, from, to, kind, text }) {
    const a = parties.indexOf(from), b = parties.indexOf(to);
    const time = element("time", {}, at >= 10000 ? `${(at / 1000).toFixed(2)} s` : `${at.toFixed(1)} ms`);
    const row = element("li", { class: kind }, time);
    if (a === b) {
      row.classList.add("note");
      const dot = element("span", { class: "dot" });
      const label = element("span", { class: "label" }, hidden(`${from}: `), text);
      dot.style.left = `var(--c${a})`;
      if (a === parties.length - 1) label.style.right = `calc(100% - var(--c${a}) + 0.5rem)`;
      else label.style.left = `calc(var(--c${a}) + 0.5rem)`;
      row.append(dot, label);
      return row;
    }
    const low = Math.min(a, b), high = Math.max(a, b);
    row.classList.add(a < b ? "rightward" : "leftward");
    const shaft = element("span", { class: "shaft" },
      element("span", { class: "label" }, hidden(`${from} to ${to}: `), text));
    shaft.style.left = `calc(var(--c${low}) + 1px)`;
    shaft.style.right = `calc(100% - var(--c${high}))`;
    row.append(shaft);
    return row;
  }
}

function hidden(text) { return element("span", { class: "hidden" }, text); }
