package signaling

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// walker is an endpoint with a program that negotiates as webrtc-pc §10.7
// ("perfect negotiation") shows, and a channel to its peer.
type walker struct {
	*endpoint
	polite bool
	peer   *walker
	inbox  []message
	gather []generation // credentials that local candidates may come for
}

// message is what crosses the signal channel.
type message struct {
	description *Description
	candidate   *Candidate
	reject      bool
}

func (w *walker) send(m message) { w.peer.inbox = append(w.peer.inbox, m) }

// did looks for credentials to gather for in the effects of the last call.
func (w *walker) did() {
	for _, f := range w.effects {
		if l, ok := f.(LocalICE); ok && !l.Rollback {
			w.gather = append(w.gather, generation{l.Transport, l.Parameters.Ufrag})
		}
	}
}

// negotiate offers, if that is possible.
func (w *walker) negotiate(restart bool) {
	if w.State() != Stable {
		return
	}
	var d Description
	if restart {
		d = w.restart()
	} else {
		d = w.offer()
	}
	w.did()
	w.send(message{description: &d})
}

// candidate gathers one more candidate of some generation.
func (w *walker) candidate(r *rand.Rand) {
	if len(w.gather) == 0 {
		return
	}
	g := w.gather[r.IntN(len(w.gather))]
	c := host(r.IntN(20))
	for _, s := range w.AddLocalCandidate(g.transport, g.ufrag, c) {
		w.send(message{candidate: &Candidate{Candidate: c, Mid: &s.Mid, Ufrag: &g.ufrag}})
	}
}

// receive handles the next message.
func (w *walker) receive(r *rand.Rand) {
	if len(w.inbox) == 0 {
		return
	}
	m := w.inbox[0]
	w.inbox = w.inbox[1:]
	switch {
	case m.reject:
		if w.State() == HaveLocalOffer {
			w.setRemote(Description{Type: Rollback})
		}
	case m.candidate != nil:
		// Those of offers that were ignored or rejected are refused.
		if effects, err := w.AddRemoteCandidate(*m.candidate); err == nil {
			w.apply(effects)
		}
	case m.description.Type == Offer:
		if !w.polite && w.State() != Stable {
			return
		}
		w.setRemote(*m.description)
		if r.IntN(8) == 0 {
			w.setRemote(Description{Type: Rollback})
			w.send(message{reject: true})
			return
		}
		for range r.IntN(3) {
			d := w.pranswer()
			w.did()
			w.send(message{description: &d})
		}
		w.setLocal(Description{})
		w.did()
		w.send(message{description: w.CurrentLocal()})
	default:
		w.setRemote(*m.description)
		w.did()
	}
}

// change does something to the transceivers of a walker at random.
func (w *walker) change(r *rand.Rand) {
	directions := []sdp.Direction{sdp.DirectionSendrecv, sdp.DirectionSendonly, sdp.DirectionRecvonly, sdp.DirectionInactive}
	kind := codec.Kind(1 + r.IntN(2))
	var t *transceiver
	if n := len(w.world.transceivers); n > 0 {
		t = w.world.transceivers[r.IntN(n)]
	}
	switch n := r.IntN(10); {
	case n < 2 && len(w.world.transceivers) < 8:
		w.add(kind, directions[r.IntN(4)], fmt.Sprint("stream", r.IntN(3)))
	case n < 4 && len(w.world.transceivers) < 8:
		w.addTrack(kind, fmt.Sprint("stream", r.IntN(3)))
	case n < 5 && len(w.world.transceivers) < 8:
		w.addSimulcast("q", "h", "f")
	case t == nil || t.Stopping:
	case n < 6:
		w.stop(t)
	case n < 7:
		t.StreamIDs = []string{fmt.Sprint("stream", r.IntN(3))}
	case n < 8:
		t.Codecs, t.PreferOwnOrder = slices.Clone(t.Codecs), true
		i := r.IntN(len(t.Codecs))
		t.Codecs[0], t.Codecs[i] = t.Codecs[i], t.Codecs[0]
	default:
		w.turn(t, directions[r.IntN(4)])
	}
	w.refresh()
}

