// Runs page/peer.js with one of the WebRTC implementations for Node.js: lines
// of JSON on standard input and output.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const vm = require('node:vm');
const {createRequire} = require('node:module');
const load = createRequire(path.join(__dirname, '../node/package.json'));

const implementations = {
  libdatachannel: () => load('node-datachannel/polyfill').RTCPeerConnection,
  werift: () => require('./werift.cjs')(load('werift')),
  wrtc: () => require('./wrtc.cjs')(load('@roamhq/wrtc')),
};

const output = process.stdout.write.bind(process.stdout);
console.log = console.info = console.debug = console.error; // output belongs to the test
globalThis.RTCPeerConnection = implementations[process.argv[2]]();
const file = path.join(__dirname, '../page/peer.js');
vm.runInThisContext(fs.readFileSync(file, 'utf8'), {filename: file});
const handle = vm.runInThisContext('speak')((text) => output(text + '\n'));
readline.createInterface({input: process.stdin}).on('line', handle).on('close', () => process.exit(0));
