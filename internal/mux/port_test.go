package mux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// message forms a STUN message; a request has a USERNAME for the fragment.
func message(class messageClass, id byte, ufrag string) []byte {
	b := make([]byte, stunHeader)
	b[0], b[1] = byte(class>>1), 1|byte(class&1)<<4
	binary.BigEndian.PutUint32(b[4:], magicCookie)
	for i := 8; i < stunHeader; i++ {
		b[i] = id
	}
	if ufrag != "" {
		name := ufrag + ":peer"
		b = binary.BigEndian.AppendUint16(b, attrUsername)
		b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, name...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader))
	return b
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// A puppet is a socket that a test feeds.
type puppet struct {
	in   chan []udp.Datagram
	done chan struct{}
	once sync.Once

	mu   sync.Mutex
	sent []udp.Datagram
}

func newPuppet() *puppet {
	return &puppet{in: make(chan []udp.Datagram), done: make(chan struct{})}
}

func (p *puppet) ReadBatch(batch []udp.Datagram) (int, error) {
	select {
	case in := <-p.in:
		return copy(batch, in), nil
	case <-p.done:
		return 0, net.ErrClosed
	}
}

func (p *puppet) WriteBatch(batch []udp.Datagram) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, batch...)
	return len(batch), nil
}

func (p *puppet) LocalAddr() netip.AddrPort { return addr("192.0.2.1:7000") }

func (p *puppet) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// gets feeds datagrams and returns when they have been routed.
func (p *puppet) gets(datagrams ...udp.Datagram) {
	p.in <- datagrams
	p.in <- nil
}

func datagram(from string, b []byte) udp.Datagram {
	return udp.Datagram{Buf: b, N: len(b), Addr: addr(from)}
}

// A member is a connection's part of a port, and what it got.
type member struct {
	Conn
	mu  sync.Mutex
	got []string // "address:port first byte", with the number of calls in batches
	n   int
}

func join(t *testing.T, c Conn, ufrag string) *member {
	t.Helper()
	m := &member{Conn: c}
	c.Deliver(func(batch []udp.Datagram) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.n++
		for _, d := range batch {
			if d.N > 0 {
				m.got = append(m.got, fmt.Sprintf("%s %d", d.Addr, d.Buf[0]))
			}
		}
	})
	if err := c.AddUfrag(ufrag); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *member) wants(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if fmt.Sprint(m.got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", m.got, want)
	}
	m.got, m.n = nil, 0
}

