package webrtc

import (
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/ice"
)

// agentEvent does what the ICE agent asks for or announces.
func (t *transport) agentEvent(now time.Time, event ice.Event) {
	switch e := event.(type) {
	case ice.Transmit:
		_ = t.transmit(e) // a packet lost: the agent's timers find out
	case ice.StateChanged:
		t.iceStateChanged(now, iceTransportStateFrom(e.State))
	case ice.SelectedPairChanged:
		t.confirm(now, e.Pair.Base, e.Pair.To, false)
		t.selectedPairChanged(e.Pair)
	case ice.FlightReceived:
		t.dtls.Load().HandleDatagram(e.Data)
	case ice.RoleChanged:
		t.roleChanged(e.Controlling)
	}
}

func (t *transport) roleChanged(controlling bool) {
	role := ICERoleControlled
	if controlling {
		role = ICERoleControlling
	}
	t.publicICE.role.Store(int32(role))
}

// gathered follows the gatherer: its sockets get readers, its candidates go to
// the agent, into the local description and to the program.
func (t *transport) gathered(now time.Time, event ice.GatherEvent) {
	switch e := event.(type) {
	case ice.Transmit:
		if err := t.transmit(e); err != nil {
			t.gatherer.HandleSendError(now, e.Base, e.To, err)
		}
	case ice.SocketOpened:
		t.socketOpened(e)
	case ice.SocketClosed:
		delete(t.sockets, e.ID)
		t.agent.RemoveBase(now, e.ID)
	case ice.CandidateFound:
		t.candidateFound(now, e)
	case ice.HiddenCandidate:
		t.agent.AddLocalCandidate(now, e.Candidate, e.Base)
	case ice.CandidateError:
		t.candidateError(e)
	case ice.GatheringStateChanged:
		t.gatheringChanged(now, e)
	case ice.Resolved:
		t.resolved(now, e)
	}
}

func (t *transport) candidateFound(now time.Time, e ice.CandidateFound) {
	if e.Candidate.Ufrag() != t.localUfrag {
		return // of a generation that was rolled back
	}
	t.agent.AddLocalCandidate(now, e.Candidate, e.Base)
	// A description names the generation once, in a=ice-ufrag.
	places := t.pc.machine.AddLocalCandidate(t.id, t.localUfrag, e.Candidate.WithUfrag("").Marshal())
	t.pc.dirty = true
	t.log.Debug("local candidate", "candidate", e.Candidate)
	local := *candidateFrom(e.Candidate)
	local.url = e.URL
	t.publicICE.locals.add(local)
	if t.pc.gatheringState == ICEGatheringStateComplete && !t.pc.announcesLate() {
		return
	}
	for _, place := range places {
		candidate := candidateFrom(e.Candidate)
		candidate.SDPMid, candidate.SDPMLineIndex, candidate.url = place.Mid, place.Index, e.URL
		t.pc.fireCandidate(candidate)
	}
}

// shownLocal is what the program gets to see of a local candidate of the agent's. Where
// the host's addresses are hidden that is the name that was announced in place of one, or
// nothing: what programs pass on, statistics above all, has no address in it either.
func (t *transport) shownLocal(c ice.Candidate) *ICECandidate {
	out := candidateFrom(c)
	if t.pc.api.settings.gather.MulticastDNS != ice.MulticastDNSModeQueryAndGather {
		return out
	}
	switch out.Typ {
	case ICECandidateTypeHost:
		for _, named := range t.publicICE.locals.list() {
			if named.Typ == out.Typ && named.Foundation == out.Foundation && named.Priority == out.Priority && named.Port == out.Port {
				return &named
			}
		}
		out.Address = ""
	case ICECandidateTypePrflx: // a relayed one's base is at its server
		out.RelatedAddress, out.RelatedPort = "", 0
	}
	return out
}

// gatheringChanged is webrtc-pc §5.6.3: the end of a generation is a candidate
// of its own, for the peer; then come the transport's state and the
// connection's.
func (t *transport) gatheringChanged(now time.Time, e ice.GatheringStateChanged) {
	state := ICEGatheringState(e.State)
	if state == t.gathering {
		return
	}
	if state == ICEGatheringStateComplete {
		t.agent.EndOfLocalCandidates(now)
		for _, place := range t.pc.machine.EndOfLocalCandidates(t.id, t.localUfrag) {
			t.pc.fireCandidate(&ICECandidate{
				SDPMid: place.Mid, SDPMLineIndex: place.Index, ufrag: t.localUfrag,
				source: candidateSource{parsed: true}, // as the empty candidate
			})
		}
		t.pc.dirty = true
	}
	t.gathering = state
	gatherer := ICEGathererState(state)
	t.publicICE.gathering.Store(int32(gatherer))
	t.pc.fire(func() {
		if f := t.publicICE.onGathering.get(); f != nil {
			f(gatherer)
		}
	})
	t.pc.refreshGathering()
}

// fireCandidate announces a local candidate (webrtc-pc §4.8.1.1).
func (pc *PeerConnection) fireCandidate(c *ICECandidate) {
	pc.fire(func() {
		if f := pc.handlers.candidate.get(); f != nil {
			f(c)
		}
	})
}

// candidateError announces a failure of gathering (webrtc-pc §4.8.2).
func (t *transport) candidateError(e ice.CandidateError) {
	event := ICECandidateErrorEvent{Address: e.Address, URL: e.URL, ErrorCode: e.Code, ErrorText: e.Text}
	if e.Address != "" {
		event.Port = &e.Port
	}
	t.log.Debug("candidate error", "url", e.URL, "code", e.Code, "text", e.Text)
	t.pc.fire(func() {
		if f := t.pc.handlers.candidateError.get(); f != nil {
			f(event)
		}
	})
}

// resolved takes the answer for a remote .local name; without one the
// candidate is of no use.
func (t *transport) resolved(now time.Time, e ice.Resolved) {
	t.resolving--
	if e.Err == nil {
		t.offerRemoteCandidate(now, e.Candidate)
	} else {
		t.log.Debug("remote candidate not resolved", "candidate", e.Candidate, "reason", e.Err)
	}
	if t.ended && t.resolving == 0 {
		t.agent.EndOfRemoteCandidates(now)
	}
}

func iceTransportStateFrom(s ice.ConnectionState) ICETransportState {
	switch s {
	case ice.ConnectionStateNew:
		return ICETransportStateNew
	case ice.ConnectionStateChecking:
		return ICETransportStateChecking
	case ice.ConnectionStateConnected:
		return ICETransportStateConnected
	case ice.ConnectionStateCompleted:
		return ICETransportStateCompleted
	case ice.ConnectionStateDisconnected:
		return ICETransportStateDisconnected
	case ice.ConnectionStateFailed:
		return ICETransportStateFailed
	default:
		return ICETransportStateClosed
	}
}

// A candidateList is a list that the loop writes and getters read.
type candidateList struct {
	mu  sync.Mutex // guards all
	all []ICECandidate
}

// maxListedCandidates bounds what a peer can make the list of its candidates
// hold.
const maxListedCandidates = 256

func (l *candidateList) add(c ICECandidate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) >= maxListedCandidates {
		return
	}
	l.all = append(l.all, c)
}

func (l *candidateList) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = nil
}

func (l *candidateList) list() []ICECandidate {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]ICECandidate(nil), l.all...)
}
