package ice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// turnUnprovenWait is how much longer a transaction waits after an error
// response that nothing proves to be the server's.
const turnUnprovenWait = time.Second

// A turnTransaction is one request, with its repetitions under new credentials.
type turnTransaction struct {
	method  stun.Method
	peer    netip.AddrPort // of a permission or a channel
	channel uint16
	release bool // of a Refresh: with a lifetime of 0

	id         transactionID
	request    []byte
	key        *longTermKey // that signed the request; nil for none
	challenges int
	sent       int // transmissions so far
	interval   time.Duration
	next       time.Time // of the next transmission, or of the end after the last
	deadline   time.Time
	// unproven is an error response without integrity, to be believed if nothing
	// better comes.
	unproven turnResponse
}

// A turnResponse is what a response says. err is nil for a success.
type turnResponse struct {
	code                    uint16
	err                     error
	relayed                 []netip.AddrPort
	mapped, alternate       netip.AddrPort
	domain                  string // of the alternate server
	lifetime                time.Duration
	realm, nonce, passwords []byte // passwords are the algorithms on offer
	offersPasswords         bool
	thirdParty              bool // the server takes OAuth tokens
}

// request sends t, as it stands or again under new credentials: "a new
// transaction" each time (RFC 8489 §9.2.5).
func (c *turnClient) request(now time.Time, t *turnTransaction) {
	if err := c.build(t); err != nil {
		c.end(turnEvent{err: err})
		return
	}
	t.sent, t.interval, t.unproven = 0, c.cfg.rto, turnResponse{}
	// RFC 8489 §6.2.1 and §6.2.2: 39.5 s with the default RTO, over both kinds of
	// transport.
	t.deadline = now.Add((1<<(stunRc-1) - 1 + stunRm) * c.cfg.rto)
	if t.method == stun.MethodAllocate {
		t.deadline = now.Add(c.cfg.limit)
	}
	c.active = append(c.active, t)
	c.transmit(now, t)
}

// transmit sends the request and sets when to do so again, as the stunClient
// does; a reliable transport does it by itself (RFC 8489 §6.2.2).
func (c *turnClient) transmit(now time.Time, t *turnTransaction) {
	c.out = append(c.out, t.request)
	t.sent++
	wait := t.interval << (t.sent - 1)
	switch {
	case c.cfg.reliable:
		t.next = t.deadline
		return
	case t.sent == stunRc:
		wait = stunRm * t.interval
	}
	t.next = now.Add(wait)
}

// build writes the request, under the newest credentials.
func (c *turnClient) build(t *turnTransaction) error {
	if _, err := io.ReadFull(c.cfg.rand, t.id[:]); err != nil {
		return fmt.Errorf("transaction ID: %w", err)
	}
	m := &c.message
	m.Reset()
	m.Type = stun.MessageType{Method: t.method, Class: stun.ClassRequest}
	m.TransactionID = t.id
	m.WriteHeader()
	switch t.method {
	case stun.MethodAllocate:
		// "17 (UDP)", in the first of four bytes (RFC 8656 §18.8).
		m.Add(stun.AttrRequestedTransport, []byte{17, 0, 0, 0})
		// Without REQUESTED-ADDRESS-FAMILY the address is an IPv4 one; the
		// additional one is optional for the server (RFC 8656 §7.1).
		if c.onlyIPv6 {
			m.Add(stun.AttrRequestedAddressFamily, []byte{2, 0, 0, 0})
		} else if c.cfg.ipv6 {
			m.Add(attrAdditionalAddressFamily, []byte{2, 0, 0, 0})
		}
	case stun.MethodRefresh:
		if t.release {
			addUint32(m, stun.AttrLifetime, 0)
		}
	case stun.MethodChannelBind:
		m.Add(stun.AttrChannelNumber, []byte{byte(t.channel >> 8), byte(t.channel), 0, 0})
	}
	if t.peer.IsValid() {
		var b [20]byte
		m.Add(stun.AttrXORPeerAddress, appendXORAddress(b[:0], t.peer, &t.id))
	}
	t.key = c.auth.sign(m)
	t.request = slices.Clone(m.Raw)
	return nil
}

// handlePacket takes a message of the server's that is no Data indication.
func (c *turnClient) handlePacket(now time.Time, p []byte) {
	t, r, ok := c.read(p)
	if !ok {
		c.dropped++
		return
	}
	// RFC 8489 §9.2.5: a response that is to be authenticated and is not "MUST be
	// discarded, as if it had never been received", and over a reliable transport
	// ends the transaction. An error without integrity is the word of servers
	// that know no better, though: it counts if nothing better comes.
	if r.code != 0 && t.key != nil && !c.proven(t, p) && r.code != codeUnauthenticated && r.code != codeStaleNonce && !c.cfg.reliable {
		t.unproven = r
		t.deadline = sooner(t.deadline, now.Add(turnUnprovenWait))
		return
	}
	c.finish(now, t, r)
}

// proven says whether the response carries the integrity that the request had.
func (c *turnClient) proven(t *turnTransaction, p []byte) bool {
	_, ok := t.key.verify(p)
	return ok
}

