package signaling

import (
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// RFC 9429 §5.7: "The effect of rollback MUST be the same regardless of whether
// setLocalDescription or setRemoteDescription is called."
func TestRollbackByEitherSide(t *testing.T) {
	for _, from := range []State{HaveLocalOffer, HaveRemoteOffer} {
		for _, who := range []side{local, remote} {
			e, _ := inState(t, from)
			if who == local {
				e.setLocal(Description{Type: Rollback})
			} else {
				// "a session description of type "rollback" with empty contents"; what
				// stands there all the same is not looked at.
				e.setRemote(Description{Type: Rollback, SDP: "ignored"})
			}
			when := "after a rollback from " + from.String()
			e.wantState(Stable, when)
			e.wantSlots("", when)
			if len(e.world.transports) != 0 || e.world.data != nil {
				t.Errorf("%s: left over\n%s", when, e.world.describe())
			}
			if len(e.n.gathered) != 0 || len(e.n.delivered) != 0 || len(e.n.lines) != 0 {
				t.Errorf("%s: left over %v %v %v", when, e.n.gathered, e.n.delivered, e.n.lines)
			}
			// And it works as if nothing had been.
			peer := newEndpoint(t, "Peer")
			e.setRemote(peer.answer(e.offer()))
			wantConnected(e, peer, when)
		}
	}
}

func TestRollbackOfARestart(t *testing.T) {
	a, b := connected(t)
	stable, texts := a.world.describe(), slotsOf(a)
	local := a.only().local
	a.restart()
	if a.only().local == local {
		t.Fatal("the restart has the old credentials")
	}
	a.rollback()
	if got := a.world.describe(); got != stable {
		t.Errorf("got\n%s\nwant\n%s", got, stable)
	}
	if got := slotsOf(a); got != texts {
		t.Errorf("the descriptions are\n%s\nwere\n%s", got, texts)
	}
	// The agent gets to know that it can go back to what it had.
	want := LocalICE{Transport: a.onlyID(), Parameters: local, Rollback: true}
	if len(a.effects) != 2 || a.effects[1] != want {
		t.Errorf("got %+v, want %+v", a.effects, want)
	}
	// The next restart has other credentials than the one rolled back.
	a.setRemote(b.answer(a.restart()))
	wantConnected(a, b, "after a second restart")
}

func slotsOf(e *endpoint) string {
	text := ""
	for _, d := range []*Description{e.CurrentLocal(), e.PendingLocal(), e.CurrentRemote(), e.PendingRemote()} {
		if d != nil {
			text += d.Type.String() + d.SDP
		}
		text += "|"
	}
	return text
}

// add hands candidate number n of b to a.
func add(t *testing.T, a, b *endpoint, n int) {
	t.Helper()
	tr := b.onlyID()
	ufrag := b.only().local.Ufrag
	sections := b.AddLocalCandidate(tr, ufrag, host(n))
	if len(sections) != 1 {
		t.Fatalf("candidate for %d sections", len(sections))
	}
	effects, err := a.AddRemoteCandidate(Candidate{
		Candidate: "candidate:" + host(n), Mid: &sections[0].Mid, MLineIndex: &sections[0].Index, Ufrag: &ufrag,
	})
	if err != nil {
		t.Fatal(err)
	}
	a.apply(effects)
}

// Candidates that came while an offer was pending are kept when it is rolled
// back, since they belong to the generation in force.
func TestRollbackKeepsCandidates(t *testing.T) {
	a, b := connected(t)
	a.restart()
	add(t, a, b, 1)
	if len(a.only().candidates) != 1 {
		t.Fatal("the candidate did not come")
	}
	old := a.n.currentLocal.credentials(0).Ufrag
	if got := a.AddLocalCandidate(a.onlyID(), old, host(7)); len(got) != 1 {
		t.Errorf("a late candidate of the generation in force belongs to %v", got)
	}
	a.rollback()
	if len(a.only().candidates) != 1 {
		t.Error("the candidate is gone")
	}
	if got := lines(a.CurrentRemote(), "a=candidate"); len(got) != 1 {
		t.Errorf("the remote description has candidates %q", got)
	}
	if got := lines(a.CurrentLocal(), "a=candidate"); len(got) != 1 {
		t.Errorf("the local description has candidates %q", got)
	}
}

// Mids and transports that an offer introduced are free again, but the
// transport's identity is not given to another.
func TestRollbackFreesMids(t *testing.T) {
	a := newEndpoint(t, "Alice")
	first := a.offer()
	id := a.onlyID()
	a.rollback()
	second := a.offer()
	if x, y := lines(&first, "a=mid")[0], lines(&second, "a=mid")[0]; x != y {
		t.Errorf("mids %s and %s", x, y)
	}
	if a.onlyID() == id {
		t.Error("the identity of a closed transport came again")
	}
}

// RFC 9429 §5.7: "once the answerer has performed setLocalDescription with its
// answer, this cannot be rolled back."
func TestNoRollbackOfAnAnswer(t *testing.T) {
	a, b := connected(t)
	for _, e := range []*endpoint{a, b} {
		wantRefused[*rtcerr.InvalidStateError](e, "a rollback in stable", func() error {
			_, err := e.SetRemote(Description{Type: Rollback}, e.local)
			return err
		})
	}
}

// What was only created leaves nothing behind.
func TestRollbackForgetsDrafts(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	for range 3 {
		a.setRemote(b.offer())
		if _, err := a.CreateAnswer(a.local); err != nil {
			t.Fatal(err)
		}
		a.rollback()
		b.rollback()
		if len(a.n.drafts) != 0 {
			t.Errorf("%d drafts are left", len(a.n.drafts))
		}
	}
}

// An answer that was created for an offer does not answer the next one.
func TestAnswerToAnEarlierOffer(t *testing.T) {
	a, b := connected(t)
	a.setRemote(b.offer())
	text, err := a.CreateAnswer(a.local)
	if err != nil {
		t.Fatal(err)
	}
	a.setRemote(b.restart())
	wantRefused[*rtcerr.InvalidModificationError](a, "the answer to the first offer", func() error {
		_, err := a.SetLocal(Description{Answer, text}, a.local)
		return err
	})
	a.setLocal(Description{Type: Answer})
	b.setRemote(*a.CurrentLocal())
	wantConnected(a, b, "with an answer to the second offer")
}
