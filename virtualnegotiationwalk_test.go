package webrtc

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

var (
	walks    = flag.Uint64("walks", 0, "how many random walks TestVirtualNegotiationWalk makes; 0 is its usual number")
	walkFrom = flag.Uint64("walkfrom", 0, "the seed of its first walk")
)

// TestVirtualNegotiationWalk has two peers do at random what programs do with their
// media and channels, at random moments, while their offers collide, are taken back
// and are answered provisionally. After each quiet period both have the same idea of
// every section, and all that should flow does.
//
// A seed that failed is walked again by -walkfrom SEED -walks 1.
func TestVirtualNegotiationWalk(t *testing.T) {
	count := uint64(100)
	if testing.Short() {
		count = 3
	}
	if *walks > 0 {
		count = *walks
	}
	did := &happenings{times: map[string]int{}}
	for seed := *walkFrom; seed < *walkFrom+count; seed++ {
		ok := t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) { newNegotiationWalk(w, seed, did).run() })
		})
		if !ok {
			t.Fatalf("seed %d failed; the seeds after it were not tried", seed)
		}
	}
	for _, what := range []string{"glare", "taken back", "received twice", "provisional", "recycled", "simulcast"} {
		if did.times[what] == 0 && count >= 50 {
			t.Errorf("no walk had this in it: %s", what)
		}
	}
	t.Logf("%d walks: %v", count, did.times)
}

// happenings counts what walks had in them, on the goroutines of both peers.
type happenings struct {
	mu    sync.Mutex
	times map[string]int
}

func (h *happenings) note(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times[what]++
}

// A negotiationWalk is one of them.
type negotiationWalk struct {
	w      *world
	chance *rand.Rand
	sides  [2]*walker
	did    *happenings
	log    []string
}

// A walker is one of the peers. Its goroutine is the negotiator's: what it does comes
// one after the other, as in a browser's event loop.
type walker struct {
	walk *negotiationWalk
	*negotiator
	other    *walker
	chance   *rand.Rand // of the negotiator's goroutine
	made     int
	channels map[string]*DataChannel // that are open, by label
	closed   map[string]*DataChannel // that this side has made and closed
	current  map[*RTPSender]*source  // the track of each sender that has one

	mu    sync.Mutex // guards all below
	heard map[*RTPTransceiver]int
	told  map[string]int
	known map[string]*DataChannel // those of either side, by label
	ends  map[string]int          // how often each has said that it is closed
}