// read takes a response apart; false means that it is to be ignored.
func (c *turnClient) read(p []byte) (t *turnTransaction, r turnResponse, ok bool) {
	if len(p) < stunHeader || len(p)%4 != 0 || int(binary.BigEndian.Uint16(p[2:])) != len(p)-stunHeader ||
		p[0]&0xc0 != 0 || binary.BigEndian.Uint32(p[4:]) != magicCookie {
		return nil, r, false
	}
	i := slices.IndexFunc(c.active, func(t *turnTransaction) bool { return t.id == transactionID(p[8:20]) })
	if i < 0 {
		return nil, r, false
	}
	t = c.active[i]
	// RFC 8489 §6.3, as the stunClient does.
	if present, right := fingerprint(p); present && !right {
		return nil, r, false
	}
	c.scratch = append(c.scratch[:0], p...)
	authentic := t.key == nil
	if t.key != nil {
		var at int
		if at, authentic = t.key.verify(p); authentic {
			// What follows the integrity is not protected by it (RFC 8489 §14.5).
			c.scratch = c.scratch[:at]
			binary.BigEndian.PutUint16(c.scratch[2:], uint16(at-stunHeader))
		}
	}
	m := &c.message
	m.Raw = c.scratch[:len(c.scratch):len(c.scratch)]
	if m.Decode() != nil || m.Type.Method != t.method {
		return nil, r, false
	}
	switch m.Type.Class {
	case stun.ClassSuccessResponse:
		return t, readTURNSuccess(m), authentic
	case stun.ClassErrorResponse:
		r, ok = readTURNError(m)
		return t, r, ok
	}
	return nil, r, false
}

func readTURNSuccess(m *stun.Message) (r turnResponse) {
	for _, a := range m.Attributes {
		switch a.Type {
		case stun.AttrXORRelayedAddress:
			// One of each IP version is all that an allocation can have (RFC 8656 §7.2).
			addr := readXORAddress(a.Value, &m.TransactionID)
			if !slices.ContainsFunc(r.relayed, func(o netip.AddrPort) bool { return o.Addr().Is4() == addr.Addr().Is4() }) {
				r.relayed = append(r.relayed, addr)
			}
		case stun.AttrXORMappedAddress:
			r.mapped = readXORAddress(a.Value, &m.TransactionID)
		case stun.AttrLifetime:
			if len(a.Value) == 4 {
				r.lifetime = time.Duration(binary.BigEndian.Uint32(a.Value)) * time.Second
			}
		case stun.AttrReservationToken, stun.AttrChannelNumber, stun.AttrRealm, stun.AttrNonce,
			stun.AttrRequestedAddressFamily, stun.AttrXORPeerAddress, stun.AttrMessageIntegritySHA256:
			// Understood, and not asked for.
		default:
			// RFC 8489 §6.3.3: the transaction "is considered to have failed".
			if !understood(a.Type) {
				return turnResponse{err: fmt.Errorf("the server's answer has the unknown attribute %#04x", uint16(a.Type))}
			}
		}
	}
	if !usable(r.mapped) {
		r.mapped = netip.AddrPort{}
	}
	return r
}

func readTURNError(m *stun.Message) (r turnResponse, ok bool) {
	var e stun.ErrorCodeAttribute
	if e.GetFrom(m) != nil || e.Code < 300 || e.Code > 699 {
		return r, false
	}
	r.code, r.err = uint16(e.Code), errors.New(printable(e.Reason))
	for _, a := range m.Attributes {
		switch a.Type {
		case stun.AttrRealm:
			r.realm = slices.Clone(a.Value)
		case stun.AttrNonce:
			r.nonce = slices.Clone(a.Value)
		case stun.AttrPasswordAlgorithms:
			r.passwords, r.offersPasswords = slices.Clone(a.Value), true
		case attrThirdParty:
			r.thirdParty = true
		case stun.AttrAlternateDomain:
			// RFC 8489 §14.16: a domain name, of at most 255 characters.
			if name := string(a.Value); len(name) <= 255 && isHostName(name) {
				r.domain = name
			}
		case stun.AttrAlternateServer:
			if alternate := readAddress(a.Value); usable(alternate) {
				r.alternate = alternate
			}
		}
	}
	return r, true
}

// readAddress reads the value of ALTERNATE-SERVER, coded as MAPPED-ADDRESS
// (RFC 8489 §14.15); what is no address gives the invalid one.
func readAddress(v []byte) netip.AddrPort {
	if len(v) < 8 {
		return netip.AddrPort{}
	}
	if ip, ok := netip.AddrFromSlice(v[4:]); ok && (v[1] == 1) == ip.Is4() {
		return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(v[2:]))
	}
	return netip.AddrPort{}
}

// appendXORAddress appends the value of an attribute that is coded as
// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
func appendXORAddress(b []byte, a netip.AddrPort, id *transactionID) []byte {
	port := a.Port() ^ magicCookie>>16
	if a.Addr().Is4() {
		ip := a.Addr().As4()
		xorAddress(ip[:], id)
		b = append(b, 0, 1, byte(port>>8), byte(port))
		return append(b, ip[:]...)
	}
	ip := a.Addr().As16()
	xorAddress(ip[:], id)
	b = append(b, 0, 2, byte(port>>8), byte(port))
	return append(b, ip[:]...)
}

// bindingIndication is a Binding indication without attributes, which servers
// leave unanswered.
func bindingIndication(id transactionID) []byte {
	p := bindingRequest(id)
	binary.BigEndian.PutUint16(p, stun.MessageType{Method: stun.MethodBinding, Class: stun.ClassIndication}.Value())
	return p
}
