package webrtc

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/signaling"
)

// apply does what a successful signaling operation asks for. It cannot fail:
// what can go wrong from here on shows in the transports' states.
//
// A change of the signaling state is announced once all that comes with it is
// done (webrtc-pc §4.4.1.5 fires its event last): a handler finds the
// transports there.
func (pc *PeerConnection) apply(now time.Time, effects signaling.Effects) {
	var changed []signaling.State
	var media mediaEvents
	for _, effect := range effects {
		switch e := effect.(type) {
		case signaling.StateChanged:
			changed = append(changed, e.State)
		case signaling.LocalICE:
			pc.transport(e.Transport).localICE(now, e)
		case signaling.ICERole:
			pc.transport(e.Transport).setControlling(now, e.Controlling)
		case signaling.RemoteICE:
			pc.transport(e.Transport).remoteICE(now, e)
		case signaling.RemoteCandidate:
			pc.transport(e.Transport).addRemoteCandidate(now, e.Candidate)
		case signaling.RemoteEndOfCandidates:
			pc.transport(e.Transport).endRemoteCandidates(now)
		case signaling.StartDTLS:
			pc.transport(e.Transport).startDTLS(e)
		case signaling.StartData:
			pc.startData(e)
		case signaling.UpdateData:
			pc.updateData(e)
		case signaling.StopData:
			pc.stopData()
		case signaling.CloseTransport:
			pc.closeTransport(now, e.Transport)
		default:
			pc.applyMedia(now, effect, &media)
		}
	}
	pc.offerData()
	for i, s := range changed {
		pc.signalingStateChanged(signalingStateFrom(s), i < len(changed)-1)
	}
	pc.fireMedia(&media)
	pc.refreshStates()
	pc.refreshGathering()
}

// signalingStateChanged announces a state that was reached or, by an implicit
// rollback, passed through: the descriptions were those of stable then.
func (pc *PeerConnection) signalingStateChanged(state SignalingState, passed bool) {
	pc.log.Debug("signaling state", "state", state)
	if state == SignalingStateStable && !passed {
		pc.dropPool()
	}
	pc.dirty = true
	pc.publish()
	v := *pc.view.Load()
	v.signaling = state
	if passed {
		v.descriptions = v.descriptions.InForce()
	}
	announceView(pc, &v, &pc.handlers.signalingState, state)
}

// transport returns the transport with the id that the signaling machine
// gave it, and makes it at its first use.
func (pc *PeerConnection) transport(id signaling.TransportID) *transport {
	for _, t := range pc.transports {
		if t.id == id {
			return t
		}
	}
	t := pc.early
	if t == nil || t.id != id {
		t = pc.pooled(id)
	} else {
		pc.early = nil
	}
	pc.transports = append(pc.transports, t)
	return t
}

// closeTransport takes a transport out of use, as a rollback of the
// description that brought it in does.
func (pc *PeerConnection) closeTransport(now time.Time, id signaling.TransportID) {
	for i, t := range pc.transports {
		if t.id == id {
			pc.transports = append(pc.transports[:i:i], pc.transports[i+1:]...)
			if t.media.Load() != nil {
				rest := slices.DeleteFunc(slices.Clone(*pc.mediaTransports.Load()), func(o *transport) bool { return o == t })
				pc.mediaTransports.Store(&rest)
			}
			t.detach(now)
			pc.tasks.Go(t.close)
			return
		}
	}
}
