package webrtc

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A journal records a connection's events in the order of their handlers.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// keeps records p's events. Each handler reads the state that its event
// announces, and fails the test if it is another.
func (p *peer) keeps(j *journal) {
	same := func(what string, announced, read fmt.Stringer) {
		j.note("%s %s", what, announced)
		if announced.String() != read.String() {
			p.w.Errorf("%s: the handler of %s %s reads %s", p.name, what, announced, read)
		}
	}
	p.OnNegotiationNeeded(func() { j.note("negotiationneeded") })
	p.OnSignalingStateChange(func(s SignalingState) { same("signaling", s, p.SignalingState()) })
	p.OnICEGatheringStateChange(func(s ICEGatheringState) { same("gathering", s, p.ICEGatheringState()) })
	p.OnICEConnectionStateChange(func(s ICEConnectionState) { same("ice", s, p.ICEConnectionState()) })
	p.OnConnectionStateChange(func(s PeerConnectionState) { same("connection", s, p.ConnectionState()) })
	p.OnICECandidate(func(c *ICECandidate) {
		switch {
		case c == nil:
			j.note("candidate nil")
		case c.ToJSON().Candidate == "":
			j.note("candidate end")
		default:
			j.note("candidate %s", c.Typ)
		}
	})
}

func TestVirtualEventsComeInTheOrderOfTheSpecification(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		var ja, jb journal
		a.keeps(&ja)
		b.keeps(&jb)

		d := a.channel("chat", nil)
		if got := ja.read(); len(got) > 0 {
			t.Errorf("CreateDataChannel returned after the events %q", got)
		}
		tellsNeeds()
		if got := ja.read(); !slices.Equal(got, []string{"negotiationneeded"}) {
			t.Errorf("after CreateDataChannel came the events %q, want negotiationneeded", got)
		}
		a.channel("second", nil)
		d.OnOpen(func() {
			if s := a.ConnectionState(); s != PeerConnectionStateConnected {
				t.Errorf("the channel opens while the connection is %s", s)
			}
			ja.note("open")
		})

		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		if got := ja.read(); got[1] != "signaling have-local-offer" {
			t.Errorf("SetLocalDescription returned after the events %q", got)
		}
		w.within(time.Second, "a's gathering completes", func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete })
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		w.within(time.Second, "b's gathering completes", func() bool { return b.ICEGatheringState() == ICEGatheringStateComplete })
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
		w.within(5*time.Second, "the channel opens", func() bool { return slices.Contains(ja.read(), "open") })
		w.within(5*time.Second, "both complete", func() bool {
			return a.ICEConnectionState() == ICEConnectionStateCompleted && b.ICEConnectionState() == ICEConnectionStateCompleted
		})

		wantA := []string{
			"negotiationneeded", "signaling have-local-offer", "gathering gathering", "candidate host", "candidate end",
			"gathering complete", "candidate nil", "signaling stable", "ice checking", "connection connecting",
			"ice connected", "connection connected", "open",
		}
		wantB := []string{
			"signaling have-remote-offer", "signaling stable", "gathering gathering", "ice checking", "connection connecting",
			"candidate host", "candidate end", "gathering complete", "candidate nil", "ice connected", "connection connected",
		}
		// When nomination ends and when DTLS does has no order.
		completed := func(line string) bool { return line == "ice completed" }
		wantJournal(t, "a", slices.DeleteFunc(ja.read(), completed), wantA)
		wantJournal(t, "b", slices.DeleteFunc(jb.read(), completed), wantB)
	})
}

func wantJournal(t *testing.T, who string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s's events were\n  %s\nwant\n  %s", who, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestVirtualHandlersReadTheMomentTheyAnnounce makes two changes in one handler:
// the handlers of both run later, and each has to read its own descriptions.
func TestVirtualHandlersReadTheMomentTheyAnnounce(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.channel("chat", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		offer := *a.LocalDescription()
		var j journal
		b.OnSignalingStateChange(func(s SignalingState) {
			j.note("%s: %s, pending remote %v, current remote %v", s, b.SignalingState(),
				b.PendingRemoteDescription() != nil, b.CurrentRemoteDescription() != nil)
		})
		b.OnNegotiationNeeded(func() {
			b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
			if got := b.SignalingState(); got != SignalingStateHaveRemoteOffer {
				t.Errorf("after its own call the handler reads %s, want have-remote-offer", got)
			}
			b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			if got := b.SignalingState(); got != SignalingStateStable {
				t.Errorf("after its own calls the handler reads %s, want stable", got)
			}
		})
		b.channel("of b", nil)
		tellsNeeds()
		wantJournal(t, "b", j.read(), []string{
			"have-remote-offer: have-remote-offer, pending remote true, current remote false",
			"stable: stable, pending remote false, current remote true",
		})
	})
}

// A handler of what happened before reads the state of then. Who has set a
// description since reads that, though the handler runs late.
func TestVirtualDescriptionsAreReadBesideALateHandler(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a := w.peer("a", simnet.Addrs("192.0.2.1"))
		a.channel("data", nil)
		entered, first, second := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var late handler[func(SignalingState)]
		late.set(func(SignalingState) { close(entered); <-second })
		a.loop.post(func(time.Time) {
			a.fire(func() { <-first }) // keeps the dispatcher busy
			announce(a.PeerConnection, &late, SignalingStateStable)
		})
		synctest.Wait()
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		close(first)
		<-entered
		if d := a.LocalDescription(); d == nil || d.Type != SDPTypeOffer {
			t.Errorf("the local description is %v, want the one that was set", d)
		}
		if s := a.SignalingState(); s != SignalingStateHaveLocalOffer {
			t.Errorf("the signaling state is %s, want have-local-offer", s)
		}
		close(second)
	})
}

func TestGoroutinesAreTold(t *testing.T) {
	here, there := goroutineID(), make(chan uint64)
	go func() { there <- goroutineID() }()
	if other := <-there; here == 0 || other == 0 || here == other || here != goroutineID() {
		t.Errorf("the goroutines %d and %d, want two that differ", here, other)
	}
}
