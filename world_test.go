package webrtc

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A world is a virtual network with peers on it, in virtual time.
type world struct {
	*testing.T
	net   *simnet.Network
	peers []*peer
}

// inWorld runs a scenario in a world of its own, whose chances follow from
// seed. Everything in it must have ended when the scenario has.
func inWorld(t *testing.T, seed uint64, scenario func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, net: simnet.New(seed)}
		defer func() { // a scenario that fails has to end its goroutines too
			for _, p := range w.peers {
				p.check(p.Close(), "Close")
			}
			for _, p := range w.peers {
				p.end()
				for _, err := range p.errs {
					t.Errorf("%s: %v", p.name, err)
				}
			}
			w.net.Close()
			synctest.Wait()
		}()
		scenario(w)
	})
}

// A peer is a connection on a virtual host, with a signal channel to another.
type peer struct {
	*PeerConnection
	w    *world
	name string
	host *simnet.Host
	api  *API
	out  *wire // to the other peer

	// onClose, if set, ends what a scenario has running for the peer.
	onClose func()

	mu       sync.Mutex // guards all below
	states   []PeerConnectionState
	ice      []ICEConnectionState
	channels []*DataChannel
	received []string
	errs     []error
}

// wire is one direction of a signal channel: messages arrive in order, each
// delay after it was sent.
type wire struct {
	queue chan timed
	done  chan struct{}
}

type timed struct {
	at  time.Time
	run func()
}

func newWire() *wire {
	w := &wire{queue: make(chan timed, 1000), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for m := range w.queue {
			time.Sleep(time.Until(m.at))
			m.run()
		}
	}()
	return w
}

func (w *wire) send(delay time.Duration, run func()) {
	w.queue <- timed{time.Now().Add(delay), run}
}

// peer adds a connection on a host of its own.
func (w *world) peer(name string, options ...simnet.Option) *peer {
	w.Helper()
	return w.peerWith(name, SettingEngine{}, options...)
}

func (w *world) peerWith(name string, settings SettingEngine, options ...simnet.Option) *peer {
	w.Helper()
	return w.peerOf(name, NewAPI(WithSettingEngine(settings)), options...)
}

// peerOf adds a connection that an API makes, whose network becomes the host's.
func (w *world) peerOf(name string, api *API, options ...simnet.Option) *peer {
	w.Helper()
	p := &peer{w: w, name: name, host: w.net.Host(name, options...), api: api}
	settings := &api.settings
	settings.SetNetwork(p.host)
	if os.Getenv("PARLEY_TEST_LOG") != "" {
		level := slog.LevelDebug
		settings.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("peer", name)
	}
	p.open(Configuration{})
	w.peers = append(w.peers, p)
	return p
}

// open makes the peer's connection.
func (p *peer) open(config Configuration) {
	p.w.Helper()
	pc, err := p.api.NewPeerConnection(config)
	if err != nil {
		p.w.Fatalf("%s: %v", p.name, err)
	}
	p.PeerConnection = pc
	pc.OnConnectionStateChange(func(s PeerConnectionState) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.states = append(p.states, s)
	})
	pc.OnICEConnectionStateChange(func(s ICEConnectionState) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ice = append(p.ice, s)
	})
	pc.OnDataChannel(func(d *DataChannel) { p.adopt(d) })
}

