package ice

import (
	"net/netip"
	"slices"

	"github.com/pion/stun/v4"
)

// A puppet is a peer that does what the test says: it answers every check that
// reaches one of its addresses, unless it is mute, and checks when told to.
type puppet struct {
	w          *wire
	peer       *side
	ufrag, pwd string
	addrs      []netip.AddrPort
	mute       bool
	// muteAt are the addresses that do not answer.
	muteAt []netip.AddrPort
	// answer, if set, replaces the answer to a request.
	answer func(r *binding, from netip.AddrPort) []byte
	// requests and responses are what came.
	requests  []*binding
	responses []*binding
	next      byte
	// last is the puppet's address that the last request came to.
	last netip.AddrPort
	// nomination is the value of NOMINATION in its checks, 0 for none.
	nomination uint32
}

const puppetPassword = "0123456789012345678901"

// against returns a puppet with the given addresses, whose credentials and
// candidates s knows.
func against(s *side, addrs ...string) *puppet {
	p := &puppet{w: s.w, peer: s, ufrag: "pupp", pwd: puppetPassword}
	for _, a := range addrs {
		p.addrs = append(p.addrs, netip.MustParseAddrPort(a))
	}
	s.w.puppets = append(s.w.puppets, p)
	s.SetRemoteCredentials(s.w.now, p.ufrag, p.pwd)
	for i := range p.addrs {
		s.learnOf(hostCandidate(s.w.t, addrs[i]))
	}
	s.flush()
	return p
}

// key is what the puppet signs requests and checks responses with.
func (p *puppet) key() *integrityKey {
	_, pwd := p.peer.LocalCredentials()
	return newIntegrityKey(pwd)
}

// message forms a message of the puppet.
func (p *puppet) message(class stun.MessageClass, id transactionID, key *integrityKey, attributes func(m *stun.Message)) []byte {
	m := stun.New()
	start(m, class, id)
	attributes(m)
	if key != nil {
		key.sign(m)
	}
	addFingerprint(m)
	return m.Raw
}

// id draws a transaction id.
func (p *puppet) id() transactionID {
	p.next++
	return transactionID{'p', p.next}
}

// request is a check as RFC 8445 §7.2.2 wants it, of a controlling agent.
func (p *puppet) request(useCandidate bool) []byte {
	ufrag, _ := p.peer.LocalCredentials()
	return p.message(stun.ClassRequest, p.id(), p.key(), func(m *stun.Message) {
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
		addUint32(m, stun.AttrPriority, 1845494271)
		addUint64(m, stun.AttrICEControlling, 1<<63)
		if useCandidate {
			m.Add(stun.AttrUseCandidate, nil)
		}
		if p.nomination != 0 {
			addUint32(m, stun.AttrType(DefaultNominationAttribute), p.nomination)
		}
	})
}

// check sends a check from one address of the puppet to the peer.
func (p *puppet) check(from string, useCandidate bool) {
	p.send(from, p.request(useCandidate))
}

// send sends anything to the peer's first socket.
func (p *puppet) send(from string, data []byte) {
	base := slices.Min(basesOf(p.peer))
	p.peer.HandlePacket(p.w.now, base, netip.MustParseAddrPort(from), data)
	p.peer.flush()
}

func basesOf(s *side) []int {
	var out []int
	for base := range s.sockets {
		out = append(out, base)
	}
	return out
}

// receive takes what the peer sent.
func (p *puppet) receive(d *flying) {
	b := readBinding(p.w.t, slices.Clone(d.data))
	if b.class != stun.ClassRequest {
		p.responses = append(p.responses, b)
		return
	}
	p.requests = append(p.requests, b)
	if p.mute || slices.Contains(p.muteAt, d.to) {
		return
	}
	p.last = d.to
	raw := p.success(b, d.from)
	if p.answer != nil {
		raw = p.answer(b, d.from)
	}
	if raw != nil {
		p.w.seq++
		p.w.queue = append(p.w.queue, &flying{at: p.w.now.Add(p.w.delay), seq: p.w.seq, from: d.to, to: d.from, data: raw})
	}
}

// success is the right answer.
func (p *puppet) success(r *binding, from netip.AddrPort) []byte {
	return p.message(stun.ClassSuccessResponse, r.id, newIntegrityKey(p.pwd), func(m *stun.Message) { addXORAddress(m, from) })
}

// failure is an authenticated error response.
func (p *puppet) failure(r *binding, code int) []byte {
	return p.message(stun.ClassErrorResponse, r.id, newIntegrityKey(p.pwd), func(m *stun.Message) { addErrorCode(m, code) })
}
