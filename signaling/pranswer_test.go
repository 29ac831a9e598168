package signaling

import (
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

func TestProvisionalAnswers(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	b.setRemote(a.offer())
	first := b.pranswer()
	b.wantSlots("PL:pranswer PR:offer", "with a provisional answer")
	a.setRemote(first)
	a.wantState(HaveRemotePranswer, "with a provisional answer")
	a.wantSlots("PL:offer PR:pranswer", "with a provisional answer")
	if a.world.data == nil || a.only().dtls == nil || b.world.data == nil {
		t.Error("a provisional answer starts the transports")
	}
	// Another one, the same: nothing to do.
	a.setRemote(b.pranswer())
	if len(a.effects) != 0 || len(b.effects) != 0 {
		t.Errorf("effects %+v and %+v", a.effects, b.effects)
	}
	b.setLocal(Description{Type: Answer})
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "after the final answer")
	if len(a.effects) != 1 || len(b.effects) != 1 {
		t.Errorf("effects %+v and %+v", a.effects, b.effects)
	}
	if len(a.made) != 1 || len(b.made) != 1 {
		t.Errorf("%d and %d credentials were made", len(a.made), len(b.made))
	}
	a.wantSlots("CL:offer CR:answer", "after the final answer")
}

// A provisional answer that rejects data leaves the transport as it is: the
// final one may accept.
func TestProvisionalRejection(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	offer := a.offer()
	a.setRemote(Description{Pranswer, rejection})
	if a.only().remote != nil || a.world.data != nil {
		t.Errorf("got\n%s", a.world.describe())
	}
	a.setRemote(b.answer(offer))
	wantConnected(a, b, "after the final answer")
}

// Two peers answer one offer, as with a forked call: the first provisionally,
// the other one finally. Its credentials are other ones, so that it is another
// ICE generation and DTLS association.
func TestForking(t *testing.T) {
	a, b, c := newEndpoint(t, "Alice"), newEndpoint(t, "Bob"), newEndpoint(t, "Carol")
	offer := a.offer()
	b.setRemote(offer)
	a.setRemote(b.pranswer())
	a.setRemote(c.answer(offer))
	wantConnected(a, c, "with the second peer")
	renewed := false
	for _, f := range a.effects {
		if d, ok := f.(StartDTLS); ok {
			renewed = d.Renew
		}
	}
	if !renewed || a.effects[1] != (StopData{}) {
		t.Errorf("another peer needs another association: %+v", a.effects)
	}
}

// The answerer restarts nothing between provisional and final answer, and
// neither side's ICE restart is lost in a provisional one.
func TestProvisionalAnswerToARestart(t *testing.T) {
	a, b := connected(t)
	old := b.only().local
	b.setRemote(a.restart())
	a.setRemote(b.pranswer())
	fresh := b.only().local
	if fresh == old {
		t.Error("the provisional answer did not restart")
	}
	b.setLocal(Description{Type: Answer})
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "after the restart")
	if b.only().local != fresh {
		t.Error("the final answer has other credentials than the provisional one")
	}
}

// What is not munged can be applied as an answer of the other type.
func TestPranswerTextAsAnswer(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	b.setRemote(a.offer())
	d := b.pranswer()
	b.setLocal(Description{Answer, d.SDP})
	d.Type = Answer
	a.setRemote(d)
	wantConnected(a, b, "at the end")
}

// webrtc-pc §4.4.1.5: a provisional answer is not rolled back. A remote offer
// would have to, and is refused for that, and the final answer is still taken.
func TestPranswersStay(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	b.setRemote(a.offer())
	a.setRemote(b.pranswer())
	for _, e := range []*endpoint{a, b} {
		wantRefused[*rtcerr.InvalidStateError](e, "a local rollback", func() error {
			_, err := e.SetLocal(Description{Type: Rollback}, e.local)
			return err
		})
		wantRefused[*rtcerr.InvalidStateError](e, "a remote rollback", func() error {
			_, err := e.SetRemote(Description{Type: Rollback}, e.local)
			return err
		})
		wantRefused[*rtcerr.InvalidStateError](e, "a remote offer", func() error {
			_, err := e.SetRemote(newEndpoint(t, "Carol").offer(), e.local)
			return err
		})
	}
	b.setLocal(Description{Type: Answer})
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "after the final answer")
}
