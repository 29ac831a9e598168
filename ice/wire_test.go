package ice

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// epoch is when virtual time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// A wire joins two agents in virtual time: what one sends from a socket arrives
// at the socket of the other that is bound to the destination.
type wire struct {
	t     *testing.T
	now   time.Time
	seq   int
	sides []*side
	// puppets are peers without an agent.
	puppets []*puppet
	queue   []*flying
	// delay is one way's; loss is the share of datagrams that vanish.
	delay time.Duration
	loss  float64
	rng   *rand.Rand
	// pass, if set, decides about each datagram: false drops it.
	pass func(d *flying) bool
	// sent counts the datagrams.
	sent int
	// wakes counts the calls of HandleTimeout.
	wakes int
	// trace prints each.
	trace bool
}

// flying is a datagram on its way.
type flying struct {
	at       time.Time
	seq      int
	from, to netip.AddrPort
	data     []byte
	by       *side
}

// A side is one agent with its sockets and what it said.
type side struct {
	*Agent
	w       *wire
	name    string
	sockets map[int]netip.AddrPort
	// nat maps what the socket's datagrams seem to come from.
	nat    map[netip.AddrPort]netip.AddrPort
	events []Event
	times  []time.Time
	states []ConnectionState
}

func newWire(t *testing.T) *wire {
	return &wire{t: t, now: epoch, rng: rand.New(rand.NewPCG(1, 2))}
}

// seeded is a random source for an agent.
type seeded struct{ *rand.ChaCha8 }

func (s seeded) Read(p []byte) (int, error) { return s.ChaCha8.Read(p) }

func (w *wire) agent(name string, config AgentConfig) *side {
	if config.Rand == nil {
		var seed [32]byte
		copy(seed[:], name)
		config.Rand = seeded{rand.NewChaCha8(seed)}
	}
	s := &side{Agent: NewAgent(config), w: w, name: name, sockets: map[int]netip.AddrPort{}, nat: map[netip.AddrPort]netip.AddrPort{}}
	w.sides = append(w.sides, s)
	return s
}

// host gives s a socket with a host candidate and returns the candidate.
func (s *side) host(base int, addr string) Candidate {
	s.w.t.Helper()
	a := netip.MustParseAddrPort(addr)
	s.sockets[base] = a
	c := hostCandidate(s.w.t, addr)
	s.AddLocalCandidate(s.w.now, c, base)
	s.flush()
	return c
}

