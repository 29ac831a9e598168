// A peer that a test drives by messages of JSON: the test calls methods, the
// peer answers and reports candidates and events as they happen. It runs in a
// page, and in Node.js with an implementation that has the API of browsers.
'use strict';
const AsyncFunction = (async () => {}).constructor;
let pc, closed, session, channels, messages, report;

// speak takes the function that sends a message to the test and returns the
// one that takes the test's.
function speak(write) {
  report = (m) => write(JSON.stringify(m));
  return async (text) => {
    const {id, method, args} = JSON.parse(text);
    try {
      const value = await methods[method](...args);
      report({id, value: value === undefined ? null : value});
    } catch (err) {
      report({id, error: `${err.name}: ${err.message}`});
    }
  };
}

const methods = {
  // start makes a fresh connection whose candidates go to the test.
  start(config, name) {
    if (pc) pc.close();
    const mine = new RTCPeerConnection(config || {});
    pc = mine;
    closed = false;
    session = name;
    channels = {};
    messages = {};
    pc.onicecandidate = (e) => report({session: name, candidate: e.candidate ? e.candidate.toJSON() : null});
    pc.ondatachannel = (e) => adopt(e.channel);
    pc.onconnectionstatechange = () => event('connectionstate', mine.connectionState, name);
  },

  // eval runs the body of an async function; its argument is there as "args".
  eval: (code, args) => new AsyncFunction('args', code)(args),

  async offer() {
    await pc.setLocalDescription();
    return plain(pc.localDescription);
  },

  async answer(offer) {
    await pc.setRemoteDescription(offer);
    await pc.setLocalDescription();
    return plain(pc.localDescription);
  },

  accept: (answer) => pc.setRemoteDescription(answer),

  // addCandidate adds a candidate once the description of its generation is set.
  async addCandidate(c) {
    const mine = pc;
    const has = (d) => d && (!c.usernameFragment || d.sdp.includes('a=ice-ufrag:' + c.usernameFragment));
    const over = () => mine !== pc || mine.signalingState === 'closed' || closed;
    await until(() => over() || has(pc.remoteDescription), 'the description of a candidate');
    if (!over()) await pc.addIceCandidate(c);
  },

  open(label, options) {
    adopt(pc.createDataChannel(label, options || {}));
  },

  describeChannel(label) {
    const {id, ordered, protocol, maxRetransmits, maxPacketLifeTime, negotiated, readyState} = channels[label];
    return {id, ordered, protocol, maxRetransmits, maxPacketLifeTime, negotiated, readyState};
  },

  sendText: (label, text) => channels[label].send(text),
  sendPattern: (label, length, seed) => channels[label].send(pattern(length, seed)),

  // received waits for a number of messages and describes what is there.
  async received(label, count) {
    try {
      await until(() => (messages[label] || []).length >= count, `${count} messages on ${label}`);
    } catch (err) {
      throw new Error(`${err.message}; ${await countsOf(label)}`);
    }
    return Promise.all(messages[label].map(describe));
  },

  closeChannel: (label) => channels[label].close(),
  restart: () => pc.restartIce(),

  close() {
    closed = true;
    pc.close();
  },
};

const plain = (d) => ({type: d.type, sdp: d.sdp});
const event = (name, detail, of = session) => report({session: of, event: name, detail});

// adopt records what happens on a channel.
function adopt(channel) {
  const label = channel.label, of = session, list = messages[label] = messages[label] || [];
  channel.binaryType = 'arraybuffer';
  channels[label] = channel;
  channel.onmessage = (e) => list.push(e.data);
  channel.onopen = () => event('open', label, of);
  channel.onclosing = () => event('closing', label, of);
  channel.onclose = () => event('close', label, of);
  channel.onerror = () => event('error', label, of);
  if (channel.readyState === 'open') event('open', label, of);
  return channel;
}

async function until(condition, what, limit = 20000) {
  const deadline = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 5));
  }
}

// describe returns a message for the test: its text, or a digest of its bytes.
async function describe(data) {
  if (typeof data === 'string') return {text: data};
  return {length: data.byteLength, sha256: await digest(data)};
}

async function digest(buffer) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
  return Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join('');
}

// countsOf tells what the connection itself has counted for a channel.
async function countsOf(label) {
  const stats = [...(await pc.getStats()).values()].filter((s) => s.type === 'data-channel' && s.label === label);
  return JSON.stringify({delivered: (messages[label] || []).length, stats});
}

// pattern fills a buffer as the test's own pattern function does.
function pattern(length, seed) {
  const out = new Uint8Array(length);
  let x = seed >>> 0;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    out[i] = x >>> 24;
  }
  return out;
}

// join puts the binary messages of a channel together.
async function join(label) {
  return new Uint8Array(await new Blob(messages[label]).arrayBuffer());
}

// sendAll sends a buffer in chunks, at the pace of the network.
async function sendAll(channel, bytes, chunk) {
  channel.bufferedAmountLowThreshold = 1 << 20;
  for (let i = 0; i < bytes.length; i += chunk) {
    if (channel.bufferedAmount > 4 << 20) {
      await new Promise((r) => { channel.onbufferedamountlow = r; });
    }
    channel.send(bytes.subarray(i, i + chunk));
  }
}
