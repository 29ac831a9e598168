package ice

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// target returns an agent that knows a puppet at addrB, which stays silent.
func target(t *testing.T) (*wire, *side, *puppet) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a)
	p.addrs = []netip.AddrPort{ap(addrB)}
	p.mute = true
	return w, a, p
}

// withoutFingerprint cuts the fingerprint off.
func withoutFingerprint(raw []byte) []byte {
	raw = bytes.Clone(raw[:len(raw)-8])
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)-20))
	return raw
}

// refingerprint makes the fingerprint of raw right again.
func refingerprint(raw []byte) []byte {
	raw = bytes.Clone(raw)
	at := len(raw) - 8
	binary.BigEndian.PutUint32(raw[at+4:], stun.FingerprintValue(raw[:at]))
	return raw
}

// A drop is a datagram and what becomes of it.
type drop struct {
	name   string
	data   func(p *puppet) []byte
	want   Counters
	answer int // the error code expected, 0 for no answer
}

// unmade are datagrams that are not even well-formed requests of anyone.
func unmade() []drop {
	return []drop{
		{"nothing", func(p *puppet) []byte { return nil }, Counters{Malformed: 1}, 0},
		{"a header's half", func(p *puppet) []byte { return p.request(false)[:10] }, Counters{Malformed: 1}, 0},
		{"a message without its end", func(p *puppet) []byte { r := p.request(false); return r[:len(r)-4] }, Counters{Malformed: 1}, 0},
		{"bytes after the end", func(p *puppet) []byte { return append(p.request(false), 0, 0, 0, 0) }, Counters{Malformed: 1}, 0},
		{"not STUN", func(p *puppet) []byte { r := p.request(false); r[0] |= 0x80; return r }, Counters{Malformed: 1}, 0},
		{"another cookie", func(p *puppet) []byte { r := p.request(false); r[4] ^= 1; return r }, Counters{Malformed: 1}, 0},
		{"an attribute that is too long", func(p *puppet) []byte { r := p.request(false); r[23] = 0xff; return r }, Counters{Malformed: 1}, 0},
		{"an oversized message", func(p *puppet) []byte { return make([]byte, maxMessage+4) }, Counters{Oversized: 1}, 0},
		{"no fingerprint", func(p *puppet) []byte { return withoutFingerprint(p.request(false)) }, Counters{NoFingerprint: 1}, 0},
		{"a wrong fingerprint", func(p *puppet) []byte { r := p.request(false); r[len(r)-1] ^= 1; return r }, Counters{BadFingerprint: 1}, 0},
		{"another method", func(p *puppet) []byte { r := p.request(false); r[1] = 3; return refingerprint(r) }, Counters{OtherMethod: 1}, 0},
		{"an indication", func(p *puppet) []byte {
			return p.message(stun.ClassIndication, p.id(), nil, func(*stun.Message) {})
		}, Counters{Indications: 1}, 0},
		{"a response to nothing", func(p *puppet) []byte {
			return p.message(stun.ClassSuccessResponse, p.id(), newIntegrityKey(p.pwd), func(m *stun.Message) { addXORAddress(m, ap(addrA)) })
		}, Counters{UnmatchedResponses: 1}, 0},
		{"an error to nothing", func(p *puppet) []byte {
			return p.message(stun.ClassErrorResponse, p.id(), newIntegrityKey(p.pwd), func(m *stun.Message) { addErrorCode(m, 487) })
		}, Counters{UnmatchedResponses: 1}, 0},
	}
}

