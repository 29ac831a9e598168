package webrtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A negotiator is one side of the perfect negotiation pattern (webrtc-pc
// §10.7): the polite one gives way, by the implicit rollback of
// SetRemoteDescription. It does one thing after the other on a goroutine of its
// own, as a browser's event loop does.
type negotiator struct {
	*peer
	other  *negotiator
	polite bool
	delay  func() time.Duration
	inbox  chan func()
	ended  chan struct{}

	// All below belongs to the goroutine.
	ignoring bool
	sent     string // the description sent last
	held     []ICECandidateInit
}

// negotiatesPerfectly runs the pattern between two peers; a is the polite one.
func (w *world) negotiatesPerfectly(a, b *peer, delay func() time.Duration) {
	polite, impolite := &negotiator{peer: a, polite: true}, &negotiator{peer: b}
	polite.other, impolite.other = impolite, polite
	for _, n := range []*negotiator{polite, impolite} {
		n.delay, n.out = delay, newWire()
		n.inbox, n.ended = make(chan func(), 1000), make(chan struct{})
		go n.run()
		n.peer.onClose = func() { close(n.inbox); <-n.ended }
		n.OnNegotiationNeeded(func() { n.inbox <- n.offer })
		n.OnICECandidate(func(c *ICECandidate) {
			if c != nil {
				n.inbox <- func() { n.held = append(n.held, c.ToJSON()); n.release() }
			}
		})
	}
}

func (n *negotiator) run() {
	defer close(n.ended)
	for do := range n.inbox {
		do()
	}
}

func (n *negotiator) offer() {
	if n.SignalingState() != SignalingStateStable {
		return // negotiation is still needed, and will be announced again
	}
	n.check(n.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
	n.send()
}

func (n *negotiator) send() {
	description := *n.LocalDescription()
	n.sent = description.SDP
	n.out.send(n.delay(), func() { n.other.inbox <- func() { n.other.receive(description) } })
	n.release()
}

// release sends the candidates whose description has been sent.
func (n *negotiator) release() {
	n.held = slices.DeleteFunc(n.held, func(init ICECandidateInit) bool {
		ready := strings.Contains(n.sent, "a=ice-ufrag:"+*init.UsernameFragment+"\r\n")
		if ready {
			n.out.send(n.delay(), func() { n.other.inbox <- func() { n.other.addCandidate(init) } })
		}
		return ready
	})
}

func (n *negotiator) receive(description SessionDescription) {
	collision := description.Type == SDPTypeOffer && n.SignalingState() != SignalingStateStable
	n.ignoring = !n.polite && collision
	if n.ignoring {
		return
	}
	n.check(n.SetRemoteDescription(description), "SetRemoteDescription("+description.Type.String()+")")
	if description.Type == SDPTypeOffer {
		n.check(n.SetLocalDescription(SessionDescription{}), "SetLocalDescription(answer)")
		n.send()
	}
}

func (n *negotiator) addCandidate(init ICECandidateInit) {
	if err := n.AddICECandidate(init); err != nil && !n.ignoring {
		n.note(err)
	}
}

// TestVirtualGlareEndsConnected has both sides offer at once, or nearly so,
// over signal channels with delays of their own.
func TestVirtualGlareEndsConnected(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 50
	}
	rolledBack := 0
	for seed := range seeds {
		ok := t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) {
				chance := rand.New(rand.NewPCG(seed, 1))
				delay := func() time.Duration { return time.Duration(chance.IntN(200)) * time.Millisecond }
				signalDelay := delay()
				w.net.SetDefaultPath(simnet.Path{Delay: delay() / 4, Jitter: 10 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.negotiatesPerfectly(a, b, fixed(signalDelay))
				states := []SignalingState{}
				a.OnSignalingStateChange(func(s SignalingState) {
					a.mu.Lock()
					defer a.mu.Unlock()
					states = append(states, s)
				})
				a.channel("from a", nil)
				time.Sleep(delay() / 2)
				b.channel("from b", nil)
				w.within(30*time.Second, "both are connected", connected(a, b))
				w.within(30*time.Second, "both have both channels open", func() bool { return a.hasOpen(2) && b.hasOpen(2) })
				a.mu.Lock()
				defer a.mu.Unlock()
				for _, s := range states {
					if s == SignalingStateHaveRemoteOffer {
						rolledBack++
						break
					}
				}
			})
		})
		if !ok {
			t.Fatalf("seed %d failed; the seeds after it were not tried", seed)
		}
	}
	t.Logf("%d of %d walks went through a remote offer at the polite peer", rolledBack, seeds)
	if rolledBack == 0 {
		t.Error("no walk had a rollback: the test shows nothing")
	}
}

// hasOpen tells whether n channels are open at p.
func (p *peer) hasOpen(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := 0
	for _, d := range p.channels {
		if d.ReadyState() == DataChannelStateOpen {
			open++
		}
	}
	return open == n
}
