package webrtc

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §4.4.1.2: operations are chained: each one is done before the next one
// begins, in the order of the calls. A run of them that is called while the loop is
// busy finds the state that those before it leave.
func TestVirtualOperationsAreChained(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		b.channel("data", nil)
		offer, err := b.CreateOffer(nil)
		b.must(err, "CreateOffer")

		// The loop is busy while they are called one after the other.
		busy, release := make(chan struct{}), make(chan struct{})
		a.loop.post(func(time.Time) { close(busy); <-release })
		<-busy
		var wg sync.WaitGroup
		var done []string
		var mu sync.Mutex
		chain := func(name string, operation func() error) {
			wg.Go(func() {
				if err := operation(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				done = append(done, name)
			})
			synctest.Wait() // it waits for its turn
		}
		candidate := ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.9 9 typ host", SDPMid: new("0")}
		chain("offer", func() error { _, err := a.CreateOffer(nil); return err })
		chain("remote", func() error { return a.SetRemoteDescription(offer) })
		chain("candidate", func() error { return a.AddICECandidate(candidate) })
		chain("answer", func() error { _, err := a.CreateAnswer(nil); return err })
		chain("local", func() error { return a.SetLocalDescription(SessionDescription{}) })
		if len(done) > 0 {
			t.Errorf("%q were done before the operation that runs", done)
		}
		close(release)
		wg.Wait()
		if s := a.SignalingState(); s != SignalingStateStable || a.CurrentRemoteDescription() == nil {
			t.Errorf("the chain ends in %s", s)
		}
	})
}

// "If connection.[[IsClosed]] is true, return a promise rejected with a newly created
// InvalidStateError", and what waits in the chain has no effect.
func TestVirtualCloseAbortsTheChain(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a := w.peer("a", simnet.Addrs("192.0.2.1"))
		a.channel("data", nil)
		busy, release := make(chan struct{}), make(chan struct{})
		a.loop.post(func(time.Time) { close(busy); <-release })
		<-busy
		closed := make(chan struct{})
		go func() { a.check(a.Close(), "Close"); close(closed) }()
		synctest.Wait()
		outcome := make(chan error, 1)
		go func() { outcome <- a.SetLocalDescription(SessionDescription{}) }()
		synctest.Wait()
		close(release)
		err := <-outcome
		var state *rtcerr.InvalidStateError
		if !errors.As(err, &state) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetLocalDescription behind Close returned %v", err)
		}
		<-closed
		if a.LocalDescription() != nil {
			t.Error("the description was set")
		}
	})
}

// A context ends the wait of a call and not what it does.
func TestVirtualContextsEndTheWait(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.channel("data", nil)
		ended, cancel := context.WithCancel(w.Context())
		cancel()
		if err := a.SetLocalDescriptionContext(ended, SessionDescription{}); !errors.Is(err, context.Canceled) || a.LocalDescription() != nil {
			t.Errorf("under a context that has ended: %v, and the description is %v", err, a.LocalDescription())
		}
		// A handler that blocks keeps the call, not the operation.
		release := make(chan struct{})
		a.OnSignalingStateChange(func(SignalingState) { <-release })
		short, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		if err := a.SetLocalDescriptionContext(short, SessionDescription{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SetLocalDescriptionContext: %v", err)
		}
		if a.SignalingState() != SignalingStateHaveLocalOffer {
			t.Errorf("the state is %s", a.SignalingState())
		}
		close(release)
		b.must(b.SetRemoteDescriptionContext(w.Context(), *a.LocalDescription()), "SetRemoteDescriptionContext")
		_, err := b.CreateAnswerContext(w.Context(), nil)
		b.must(err, "CreateAnswerContext")
		b.must(b.SetLocalDescriptionContext(w.Context(), SessionDescription{}), "SetLocalDescriptionContext")
		b.must(b.AddICECandidateContext(w.Context(), ICECandidateInit{}), "AddICECandidateContext")
		_, err = b.CreateOfferContext(w.Context(), nil)
		b.must(err, "CreateOfferContext")
	})
}

// webrtc-pc §4.4.2, setRemoteDescription of an offer in have-local-offer: the rollback
// is an operation of its own, whose event finds no pending description.
func TestVirtualImplicitRollbackIsSeen(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.channel("of a", nil)
		b.channel("of b", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		offer, err := b.CreateOffer(nil)
		b.must(err, "CreateOffer")
		var j journal
		a.OnSignalingStateChange(func(s SignalingState) {
			j.note("%s, local %v, remote %v", a.SignalingState(), a.PendingLocalDescription() != nil, a.PendingRemoteDescription() != nil)
		})
		a.must(a.SetRemoteDescription(offer), "SetRemoteDescription")
		wantJournal(t, "a", j.read(), []string{"stable, local false, remote false", "have-remote-offer, local false, remote true"})
	})
}

// webrtc-pc §4.4.2, setRemoteDescription: an offer that is refused has rolled the local
// one back all the same. What that one was to bring is needed still.
func TestRefusedOfferDoesNotUndoTheRollback(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.a, d.track(RTPCodecTypeVideo, "camera", "me"))
		var j journal
		d.a.OnSignalingStateChange(func(SignalingState) {
			j.note("%s, local %v, remote %v", d.a.SignalingState(), d.a.PendingLocalDescription() != nil, d.a.PendingRemoteDescription() != nil)
		})
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		n := needsOf(d.a)
		var syntax *rtcerr.RTCError
		d.wantError(d.a.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer, SDP: "Invalid SDP"}), &syntax, "no SDP")
		synctest.Wait()
		wantJournal(t, "a", j.read(), []string{"have-local-offer, local true, remote false", "stable, local false, remote false"})
		if d.a.GetTransceivers()[0].Mid() != "" || d.a.ICEGatheringState() != ICEGatheringStateNew {
			t.Errorf("the transceiver has mid %q, gathering is %s", d.a.GetTransceivers()[0].Mid(), d.a.ICEGatheringState())
		}
		n.want(t, 1, "the camera is to be offered")
		d.negotiates(d.a, d.b)
	})
}

// webrtc-pc §4.4.2, setRemoteDescription: the rollback and the offer that asks for it are
// one operation of the chain, so that a candidate that is added in the event of the
// rollback is one of the new offer; after a rollback of its own there is none.
func TestImplicitRollbackIsGlareProof(t *testing.T) {
	for _, explicit := range []bool{false, true} {
		onDesk(t, func(t *testing.T, d *desk) {
			d.must(d.a.SetLocalDescription(SessionDescription{}))
			offer, err := d.b.CreateOffer(nil)
			d.must(err)
			var outcome []error
			d.a.OnSignalingStateChange(func(SignalingState) {
				if len(outcome) == 0 {
					outcome = append(outcome, d.a.AddICECandidate(ICECandidateInit{}))
				}
			})
			if explicit {
				d.must(d.a.SetLocalDescription(SessionDescription{Type: SDPTypeRollback}))
			}
			d.must(d.a.SetRemoteDescription(offer))
			var state *rtcerr.InvalidStateError
			if err := outcome[0]; explicit != errors.As(err, &state) || !explicit && err != nil {
				t.Errorf("explicit rollback %v: the candidate is answered with %v", explicit, err)
			}
			if d.a.SignalingState() != SignalingStateHaveRemoteOffer {
				t.Errorf("the state is %s", d.a.SignalingState())
			}
		})
	}
}