// unsound are well-formed requests that lack something.
func unsound() []drop {
	request := func(p *puppet, key *integrityKey, attributes func(*stun.Message)) []byte {
		return p.message(stun.ClassRequest, p.id(), key, attributes)
	}
	username := func(p *puppet, m *stun.Message) {
		ufrag, _ := p.peer.LocalCredentials()
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
	}
	whole := func(p *puppet) func(*stun.Message) {
		return func(m *stun.Message) {
			username(p, m)
			addUint32(m, stun.AttrPriority, 1)
			addUint64(m, stun.AttrICEControlling, 1)
		}
	}
	return []drop{
		{"no username", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) { addUint32(m, stun.AttrPriority, 1) })
		}, Counters{Unauthenticated: 1}, 400},
		{"no integrity", func(p *puppet) []byte { return request(p, nil, whole(p)) }, Counters{Unauthenticated: 1}, 400},
		{"another's username", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) { m.Add(stun.AttrUsername, []byte("someone:else")) })
		}, Counters{UnknownUsername: 1}, 401},
		{"a prefix of our username", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) {
				ufrag, _ := p.peer.LocalCredentials()
				m.Add(stun.AttrUsername, []byte(ufrag[:4]+":"+p.ufrag))
			})
		}, Counters{UnknownUsername: 1}, 401},
		{"another password", func(p *puppet) []byte { return request(p, newIntegrityKey(p.pwd), whole(p)) }, Counters{BadIntegrity: 1}, 401},
		{"a changed request", func(p *puppet) []byte { r := p.request(false); r[12] ^= 1; return refingerprint(r) }, Counters{BadIntegrity: 1}, 401},
		{"no priority", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) { username(p, m); addUint64(m, stun.AttrICEControlling, 1) })
		}, Counters{BadRequests: 1}, 400},
		{"a priority of two bytes", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) { username(p, m); m.Add(stun.AttrPriority, []byte{1, 2}) })
		}, Counters{BadRequests: 1}, 400},
		{"a role of one byte", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) {
				username(p, m)
				addUint32(m, stun.AttrPriority, 1)
				m.Add(stun.AttrICEControlling, []byte{1})
			})
		}, Counters{BadRequests: 1}, 400},
		{"an unknown attribute that must be understood", func(p *puppet) []byte {
			return request(p, p.key(), func(m *stun.Message) { whole(p)(m); m.Add(0x7abc, nil) })
		}, Counters{UnknownAttributes: 1}, 420},
	}
}

// What is no check of this session is dropped, and exactly one counter says so.
// Only where RFC 8489 §9.1.3 and §6.3.1 or RFC 8445 §7.3 say so is it answered.
func TestDrops(t *testing.T) {
	for _, c := range append(unmade(), unsound()...) {
		t.Run(c.name, func(t *testing.T) {
			w, a, p := target(t)
			p.send(addrB, c.data(p))
			w.run(time.Second)
			if got := a.Counters(); got != c.want {
				t.Errorf("counted %+v, want %+v", got, c.want)
			}
			if len(a.RemoteCandidates()) != 0 || len(a.Pairs()) != 0 || len(p.requests) != 0 {
				t.Errorf("it left %v and %v", a.RemoteCandidates(), a.Pairs())
			}
			switch {
			case c.answer == 0 && len(p.responses) != 0:
				t.Errorf("it was answered with %d", p.responses[0].errorCode)
			case c.answer != 0 && (len(p.responses) != 1 || p.responses[0].errorCode != c.answer):
				t.Errorf("%d answers, want one with %d", len(p.responses), c.answer)
			}
		})
	}
}

// A request that is unknown in part, but for the optional half of the range.
func TestOptionalAttributesAreIgnored(t *testing.T) {
	w, a, p := target(t)
	ufrag, _ := a.LocalCredentials()
	p.send(addrB, p.message(stun.ClassRequest, p.id(), p.key(), func(m *stun.Message) {
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
		m.Add(0xC057, []byte{0, 1, 0, 10}) // network cost, as Chrome sends it
		addUint32(m, stun.AttrPriority, 1)
		addUint64(m, stun.AttrICEControlling, 1)
		m.Add(stun.AttrSoftware, []byte("somebody"))
	}))
	w.run(time.Millisecond)
	if len(p.responses) != 1 || p.responses[0].mapped != ap(addrB) || len(a.RemoteCandidates()) != 1 {
		t.Errorf("%d answers, %d candidates", len(p.responses), len(a.RemoteCandidates()))
	}
}