var media = []byte{0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

func testPort(t *testing.T) (*puppet, *Port) {
	t.Helper()
	socket := newPuppet()
	p := NewPort([]udp.Conn{socket}, PortConfig{})
	t.Cleanup(func() { p.Close() })
	return socket, p
}

func TestChecksGoByUfragAndOthersByAddress(t *testing.T) {
	socket, p := testPort(t)
	a, b := join(t, p.Join(), "aaaa"), join(t, p.Join(), "bbbb")
	now := time.Now()
	const x, y = "198.51.100.1:1000", "198.51.100.2:2000"

	// A check alone says nothing about what else comes from there.
	socket.gets(datagram(x, message(classRequest, 1, "aaaa")), datagram(x, media))
	a.wants(t, x+" 0")
	a.Confirm(now, addr(x), false)
	b.Confirm(now, addr(y), false)
	socket.gets(datagram(x, media), datagram(y, media), datagram(x, message(classIndication, 2, "")))
	a.wants(t, x+" 128", x+" 0")
	b.wants(t, y+" 128")
	// The peer of a checks from another address, which is b's until the check has
	// been verified.
	socket.gets(datagram(y, message(classRequest, 3, "aaaa")), datagram(y, media))
	a.wants(t, y+" 0")
	b.wants(t, y+" 128")
	// IPv4 in IPv6, and a zone, are the same address.
	mapped := datagram(x, media)
	mapped.Addr = netip.AddrPortFrom(netip.AddrFrom16(mapped.Addr.Addr().As16()), mapped.Addr.Port())
	socket.gets(mapped)
	if len(a.got) != 1 {
		t.Error("an IPv4-mapped address is a stranger")
	}
	if c := p.Counters(); c.Strangers != 1 || c.Connections != 2 || c.Addresses != 2 {
		t.Errorf("%+v", c)
	}
}

func TestAnswersGoByTransaction(t *testing.T) {
	socket, p := testPort(t)
	a, b := join(t, p.Join(), "aaaa"), join(t, p.Join(), "bbbb")
	const server = "198.51.100.9:3478"
	for i, m := range []*member{a, b} {
		if _, err := m.WriteBatch([]udp.Datagram{datagram(server, message(classRequest, byte(10+i), ""))}); err != nil {
			t.Fatal(err)
		}
	}
	socket.gets(datagram(server, message(classSuccess, 11, "")), datagram(server, message(classError, 10, "")), datagram(server, message(classSuccess, 99, "")))
	a.wants(t, server+" 1")
	b.wants(t, server+" 1")
	if c := p.Counters(); c.Strangers != 1 || c.Addresses != 0 {
		t.Errorf("%+v", c)
	}
}

// An address goes to another connection only if its peer has answered there, or the
// owner has not confirmed it for long.
func TestAddressesCannotBeTakenByForgery(t *testing.T) {
	_, p := testPort(t)
	a, b := p.Join(), p.Join()
	now, x := time.Now(), addr("198.51.100.1:1000")
	owner := func() *PortConn { return p.addresses.get(x) }
	a.Confirm(now, x, false)
	b.Confirm(now, x, false) // a check with b's credentials, its source forged perhaps
	if owner() != a {
		t.Error("an unproven claim took the address")
	}
	b.Confirm(now, x, true)
	if owner() != b {
		t.Error("who is proven did not get it")
	}
	a.Confirm(now.Add(addressAge-1), x, true)
	if owner() != b || p.Counters().Conflicts != 2 {
		t.Errorf("a fresh owner lost it, %+v", p.Counters())
	}
	a.Confirm(now.Add(addressAge), x, false)
	if owner() != a {
		t.Error("an owner that was silent for long kept it")
	}
	if err := a.Close(); err != nil || owner() != nil || len(p.addresses.owners) != 0 || len(b.addresses) != 0 {
		t.Errorf("after Close it is still there: %v", err)
	}
	if err := a.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

// What a peer, or a stranger, can make the port remember is bounded.
func TestFloods(t *testing.T) {
	socket, p := testPort(t)
	a := join(t, p.Join(), "aaaa")
	now, home := time.Now(), addr("198.51.100.1:1000")
	a.Confirm(now, home, true)
	for i := range 10000 {
		from := fmt.Sprintf("203.0.113.%d:%d", i%250, 1000+i)
		a.Confirm(now.Add(time.Duration(i)), addr(from), false)
		if i%100 == 0 {
			socket.gets(datagram(from, message(classRequest, byte(i), fmt.Sprintf("u%d", i))), datagram("192.0.2.9:9", media),
				datagram(from, message(classRequest, byte(i), "")), datagram(from, []byte{0, 1, 0}), datagram(from, nil))
		}
	}
	if c := p.Counters(); c.Addresses != maxAddresses || c.Strangers != 100 || c.UnknownUfrags != 200 || c.Malformed != 100 {
		t.Errorf("%+v", c)
	}
	if p.addresses.get(home) == nil {
		t.Error("unproven addresses drove out the proven one")
	}
	if len(socket.sent) != 0 {
		t.Errorf("strangers got %d answers", len(socket.sent))
	}
	for i := range 100 {
		if err := a.AddUfrag(fmt.Sprintf("gen%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.members.named) != maxUfrags {
		t.Errorf("%d fragments", len(p.members.named))
	}
}

func TestUfragsAreUnique(t *testing.T) {
	_, p := testPort(t)
	a, b := p.Join(), p.Join()
	var taken *UfragError
	for range 2 {
		if err := a.AddUfrag("same"); err != nil {
			t.Fatal(err)
		}
	}
	if !errors.As(b.AddUfrag("same"), &taken) {
		t.Error("two connections have one fragment")
	}
	p.RemoveUfrag("same")
	if !a.isClosed() || b.AddUfrag("same") != nil || !errors.Is(a.AddUfrag("other"), net.ErrClosed) {
		t.Error("RemoveUfrag did not close its connection")
	}
	if _, err := a.WriteBatch([]udp.Datagram{datagram("192.0.2.2:2", media)}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed connection wrote: %v", err)
	}
	p.Close()
	if c := p.Join(); !c.isClosed() || !b.isClosed() {
		t.Error("a closed port has connections")
	}
	if n, err := b.ReadBatch(nil); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("ReadBatch: %d, %v", n, err)
	}
}

// Joined datagrams stay joined, but where checks are among them.
func TestJoinedDatagrams(t *testing.T) {
	socket, p := testPort(t)
	a, b := join(t, p.Join(), "aaaa"), join(t, p.Join(), "bbbb")
	const x = "198.51.100.1:1000"
	a.Confirm(time.Now(), addr(x), true)
	joined := udp.Datagram{Buf: append(append([]byte{}, media...), media...), N: 24, SegmentSize: 12, Addr: addr(x)}
	check := message(classRequest, 1, "bbbb")
	long := make([]byte, len(check))
	long[0] = 0x80
	mixed := udp.Datagram{Buf: append(append([]byte{}, long...), check...), N: 2 * len(check), SegmentSize: len(check), Addr: addr(x)}
	socket.gets(joined, mixed)
	a.wants(t, x+" 128", x+" 128")
	b.wants(t, x+" 0")
}

// After Close has returned nothing is delivered.
func TestCloseEndsDelivery(t *testing.T) {
	socket, p := testPort(t)
	c := p.Join()
	entered := make(chan struct{})
	var ended atomic.Bool
	c.Deliver(func([]udp.Datagram) {
		close(entered)
		<-c.done // Close has begun
		time.Sleep(time.Millisecond)
		ended.Store(true)
	})
	c.Confirm(time.Now(), addr("198.51.100.1:1000"), true)
	socket.in <- []udp.Datagram{datagram("198.51.100.1:1000", media)}
	<-entered
	c.Close()
	if !ended.Load() {
		t.Error("Close returned while a delivery was under way")
	}
	c.Deliver(func([]udp.Datagram) { t.Error("delivered after Close") })
	socket.gets(datagram("198.51.100.1:1000", media))
}

// The way of a packet allocates nothing.
func TestRoutingDoesNotAllocate(t *testing.T) {
	_, p := testPort(t)
	for i := range 1000 {
		c := p.Join()
		c.Deliver(func([]udp.Datagram) {})
		c.Confirm(time.Now(), netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), uint16(1000+i)), true)
	}
	batch := []udp.Datagram{datagram("198.51.100.1:1001", media), datagram("198.51.100.2:1002", media)}
	r := router{port: p}
	if n := testing.AllocsPerRun(100, func() {
		for i := range batch {
			r.route(&batch[i])
		}
		r.flush()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRoute(b *testing.B) {
	socket := newPuppet()
	p := NewPort([]udp.Conn{socket}, PortConfig{})
	defer p.Close()
	for i := range 2000 {
		c := p.Join()
		c.Deliver(func([]udp.Datagram) {})
		c.Confirm(time.Now(), netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), uint16(1000+i)), true)
	}
	batch := make([]udp.Datagram, 16)
	for i := range batch {
		batch[i] = udp.Datagram{Buf: media, N: len(media), Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), uint16(1000+i))}
	}
	r := router{port: p}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.route(&batch[i%16])
		if i%16 == 15 {
			r.flush()
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(message(classRequest, 1, "aaaa"))
	f.Add(message(classSuccess, 1, ""))
	f.Add(message(classIndication, 1, "")[:19])
	f.Add(media)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := string(b)
		class, _, ok := parseHeader(b)
		ufrag := localUfrag(b)
		if ok && (class > classError || len(b) < stunHeader) || len(ufrag) > maxUsername || string(b) != before {
			t.Errorf("class %d, %q", class, ufrag)
		}
		p := Port{members: members[*PortConn]{named: map[string]*PortConn{"aaaa": {}}}}
		if c := p.find(b, addr("192.0.2.1:1")); c != nil && (class != classRequest || string(ufrag) != "aaaa") {
			t.Errorf("%x went to a connection", b)
		}
	})
}
