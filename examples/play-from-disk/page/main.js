// One request with the offer, one answer: see internal/exchange.

const state = document.getElementById("state");
const video = document.getElementById("video");

async function connect() {
  const pc = new RTCPeerConnection();
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.addTransceiver("audio", { direction: "recvonly" });
  pc.ontrack = ({ streams: [stream] }) => { video.srcObject = stream; };
  pc.onconnectionstatechange = () => { state.textContent = pc.connectionState; };

  await pc.setLocalDescription();
  await new Promise((complete) => { // until all candidates are in the offer
    if (pc.iceGatheringState === "complete") complete();
    pc.onicegatheringstatechange = () => { if (pc.iceGatheringState === "complete") complete(); };
  });
  const response = await fetch("offer", { method: "POST", body: JSON.stringify(pc.localDescription) });
  if (!response.ok) throw new Error(await response.text());
  await pc.setRemoteDescription(await response.json());
}

connect().catch((error) => { state.textContent = `failed: ${error.message}`; });