// Answers to requests that nobody can be held to are few and small: a forged
// source address gets at most three times the bytes that were spent on it.
func TestNoReflection(t *testing.T) {
	w, a, p := target(t)
	spent, got := 0, 0
	w.pass = func(d *flying) bool { got += len(d.data); return true }
	for i := range 1000 {
		raw := p.message(stun.ClassRequest, transactionID{byte(i), byte(i >> 8)}, nil, func(*stun.Message) {})
		spent += len(raw)
		a.HandlePacket(w.now, 1, netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), uint16(i+1)), raw)
		a.flush()
		w.run(time.Millisecond)
	}
	if n := a.Counters().ErrorsWithheld; n < 980 {
		t.Errorf("%d of 1000 answers were withheld", n)
	}
	if got > 3*spent || got > 20*40 {
		t.Errorf("%d bytes were answered to %d", got, spent)
	}
}

// A request of the peer, recorded and sent again from elsewhere, neither moves
// the traffic nor makes the agent send anything there.
func TestReplayedRequest(t *testing.T) {
	w, a, p := target(t)
	p.mute = false
	raw := p.request(true)
	p.send(addrB, raw)
	w.run(time.Second)
	a.wantPath(addrA, addrB, "before the replay")
	elsewhere := 0
	w.pass = func(d *flying) bool {
		if d.to != ap(addrB) {
			elsewhere++
		}
		return true
	}
	for i := range 100 {
		a.HandlePacket(w.now, 1, ap(fmt.Sprintf("203.0.113.9:%d", 1000+i)), raw)
		a.flush()
		w.run(100 * time.Millisecond)
	}
	a.wantPath(addrA, addrB, "after the replay")
	if elsewhere != 0 || len(a.Pairs()) != 1 || a.Counters().Replayed != 100 {
		t.Errorf("%d datagrams elsewhere, pairs %v, %d counted", elsewhere, a.Pairs(), a.Counters().Replayed)
	}
	// The same from the same address is a retransmission, and answered.
	before := len(p.responses)
	p.send(addrB, raw)
	w.run(time.Millisecond)
	if len(p.responses) != before+1 || a.Stats()[0].RetransmissionsReceived != 1 {
		t.Errorf("a retransmission got %d answers", len(p.responses)-before)
	}
}

// Somebody who listens and is faster than the peer sends each of its requests
// from elsewhere first. That must not keep the peer, whose address signaling has
// named, from being answered.
func TestReplayFasterThanThePeer(t *testing.T) {
	w, a, p := target(t)
	a.learnOf(hostCandidate(t, addrB))
	p.mute = false
	raw := p.request(false)
	a.HandlePacket(w.now, 1, ap("203.0.113.9:1000"), raw)
	a.flush()
	before := len(p.responses)
	p.send(addrB, raw)
	w.run(time.Second)
	if len(p.responses) == before {
		t.Error("the peer's own request was not answered")
	}
	a.wantPath(addrA, addrB, "in spite of the replay")
}

