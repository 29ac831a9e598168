package ice

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// flight returns a packet of the DTLS handshake, in the clear, with the number of its
// first message and a size.
func flight(sequence byte, size int) []byte {
	p := make([]byte, size)
	p[0], p[1], p[2], p[18] = 22, 254, 253, sequence
	return p
}

// flightsOf returns what a side's agent has received in checks.
func flightsOf(s *side) (all [][]byte) {
	for _, e := range s.events {
		if f, ok := e.(FlightReceived); ok {
			all = append(all, f.Data)
		}
	}
	return all
}

// carrier returns an agent that carries flights, and a puppet.
func carrier(t *testing.T) (*wire, *side, *puppet) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Flights: true})
	a.host(1, addrA)
	p := against(a, addrB)
	return w, a, p
}

// A packet goes with the check or the answer, is acknowledged, and is gone then.
func TestFlightsTravelInChecks(t *testing.T) {
	w := newWire(t)
	w.delay = 50 * time.Millisecond
	a, b := w.agent("a", AgentConfig{Controlling: true, Flights: true}), w.agent("b", AgentConfig{Flights: true})
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	b.credentialsOf(a)
	b.learnOf(ca)
	b.StartFlights(w.now, true)
	hello := flight(0, 200)
	b.SendFlight(w.now, hello)
	b.flush()
	w.run(w.delay + time.Millisecond)
	if got := flightsOf(a); len(got) != 1 || !bytes.Equal(got[0], hello) {
		t.Fatalf("before the answer, a has %x", got)
	}
	a.credentialsOf(b)
	a.learnOf(cb)
	a.StartFlights(w.now, false)
	reply := flight(1, 600)
	a.SendFlight(w.now, reply)
	a.flush()
	w.run(w.delay + time.Millisecond)
	if got := flightsOf(b); len(got) != 1 || !bytes.Equal(got[0], reply) {
		t.Fatalf("one way later, b has %d packets", len(got))
	}
	w.run(time.Second)
	if len(flightsOf(a)) != 1 || len(flightsOf(b)) != 1 {
		t.Errorf("packets were handed over more than once: %d and %d", len(flightsOf(a)), len(flightsOf(b)))
	}
	for _, s := range []*side{a, b} {
		if rest := s.TakeFlights(); rest != nil {
			t.Errorf("%s has not heard that %d packets came", s.name, len(rest))
		}
		s.EndFlights()
	}
}

// draft-hancke-webrtc-sped-00 §4.3: a peer whose first message is without gets none,
// and the packets are there for the path.
func TestFlightsWithAPeerWithout(t *testing.T) {
	w, a, p := carrier(t)
	hello := flight(0, 200)
	a.SendFlight(w.now, hello)
	a.flush()
	w.run(time.Second)
	if len(p.requests) == 0 || !bytes.Equal(p.requests[0].flight, hello) {
		t.Fatalf("the first of %d checks carries nothing", len(p.requests))
	}
	a.SendFlight(w.now, flight(0, 100))
	if rest := a.TakeFlights(); len(rest) != 1 || len(rest[0]) != 100 {
		t.Errorf("%d packets are left for the path, want the repeated one", len(rest))
	}
	p.check(addrB, false)
	w.run(time.Second)
	if len(p.responses) == 0 || p.responses[0].hasFlight {
		t.Error("there is no answer, or one with the attribute")
	}
}

// Nothing is taken of a message that is not authentic, or does not hold DTLS.
func TestFlightsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		key   *integrityKey
		value []byte
	}{
		"without integrity":  {nil, flight(0, 100)},
		"with another's key": {newIntegrityKey("another password of somebody"), flight(0, 100)},
		"no DTLS":            {newIntegrityKey(""), make([]byte, 100)},
		"too long":           {newIntegrityKey(""), flight(0, maxCarrier+1)},
		"nothing":            {newIntegrityKey(""), nil},
	} {
		w, a, p := carrier(t)
		key := c.key
		if key != nil && what != "with another's key" {
			key = p.key()
		}
		ufrag, _ := a.LocalCredentials()
		p.send(addrB, p.message(stun.ClassRequest, p.id(), key, func(m *stun.Message) {
			m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
			addUint32(m, stun.AttrPriority, 1845494271)
			addUint64(m, stun.AttrICEControlling, 1<<63)
			m.Add(attrDTLSInSTUN, c.value)
		}))
		w.run(time.Second)
		if got := flightsOf(a); got != nil {
			t.Errorf("%s: took %x", what, got)
		}
	}
}

// An address that has not answered gets no more than a ClientHello or so, however
// long it is checked, and no message is larger than a path takes.
func TestFlightsToTheSilent(t *testing.T) {
	w, a, p := carrier(t)
	p.mute = true
	total := 0
	for i := range 20 {
		a.SendFlight(w.now, flight(0, 100+50*i))
		a.flush()
		w.run(time.Second)
	}
	a.SendFlight(w.now, flight(0, MaxFlightPacket+200))
	a.flush()
	w.run(time.Minute)
	for _, r := range p.requests {
		total += len(r.flight)
		if len(r.raw) > maxCarrier {
			t.Errorf("a check has %d bytes", len(r.raw))
		}
	}
	if total == 0 || total > unaskedFlight {
		t.Errorf("%d bytes of packets went to an address that is silent, want at most %d", total, unaskedFlight)
	}
}

// What somebody unknown sends a check with a small packet for is no more than three
// times as large.
func TestFlightsAmplifyNothing(t *testing.T) {
	w, a, p := carrier(t)
	p.mute = true
	p.addrs = append(p.addrs, ap(addrC))
	w.run(time.Second)
	out := 0
	w.pass = func(d *flying) bool {
		if d.to == ap(addrC) {
			out += len(d.data)
		}
		return true
	}
	ufrag, _ := a.LocalCredentials()
	raw := p.message(stun.ClassRequest, p.id(), p.key(), func(m *stun.Message) {
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
		addUint32(m, stun.AttrPriority, 1845494271)
		addUint64(m, stun.AttrICEControlling, 1<<63)
		m.Add(attrDTLSInSTUN, flight(0, 60))
	})
	p.send(addrC, raw)
	a.SendFlight(w.now, flight(0, 900))
	a.flush()
	w.run(time.Minute)
	if out == 0 || out > 3*len(raw) {
		t.Errorf("%d bytes went to an address that sent %d", out, len(raw))
	}
}

// A check waits for the packet that it is to carry, and no longer than a moment.
func TestChecksWaitForFlights(t *testing.T) {
	w, _, p := carrier(t)
	if len(p.requests) != 0 {
		t.Fatal("a check went at once")
	}
	w.run(flightWait + time.Millisecond)
	if len(p.requests) == 0 {
		t.Error("a check waits for ever")
	}
	// Nothing is to be waited for by a server whose peer has sent nothing.
	w, a, p := carrier(t)
	a.StartFlights(w.now, false)
	a.flush()
	w.run(time.Millisecond)
	if len(p.requests) == 0 {
		t.Error("a server's check waits")
	}
}