func newNegotiationWalk(w *world, seed uint64, did *happenings) *negotiationWalk {
	m := &negotiationWalk{w: w, chance: rand.New(rand.NewPCG(seed, 3)), did: did}
	policies := []BundlePolicy{BundlePolicyBalanced, BundlePolicyMaxCompat, BundlePolicyMaxBundle}
	var peers [2]*peer
	for i, name := range []string{"a", "b"} {
		peers[i] = w.peer(name, simnet.Addrs(fmt.Sprintf("192.0.2.%d", i+1)))
		w.must(peers[i].Close())
		peers[i].open(Configuration{BundlePolicy: policies[m.chance.IntN(3)]})
	}
	w.net.SetDefaultPath(simnet.Path{Delay: m.pause(20)})
	w.negotiatesPerfectly(peers[0], peers[1], fixed(m.pause(60)))
	for i, p := range peers {
		s := &walker{walk: m, chance: rand.New(rand.NewPCG(seed, uint64(10+i))), channels: map[string]*DataChannel{}, closed: map[string]*DataChannel{},
			known: map[string]*DataChannel{}, ends: map[string]int{}, current: map[*RTPSender]*source{}, heard: map[*RTPTransceiver]int{}, told: map[string]int{}}
		s.negotiator = &negotiator{peer: p}
		m.sides[i] = s
	}
	m.sides[0].other, m.sides[1].other = m.sides[1], m.sides[0]
	for _, s := range m.sides {
		s.takesOver()
	}
	return m
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (m *negotiationWalk) pause(most int) time.Duration {
	return time.Duration(m.chance.IntN(most)) * time.Millisecond
}

func (m *negotiationWalk) run() {
	defer func() {
		if m.w.Failed() {
			m.w.Logf("what was done:\n  %s", strings.Join(m.log, "\n  "))
		}
	}()
	m.sides[0].createChannel()
	for range 4 {
		for range 2 + m.chance.IntN(7) {
			s := m.sides[m.chance.IntN(2)]
			s.does(s.operation())
			time.Sleep(m.pause(80))
		}
		m.isQuiet()
		m.agrees()
		m.flows()
		if m.w.Failed() {
			return
		}
	}
}

// does runs an operation on the walker's goroutine and waits for it.
func (s *walker) does(name string, operation func()) {
	m := s.walk
	done := make(chan struct{})
	s.inbox <- func() {
		m.log = append(m.log, fmt.Sprintf("%s: %s in %s", s.name, name, s.SignalingState()))
		operation()
		close(done)
	}
	<-done
}

// isQuiet waits until there is nothing left to negotiate.
func (m *negotiationWalk) isQuiet() {
	m.w.Helper()
	settled := func() bool {
		for _, s := range m.sides {
			if s.SignalingState() != SignalingStateStable || s.NegotiationNeeded() || s.ConnectionState() != PeerConnectionStateConnected {
				return false
			}
		}
		return true
	}
	for range 600 {
		time.Sleep(50 * time.Millisecond)
		if !settled() {
			continue
		}
		time.Sleep(500 * time.Millisecond) // what is on its way
		if settled() {
			synctest.Wait()
			return
		}
	}
	for _, s := range m.sides {
		m.w.Errorf("%s does not come to rest: %s, negotiation needed %v, %s", s.name, s.SignalingState(), s.NegotiationNeeded(), s.ConnectionState())
	}
}

// agrees compares what both sides think of every section.
func (m *negotiationWalk) agrees() {
	m.w.Helper()
	a, b := m.sides[0], m.sides[1]
	ours, theirs := a.sections(), b.sections()
	if !slices.Equal(ours, theirs) {
		m.w.Errorf("the sections are\n%q at a,\n%q at b", ours, theirs)
	}
	for _, s := range m.sides {
		if s.PendingLocalDescription() != nil || s.PendingRemoteDescription() != nil {
			m.w.Errorf("%s: a description is pending in stable", s.name)
		}
		mids := map[string]bool{}
		for _, t := range s.GetTransceivers() {
			peer := s.other.ofMid(t.Mid())
			switch {
			case t.Mid() == "" || mids[t.Mid()]:
				m.w.Errorf("%s: a transceiver with mid %q", s.name, t.Mid())
			case peer == nil || peer.Kind() != t.Kind():
				m.w.Errorf("%s: mid %q is %s, on the other side %v", s.name, t.Mid(), t.Kind(), peer)
			case t.CurrentDirection() != peer.CurrentDirection().reversed():
				m.w.Errorf("%s: mid %q is %s, on the other side %s", s.name, t.Mid(), t.CurrentDirection(), peer.CurrentDirection())
			case t.CurrentDirection().sends():
				s.agreesOnTrack(t, peer)
			case len(peer.Receiver().StreamIDs()) != 0 || !peer.Receiver().Track().Muted():
				m.w.Errorf("%s: mid %q sends nothing, but the receiver is in %q and muted %v", s.name, t.Mid(), peer.Receiver().StreamIDs(), peer.Receiver().Track().Muted())
			}
			mids[t.Mid()] = true
			if t.Sender().Transport() == nil || t.Sender().Transport() != s.GetTransceivers()[0].Sender().Transport() {
				m.w.Errorf("%s: mid %q is not bundled", s.name, t.Mid())
			}
		}
	}
}

func (s *walker) agreesOnTrack(t, peer *RTPTransceiver) {
	want := slices.Clone(t.Sender().streamIDs)
	got := peer.Receiver().StreamIDs()
	sort.Strings(want)
	sort.Strings(got)
	if !slices.Equal(got, want) || peer.Receiver().Track().ID() != t.Sender().id || peer.Receiver().Track().Ended() {
		s.w.Errorf("%s: mid %q has the track %q in %q, ended %v; sent is %q in %q", s.other.name, t.Mid(),
			peer.Receiver().Track().ID(), got, peer.Receiver().Track().Ended(), t.Sender().id, want)
	}
}

// reversed is a direction seen from the other side.
func (t RTPTransceiverDirection) reversed() RTPTransceiverDirection {
	switch t {
	case RTPTransceiverDirectionSendonly:
		return RTPTransceiverDirectionRecvonly
	case RTPTransceiverDirectionRecvonly:
		return RTPTransceiverDirectionSendonly
	default:
		return t
	}
}

func (s *walker) ofMid(mid string) *RTPTransceiver {
	for _, t := range s.GetTransceivers() {
		if t.Mid() == mid {
			return t
		}
	}
	return nil
}

// sections returns kind and mid of each section that is in force, and of the others
// that they are not: a section is rejected in either description.
func (s *walker) sections() []string {
	list, theirs := sectionsOf(s.CurrentLocalDescription()), sectionsOf(s.CurrentRemoteDescription())
	if len(list) != len(theirs) {
		s.w.Errorf("%s: %q is answered by %q", s.name, list, theirs)
		return list
	}
	for i := range list {
		if strings.HasPrefix(list[i], "rejected") || strings.HasPrefix(theirs[i], "rejected") {
			list[i] = "rejected"
		} else if list[i] != theirs[i] {
			s.w.Errorf("%s: %q is answered by %q", s.name, list[i], theirs[i])
		}
	}
	return list
}

// sectionsOf returns whether it is rejected, kind and mid of each section.
func sectionsOf(d *SessionDescription) []string {
	var list []string
	for line := range strings.Lines(d.SDP) {
		line = strings.TrimSpace(line)
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "m=") && fields[1] == "0":
			list = append(list, "rejected "+fields[0][2:])
		case strings.HasPrefix(line, "m="):
			list = append(list, fields[0][2:])
		case strings.HasPrefix(line, "a=mid:"):
			list[len(list)-1] += " " + line[6:]
		case line == "a=bundle-only":
			list[len(list)-1] = strings.TrimPrefix(list[len(list)-1], "rejected ")
		}
	}
	return list
}