// Responses that are not what they seem, each in the place of the right one.
func TestHostileResponses(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(p *puppet, r *binding) []byte
		failed bool // the pair, at once; otherwise the transaction goes on
	}{
		{"unsigned success", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassSuccessResponse, r.id, nil, func(m *stun.Message) { addXORAddress(m, ap(addrA)) })
		}, false},
		{"success signed with our password", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassSuccessResponse, r.id, p.key(), func(m *stun.Message) { addXORAddress(m, ap(addrA)) })
		}, false},
		{"unsigned 487", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassErrorResponse, r.id, nil, func(m *stun.Message) { addErrorCode(m, 487) })
		}, false},
		{"unsigned 401", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassErrorResponse, r.id, nil, func(m *stun.Message) { addErrorCode(m, 401) })
		}, false},
		{"signed 500", func(p *puppet, r *binding) []byte { return p.failure(r, 500) }, true},
		{"success without an address", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassSuccessResponse, r.id, newIntegrityKey(p.pwd), func(*stun.Message) {})
		}, true},
		{"success with an unknown attribute", func(p *puppet, r *binding) []byte {
			return p.message(stun.ClassSuccessResponse, r.id, newIntegrityKey(p.pwd), func(m *stun.Message) {
				m.Add(0x7abc, nil)
				addXORAddress(m, ap(addrA))
			})
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t)
			a := w.agent("a", AgentConfig{Controlling: true})
			a.host(1, addrA)
			p := against(a, addrB)
			p.answer = func(r *binding, _ netip.AddrPort) []byte { return c.answer(p, r) }
			w.run(400 * time.Millisecond)
			if _, ok := a.SelectedPair(); ok {
				t.Fatal("the pair is in use")
			}
			if got := a.Pairs()[0].State == CandidatePairStateFailed; got != c.failed {
				t.Errorf("the pair is %v", a.Pairs()[0].State)
			}
			p.answer = nil
			w.run(2 * time.Second)
			if _, ok := a.SelectedPair(); ok == c.failed {
				t.Errorf("after right answers the pair is in use: %v", ok)
			}
		})
	}
}

// A response must come from where the request went (RFC 8445 §7.2.5.2.1).
func TestAsymmetricResponse(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a, addrB)
	p.answer = func(r *binding, from netip.AddrPort) []byte {
		a.HandlePacket(w.now, 1, ap(addrC), p.success(r, from))
		a.flush()
		return nil
	}
	w.run(time.Second)
	if s := a.Pairs()[0].State; s != CandidatePairStateFailed || a.Counters().Asymmetric != 1 {
		t.Errorf("the pair is %v, %d counted", s, a.Counters().Asymmetric)
	}
}

// Candidates by the thousand: memory stays bounded, the best are kept, and the
// right one connects.
func TestThousandsOfCandidates(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	a.credentialsOf(b)
	b.credentialsOf(a)
	for i := range 10_000 {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 9)
		c, err := UnmarshalCandidate(fmt.Sprintf("%d 1 udp %d %s 9 typ host", i, 1000+i*7919%10007, addr.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		a.learnOf(c)
	}
	if n, pairs := len(a.RemoteCandidates()), len(a.Pairs()); n > maxRemotes || pairs > DefaultMaxPairs {
		t.Errorf("%d candidates and %d pairs are kept", n, pairs)
	}
	for _, p := range a.Pairs()[:50] {
		if p.Remote.Priority() < 10_500 {
			t.Errorf("a pair of priority %d survived better ones", p.Remote.Priority())
			break
		}
	}
	a.learnOf(cb)
	b.learnOf(ca)
	took := w.until("connected", 5*time.Second, func() bool { return a.State() == ConnectionStateConnected })
	if took > 200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	w.run(time.Minute)
	a.wantPath(addrA, addrB, "after the flood")
}

// An authenticated peer that checks from thousands of addresses.
func TestThousandsOfPeerReflexiveCandidates(t *testing.T) {
	w, a, p := target(t)
	p.mute = false
	p.check(addrB, true)
	w.run(time.Second)
	for i := range 5000 {
		p.addrs = p.addrs[:1]
		a.HandlePacket(w.now, 1, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 9), p.message(stun.ClassRequest,
			transactionID{'f', byte(i), byte(i >> 8)}, p.key(), func(m *stun.Message) {
				ufrag, _ := a.LocalCredentials()
				m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
				addUint32(m, stun.AttrPriority, uint32(i+1))
				addUint64(m, stun.AttrICEControlling, 1<<63)
			}))
		a.flush()
		w.queue = nil
		w.run(time.Millisecond)
	}
	if n := len(a.RemoteCandidates()); n > maxRemotes {
		t.Errorf("%d candidates are kept", n)
	}
	if n := len(a.Pairs()); n > DefaultMaxPairs {
		t.Errorf("%d pairs are kept", n)
	}
	if n := len(a.transactions); n > 2*DefaultMaxPairs {
		t.Errorf("%d transactions are kept", n)
	}
	a.wantPath(addrA, addrB, "after the flood")
}

