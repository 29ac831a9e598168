package webrtc

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// TestVirtualMediaGlare has both sides add tracks at once, or nearly so, again and
// again while offers collide. In the end each track has come to the other side,
// once.
func TestVirtualMediaGlare(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 20
	}
	var rolledBack atomic.Int64
	for seed := range seeds {
		ok := t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) { w.addsTracksAtOnce(seed, &rolledBack) })
		})
		if !ok {
			t.Fatalf("seed %d failed; the seeds after it were not tried", seed)
		}
	}
	if rolledBack.Load() == 0 {
		t.Error("no offer was rolled back: the test shows nothing")
	}
	t.Logf("%d offers were rolled back", rolledBack.Load())
}

func (w *world) addsTracksAtOnce(seed uint64, rolledBack *atomic.Int64) {
	w.Helper()
	chance := rand.New(rand.NewPCG(seed, 2))
	delay := func() time.Duration { return time.Duration(chance.IntN(100)) * time.Millisecond }
	w.net.SetDefaultPath(simnet.Path{Delay: delay() / 4, Jitter: 10 * time.Millisecond})
	a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
	w.negotiatesPerfectly(a, b, fixed(delay()))
	a.OnSignalingStateChange(func(s SignalingState) {
		if s == SignalingStateHaveRemoteOffer {
			rolledBack.Add(1)
		}
	})
	sources := map[*peer][]*source{}
	heard := map[*peer]*audience{a: a.audience(200 * time.Millisecond), b: b.audience(200 * time.Millisecond)}
	for i := range 4 {
		for _, p := range []*peer{a, b} {
			if chance.IntN(4) == 0 {
				continue
			}
			mime := MimeTypeVP8
			if chance.IntN(2) == 0 {
				mime = MimeTypeOpus
			}
			s, _ := p.source(mime, fmt.Sprintf("%s-%d", p.name, i))
			sources[p] = append(sources[p], s)
			time.Sleep(delay() / 4)
		}
		time.Sleep(delay())
	}
	if chance.IntN(2) == 0 {
		a.channel("also data", nil)
	}
	settled := func() bool {
		for _, p := range []*peer{a, b} {
			if p.SignalingState() != SignalingStateStable || p.NegotiationNeeded() || p.ConnectionState() != PeerConnectionStateConnected {
				return false
			}
		}
		return true
	}
	defer func() {
		if w.Failed() {
			for _, p := range []*peer{a, b} {
				w.Logf("%s: %s, negotiation needed %v, %s", p.name, p.SignalingState(), p.NegotiationNeeded(), p.ConnectionState())
			}
		}
	}()
	w.within(30*time.Second, "all is negotiated", settled)
	time.Sleep(time.Second) // what is on its way
	all := append(append([]*source(nil), sources[a]...), sources[b]...)
	for _, s := range all {
		s.sequence = uint16(chance.Uint32())
	}
	together(20, 10*time.Millisecond, all...)
	heard[b].gotAll(sources[a])
	heard[a].gotAll(sources[b])
	for _, p := range []*peer{a, b} {
		if got, want := len(heard[p].sinks()), len(all)-len(sources[p]); got != want {
			w.Errorf("%s has got %d tracks, want %d", p.name, got, want)
		}
	}
}

// A churn has both peers of a call add, use and remove tracks all the time.
type churn struct {
	w     *world
	p     *peer
	other *churn

	collected, watched *atomic.Int64 // objects that the collector has taken, and that it should

	mu   sync.Mutex // guards what follows
	seen map[string]int
}

// meets reads what comes, keeps nothing of it, and counts packets by track.
func (c *churn) meets() {
	c.seen = map[string]int{}
	c.p.OnTrack(func(t *TrackRemote, r *RTPReceiver) {
		c.watch(t, r)
		c.watchTransceiver(r.RTPTransceiver())
		id := t.ID()
		for {
			_, _, err := t.ReadRTP()
			if err == io.EOF {
				return
			}
			if err != nil {
				c.w.Errorf("%s: reading %s: %v", c.p.name, id, err)
				return
			}
			c.mu.Lock()
			c.seen[id]++
			c.mu.Unlock()
		}
	})
}