// adopt records what arrives on a channel.
func (p *peer) adopt(d *DataChannel) *DataChannel {
	d.OnMessage(func(m DataChannelMessage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.received = append(p.received, string(m.Data))
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.channels = append(p.channels, d)
	return d
}

// end ends what runs beside the connection.
func (p *peer) end() {
	if p.out != nil {
		close(p.out.queue)
		<-p.out.done
		p.out = nil
	}
	if p.onClose != nil {
		p.onClose()
	}
}

// signal connects two peers by a signal channel on which each message takes as
// long as delay says; candidates trickle over it.
func (w *world) signal(a, b *peer, delay func() time.Duration) {
	for _, way := range [][2]*peer{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		from.out = newWire()
		out := from.out
		from.OnICECandidate(func(c *ICECandidate) {
			if c == nil {
				return
			}
			init := c.ToJSON()
			out.send(delay(), func() { to.deliver(init, 100) })
		})
	}
}

// deliver adds a candidate of the other peer's. A candidate can be found and
// sent before the call that sets its description has returned, and so overtake
// it; like a program would, the peer tries again a little later, until it gives
// the description up.
func (p *peer) deliver(init ICECandidateInit, tries int) {
	d := p.RemoteDescription()
	if d == nil || !strings.Contains(d.SDP, "a=ice-ufrag:"+*init.UsernameFragment+"\r\n") {
		if tries > 0 {
			time.AfterFunc(time.Millisecond, func() { p.deliver(init, tries-1) })
		}
		return
	}
	if err := p.AddICECandidate(init); err != nil && !errors.Is(err, net.ErrClosed) {
		p.note(fmt.Errorf("AddICECandidate(%q): %w", init.Candidate, err))
	}
}

func (p *peer) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, err)
}

// channel creates a data channel and records what arrives on it.
func (p *peer) channel(label string, init *DataChannelInit) *DataChannel {
	p.w.Helper()
	d, err := p.CreateDataChannel(label, init)
	if err != nil {
		p.w.Fatalf("%s: CreateDataChannel: %v", p.name, err)
	}
	return p.adopt(d)
}

// negotiates exchanges an offer of p's and the answer of to's over wires whose
// messages take delay.
func (p *peer) negotiates(to *peer, delay time.Duration) {
	p.w.Helper()
	p.negotiatesThrough(to, delay, func(sdp string) string { return sdp })
}

// negotiatesThrough is negotiates where the descriptions are changed on their way.
func (p *peer) negotiatesThrough(to *peer, delay time.Duration, munge func(sdp string) string) {
	p.w.Helper()
	p.must(p.SetLocalDescription(SessionDescription{}), "SetLocalDescription(offer)")
	offer := *p.LocalDescription()
	offer.SDP = munge(offer.SDP)
	p.out.send(delay, func() {
		to.check(to.SetRemoteDescription(offer), "SetRemoteDescription(offer)")
		to.check(to.SetLocalDescription(SessionDescription{}), "SetLocalDescription(answer)")
		answer := *to.LocalDescription()
		answer.SDP = munge(answer.SDP)
		to.out.send(delay, func() {
			p.check(p.SetRemoteDescription(answer), "SetRemoteDescription(answer)")
		})
	})
}

// withoutLines returns a change of descriptions that leaves out the lines that begin
// with one of the prefixes.
func withoutLines(prefixes ...string) func(sdp string) string {
	return func(sdp string) string {
		var kept strings.Builder
		for line := range strings.Lines(sdp) {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
}

func (p *peer) must(err error, what string) {
	p.w.Helper()
	if err != nil {
		p.w.Fatalf("%s: %s: %v", p.name, what, err)
	}
}

func (p *peer) check(err error, what string) {
	if err != nil {
		p.w.Errorf("%s: %s: %v", p.name, what, err)
	}
}

// within waits in virtual time until the condition holds.
func (w *world) within(limit time.Duration, what string, condition func() bool) {
	w.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		synctest.Wait()
		if condition() {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// connected tells whether all peers are.
func connected(peers ...*peer) func() bool {
	return func() bool {
		for _, p := range peers {
			if p.ConnectionState() != PeerConnectionStateConnected {
				return false
			}
		}
		return true
	}
}

// got tells whether p has received the messages, in order, and no others.
func (p *peer) got(want ...string) func() bool {
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.received) != len(want) {
			return false
		}
		for i := range want {
			if p.received[i] != want[i] {
				return false
			}
		}
		return true
	}
}

// fixed is a signal channel's delay that is always the same.
func fixed(d time.Duration) func() time.Duration { return func() time.Duration { return d } }
