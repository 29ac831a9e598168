// The workloads of data channels on node-datachannel (libdatachannel):
//
//	node channels.cjs NODE_MODULES '{"Processes":1,"Size":1024,"Reliable":true,"Echo":false,"Seconds":2}'
//
// The figures are those of channels.go, without allocations.
'use strict';

const path = require('node:path');
const { fork } = require('node:child_process');

const [, , modules, text, role] = process.argv;
const { PeerConnection, cleanup } = require(path.resolve(modules, 'node-datachannel'));
const plan = JSON.parse(text);
const highWater = 1 << 20;
const config = { iceServers: [], bindAddress: '127.0.0.1', maxMessageSize: 256 << 10 };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };

// answerer makes the end that counts, or echoes. tell gets what the offerer has to know.
function answerer(tell) {
	const pc = new PeerConnection('answerer', config);
	const seen = { items: 0, bytes: 0 };
	let channel;
	pc.onLocalDescription((sdp, type) => tell({ sdp, type }));
	pc.onLocalCandidate((candidate, mid) => tell({ candidate, mid }));
	pc.onDataChannel((c) => {
		channel = c;
		c.onMessage((m) => {
			seen.items++;
			seen.bytes += m.byteLength ?? m.length;
			if (plan.Echo) channel.sendMessageBinary(m);
		});
	});
	return { hear: (m) => hear(pc, m), seen, pc };
}

// hear takes a description or a candidate. Candidates may overtake the description that
// they belong to, and wait for it then.
function hear(pc, m) {
	pc.early ??= [];
	if (m.sdp) {
		pc.setRemoteDescription(m.sdp, m.type);
		for (const c of pc.early.splice(0)) pc.addRemoteCandidate(c.candidate, c.mid);
		pc.described = true;
	} else if (pc.described) {
		pc.addRemoteCandidate(m.candidate, m.mid);
	} else {
		pc.early.push(m);
	}
}

// far starts the answering end, here or in a process of its own. ask returns what it has counted.
function far(tell) {
	if (plan.Processes === 1) {
		const end = answerer(tell);
		return { hear: end.hear, ask: async () => ({ ...end.seen, cpu: 0, at: performance.now() }), close() { end.pc.close(); } };
	}
	const child = fork(__filename, [modules, text, 'far']);
	let reply;
	child.on('message', (m) => { if ('at' in m) reply(m); else tell(m); });
	return {
		hear: (m) => child.send(m),
		ask: () => new Promise((resolve) => { reply = resolve; child.send({ ask: true }); }),
		close() { child.kill(); },
	};
}

function serve() {
	const end = answerer((m) => process.send(m));
	process.on('message', (m) => {
		if (m.ask) process.send({ ...end.seen, cpu: cpu(), at: performance.now() });
		else end.hear(m);
	});
	process.on('disconnect', () => process.exit(0));
}

async function main() {
	const pc = new PeerConnection('offerer', config);
	const end = far((m) => hear(pc, m));
	pc.onLocalDescription((sdp, type) => end.hear({ sdp, type }));
	pc.onLocalCandidate((candidate, mid) => end.hear({ candidate, mid }));
	const init = plan.Reliable ? {} : { unordered: true, maxRetransmits: 0 };
	const channel = pc.createDataChannel('data', init);
	await new Promise((resolve) => channel.onOpen(resolve));
	const figures = await (plan.Echo ? pingPong(channel, end) : throughput(channel, end));
	process.stdout.write(JSON.stringify(figures) + '\n');
	end.close();
	pc.close();
	cleanup();
}

async function throughput(channel, end) {
	const message = Buffer.alloc(plan.Size);
	let stopped = false;
	let sent = 0;
	let wake = () => {};
	channel.setBufferedAmountLowThreshold(highWater / 2);
	channel.onBufferedAmountLow(() => wake());
	const sender = (async () => {
		while (!stopped) {
			// In turns, so that the events of the channel are not kept waiting.
			for (let i = 0; i < 64 && channel.bufferedAmount() <= highWater; i++) {
				channel.sendMessageBinary(message);
				sent++;
			}
			if (channel.bufferedAmount() > highWater) {
				await new Promise((resolve) => { wake = resolve; setTimeout(resolve, 20); });
			} else {
				await new Promise(setImmediate);
			}
		}
	})();
	await sleep(500);
	const [far0, near0, sent0] = [await end.ask(), cpu(), sent];
	await sleep(plan.Seconds * 1000);
	const [near1, sent1, far1] = [cpu(), sent, await end.ask()];
	stopped = true;
	wake();
	await sender;
	const bytes = far1.bytes - far0.bytes;
	const figures = [
		{ Name: 'rate', Unit: 'Mbit/s', Value: bytes * 8 / 1e3 / (far1.at - far0.at) },
		{ Name: 'CPU, both ends', Unit: 's/GB', Value: (near1 - near0 + far1.cpu - far0.cpu) / bytes * 1e9 },
	];
	if (!plan.Reliable) figures.push({ Name: 'arrived', Unit: '%', Value: 100 * (far1.items - far0.items) / (sent1 - sent0) });
	return figures;
}

async function pingPong(channel, end) {
	const message = Buffer.alloc(plan.Size);
	const trips = [];
	let until = performance.now() + 500;
	let start;
	let finished;
	const ping = () => { start = performance.now(); channel.sendMessageBinary(message); };
	channel.onMessage(() => {
		const now = performance.now();
		trips.push((now - start) * 1e3);
		if (now < until) ping(); else finished();
	});
	const play = () => new Promise((resolve) => { finished = resolve; ping(); });
	await play();
	trips.length = 0;
	const [far0, near0] = [await end.ask(), cpu()];
	until = performance.now() + plan.Seconds * 1000;
	await play();
	const [near1, far1] = [cpu(), await end.ask()];
	trips.sort((a, b) => a - b);
	const at = (p) => trips[Math.round(p / 100 * (trips.length - 1))];
	return [
		{ Name: 'round trip, p50', Unit: 'µs', Value: at(50) },
		{ Name: 'round trip, p99', Unit: 'µs', Value: at(99) },
		{ Name: 'CPU, both ends', Unit: 'µs per trip', Value: (near1 - near0 + far1.cpu - far0.cpu) / trips.length * 1e6 },
	];
}

if (role === 'far') serve();
else main().catch((err) => { console.error(err); process.exit(1); });
