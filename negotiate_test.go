package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A slowChannel is a signal channel whose signals take a while.
type slowChannel struct {
	SignalChannel
	out   *wire
	delay func() time.Duration
}

func (c *slowChannel) Send(ctx context.Context, s Signal) error {
	c.out.send(c.delay(), func() { _ = c.SignalChannel.Send(context.Background(), s) })
	return nil
}

// keepsNegotiated runs Negotiate for two peers until the scenario ends; a is the
// polite one.
func (w *world) keepsNegotiated(a, b *peer, delay func() time.Duration) {
	left, right := NewSignalPair()
	for i, p := range []*peer{a, b} {
		p.out = newWire()
		channel := &slowChannel{[]SignalChannel{left, right}[i], p.out, delay}
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() {
			if err := Negotiate(ctx, p.PeerConnection, channel, Politeness(i == 0)); err != nil && !errors.Is(err, context.Canceled) {
				p.note(err)
			}
		})
		p.onClose = func() { cancel(); running.Wait() }
	}
}

// webrtc-pc §10.7: whoever offers first, and if both do, both end connected, with all
// that either has added.
func TestVirtualNegotiate(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		inWorld(t, seed, func(w *world) {
			chance := rand.New(rand.NewPCG(seed, 2))
			draw := func() time.Duration { return time.Duration(chance.IntN(100)) * time.Millisecond }
			w.net.SetDefaultPath(simnet.Path{Delay: draw() / 4, Jitter: 5 * time.Millisecond})
			a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
			before := seed%3 == 0
			if !before {
				w.keepsNegotiated(a, b, fixed(draw()))
			}
			for range 1 + chance.IntN(3) {
				p := []*peer{a, b}[chance.IntN(2)]
				p.unsentAdded(fmt.Sprintf("track %d", chance.Int()))
				time.Sleep(draw())
			}
			da := a.channel("of a", nil)
			da.OnOpen(func() { a.check(da.SendText("hello from a"), "SendText") })
			time.Sleep(draw() / 10)
			db := b.channel("of b", nil)
			db.OnOpen(func() { b.check(db.SendText("hello from b"), "SendText") })
			if before { // what is needed before is negotiated too
				w.keepsNegotiated(a, b, fixed(draw()))
			}
			w.within(30*time.Second, fmt.Sprintf("both hear each other, seed %d", seed), func() bool { return a.got("hello from b")() && b.got("hello from a")() })
			a.RestartICE()
			b.RestartICE()
			w.within(30*time.Second, fmt.Sprintf("both agree, seed %d", seed), func() bool {
				return a.SignalingState() == SignalingStateStable && b.SignalingState() == SignalingStateStable &&
					!a.NegotiationNeeded() && !b.NegotiationNeeded() && connected(a, b)()
			})
			if n, m := len(a.GetTransceivers()), len(b.GetTransceivers()); n != m {
				w.Errorf("seed %d: a has %d transceivers, b %d", seed, n, m)
			}
		})
	}
}

// unsentAdded adds a track that sends nothing.
func (p *peer) unsentAdded(id string) {
	p.w.Helper()
	_, err := p.AddTrack(p.unsent(asVP8, strings.ReplaceAll(id, " ", "-")).track)
	p.must(err, "AddTrack")
}

// Negotiate ends when its context does, when the connection is closed, when the peer
// ends the channel, and with a typed error for what the peer should not have sent. It
// leaves no goroutine.
func TestVirtualNegotiateEnds(t *testing.T) {
	cases := []struct {
		name string
		end  func(pc *PeerConnection, cancel context.CancelFunc, theirs *MemorySignalChannel)
		ok   func(err error) bool
	}{
		{"context", func(_ *PeerConnection, cancel context.CancelFunc, _ *MemorySignalChannel) { cancel() },
			func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"closed", func(pc *PeerConnection, _ context.CancelFunc, _ *MemorySignalChannel) { pc.Close() },
			func(err error) bool { return err == nil }},
		{"peer ends", func(_ *PeerConnection, _ context.CancelFunc, theirs *MemorySignalChannel) { theirs.Close() },
			func(err error) bool { return err == nil }},
		{"bad description", func(_ *PeerConnection, _ context.CancelFunc, theirs *MemorySignalChannel) {
			_ = theirs.Send(context.Background(), Signal{Candidate: &ICECandidateInit{Candidate: "nonsense"}}) // logged
			_ = theirs.Send(context.Background(), Signal{Description: &SessionDescription{Type: SDPTypeOffer, SDP: "v=0\r\nnonsense"}})
		}, func(err error) bool {
			var n *NegotiationError
			return errors.As(err, &n) && n.Op == "remote description"
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				p := w.peer("a", simnet.Addrs("192.0.2.1"))
				ours, theirs := NewSignalPair()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				result := make(chan error, 1)
				go func() { result <- Negotiate(ctx, p.PeerConnection, ours, Polite) }()
				p.channel("chat", nil)
				time.Sleep(time.Second)
				c.end(p.PeerConnection, cancel, theirs)
				select {
				case err := <-result:
					if !c.ok(err) {
						w.Errorf("it ended with %v", err)
					}
				case <-time.After(time.Minute):
					w.Fatal("it does not end")
				}
			})
		})
	}
}

// Signals go over a stream as lines of JSON that browsers understand; a context ends
// what waits, and the stream goes on afterwards.
func TestStreamSignalChannel(t *testing.T) {
	left, right := net.Pipe()
	defer left.Close()
	defer right.Close()
	a, b := NewStreamSignalChannel(left), NewStreamSignalChannel(right)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := a.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Receive ends with %v", err)
	}
	if err := a.Send(ctx, Signal{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send ends with %v", err)
	}
	mid := "0"
	sent := []Signal{
		{Description: &SessionDescription{Type: SDPTypeOffer, SDP: "v=0\r\n" + strings.Repeat("a=x\r\n", 10000)}},
		{Candidate: &ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", SDPMid: &mid}},
	}
	go func() {
		for _, s := range sent {
			_ = b.Send(context.Background(), s)
		}
		_ = right.Close()
	}()
	for i := range sent {
		got, err := a.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && got.Description.SDP != sent[0].Description.SDP || i == 1 && got.Candidate.Candidate != sent[1].Candidate.Candidate {
			t.Errorf("signal %d is %+v", i, got)
		}
	}
	if _, err := a.Receive(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// A peer may send any line.
func FuzzStreamSignalChannel(f *testing.F) {
	f.Add("{\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}\n\n{}\n")
	f.Add("{\"candidate\":{\"candidate\":\"\"}}")
	f.Add("[]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := NewStreamSignalChannel(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(text), io.Discard})
		for range 100 {
			if _, err := c.Receive(t.Context()); err != nil {
				return
			}
		}
	})
}

func TestStreamSignalChannelIsBounded(t *testing.T) {
	c := NewStreamSignalChannel(struct {
		io.Reader
		io.Writer
	}{strings.NewReader(strings.Repeat("x", 2*MaxSignalSize)), io.Discard})
	if _, err := c.Receive(t.Context()); !errors.Is(err, ErrSignalTooLong) {
		t.Errorf("a line without end: %v", err)
	}
	if err := c.Send(t.Context(), Signal{Description: &SessionDescription{Type: SDPTypeOffer, SDP: strings.Repeat("x", MaxSignalSize)}}); !errors.Is(err, ErrSignalTooLong) {
		t.Errorf("a long signal: %v", err)
	}
}