func (c *churn) watch(t *TrackRemote, r *RTPReceiver) {
	c.watched.Add(2)
	runtime.AddCleanup(t, func(n *atomic.Int64) { n.Add(1) }, c.collected)
	runtime.AddCleanup(r, func(n *atomic.Int64) { n.Add(1) }, c.collected)
}

func (c *churn) watchTransceiver(t *RTPTransceiver) {
	c.watched.Add(2)
	runtime.AddCleanup(t, func(n *atomic.Int64) { n.Add(1) }, c.collected)
	runtime.AddCleanup(t.Sender(), func(n *atomic.Int64) { n.Add(1) }, c.collected)
}

func (c *churn) has(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[id]
}

// once adds a track, sees it come to the other side, and removes it.
func (c *churn) once(i int, pause func() time.Duration) {
	id := fmt.Sprintf("%s-%d", c.p.name, i)
	s := c.p.unsent(asVP8, id)
	s.sequence = uint16(i * 7919)
	var sender *RTPSender
	var err error
	if i%3 == 0 { // one of its own, where AddTrack may share one with the peer
		var own *RTPTransceiver
		own, err = c.p.AddTransceiverFromTrack(s.track, RTPTransceiverInit{Direction: RTPTransceiverDirectionSendonly})
		sender = own.Sender()
	} else {
		sender, err = c.p.AddTrack(s.track)
	}
	c.p.must(err, "adding a track")
	transceiver := sender.transceiver
	c.watchTransceiver(transceiver)
	stopped := func() bool { return transceiver.CurrentDirection() == RTPTransceiverDirectionStopped } // by the other side
	for deadline := time.Now().Add(20 * time.Second); c.other.has(id) < 5 && !stopped(); {
		s.packet()
		time.Sleep(10 * time.Millisecond)
		if time.Now().After(deadline) {
			c.w.Errorf("%s does not come: %d packets of %d", id, c.other.has(id), s.next)
			break
		}
	}
	time.Sleep(pause())
	if i%2 == 0 {
		c.p.check(c.p.RemoveTrack(sender), "RemoveTrack")
		time.Sleep(pause())
	}
	c.p.check(transceiver.Stop(), "Stop")
	time.Sleep(pause())
}

// TestVirtualTracksComeAndGo has both sides add and remove tracks fifty times, in
// glare. Sections are used again, and nothing is left of what has gone.
func TestVirtualTracksComeAndGo(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 15
	}
	inWorld(t, 7, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.negotiatesPerfectly(a, b, fixed(20*time.Millisecond))
		a.channel("keeps the transport", nil)
		w.within(10*time.Second, "both are connected", connected(a, b))
		var collected, watched atomic.Int64
		ca := &churn{w: w, p: a, collected: &collected, watched: &watched}
		cb := &churn{w: w, p: b, collected: &collected, watched: &watched}
		ca.other, cb.other = cb, ca
		ca.meets()
		cb.meets()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		goroutines := runtime.NumGoroutine()
		var both sync.WaitGroup
		for _, c := range []*churn{ca, cb} {
			both.Go(func() {
				chance := rand.New(rand.NewPCG(uint64(len(c.p.name)), uint64(c.p.name[0])))
				for i := range rounds {
					c.once(i, func() time.Duration { return time.Duration(chance.IntN(40)) * time.Millisecond })
				}
			})
		}
		both.Wait()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, p := range []*peer{a, b} {
			if n := len(p.GetTransceivers()); n != 0 {
				w.Errorf("%s has %d transceivers left", p.name, n)
			}
			// At most one of each side was there at a time, and one that its
			// successor overtook.
			if n := strings.Count(p.LocalDescription().SDP, "\r\nm="); n > 5 {
				w.Errorf("%s: %d sections, want few that are used again", p.name, n)
			}
			if p.NegotiationNeeded() || p.SignalingState() != SignalingStateStable {
				w.Errorf("%s does not come to rest: %s", p.name, p.SignalingState())
			}
		}
		if n := runtime.NumGoroutine(); n > goroutines {
			w.Errorf("%d goroutines, %d before", n, goroutines)
		}
		for range 100 {
			if runtime.GC(); collected.Load() == watched.Load() {
				break
			}
			runtime.Gosched()
		}
		if n := watched.Load() - collected.Load(); n != 0 {
			w.Errorf("%d of %d transceivers, senders, receivers and tracks are still held", n, watched.Load())
		}
	})
}
