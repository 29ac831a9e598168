package signaling

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// initChunk returns an INIT chunk (RFC 9260 §3.3.2) with a tag.
func initChunk(tag byte) []byte {
	return []byte{1, 0, 0, 20, 0, 0, 0, tag, 0, 80, 0, 0, 255, 255, 255, 255, 0, 0, 0, 9}
}

func initLine(tag byte) string { return "a=sctp-init:" + sdp.FormatSCTPInit(initChunk(tag)) + "\r\n" }

// newSnapEndpoints returns two endpoints with an INIT chunk each.
func newSnapEndpoints(t *testing.T) (a, b *endpoint) {
	a, b = newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.local.SCTPInit, b.local.SCTPInit = initChunk('A'), initChunk('B')
	return a, b
}

// wantInits checks which chunks an association begins with, 0 for none.
func (e *endpoint) wantInits(local, remote byte, why string) {
	e.t.Helper()
	want := [2]string{}
	if local != 0 {
		want = [2]string{string(initChunk(local)), string(initChunk(remote))}
	}
	if got := [2]string{e.world.data.LocalInit, e.world.data.RemoteInit}; got != want {
		e.t.Errorf("%s %s: the association begins with %x, want %x", e.name, why, got, want)
	}
}

func TestInitsAreExchanged(t *testing.T) {
	a, b := newSnapEndpoints(t)
	a.setRemote(b.answer(a.offer()))
	a.wantInits('A', 'B', "after the answer")
	b.wantInits('B', 'A', "after the answer")
	// draft-hancke-tsvwg-snap-00 §5.6: the same ones, whoever offers.
	offer := b.offer()
	answer := a.answer(offer)
	b.setRemote(answer)
	for _, c := range []struct {
		d   Description
		tag byte
	}{{offer, 'B'}, {answer, 'A'}} {
		if !strings.Contains(c.d.SDP, initLine(c.tag)) {
			t.Errorf("the later %s has not %q", c.d.Type, initLine(c.tag))
		}
	}
	for _, e := range []*endpoint{a, b} {
		if slices.ContainsFunc(e.effects, func(f Effect) bool { _, ok := f.(StartData); return ok }) {
			t.Errorf("%s begins another association: %+v", e.name, e.effects)
		}
	}
}

// A peer that has no chunk, or one that is none, gets none and is met by the
// handshake; and so is one that gives back what it does not know.
func TestInitsAreNotExchanged(t *testing.T) {
	for what, change := range map[string]func(Description) Description{
		"no line":   func(d Description) Description { return without(t, d, "a=sctp-init") },
		"no base64": func(d Description) Description { return replaced(t, d, "a=sctp-init:", "a=sctp-init:#") },
		"no chunk":  func(d Description) Description { return replaced(t, d, initLine('A'), "a=sctp-init:AAAA\r\n") },
	} {
		a, b := newSnapEndpoints(t)
		answer := b.answer(change(a.offer()))
		if got := lines(&answer, "a=sctp-init"); got != nil {
			t.Errorf("%s in the offer: the answer has %q", what, got)
		}
		a.setRemote(answer)
		a.wantInits(0, 0, what+" in the offer")
		b.wantInits(0, 0, what+" in the offer")
		// The association goes on without, also when the peer offers one later.
		for _, later := range []Description{a.offer(), b.answer(*a.PendingLocal())} {
			if got := lines(&later, "a=sctp-init"); got != nil {
				t.Errorf("%s: the later %s has %q", what, later.Type, got)
			}
		}
	}
	for what, line := range map[string]string{
		"no line":  "",
		"no chunk": "a=sctp-init:AAAA\r\n",
		"an echo":  initLine('A'),
	} {
		a, b := newSnapEndpoints(t)
		a.setRemote(replaced(t, b.answer(a.offer()), initLine('B'), line))
		a.wantInits(0, 0, what+" in the answer")
	}
	a, b := newSnapEndpoints(t)
	b.local.SCTPInit = nil
	a.setRemote(b.answer(a.offer()))
	a.wantInits(0, 0, "with a peer that wants none")
	b.wantInits(0, 0, "without a chunk")
}

// What an association has begun with stays, whatever later descriptions say.
func TestInitsStay(t *testing.T) {
	a, b := newSnapEndpoints(t)
	a.setRemote(b.answer(a.offer()))
	a.setRemote(without(t, b.answer(a.offer()), "a=sctp-init"))
	a.wantInits('A', 'B', "after an answer without")
	if offer := a.offer(); !strings.Contains(offer.SDP, initLine('A')) {
		t.Error("the next offer has no INIT chunk")
	}
}

// A program may leave the chunk out of its description, and not change it.
func TestInitMunged(t *testing.T) {
	a, b := newSnapEndpoints(t)
	text, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	offer := Description{Offer, text}
	wantRefused[*rtcerr.InvalidModificationError](a, "another INIT chunk", func() error {
		_, err := a.SetLocal(replaced(t, offer, initLine('A'), initLine('C')), a.local)
		return err
	})
	a.setLocal(without(t, offer, "a=sctp-init"))
	a.setRemote(b.answer(*a.PendingLocal()))
	a.wantInits(0, 0, "left out")
	b.wantInits(0, 0, "left out")
}