// TestRandomWalksWithMedia is TestRandomWalks with transceivers that come, turn
// and go all the while, on both sides. When it is quiet, both sides have the same
// of them in force, and nothing is left over of the rest.
func TestRandomWalksWithMedia(t *testing.T) {
	seeds := uint64(200)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 11))
		a := &walker{endpoint: newEndpoint(t, "Alice").withMedia(), polite: true}
		b := &walker{endpoint: newEndpoint(t, "Bob").withMedia(), peer: a}
		a.peer = b
		for range 10 + r.IntN(60) {
			w := []*walker{a, b}[r.IntN(2)]
			switch n := r.IntN(10); {
			case n < 4:
				w.receive(r)
			case n < 5:
				w.negotiate(false)
			case n < 6:
				w.negotiate(true)
			default:
				w.change(r)
			}
			if seed%2 == 1 {
				w.Pack()
			}
		}
		when := fmt.Sprintf("with seed %d", seed)
		if !settleDown(a, b, r) {
			t.Fatalf("%s it never gets quiet: %s, %s", when, a.State(), b.State())
		}
		wantConnected(a.endpoint, b.endpoint, when)
		wantMedia(a.endpoint, b.endpoint, when)
		for _, w := range []*walker{a, b} {
			if n := len(w.n.touched) + len(w.n.created); n > 0 || len(w.n.plan.media) != len(w.world.transceivers) {
				t.Errorf("%s %s: left over %d, %d in force of\n%s", w.name, when, n, len(w.n.plan.media), w.world.describe())
			}
		}
		if t.Failed() {
			return
		}
	}
}

// settleDown delivers all messages and negotiates as long as it is needed. It
// returns false if there is no end to it.
func settleDown(a, b *walker, r *rand.Rand) bool {
	for range 50 {
		for len(a.inbox)+len(b.inbox) > 0 {
			a.receive(r)
			b.receive(r)
		}
		switch {
		case a.NegotiationNeeded(a.local):
			a.negotiate(false)
		case b.NegotiationNeeded(b.local):
			b.negotiate(false)
		default:
			return true
		}
	}
	return false
}

// TestRandomWalks lets two endpoints offer, restart, reject, answer
// provisionally and trickle at random, over a channel with random delays. When
// it is quiet again they are set up for each other, with every candidate in its
// place.
func TestRandomWalks(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 7))
		a := &walker{endpoint: newEndpoint(t, "Alice"), polite: true}
		b := &walker{endpoint: newEndpoint(t, "Bob"), peer: a}
		a.peer = b
		step := func(w *walker) {
			switch n := r.IntN(10); {
			case n < 4:
				w.receive(r)
			case n < 6:
				w.candidate(r)
			case n < 7:
				w.negotiate(false)
			case n < 8:
				w.negotiate(true)
			case n < 9:
				w.RestartICE()
			default:
				w.local.MaxMessageSize = uint64(1000 + r.IntN(3))
			}
		}
		for range 10 + r.IntN(60) {
			w := []*walker{a, b}[r.IntN(2)]
			step(w)
			if seed%2 == 1 {
				w.Pack()
			}
		}
		when := fmt.Sprintf("with seed %d", seed)
		if !settleDown(a, b, r) {
			t.Fatalf("%s it never gets quiet: %s, %s", when, a.State(), b.State())
		}
		wantConnected(a.endpoint, b.endpoint, when)
		wantCandidates(a, b, when)
		wantCandidates(b, a, when)
		if t.Failed() {
			return
		}
	}
}

// wantCandidates says that a has all candidates of b's generation in use, in
// its transport and in its remote description.
func wantCandidates(a, b *walker, when string) {
	a.t.Helper()
	want := slices.Clone(b.n.gathered[generation{b.onlyID(), b.only().local.Ufrag}].candidates)
	got := slices.Clone(a.only().candidates)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		a.t.Errorf("%s %s: has candidates %q, want %q", a.name, when, got, want)
	}
	for _, c := range want {
		if len(lines(b.CurrentLocal(), "a=candidate:"+c)) != 1 {
			a.t.Errorf("%s %s: candidate %q is not in the local description", b.name, when, c)
		}
	}
	if n := len(a.n.gathered); n > 1 {
		a.t.Errorf("%s %s: holds %d generations", a.name, when, n)
	}
	if n := len(a.n.drafts); n > 1 {
		a.t.Errorf("%s %s: holds %d drafts", a.name, when, n)
	}
}