func hostCandidate(t testing.TB, addr string) Candidate {
	t.Helper()
	a := netip.MustParseAddrPort(addr)
	c, err := NewCandidateHost(&CandidateHostConfig{Network: "udp", Address: a.Addr().String(), Port: int(a.Port()), Component: ComponentRTP})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// learnOf tells s of a candidate of its peer.
func (s *side) learnOf(c ...Candidate) {
	s.w.t.Helper()
	for _, c := range c {
		if err := s.AddRemoteCandidate(s.w.now, c); err != nil {
			s.w.t.Fatalf("%s: %v", s.name, err)
		}
	}
	s.flush()
}

// credentialsOf gives s the credentials of o.
func (s *side) credentialsOf(o *side) {
	ufrag, pwd := o.LocalCredentials()
	s.SetRemoteCredentials(s.w.now, ufrag, pwd)
	s.flush()
}

// ended says that both gathering and signalling of s are over.
func (s *side) ended() {
	s.EndOfLocalCandidates(s.w.now)
	s.EndOfRemoteCandidates(s.w.now)
	s.flush()
}

// flush puts what s wants to send on the wire and keeps its events.
func (s *side) flush() {
	for {
		e, ok := s.Poll()
		if !ok {
			return
		}
		t, ok := e.(Transmit)
		if !ok {
			s.events, s.times = append(s.events, e), append(s.times, s.w.now)
			if c, ok := e.(StateChanged); ok {
				s.states = append(s.states, c.State)
			}
			if s.w.trace {
				s.w.t.Logf("%v %s: %T %+v", s.w.now.Sub(epoch), s.name, e, e)
			}
			continue
		}
		s.w.send(s, t)
	}
}

func (w *wire) send(s *side, t Transmit) {
	from, ok := s.sockets[t.Base]
	if !ok {
		w.t.Errorf("%s sends from socket %d, which it does not have", s.name, t.Base)
		return
	}
	if mapped, ok := s.nat[from]; ok {
		from = mapped
	}
	w.sent++
	w.seq++
	d := &flying{at: w.now.Add(w.delay), seq: w.seq, from: from, to: t.To, data: slices.Clone(t.Data), by: s}
	if w.trace {
		w.t.Logf("%v %s: %v -> %v %x %d", w.now.Sub(epoch), s.name, from, t.To, d.data[:2], len(d.data))
	}
	if w.pass != nil && !w.pass(d) || w.loss > 0 && w.rng.Float64() < w.loss {
		return
	}
	w.queue = append(w.queue, d)
}

// deliver hands d to whoever is bound to its destination.
func (w *wire) deliver(d *flying) {
	for _, s := range w.sides {
		for base, addr := range s.sockets {
			outer, natted := s.nat[addr]
			if !natted && addr == d.to || natted && outer == d.to {
				s.HandlePacket(w.now, base, d.from, d.data)
				s.flush()
				return
			}
		}
	}
	for _, p := range w.puppets {
		if slices.Contains(p.addrs, d.to) {
			p.receive(d)
			return
		}
	}
}

// step moves to the next thing to happen, at the latest to end; false at end.
func (w *wire) step(end time.Time) bool {
	next, do := end, func() {}
	for _, s := range w.sides {
		if at := s.NextTimeout(); !at.IsZero() && at.Before(next) {
			next, do = at, func() { w.wakes++; s.HandleTimeout(w.now); s.flush() }
		}
	}
	for _, d := range w.queue {
		if !d.at.After(next) && d.at.Before(end) {
			next = d.at
		}
	}
	if next == end {
		w.now = end
		return false
	}
	if next.After(w.now) {
		w.now = next
	}
	var first *flying
	for _, d := range w.queue {
		if !d.at.After(w.now) && (first == nil || d.at.Before(first.at) || d.at.Equal(first.at) && d.seq < first.seq) {
			first = d
		}
	}
	if first != nil {
		w.queue = slices.DeleteFunc(w.queue, func(d *flying) bool { return d == first })
		w.deliver(first)
		return true
	}
	do()
	return true
}

// run lets d pass.
func (w *wire) run(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for n := 0; w.step(end); n++ {
		if n > 1_000_000 {
			w.t.Fatalf("the agents do not come to rest at %v", w.now.Sub(epoch))
		}
	}
}

// until runs until ok holds, and fails after limit.
func (w *wire) until(what string, limit time.Duration, ok func() bool) time.Duration {
	w.t.Helper()
	begin := w.now
	end := w.now.Add(limit)
	for n := 0; !ok(); n++ {
		if !w.step(end) || n > 1_000_000 {
			w.t.Fatalf("within %v: not %s; %s", limit, what, w.status())
		}
	}
	return w.now.Sub(begin)
}

func (w *wire) status() string {
	var out string
	for _, s := range w.sides {
		out += fmt.Sprintf("%s is %v with %v; ", s.name, s.State(), s.selected.snapshot())
	}
	return out
}

func (s *side) wantState(want ConnectionState, when string) {
	s.w.t.Helper()
	if got := s.State(); got != want {
		s.w.t.Errorf("%s: %s is %v, want %v", when, s.name, got, want)
	}
}

func (s *side) wantStates(want ...ConnectionState) {
	s.w.t.Helper()
	if !slices.Equal(s.states, want) {
		s.w.t.Errorf("%s went through %v, want %v", s.name, s.states, want)
	}
}

// wantPath checks where packets go, from which address to which.
func (s *side) wantPath(from, to, when string) {
	s.w.t.Helper()
	p, ok := s.SelectedPair()
	if !ok {
		s.w.t.Errorf("%s: %s has no pair, want %s -> %s", when, s.name, from, to)
		return
	}
	if got := s.sockets[p.Base].String(); got != from || p.To.String() != to {
		s.w.t.Errorf("%s: %s sends %s -> %v, want %s -> %s", when, s.name, got, p.To, from, to)
	}
}

const (
	addrA = "192.0.2.1:1000"
	addrB = "192.0.2.2:2000"
)

// pairOfHosts returns a controlling and a controlled agent with a host
// candidate each, which know everything of each other, and have not run yet.
func pairOfHosts(w *wire) (a, b *side) {
	a, b = w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(cb)
	b.learnOf(ca)
	return a, b
}

// connected returns such agents in state completed.
func connected(w *wire) (a, b *side) {
	w.t.Helper()
	a, b = pairOfHosts(w)
	a.ended()
	b.ended()
	w.until("both completed", 5*time.Second, func() bool {
		return a.State() == ConnectionStateCompleted && b.State() == ConnectionStateCompleted
	})
	return a, b
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)) }

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