// flows sends on all that should carry something, and checks that it comes.
func (m *negotiationWalk) flows() {
	m.w.Helper()
	const packets = 5
	want := map[*walker]map[*RTPTransceiver]int{m.sides[0]: {}, m.sides[1]: {}}
	var sources []*source
	for _, s := range m.sides {
		s.forgets()
	}
	for _, s := range m.sides {
		for _, t := range s.GetTransceivers() {
			if from := s.current[t.Sender()]; from != nil {
				sources = append(sources, from)
				if t.CurrentDirection().sends() {
					want[s.other][s.other.ofMid(t.Mid())] = packets * len(t.Sender().GetParameters().Encodings)
				}
			}
		}
		for label, d := range s.channels {
			if d.ReadyState() != DataChannelStateOpen {
				m.w.Errorf("%s: the channel %q is %s", s.name, label, d.ReadyState())
				continue
			}
			m.w.must(d.SendText(label))
		}
	}
	together(packets, 10*time.Millisecond, sources...)
	synctest.Wait()
	for _, s := range m.sides {
		s.endsChannels()
	}
	for _, s := range m.sides {
		s.mu.Lock()
		if !maps.Equal(s.heard, want[s]) {
			for t, n := range want[s] {
				if s.heard[t] != n {
					m.w.Errorf("%s: mid %q has brought %d packets, want %d", s.name, t.Mid(), s.heard[t], n)
				}
			}
			for t, n := range s.heard {
				if want[s][t] != n {
					m.w.Errorf("%s: mid %q has brought %d packets, want %d", s.name, t.Mid(), n, want[s][t])
				}
			}
		}
		for label := range s.other.channels {
			if s.told[label] != 1 {
				m.w.Errorf("%s: the channel %q has brought %d messages, want 1", s.name, label, s.told[label])
			}
		}
		s.mu.Unlock()
	}
}

// endsChannels checks that what was closed is so on both sides, and has said it once.
func (s *walker) endsChannels() {
	for label := range s.closed {
		for _, side := range s.walk.sides {
			side.mu.Lock()
			d, ends := side.known[label], side.ends[label]
			side.mu.Unlock()
			if d == nil && side == s.other {
				continue // it was closed before the peer could know of it
			}
			if d.ReadyState() != DataChannelStateClosed || ends != 1 {
				s.w.Errorf("%s: the channel %q is %s and was closed %d times", side.name, label, d.ReadyState(), ends)
			}
		}
	}
	for label := range s.channels {
		for _, side := range s.walk.sides {
			side.mu.Lock()
			if ends := side.ends[label]; ends != 0 {
				s.w.Errorf("%s: the open channel %q was closed %d times", side.name, label, ends)
			}
			side.mu.Unlock()
		}
	}
}

func (s *walker) forgets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard, s.told = map[*RTPTransceiver]int{}, map[string]int{}
}
