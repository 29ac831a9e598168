package mux

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// portBatch is how many entries a port's goroutine asks the kernel for at once:
	// under load they are of many flows, each with little in it.
	portBatch = udp.MaxLent
	// maxReadErrors is how many failing reads in a row end a goroutine.
	maxReadErrors = 1000
)

// PortConfig is what a Port works with. The zero value is enough.
type PortConfig struct {
	// Unhandled, if not nil, gets the datagrams that belong to nobody. It runs on
	// the reading goroutine and must neither block nor keep the slice.
	Unhandled func(datagram []byte, from netip.AddrPort)
	// Dual says that sockets bound to all addresses are for both IP versions.
	Dual bool
}

// A Port is one local UDP address that connections share. Several sockets may be
// bound to the address (SO_REUSEPORT): the kernel then spreads the peers over them,
// and each has a goroutine, so that several cores share the work.
type Port struct {
	conns  []udp.Conn
	config PortConfig
	tasks  sync.WaitGroup
	sent   transactionTable
	joined atomic.Uint64

	mu        sync.RWMutex // guards what follows, but for look-ups in addresses
	members   members[*PortConn]
	addresses addressTable

	strangers, unknownUfrags, malformed, conflicts atomic.Uint64
}

// NewPort returns a port with the given sockets, at least one, and starts reading
// them. They are all bound to the same address and belong to the port.
func NewPort(conns []udp.Conn, config PortConfig) *Port {
	p := &Port{conns: conns, config: config, members: newMembers[*PortConn]()}
	p.addresses.owners = map[netip.AddrPort]*ownership{}
	for _, c := range conns {
		p.tasks.Go(func() { p.read(c) })
	}
	return p
}

// LocalAddr returns the address that the sockets are bound to.
func (p *Port) LocalAddr() netip.AddrPort { return p.conns[0].LocalAddr() }

// Dual reports whether the sockets are for both IP versions.
func (p *Port) Dual() bool { return p.config.Dual }

// IsClosed reports whether Close was called.
func (p *Port) IsClosed() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.members.closed
}

// Close closes the sockets and all connections' parts of them, and returns when no
// goroutine is left.
func (p *Port) Close() error {
	p.mu.Lock()
	members, open := p.members.close()
	p.mu.Unlock()
	if !open {
		return nil
	}
	var first error
	for _, c := range p.conns {
		if err := c.Close(); err != nil && first == nil {
			first = err
		}
	}
	for _, c := range members {
		_ = c.Close()
	}
	p.tasks.Wait()
	return first
}

// Join returns a new connection's part of the port. On a closed port it is closed.
func (p *Port) Join() *PortConn {
	c := &PortConn{port: p}
	c.done = make(chan struct{})
	c.out = p.conns[int(p.joined.Add(1)%uint64(len(p.conns)))]
	p.mu.Lock()
	joined := p.members.join(c)
	p.mu.Unlock()
	if !joined {
		_ = c.Close()
	}
	return c
}

// RemoveUfrag closes the connection that has the username fragment, if there is one.
func (p *Port) RemoveUfrag(ufrag string) {
	p.mu.RLock()
	c := p.members.named[ufrag]
	p.mu.RUnlock()
	if c != nil {
		_ = c.Close()
	}
}

// PortCounters counts what was not delivered, and what there is.
type PortCounters struct {
	// Strangers are datagrams from addresses that belong to no connection, and
	// answers to requests that nobody has sent.
	Strangers uint64
	// UnknownUfrags are connectivity checks for no connection of the port.
	UnknownUfrags uint64
	// Malformed are datagrams that begin as STUN and are none.
	Malformed uint64
	// Conflicts are addresses that a connection confirmed while they were another
	// one's: one port cannot tell two connections with one peer's socket apart.
	Conflicts uint64
	// Connections and Addresses are how many there are now.
	Connections, Addresses int
}

// Counters returns the counters since NewPort.
func (p *Port) Counters() PortCounters {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return PortCounters{
		Strangers: p.strangers.Load(), UnknownUfrags: p.unknownUfrags.Load(), Malformed: p.malformed.Load(),
		Conflicts: p.conflicts.Load(), Connections: len(p.members.ufrags), Addresses: len(p.addresses.owners),
	}
}

// read is the body of a socket's goroutine, which ends when the socket is closed.
func (p *Port) read(conn udp.Conn) {
	batch := make([]udp.Datagram, portBatch) // whose buffers are lent to it
	r := router{port: p}
	for failures := 0; failures < maxReadErrors; {
		n, err := conn.ReadBatch(batch)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			failures++
			continue
		}
		failures = 0
		for i := range batch[:n] {
			r.route(&batch[i])
		}
		r.flush()
		udp.Release(batch)
	}
}

// PortConn is a connection's part of a Port.
type PortConn struct {
	inbox
	port      *Port
	out       udp.Conn
	addresses []netip.AddrPort // guarded by the port's mu
}

var _ Conn = (*PortConn)(nil)

// ReadBatch implements udp.Conn: it waits for Close.
func (c *PortConn) ReadBatch([]udp.Datagram) (int, error) {
	<-c.done
	return 0, net.ErrClosed
}

// WriteBatch implements udp.Conn.
func (c *PortConn) WriteBatch(batch []udp.Datagram) (int, error) {
	if c.isClosed() {
		return 0, net.ErrClosed
	}
	for i := range batch {
		b := batch[i].Buf[:batch[i].N]
		if !looksLikeSTUN(b) {
			continue
		}
		if class, id, ok := parseHeader(b); ok && class == classRequest {
			c.port.sent.add(time.Now(), id, c)
		}
	}
	return c.out.WriteBatch(batch)
}

// LocalAddr implements udp.Conn.
func (c *PortConn) LocalAddr() netip.AddrPort { return c.port.LocalAddr() }

// AddUfrag implements Conn.
func (c *PortConn) AddUfrag(ufrag string) error {
	p := c.port
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.members.name(c, ufrag)
}

// Confirm implements Conn.
func (c *PortConn) Confirm(now time.Time, remote netip.AddrPort, proven bool) {
	p := c.port
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.members.has(c) && !p.addresses.confirm(now, plain(remote), c, proven) {
		p.conflicts.Add(1)
	}
}

// Close implements udp.Conn: the connection leaves the port, whose sockets stay.
func (c *PortConn) Close() error {
	if !c.shut() {
		return net.ErrClosed
	}
	p := c.port
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members.leave(c)
	for len(c.addresses) > 0 {
		p.addresses.remove(c.addresses[len(c.addresses)-1])
	}
	return nil
}

// plain returns a as the tables have it: unmapped and without a zone.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
