package ice

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// The sockets of a natDiscovery. Filters are told by one that has not sent to the
// servers' other addresses, or they would be open.
const (
	natMappingSocket = iota
	natFilterSocket
	natSockets
)

// natInterval is between two transmissions of a request: RFC 5780 §4 has them as
// RFC 8489 does, but what tells a filter is that no answer comes, so that waiting
// has to have an end.
const natInterval = 500 * time.Millisecond

// CHANGE-REQUEST (RFC 5780 §7.2) and its flags.
const (
	attrChangeRequest = stun.AttrType(0x0003)
	changeAddress     = 0x04
	changePort        = 0x02
)

// A natDiscovery finds out how NATs treat a host (RFC 5780 §4). It is a state
// machine: its owner sends what poll returns, hands it what comes, and calls
// handleTimeout when nextTimeout says, until done.
type natDiscovery struct {
	rand    io.Reader
	timeout time.Duration // of a test
	servers []netip.AddrPort
	own     []netip.Addr     // the host's addresses
	locals  []netip.AddrPort // of the sockets

	tests []*natTest
	out   []natPacket
	first *natTest // the answer of the server that does all the rest
	// mapped is what each server saw of the mapping socket.
	mapped map[netip.AddrPort]netip.AddrPort
}

// A natPacket goes from one of the sockets.
type natPacket struct {
	socket int
	to     netip.AddrPort
	data   []byte
}

// A natTest is one request and what it is to tell.
type natTest struct {
	kind    natTestKind
	id      transactionID
	packet  natPacket
	from    netip.AddrPort // where the answer comes from
	socket  int            // where it comes to
	next    time.Time      // of the next transmission
	end     time.Time
	over    bool
	ok      bool // answered
	mapped  netip.AddrPort
	another netip.AddrPort // OTHER-ADDRESS
}

type natTestKind uint8

const (
	natAsk        natTestKind = iota // what is my address? To each server (RFC 5780 §4.3, test I)
	natMapAddress                    // the same to its other address, same port (test II)
	natMapPort                       // and to its other address and port (test III)
	natFilterOpen                    // opens the filter for the server (§4.4, test I)
	natFilterAny                     // answer from the other address and port (test II)
	natFilterPort                    // answer from the other port (test III)
	natHairpin                       // to our own mapped address (§4.5)
)

// start asks every server; what one has not done in timeout it does not do.
func (d *natDiscovery) start(now time.Time) error {
	d.mapped = map[netip.AddrPort]netip.AddrPort{}
	for _, server := range d.servers {
		if err := d.test(now, natAsk, natMappingSocket, server, server, 0); err != nil {
			return err
		}
	}
	return nil
}

// test begins a test. The answer is expected from an address and at the socket.
func (d *natDiscovery) test(now time.Time, kind natTestKind, socket int, to, from netip.AddrPort, change byte) error {
	t := &natTest{kind: kind, socket: socket, from: from, end: now.Add(d.timeout)}
	if _, err := io.ReadFull(d.rand, t.id[:]); err != nil {
		return fmt.Errorf("ice: transaction ID: %w", err)
	}
	request := bindingRequest(t.id)
	if change != 0 {
		request = binary.BigEndian.AppendUint16(request, uint16(attrChangeRequest))
		request = binary.BigEndian.AppendUint16(request, 4)
		request = append(request, 0, 0, 0, change)
		binary.BigEndian.PutUint16(request[2:], uint16(len(request)-20))
	}
	t.packet = natPacket{socket: socket, to: to, data: request}
	if kind == natHairpin {
		t.socket = natFilterSocket // our own request is the answer
	}
	d.tests = append(d.tests, t)
	d.transmit(now, t)
	return nil
}

func (d *natDiscovery) transmit(now time.Time, t *natTest) {
	d.out = append(d.out, t.packet)
	t.next = now.Add(natInterval)
}

func (d *natDiscovery) poll() (natPacket, bool) {
	if len(d.out) == 0 {
		return natPacket{}, false
	}
	p := d.out[0]
	d.out = d.out[1:]
	return p, true
}

// done reports whether all tests are over.
func (d *natDiscovery) done() bool {
	return !slices.ContainsFunc(d.tests, func(t *natTest) bool { return !t.over })
}

func (d *natDiscovery) nextTimeout() time.Time {
	var next time.Time
	for _, t := range d.tests {
		if !t.over {
			next = sooner(next, sooner(t.next, t.end))
		}
	}
	return next
}

func (d *natDiscovery) handleTimeout(now time.Time) {
	for _, t := range d.tests {
		switch {
		case t.over:
		case !now.Before(t.end):
			t.over = true
		case !now.Before(t.next):
			d.transmit(now, t)
		}
	}
}

// handlePacket reads what has come to a socket. What is no answer is dropped.
func (d *natDiscovery) handlePacket(now time.Time, socket int, from netip.AddrPort, p []byte) error {
	if len(p) < 20 || binary.BigEndian.Uint32(p[4:]) != magicCookie {
		return nil
	}
	i := slices.IndexFunc(d.tests, func(t *natTest) bool { return t.id == transactionID(p[8:20]) && !t.over })
	if i < 0 {
		return nil
	}
	t := d.tests[i]
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	if socket != t.socket || t.kind != natHairpin && from != t.from {
		return nil
	}
	m := &stun.Message{Raw: p[:len(p):len(p)]}
	if m.Decode() != nil {
		return nil
	}
	switch {
	case t.kind == natHairpin:
		// The request itself has come round.
		t.ok = m.Type == stun.BindingRequest
	case m.Type == stun.BindingSuccess:
		if t.mapped, t.ok = mappedAddress(m); !t.ok {
			return nil
		}
		t.another = otherAddress(m)
	case m.Type != stun.BindingError:
		return nil
	}
	t.over = true
	if !t.ok {
		return nil
	}
	return d.follow(now, t)
}

