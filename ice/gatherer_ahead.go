package ice

import (
	"maps"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/mux"
)

// ahead is what a gatherer keeps that gathers before there is a generation: a
// member of the ICE candidate pool (RFC 9429 §3.5.4).
type ahead struct {
	// gathering: there is no generation yet.
	gathering bool
	// stale: the servers have changed since.
	stale bool
	// held are the events that wait for the generation.
	held []GatherEvent
}

// GatherAhead starts gathering for a generation that is still to come. The next
// Gather takes what was found, with its own username fragment, and lets the rest
// follow; if SetServers was called in between it begins anew. Until then the owner
// hears of sockets alone, which it has to read, and of packets to send. After the
// first Gather it does nothing.
func (g *Gatherer) GatherAhead(now time.Time) {
	if g.edge.isClosed() || g.generation > 0 && !g.ahead.gathering {
		return
	}
	g.state, g.ahead = GatheringStateNew, ahead{gathering: true}
	g.begin(now, "")
}

// holds keeps an event back that is not to be told before there is a generation.
func (a *ahead) holds(e GatherEvent) bool {
	if !a.gathering {
		return false
	}
	switch e := e.(type) {
	case CandidateFound, HiddenCandidate, CandidateError, GatheringStateChanged:
		a.held = append(a.held, e)
		return true
	case SocketClosed:
		a.held = slices.DeleteFunc(a.held, func(h GatherEvent) bool {
			switch h := h.(type) {
			case CandidateFound:
				return h.Base == e.ID
			case HiddenCandidate:
				return h.Base == e.ID
			}
			return false
		})
	}
	return false
}

// adopt makes what was gathered ahead the generation's of ufrag. It reports false
// if there is nothing that could be.
func (g *Gatherer) adopt(ufrag string) bool {
	a := g.ahead
	g.ahead = ahead{}
	if !a.gathering || a.stale {
		return false
	}
	g.ufrag = ufrag
	for _, id := range slices.Sorted(maps.Keys(g.sockets)) {
		s := g.sockets[id]
		if shared, ok := s.conn.(mux.Conn); ok && s.generation == g.generation {
			if err := shared.AddUfrag(ufrag); err != nil {
				g.listenFailed(s.addresses[0], err)
			}
		}
	}
	for i := range g.found {
		g.found[i].Candidate = g.found[i].Candidate.WithUfrag(ufrag)
	}
	for _, e := range a.held {
		switch e := e.(type) {
		case CandidateFound:
			e.Candidate = e.Candidate.WithUfrag(ufrag)
			g.emit(e)
		case HiddenCandidate:
			e.Candidate = e.Candidate.WithUfrag(ufrag)
			g.emit(e)
		default:
			g.emit(e)
		}
	}
	return true
}
