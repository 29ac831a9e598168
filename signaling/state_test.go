package signaling

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// inState returns an endpoint in a state, with a peer whose descriptions fit.
func inState(t *testing.T, s State) (e, peer *endpoint) {
	e, peer = newEndpoint(t, "Eve"), newEndpoint(t, "Peer")
	switch s {
	case HaveLocalOffer:
		e.offer()
	case HaveRemoteOffer:
		e.setRemote(peer.offer())
	case HaveLocalPranswer:
		e.setRemote(peer.offer())
		e.pranswer()
	case HaveRemotePranswer:
		peer.setRemote(e.offer())
		e.setRemote(peer.pranswer())
	case Closed:
		e.offer()
		e.Close()
	}
	if e.State() != s {
		t.Fatalf("in %s, want %s", e.State(), s)
	}
	return e, peer
}

// remoteDescriptionFor returns a description that the peer of e would send: an
// offer, or an answer to what e has offered.
func remoteDescriptionFor(t *testing.T, e, peer *endpoint, kind Type) Description {
	switch kind {
	case Rollback:
		return Description{Type: Rollback}
	case Offer:
		if peer.State() == HaveLocalOffer {
			return *peer.PendingLocal()
		}
		return newEndpoint(t, "Other").offer()
	}
	offer := e.PendingLocal()
	if offer == nil || offer.Type != Offer {
		offer = pointer(newEndpoint(t, "Other").offer())
	}
	answer := newEndpoint(t, "Peer").answer(*offer)
	answer.Type = kind
	return answer
}

// localDescriptionFor returns a description with the text of the last call of
// Create…, where the state allows one, and a foreign one elsewhere.
func localDescriptionFor(t *testing.T, e *endpoint, kind Type) Description {
	text, err := "", error(nil)
	switch kind {
	case Offer:
		text, err = e.CreateOffer(e.local, OfferOptions{})
	case Answer, Pranswer:
		text, err = e.CreateAnswer(e.local)
	}
	if err != nil {
		text = newEndpoint(t, "Other").offer().SDP
	}
	return Description{Type: kind, SDP: text}
}

// TestEveryCell walks RFC 9429 §3.2: (state × local or remote × type), with the
// error that webrtc-pc §4.4.1.5 and §4.4.2 give for what is illegal.
func TestEveryCell(t *testing.T) {
	const (
		state        = "InvalidStateError"
		modification = "InvalidModificationError"
	)
	// For each state: local offer, pranswer, answer, rollback; then remote.
	table := map[State][8]string{
		Stable: {
			"have-local-offer", modification, modification, state,
			"have-remote-offer", state, state, state,
		},
		HaveLocalOffer: {
			"have-local-offer", modification, modification, "stable",
			"have-remote-offer", "have-remote-pranswer", "stable", "stable",
		},
		HaveRemoteOffer: {
			modification, "have-local-pranswer", "stable", "stable",
			"have-remote-offer", state, state, "stable",
		},
		HaveLocalPranswer: {
			modification, "have-local-pranswer", "stable", state,
			state, state, state, state,
		},
		HaveRemotePranswer: {
			modification, modification, modification, state,
			state, "have-remote-pranswer", "stable", state,
		},
		Closed: {
			state, state, state, state,
			state, state, state, state,
		},
	}
	if len(table) != len(stateNames) {
		t.Fatal("a state is missing in the table")
	}
	for from, row := range table {
		for i, want := range row {
			who, kind := local, Type(i%4+1)
			if i >= 4 {
				who = remote
			}
			t.Run(fmt.Sprintf("%s/%s/%s", from, who, kind), func(t *testing.T) {
				e, peer := inState(t, from)
				set, d := e.SetLocal, Description{}
				if who == local {
					d = localDescriptionFor(t, e, kind)
				} else {
					set, d = e.SetRemote, remoteDescriptionFor(t, e, peer, kind)
				}
				before := e.dump()
				_, err := set(d, e.local)
				if got := name(err); err != nil && got != want {
					t.Errorf("got %s (%v), want %s", got, err, want)
				}
				if err == nil && e.State().String() != want {
					t.Errorf("got to %s, want %s", e.State(), want)
				}
				if err != nil && e.dump() != before {
					t.Error("the machine changed although the call failed")
				}
				if from == Closed && !errors.Is(err, net.ErrClosed) {
					t.Errorf("%v does not match net.ErrClosed", err)
				}
			})
		}
	}
}

