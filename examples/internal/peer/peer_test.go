package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
)

// patience bounds each wait of a test.
const patience = 20 * time.Second

// A couple is two peers with a signal channel between them.
type couple struct {
	*testing.T
	a, b *Peer

	mu     sync.Mutex // guards all below
	events []diagram.Event
}

// newCouple makes two peers whose signaling runs until the test ends.
func newCouple(t *testing.T) *couple {
	t.Helper()
	c := &couple{T: t}
	log := diagram.NewLog(func(e diagram.Event) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.events = append(c.events, e)
	})
	endA, endB := webrtc.NewSignalPair()
	join := func(party diagram.Party, end webrtc.SignalChannel) *Peer {
		p, err := New(Config{Party: party, Polite: webrtc.Politeness(party == diagram.PeerB), Signal: end, LoopbackOnly: true, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	c.a, c.b = join(diagram.PeerA, endA), join(diagram.PeerB, endB)
	t.Cleanup(func() {
		if err := errors.Join(c.a.Close(), c.b.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// run lets signaling run until the test ends.
func (c *couple) run() {
	var running sync.WaitGroup
	for _, p := range []*Peer{c.a, c.b} {
		running.Go(func() {
			if err := p.Run(context.Background()); !errors.Is(err, net.ErrClosed) {
				c.Errorf("Run: %v", err)
			}
		})
	}
	c.Cleanup(func() {
		c.a.Close()
		c.b.Close()
		running.Wait()
	})
}

func (c *couple) wait(what string, done <-chan struct{}) {
	c.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		c.Fatalf("%s: not within %v", what, patience)
	}
}

// texts returns what the diagram shows.
func (c *couple) texts() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, e := range c.events {
		if e.IsNote() {
			fmt.Fprintf(&b, "%s: %s\n", e.From, e.Text)
		} else {
			fmt.Fprintf(&b, "%s -> %s: %s\n", e.From, e.To, e.Text)
		}
	}
	return b.String()
}

// channel opens a channel of p's and returns when it is open.
func (c *couple) channel(p *Peer) *webrtc.DataChannel {
	c.Helper()
	d, err := p.CreateDataChannel("test", nil)
	if err != nil {
		c.Fatal(err)
	}
	opened := make(chan struct{})
	p.Watch(d, func() { close(opened) })
	c.wait("the channel", opened)
	return d
}

// Two peers connect, and the diagram has it all.
func TestPeersConnect(t *testing.T) {
	c := newCouple(t)
	c.run()
	c.channel(c.a)
	c.wait("ICE of A", c.a.Completed())
	c.wait("ICE of B", c.b.Completed())
	text := c.texts()
	for _, want := range []string{
		"Peer A -> Signal channel: offer", "Signal channel -> Peer B: offer",
		"Peer B -> Signal channel: answer", "Signal channel -> Peer A: answer",
		"Peer A -> Signal channel: candidate 127.0.0.1:", "Peer B -> Signal channel: end of candidates",
		"Peer A -> Peer B: check", "Peer B -> Peer A: check answered", "Peer A -> Peer B: check, use this pair",
		"Peer A: selected pair: 127.0.0.1:", "Peer B -> Peer A: ClientHello", "Peer A: DTLS: connected",
		"Peer B: SCTP: connected", `Peer A: channel "test" open`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the diagram lacks %q:\n%s", want, text)
		}
	}
	if pair, err := c.a.SCTP().Transport().ICETransport().GetSelectedCandidatePair(); err != nil || !strings.HasPrefix(PairText(pair), "127.0.0.1:") {
		t.Errorf("the pair is %v, %v", pair, err)
	}
}

// Both offer at once: the polite peer takes its offer back, and both connect.
func TestGlare(t *testing.T) {
	c := newCouple(t)
	for _, p := range []*Peer{c.a, c.b} {
		if _, err := p.CreateDataChannel("early", nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []*Peer{c.a, c.b} { // the event comes after the call
		for deadline := time.Now().Add(10 * time.Second); !p.NegotiationNeeded(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s wants no offer", p.config.Party)
			}
		}
	}
	if text := c.texts(); strings.Contains(text, "offer") {
		t.Errorf("an offer was made before Run:\n%s", text)
	}
	c.run() // each offers before it reads
	c.channel(c.a)
	text := c.texts()
	for _, want := range []string{"Signal channel -> Peer A: offer", "Peer B -> Signal channel: answer"} {
		if !strings.Contains(text, want) {
			t.Errorf("the diagram lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Peer A -> Signal channel: answer") {
		t.Errorf("A has answered the offer that it had to ignore:\n%s", text)
	}
}

// A message that makes no sense ends Run with an error that says whose it is.
func TestBadMessage(t *testing.T) {
	end, other := webrtc.NewSignalPair()
	p, err := New(Config{Party: diagram.PeerA, Signal: end, LoopbackOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := other.Send(t.Context(), webrtc.Signal{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "nonsense"}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "Peer A: ") {
		t.Errorf("Run: %v", err)
	}
}

func TestRunEnds(t *testing.T) {
	t.Run("with the signal channel", func(t *testing.T) {
		end, other := webrtc.NewSignalPair()
		p, err := New(Config{Signal: end, LoopbackOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		other.Close()
		if err := p.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("with the context", func(t *testing.T) {
		end, _ := webrtc.NewSignalPair()
		p, err := New(Config{Signal: end, LoopbackOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestCandidateText(t *testing.T) {
	mid := "0"
	for _, tt := range []struct{ candidate, want string }{
		{"", "end of candidates"},
		{"candidate:1 1 udp 1 192.0.2.1 5000 typ host", "candidate 192.0.2.1:5000"},
		{"candidate:1 1 udp 1 2001:db8::1 5000 typ srflx raddr :: rport 0", "srflx candidate [2001:db8::1]:5000"},
		{"candidate:1 1 udp 1 2001:db8:1111:2222:3333:4444:5555:6666 5000 typ host", "candidate [2001:db8:1111:2222:3333:4444:5555:6666]:5000"},
		{"candidate:1 1 udp 1 6f5cbb87-1b4a-4b1c-a1e0-3a24c3e1d6b1.local 5000 typ host", "candidate 6f5cbb87….local:5000"},
		{"candidate:?", "a candidate that cannot be read"},
	} {
		if got := CandidateText(webrtc.ICECandidateInit{Candidate: tt.candidate, SDPMid: &mid}); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.candidate, got, tt.want)
		}
	}
}
