// What is on the page, wired to the connection.

import { Call } from "./call.js";
import { Connection } from "./connection.js";
import { Descriptions } from "./descriptions.js";
import { Diagram } from "./diagram.js";
import { Files } from "./files.js";
import { element } from "./format.js";

const $ = (id) => document.getElementById(id);
const diagram = new Diagram($("events"), $("follow"));
const ours = new Descriptions($("browser-descriptions"));
const theirs = new Descriptions($("go-descriptions"));
const connection = new Connection(new URL("session", location.href.replace(/^http/, "ws")));
const call = new Call(connection, $, slow);
let chat = null;

const say = (note) => { if (chat?.readyState === "open") chat.send(JSON.stringify(note)); };
const files = new Files($("files"), say);

// The connection.

connection.addEventListener("hello", ({ detail }) => {
  diagram.sync(detail.at);
  files.maxFile = detail.maxFile;
  call.plots = detail.plots;
});
connection.addEventListener("open", ({ detail: pc }) => {
  watchGathering(pc);
  call.open(pc);
  chat = pc.createDataChannel("chat"); // which makes negotiation necessary
  chat.onopen = () => {
    diagram.note("Peer A", "data", 'channel "chat" open');
    enable(true);
  };
  chat.onclose = () => enable(false);
  chat.onmessage = ({ data }) => heard(JSON.parse(data));
});
connection.addEventListener("channel", ({ detail: channel }) => {
  if (channel.label === "file") files.receive(channel);
});
connection.addEventListener("failure", ({ detail }) => fail(detail));

function fail(text) {
  $("failure").textContent = text;
  $("failure").hidden = false;
}

globalThis.connection = connection; // for those who look into it with the browser's tools

/** A browser without candidates has no network: most do not use loopback alone. */
function watchGathering(pc) {
  setTimeout(() => {
    if (pc.connectionState === "new" && !/^a=candidate:/m.test(pc.localDescription?.sdp)) {
      fail("This browser has found no network interface. Most browsers do not use the loopback interface: " +
        "connect this machine to a network, or start Chromium with --allow-loopback-in-peer-connection.");
    }
  }, 8000);
}

// The diagram.

connection.addEventListener("remote-event", ({ detail }) => {
  diagram.sync(detail.at);
  diagram.add(detail);
});
connection.addEventListener("sent", ({ detail }) => diagram.arrow("Peer A", "Signal channel", "signal", describe(detail)));
connection.addEventListener("received", ({ detail }) => diagram.arrow("Signal channel", "Peer A", "signal", describe(detail)));
connection.addEventListener("state", ({ detail: name }) => {
  const pc = connection.pc;
  const words = {
    signalingstate: ["signaling", pc.signalingState],
    icegatheringstate: ["gathering", pc.iceGatheringState],
    iceconnectionstate: ["ICE", pc.iceConnectionState],
    connectionstate: ["connection", pc.connectionState],
  }[name];
  diagram.note("Peer A", words[0] === "ICE" ? "check" : "state", words.join(": "));
  pill("connection-state", pc.connectionState);
  pill("signaling-state", pc.signalingState);
  pill("ice-state", pc.iceConnectionState);
});

function describe({ description, candidate }) {
  if (description) return [description.type, sections(description.sdp)].filter(Boolean).join(": ");
  if (!candidate.candidate) return "end of candidates";
  const c = new RTCIceCandidate(candidate);
  const address = c.address?.replace(/^([^:]{8}).*\.local$/, "$1….local"); // hides an address behind a random name
  return `${c.type === "host" ? "" : `${c.type} `}candidate ${address}:${c.port}`;
}

/** sections names the media sections of a description (RFC 8866 §5.14). */
function sections(sdp) {
  return sdp.split(/^m=/m).slice(1).map((section) => {
    const [kind, port] = section.split(" ");
    const unused = port === "0" && !section.includes("a=bundle-only");
    return (unused ? "no " : "") + (kind === "application" ? "data" : kind);
  }).join(", ");
}

function pill(id, state) {
  $(id).textContent = state;
  $(id).dataset.state = state;
}

$("clear").onclick = () => diagram.clear();

// The descriptions.

connection.addEventListener("descriptions", ({ detail: pc }) => ours.show({
  signaling: pc.signalingState,
  currentLocal: pc.currentLocalDescription, currentRemote: pc.currentRemoteDescription,
  pendingLocal: pc.pendingLocalDescription, pendingRemote: pc.pendingRemoteDescription,
  local: pc.localDescription, remote: pc.remoteDescription,
}));
connection.addEventListener("go-descriptions", ({ detail }) => theirs.show(detail));

// Buttons. The first connection is made at full speed.

$("renegotiate").onclick = () => { slow(); connection.negotiate(); };
$("restart").onclick = () => { slow(); connection.restart(); };
$("restart-go").onclick = () => { slow(); connection.ask("restart-ice"); };
$("slow").onchange = slow;

function slow() { connection.slow = $("slow").checked; }

function enable(on) {
  for (const e of document.querySelectorAll(".toolbar button, #chat-form input, #chat-form button, #file-input, #fetch-test, #call")) {
    e.disabled = !on;
  }
}

// Chat.

$("chat-form").onsubmit = (event) => {
  event.preventDefault();
  const text = $("chat-text").value.trim();
  if (!text) return;
  say({ type: "chat", text });
  message("mine", text);
  $("chat-text").value = "";
};

function heard(note) {
  if (note.type === "chat") message("theirs", note.text);
  if (note.type === "kept") {
    message("info", `Go has kept “${note.name}”.`);
    files.kept(note);
  }
}

function message(who, text) {
  $("messages").append(element("li", { class: who }, text));
  $("messages").scrollTop = $("messages").scrollHeight;
}

// Files.

$("fetch-test").onclick = () => say({ type: "send-test", size: Number($("test-size").value) * (1 << 20) });
$("file-input").onchange = ({ target }) => {
  for (const file of target.files) files.send(connection.pc, file);
  target.value = "";
};
const drop = $("drop");
drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
drop.ondragleave = () => drop.classList.remove("over");
drop.ondrop = (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if ($("file-input").disabled) return;
  for (const file of event.dataTransfer.files) files.send(connection.pc, file);
};
