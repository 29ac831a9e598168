// One request with the offer, one answer: see internal/exchange.

const start = document.getElementById("start");
const state = document.getElementById("state");
const video = document.getElementById("video");
let pc = null;

async function connect() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
  video.srcObject = stream;
  pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  pc.onconnectionstatechange = () => { state.textContent = `The connection is ${pc.connectionState}.`; };

  await pc.setLocalDescription();
  await new Promise((complete) => { // until all candidates are in the offer
    if (pc.iceGatheringState === "complete") complete();
    pc.onicegatheringstatechange = () => { if (pc.iceGatheringState === "complete") complete(); };
  });
  const response = await fetch("offer", { method: "POST", body: JSON.stringify(pc.localDescription) });
  if (!response.ok) throw new Error(await response.text());
  await pc.setRemoteDescription(await response.json());
}

function end() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  pc?.close(); // which Go learns at once: the files are complete
  pc = null;
  state.textContent = "The files are complete.";
}

start.onclick = async () => {
  start.disabled = true;
  try {
    if (pc) end();
    else await connect();
  } catch (error) {
    state.textContent = `Failed: ${error.message}`;
  }
  start.textContent = pc ? "Stop" : "Start";
  start.disabled = false;
};
