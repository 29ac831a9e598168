package ice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pion/stun/v4"
)

// stunRc and stunRm bound a transaction: at most Rc transmissions, and Rm times
// the first timeout after the last of them (RFC 8489 §6.2.1).
const (
	stunRc = 7
	stunRm = 16
)

// A stunClient asks STUN servers for reflexive addresses. It is a state machine
// over RFC 8489's Binding transactions: the owner sends what poll returns,
// hands it the answers, and calls handleTimeout when nextTimeout says.
type stunClient struct {
	rto   time.Duration // of the first transmission
	limit time.Duration // after which an unanswered transaction ends
	ta    time.Duration // between the starts of two transactions
	rand  io.Reader

	waiting   []*stunTransaction // not sent yet, in order
	active    []*stunTransaction // sent, in the order of their starts
	nextStart time.Time          // when the next of waiting may start
	out       []Transmit
	results   []stunResult
	message   stun.Message

	// dropped counts answers that were not believed: from another address, on
	// another socket, or malformed.
	dropped uint64
}

// A stunTransaction is one Binding request from one base to one server.
type stunTransaction struct {
	id        transactionID
	base      int
	server    netip.AddrPort
	tag       any // the caller's
	request   []byte
	sent      int // transmissions so far
	interval  time.Duration
	next      time.Time // of the next transmission, or of the end after the last
	deadline  time.Time
	keepalive bool
}

// A stunResult says how a transaction ended: with an address, with the
// server's error code, or with err alone.
type stunResult struct {
	transaction *stunTransaction
	mapped      netip.AddrPort
	code        uint16
	err         error
}

var errSTUNTimeout = errors.New("the server did not answer")

// start queues a request. Its first transmission is paced: it may go out now,
// or after those queued before it.
func (c *stunClient) start(now time.Time, base int, server netip.AddrPort, tag any) *stunTransaction {
	t := &stunTransaction{base: base, server: server, tag: tag}
	if _, err := io.ReadFull(c.rand, t.id[:]); err != nil {
		// No randomness, no unguessable ID (RFC 8489 §5): the transaction fails.
		c.results = append(c.results, stunResult{transaction: t, err: fmt.Errorf("transaction ID: %w", err)})
		return t
	}
	t.request = bindingRequest(t.id)
	c.waiting = append(c.waiting, t)
	c.startDue(now)
	return t
}

// bindingRequest is a Binding request without attributes, as RFC 8445 §5.1.1.2
// wants it: "without any authentication".
func bindingRequest(id transactionID) []byte {
	p := make([]byte, 20)
	binary.BigEndian.PutUint16(p[0:], stun.BindingRequest.Value())
	binary.BigEndian.PutUint32(p[4:], magicCookie)
	copy(p[8:], id[:])
	return p
}

// cancel forgets the transactions for which drop is true; they have no result.
func (c *stunClient) cancel(drop func(*stunTransaction) bool) {
	c.waiting = slices.DeleteFunc(c.waiting, drop)
	c.active = slices.DeleteFunc(c.active, drop)
	c.results = slices.DeleteFunc(c.results, func(r stunResult) bool { return drop(r.transaction) })
}

// startDue starts what pacing allows at now: one transaction per Ta (RFC 8445
// §14.2).
func (c *stunClient) startDue(now time.Time) {
	for len(c.waiting) > 0 && !now.Before(c.nextStart) {
		t := c.waiting[0]
		// "RTO = MAX (500ms, Ta * (Num-Of-Cands))" (RFC 8445 §14.3), one candidate
		// for each request.
		t.interval = max(c.rto, c.ta*time.Duration(len(c.waiting)+len(c.active)))
		c.waiting = c.waiting[1:]
		t.deadline = now.Add(c.limit)
		c.active = append(c.active, t)
		c.transmit(now, t)
		c.nextStart = now.Add(c.ta)
	}
}

// transmit sends the request and sets when to do so again: the interval doubles
// from RTO on, and after the last transmission it is Rm × RTO (RFC 8489 §6.2.1).
func (c *stunClient) transmit(now time.Time, t *stunTransaction) {
	c.out = append(c.out, Transmit{Base: t.base, To: t.server, Data: t.request})
	t.sent++
	wait := t.interval << (t.sent - 1)
	if t.sent == stunRc {
		wait = stunRm * t.interval
	}
	t.next = now.Add(wait)
}

// handleTimeout retransmits, gives up and starts what is due at now.
func (c *stunClient) handleTimeout(now time.Time) {
	c.active = slices.DeleteFunc(c.active, func(t *stunTransaction) bool {
		due := !now.Before(t.next)
		if !now.Before(t.deadline) || due && t.sent == stunRc {
			c.results = append(c.results, stunResult{transaction: t, err: errSTUNTimeout})
			return true
		}
		if due {
			c.transmit(now, t)
		}
		return false
	})
	c.startDue(now)
}