// Checks before the answer, by the thousand.
func TestThousandsOfEarlyChecks(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := &puppet{w: w, peer: a, ufrag: "pupp", pwd: puppetPassword}
	for i := range 1000 {
		a.HandlePacket(w.now, 1, netip.AddrPortFrom(netip.MustParseAddr("203.0.113.1"), uint16(i+1)), p.request(false))
		a.flush()
	}
	if n := len(a.current().early); n != maxEarly || a.Counters().EarlyDropped == 0 {
		t.Errorf("%d early checks are kept, %d dropped", n, a.Counters().EarlyDropped)
	}
}

// The caller's buffer is not written to, nor what lies behind the packet in it.
func TestHandlePacketLeavesTheBufferAlone(t *testing.T) {
	w, a, p := target(t)
	raw := p.request(false)
	buf := append(bytes.Clone(raw), bytes.Repeat([]byte{0x5a}, 100)...)
	before := bytes.Clone(buf)
	a.HandlePacket(w.now, 1, ap(addrB), buf[:len(raw)])
	if !bytes.Equal(buf, before) {
		t.Error("the buffer has changed")
	}
}

// The right answer at the wrong socket of ours is asymmetric too.
func TestResponseAtAnotherSocket(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a, addrB)
	p.answer = func(r *binding, from netip.AddrPort) []byte {
		a.HandlePacket(w.now, 2, ap(addrB), p.success(r, from))
		return nil
	}
	w.run(time.Second)
	if s := a.Pairs()[0].State; s != CandidatePairStateFailed || a.Counters().Asymmetric != 1 {
		t.Errorf("the pair is %v, %d counted", s, a.Counters().Asymmetric)
	}
}

// Early checks of two peers: those of the one whose answer does not come are
// forgotten. Of the other, a later nomination is remembered.
func TestEarlyChecksOfTwoPeers(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := &puppet{w: w, peer: a, ufrag: "other", pwd: puppetPassword, addrs: []netip.AddrPort{ap(addrC)}}
	q := &puppet{w: w, peer: a, ufrag: "pupp", pwd: puppetPassword, addrs: []netip.AddrPort{ap(addrB)}, next: 100}
	w.puppets = []*puppet{p, q}
	p.check(addrC, true)
	q.check(addrB, false)
	q.check(addrB, true)
	a.learnOf(hostCandidate(t, "192.0.2.9:1").WithUfrag("other"), hostCandidate(t, "192.0.2.9:2").WithUfrag("pupp"))
	a.SetRemoteCredentials(w.now, q.ufrag, q.pwd)
	a.flush()
	w.run(time.Second)
	if len(p.requests) != 0 || len(a.RemoteCandidates()) != 2 {
		t.Errorf("%d checks to the other peer; candidates %v", len(p.requests), a.RemoteCandidates())
	}
	if s, ok := a.SelectedPair(); !ok || !s.Nominated || s.To != ap(addrB) {
		t.Errorf("a uses %v", s)
	}
}

// An agent that has failed answers, and does not check.
func TestChecksAfterFailure(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(time.Second)
	p.mute = true
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "without consent")
	p.mute, p.requests, p.responses = false, nil, nil
	p.check(addrB, true)
	p.check(addrC, true)
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "although it is checked")
	if len(p.requests) != 0 || len(p.responses) != 1 {
		t.Errorf("%d checks and %d answers", len(p.requests), len(p.responses))
	}
}