// otherAddress reads OTHER-ADDRESS (RFC 5780 §7.4), zero if there is none that can
// be used.
func otherAddress(m *stun.Message) netip.AddrPort {
	var other stun.OtherAddress
	if other.GetFrom(m) != nil {
		return netip.AddrPort{}
	}
	addr, ok := netip.AddrFromSlice(other.IP)
	if addr = addr.Unmap(); !ok || !addr.IsGlobalUnicast() && !addr.IsLoopback() || other.Port < 1 || other.Port > 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(other.Port))
}

// follow begins what the answer to a test makes possible.
func (d *natDiscovery) follow(now time.Time, t *natTest) error {
	switch t.kind {
	case natAsk:
		d.mapped[t.packet.to] = t.mapped
		if d.better(t) {
			d.first = t
			return d.testServer(now, t)
		}
	case natFilterOpen:
		return d.testFilters(now, t)
	}
	return nil
}

// better reports whether a server can tell more than the one that is used: none is
// so far, or one without a second address.
func (d *natDiscovery) better(t *natTest) bool {
	return d.first == nil || !d.first.another.IsValid() && t.another.IsValid()
}

// testServer begins the tests that a server makes possible that has answered, in the
// place of those with a server that has told less.
func (d *natDiscovery) testServer(now time.Time, t *natTest) error {
	d.tests = slices.DeleteFunc(d.tests, func(t *natTest) bool { return t.kind != natAsk })
	server, other := t.packet.to, t.another
	if other.IsValid() && other.Addr() != server.Addr() && other.Addr().Is4() == server.Addr().Is4() {
		at := netip.AddrPortFrom(other.Addr(), server.Port())
		if err := d.test(now, natMapAddress, natMappingSocket, at, at, 0); err != nil {
			return err
		}
		if err := d.test(now, natMapPort, natMappingSocket, other, other, 0); err != nil {
			return err
		}
	}
	return d.test(now, natFilterOpen, natFilterSocket, server, server, 0)
}

// testFilters begins the tests of what comes to the second socket, which has sent
// to no other address of the server than open.
func (d *natDiscovery) testFilters(now time.Time, open *natTest) error {
	if err := d.test(now, natHairpin, natMappingSocket, open.mapped, netip.AddrPort{}, 0); err != nil {
		return err
	}
	server, other := open.packet.to, d.first.another
	if !other.IsValid() {
		return nil
	}
	if err := d.test(now, natFilterAny, natFilterSocket, server, other, changeAddress|changePort); err != nil {
		return err
	}
	return d.test(now, natFilterPort, natFilterSocket, server, netip.AddrPortFrom(server.Addr(), other.Port()), changePort)
}

func (d *natDiscovery) find(kind natTestKind) *natTest {
	for _, t := range d.tests {
		if t.kind == kind {
			return t
		}
	}
	return nil
}

func (d *natDiscovery) answered(kind natTestKind) bool {
	t := d.find(kind)
	return t != nil && t.ok
}

// behavior returns what the tests have found, false if no server has answered.
func (d *natDiscovery) behavior() (NATBehavior, bool) {
	if d.first == nil {
		return NATBehavior{}, false
	}
	b := NATBehavior{Local: d.locals[natMappingSocket], Mapped: d.first.mapped, Servers: len(d.mapped)}
	b.Translated = !slices.Contains(d.own, b.Mapped.Addr())
	b.PortPreserved = b.Mapped.Port() == b.Local.Port()
	b.Hairpins = !b.Translated || d.answered(natHairpin)
	b.Mapping, b.Filtering = d.mapping(b.Translated), d.filtering()
	return b, true
}

func (d *natDiscovery) mapping(translated bool) NATDependence {
	if !translated {
		return NATEndpointIndependent
	}
	two, three := d.find(natMapAddress), d.find(natMapPort)
	switch {
	case two == nil || !two.ok || three == nil || !three.ok:
		return d.compared()
	case two.mapped == d.first.mapped && three.mapped == two.mapped:
		return NATEndpointIndependent
	case three.mapped == two.mapped:
		return NATAddressDependent
	}
	return NATAddressPortDependent
}

// compared tells mappings by what servers at different addresses saw.
func (d *natDiscovery) compared() NATDependence {
	for server, mapped := range d.mapped {
		switch {
		case server.Addr() == d.first.packet.to.Addr():
		case mapped == d.first.mapped:
			return NATEndpointIndependent
		default:
			return NATAddressPortDependent
		}
	}
	return NATUnknown
}

func (d *natDiscovery) filtering() NATDependence {
	switch {
	case d.find(natFilterAny) == nil:
		return NATUnknown
	case d.answered(natFilterAny):
		return NATEndpointIndependent
	case d.answered(natFilterPort):
		return NATAddressDependent
	}
	return NATAddressPortDependent
}
