package webrtc

import (
	"iter"

	"github.com/parleyrtc/webrtc/signaling"
)

// refreshStates derives the connection's states from its transports' and
// fires the events of those that changed, in the order of webrtc-pc §5.6.4:
// iceconnectionstatechange, then connectionstatechange.
func (pc *PeerConnection) refreshStates() {
	if pc.isClosed.Load() {
		return
	}
	ice, state := pc.deriveICEState(), pc.deriveState()
	iceChanged, changed := ice != pc.iceState, state != pc.state
	if !iceChanged && !changed {
		return
	}
	pc.iceState, pc.state, pc.dirty = ice, state, true
	if iceChanged {
		pc.log.Info("ice connection state", "state", ice)
		announce(pc, &pc.handlers.iceState, ice)
	}
	if changed {
		pc.log.Info("connection state", "state", state)
		announce(pc, &pc.handlers.state, state)
	}
}

// transportsInUse are those that the connection's states derive from. While an
// answer is provisional, transports of sections that it bundles elsewhere wait
// without a peer for the final one, which may say otherwise (RFC 9429 §4.1.10.1):
// nothing is to come of them meanwhile.
func (pc *PeerConnection) transportsInUse() iter.Seq[*transport] {
	state := pc.machine.State()
	provisional := state == signaling.HaveLocalPranswer || state == signaling.HaveRemotePranswer
	return func(yield func(*transport) bool) {
		for _, t := range pc.transports {
			if provisional && t.publicICE.remote.Load() == nil {
				continue
			}
			if !yield(t) {
				return
			}
		}
	}
}

// deriveICEState is the table of webrtc-pc §4.3.4 (RTCIceConnectionState).
func (pc *PeerConnection) deriveICEState() ICEConnectionState {
	var n [ICETransportStateClosed + 1]int
	total := 0
	for t := range pc.transportsInUse() {
		n[t.iceState]++
		total++
	}
	closed := n[ICETransportStateClosed]
	switch {
	case n[ICETransportStateFailed] > 0:
		return ICEConnectionStateFailed
	case n[ICETransportStateDisconnected] > 0:
		return ICEConnectionStateDisconnected
	case n[ICETransportStateNew]+closed == total:
		return ICEConnectionStateNew
	case n[ICETransportStateNew]+n[ICETransportStateChecking] > 0:
		return ICEConnectionStateChecking
	case n[ICETransportStateCompleted]+closed == total:
		return ICEConnectionStateCompleted
	default:
		return ICEConnectionStateConnected
	}
}

// deriveState is the table of webrtc-pc §4.3.3 (RTCPeerConnectionState).
func (pc *PeerConnection) deriveState() PeerConnectionState {
	var ice [ICETransportStateClosed + 1]int
	var dtls [DTLSTransportStateFailed + 1]int
	total := 0
	for t := range pc.transportsInUse() {
		ice[t.iceState]++
		dtls[t.dtlsState]++
		total++
	}
	iceUp := ice[ICETransportStateConnected] + ice[ICETransportStateCompleted] + ice[ICETransportStateClosed]
	switch {
	case ice[ICETransportStateFailed]+dtls[DTLSTransportStateFailed] > 0:
		return PeerConnectionStateFailed
	case ice[ICETransportStateDisconnected] > 0:
		return PeerConnectionStateDisconnected
	case ice[ICETransportStateNew]+ice[ICETransportStateClosed] == total &&
		dtls[DTLSTransportStateNew]+dtls[DTLSTransportStateClosed] == total:
		return PeerConnectionStateNew
	case iceUp == total && dtls[DTLSTransportStateConnected]+dtls[DTLSTransportStateClosed] == total:
		return PeerConnectionStateConnected
	default:
		return PeerConnectionStateConnecting
	}
}

// refreshGathering derives the gathering state (webrtc-pc §4.3.2) and fires
// its event; complete is followed by the nil candidate (webrtc-pc §5.6.5).
func (pc *PeerConnection) refreshGathering() {
	state := pc.deriveGathering()
	if pc.isClosed.Load() || state == pc.gatheringState {
		return
	}
	pc.gatheringState, pc.dirty = state, true
	announce(pc, &pc.handlers.gatheringState, state)
	if state == ICEGatheringStateComplete {
		pc.gatheringEnded()
		pc.fire(func() {
			if f := pc.handlers.candidate.get(); f != nil {
				f(nil)
			}
		})
	}
}

func (pc *PeerConnection) deriveGathering() ICEGatheringState {
	complete := 0
	for _, t := range pc.transports {
		switch t.gathering {
		case ICEGatheringStateGathering:
			return ICEGatheringStateGathering
		case ICEGatheringStateComplete:
			complete++
		}
	}
	if complete > 0 && complete == len(pc.transports) {
		return ICEGatheringStateComplete
	}
	return ICEGatheringStateNew
}