// nextTimeout returns the earliest deadline, or the zero time.
func (c *stunClient) nextTimeout() time.Time {
	var next time.Time
	if len(c.waiting) > 0 {
		next = c.nextStart
	}
	for _, t := range c.active {
		next = sooner(next, sooner(t.next, t.deadline))
	}
	return next
}

// fail ends the transaction whose request could not be sent.
func (c *stunClient) fail(base int, server netip.AddrPort, err error) {
	c.active = slices.DeleteFunc(c.active, func(t *stunTransaction) bool {
		hit := t.base == base && t.server == server
		if hit {
			c.results = append(c.results, stunResult{transaction: t, err: err})
		}
		return hit
	})
}

// poll returns the next datagram to send.
func (c *stunClient) poll() (Transmit, bool) {
	if len(c.out) == 0 {
		return Transmit{}, false
	}
	t := c.out[0]
	c.out = c.out[1:]
	return t, true
}

// takeResult returns how the next transaction ended.
func (c *stunClient) takeResult() (stunResult, bool) {
	if len(c.results) == 0 {
		return stunResult{}, false
	}
	r := c.results[0]
	c.results = c.results[1:]
	return r, true
}

// handlePacket reads an answer. It reports whether the packet carries the ID of
// one of the client's transactions; it is then nobody else's, believed or not.
func (c *stunClient) handlePacket(base int, from netip.AddrPort, p []byte) bool {
	if len(p) < 20 || binary.BigEndian.Uint32(p[4:]) != magicCookie {
		return false
	}
	i := slices.IndexFunc(c.active, func(t *stunTransaction) bool { return t.id == transactionID(p[8:20]) })
	if i < 0 {
		return false
	}
	t := c.active[i]
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	// An answer comes from where the request went to (RFC 8489 §6.3.3 and the
	// symmetry that RFC 8445 §7.2.5.2.1 asks of checks). One from elsewhere does
	// not end the transaction: it may be an attacker's.
	if from != t.server || base != t.base {
		c.dropped++
		return true
	}
	r, ok := c.read(p)
	if !ok {
		c.dropped++
		return true
	}
	r.transaction = t
	c.active = slices.Delete(c.active, i, i+1)
	c.results = append(c.results, r)
	return true
}

// read takes an answer apart; false means that it is to be ignored.
func (c *stunClient) read(p []byte) (r stunResult, ok bool) {
	m := &c.message
	// The codec may write behind the message: its capacity ends with it.
	m.Raw = p[:len(p):len(p)]
	defer func() { m.Raw = nil }()
	if m.Decode() != nil || m.Type.Method != stun.MethodBinding {
		return r, false
	}
	// RFC 8489 §6.3: "If FINGERPRINT is used, … checks that it is present and
	// contains the correct value"; a server that sends it has to get it right.
	if m.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(m) != nil {
		return r, false
	}
	switch m.Type.Class {
	case stun.ClassSuccessResponse:
		// RFC 8489 §6.3.3: with an unknown comprehension-required attribute
		// "the response is discarded and the transaction is considered to have
		// failed".
		for _, a := range m.Attributes {
			if !understood(a.Type) {
				return stunResult{err: fmt.Errorf("the server's answer has the unknown attribute %#04x", uint16(a.Type))}, true
			}
		}
		if r.mapped, ok = mappedAddress(m); !ok {
			r.err = errors.New("the server's answer has no usable mapped address")
		}
		return r, true
	case stun.ClassErrorResponse:
		var e stun.ErrorCodeAttribute
		if e.GetFrom(m) != nil || e.Code < 300 || e.Code > 699 {
			return r, false
		}
		// RFC 8489 §6.3.4. A try-alternate answer (300) fails like the others.
		return stunResult{code: uint16(e.Code), err: errors.New(printable(e.Reason))}, true
	}
	return r, false
}

// understood reports whether an attribute may stand in a success response:
// those of RFC 3489 (up to 0x000B) that old servers still send, the mapped
// address, and all from the comprehension-optional half.
func understood(t stun.AttrType) bool {
	return t.Optional() || t <= 0x000B || t == stun.AttrXORMappedAddress
}

// mappedAddress reads XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS where an old server
// knows no other (RFC 8489 §14.1).
func mappedAddress(m *stun.Message) (netip.AddrPort, bool) {
	var mapped stun.XORMappedAddress
	if mapped.GetFrom(m) != nil {
		var plain stun.MappedAddress
		if plain.GetFrom(m) != nil {
			return netip.AddrPort{}, false
		}
		mapped = stun.XORMappedAddress(plain)
	}
	addr, ok := netip.AddrFromSlice(mapped.IP)
	addr = addr.Unmap()
	if !ok || addr.IsUnspecified() || addr.IsMulticast() || mapped.Port < 1 || mapped.Port > 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, uint16(mapped.Port)), true
}

// printable makes the server's reason phrase fit for a log: at most 128 bytes
// (RFC 8489 §14.8 allows 127 characters), valid and without control characters.
func printable(reason []byte) string {
	reason = reason[:min(len(reason), 128)]
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, string(reason))
}

// sooner returns the earlier of two times, of which a zero one is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