// name returns the W3C name of an error.
func name(err error) string {
	switch {
	case err == nil:
		return ""
	case is[*rtcerr.InvalidStateError](err):
		return "InvalidStateError"
	case is[*rtcerr.InvalidModificationError](err):
		return "InvalidModificationError"
	case is[*rtcerr.InvalidAccessError](err):
		return "InvalidAccessError"
	case is[*rtcerr.OperationError](err):
		return "OperationError"
	case is[*rtcerr.TypeError](err):
		return "TypeError"
	}
	return fmt.Sprintf("%T", err)
}

func is[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

// TestWithoutText walks the local half again without text, which webrtc-pc
// §4.4.2 makes a created one: then it is the state that is wrong.
func TestWithoutText(t *testing.T) {
	for from := Stable; from < Closed; from++ {
		for _, kind := range []Type{Offer, Pranswer, Answer} {
			t.Run(fmt.Sprintf("%s/%s", from, kind), func(t *testing.T) {
				e, _ := inState(t, from)
				next, legal := from.after(local, kind)
				if !legal {
					wantRefused[*rtcerr.InvalidStateError](e, kind.String(), func() error {
						_, err := e.SetLocal(Description{Type: kind}, e.local)
						return err
					})
					return
				}
				e.setLocal(Description{Type: kind})
				e.wantState(next, "after it")
			})
		}
	}
}

// TestWithoutTypeAndText: webrtc-pc §4.4.2, setLocalDescription, chooses the
// type by the state.
func TestWithoutTypeAndText(t *testing.T) {
	for from, want := range map[State]State{
		Stable: HaveLocalOffer, HaveLocalOffer: HaveLocalOffer,
		HaveRemoteOffer: Stable, HaveLocalPranswer: Stable,
	} {
		e, _ := inState(t, from)
		e.setLocal(Description{})
		e.wantState(want, "after a parameterless call in "+from.String())
	}
	e, _ := inState(t, HaveRemotePranswer)
	wantRefused[*rtcerr.InvalidStateError](e, "parameterless in have-remote-pranswer", func() error {
		_, err := e.SetLocal(Description{}, e.local)
		return err
	})
}

// TestCreateInEveryState: webrtc-pc §4.4.2, createOffer and createAnswer.
func TestCreateInEveryState(t *testing.T) {
	for from := Stable; from <= Closed; from++ {
		e, _ := inState(t, from)
		offer := func() error { _, err := e.CreateOffer(e.local, OfferOptions{}); return err }
		answer := func() error { _, err := e.CreateAnswer(e.local); return err }
		if from == Stable || from == HaveLocalOffer {
			if err := offer(); err != nil {
				t.Errorf("offer in %s: %v", from, err)
			}
		} else {
			wantRefused[*rtcerr.InvalidStateError](e, "an offer in "+from.String(), offer)
		}
		if from == HaveRemoteOffer || from == HaveLocalPranswer {
			if err := answer(); err != nil {
				t.Errorf("answer in %s: %v", from, err)
			}
		} else {
			wantRefused[*rtcerr.InvalidStateError](e, "an answer in "+from.String(), answer)
		}
	}
}

// The text of the last answer is not foreign after its offer has been rolled
// back, so that it is the state that is wrong.
func TestLastAnswerInStable(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.setRemote(b.offer())
	text, err := a.CreateAnswer(a.local)
	if err != nil {
		t.Fatal(err)
	}
	a.rollback()
	wantRefused[*rtcerr.InvalidStateError](a, "an answer in stable", func() error {
		_, err := a.SetLocal(Description{Answer, text}, a.local)
		return err
	})
}

func TestNames(t *testing.T) {
	for s, want := range map[fmt.Stringer]string{
		Stable: "stable", HaveLocalOffer: "have-local-offer", HaveRemoteOffer: "have-remote-offer",
		HaveLocalPranswer: "have-local-pranswer", HaveRemotePranswer: "have-remote-pranswer", Closed: "closed",
		State(99): "unknown", Offer: "offer", Pranswer: "pranswer", Answer: "answer", Rollback: "rollback",
		Type(0): "", Rollback + 1: "unknown", Type(99): "unknown", Closed + 1: "unknown", local: "local", remote: "remote",
	} {
		if s.String() != want {
			t.Errorf("got %q, want %q", s, want)
		}
	}
}
