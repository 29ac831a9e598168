package webrtc

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// An ICETransport is the path that a connection's packets take: it finds,
// proves and watches it (webrtc-pc §5.6). A PeerConnection makes it; find it
// through SCTPTransport.Transport and DTLSTransport.ICETransport.
type ICETransport struct {
	transport *transport

	state     atomic.Int32
	gathering atomic.Int32
	role      atomic.Int32
	local     atomic.Pointer[ICEParameters]
	remote    atomic.Pointer[ICEParameters]
	selected  atomic.Pointer[ICECandidatePair]
	locals    candidateList
	remotes   candidateList

	onState     handler[func(ICETransportState)]
	onGathering handler[func(ICEGathererState)]
	onSelected  handler[func(*ICECandidatePair)]
}

// State returns the state of the transport (webrtc-pc §5.6.4).
func (t *ICETransport) State() ICETransportState { return ICETransportState(t.state.Load()) }

// Role returns which side of ICE this endpoint is on (RFC 8445 §6.1.1).
func (t *ICETransport) Role() ICERole { return ICERole(t.role.Load()) }

// Component returns ICEComponentRTP: RTCP shares the component.
func (t *ICETransport) Component() ICEComponent { return ICEComponentRTP }

// GatheringState returns whether local candidates are being gathered
// (webrtc-pc §5.6.3).
func (t *ICETransport) GatheringState() ICEGathererState {
	return ICEGathererState(t.gathering.Load())
}

// GetSelectedCandidatePair returns the pair that packets are sent on, or nil
// without one. The error is always nil.
func (t *ICETransport) GetSelectedCandidatePair() (*ICECandidatePair, error) {
	return t.selected.Load(), nil
}

// GetLocalParameters returns the credentials in use, or an InvalidStateError
// before a local description was set.
func (t *ICETransport) GetLocalParameters() (ICEParameters, error) {
	return parameters(t.local.Load(), "local")
}

// GetRemoteParameters returns the peer's credentials, or an InvalidStateError
// before they are known.
func (t *ICETransport) GetRemoteParameters() (ICEParameters, error) {
	return parameters(t.remote.Load(), "remote")
}

// GetLocalCandidates returns the candidates gathered for the current
// generation.
func (t *ICETransport) GetLocalCandidates() []ICECandidate { return t.locals.list() }

// GetRemoteCandidates returns the peer's candidates of the current generation,
// as they were signaled.
func (t *ICETransport) GetRemoteCandidates() []ICECandidate { return t.remotes.list() }

// OnConnectionStateChange sets the handler for changes of State.
func (t *ICETransport) OnConnectionStateChange(f func(ICETransportState)) { t.onState.set(f) }

// OnGatheringStateChange sets the handler for changes of GatheringState.
func (t *ICETransport) OnGatheringStateChange(f func(ICEGathererState)) { t.onGathering.set(f) }

// OnSelectedCandidatePairChange sets the handler for changes of the selected
// pair.
func (t *ICETransport) OnSelectedCandidatePairChange(f func(*ICECandidatePair)) {
	t.onSelected.set(f)
}

func parameters(p *ICEParameters, side string) (ICEParameters, error) {
	if p == nil {
		return ICEParameters{}, &rtcerr.InvalidStateError{Err: fmt.Errorf("the %s ICE parameters are not known yet", side)}
	}
	return *p, nil
}

// setICEState records the state of a transport's ICE; the events follow in
// announceICE.
func (t *transport) setICEState(s ICETransportState) (changed bool) {
	changed = t.iceState != s
	t.iceState = s
	t.publicICE.state.Store(int32(s))
	return changed
}

// iceStateChanged does what webrtc-pc §5.6.4 does when the agent's state
// changes: the transport's event comes first, then the connection's.
func (t *transport) iceStateChanged(now time.Time, s ICETransportState) {
	if !t.setICEState(s) {
		return
	}
	switch s {
	case ICETransportStateCompleted, ICETransportStateFailed:
		t.gatherer.Conclude(now)
	case ICETransportStateDisconnected:
		t.gatherer.Rescan(now) // the address of the path may be gone
	}
	t.log.Debug("ice state", "state", s)
	t.pc.fire(func() {
		if f := t.publicICE.onState.get(); f != nil {
			f(s)
		}
	})
	t.pc.refreshStates()
}

// selectedPairChanged sends packets over the new pair from now on. The zero
// pair stands for none: consent is gone, and nothing may be sent (RFC 7675
// §5.1).
func (t *transport) selectedPairChanged(p ice.Pair) {
	t.noteMediaSent()
	s := t.sockets[p.Base]
	if s == nil || p.IsZero() {
		t.path.Store(nil)
		t.publicICE.selected.Store(nil)
		return
	}
	t.path.Store(&path{conn: s.conn, to: p.To, traffic: t.trafficOf(pairKey{p.Base, p.To})})
	t.pairChanges++
	pair := &ICECandidatePair{Local: t.shownLocal(p.Local), Remote: candidateFrom(p.Remote)}
	t.publicICE.selected.Store(pair)
	t.log.Info("selected pair", "local", p.Local, "remote", p.Remote)
	t.pc.fire(func() {
		if f := t.publicICE.onSelected.get(); f != nil {
			f(pair)
		}
	})
	t.startPendingDTLS()
	t.flushFlights()
}
