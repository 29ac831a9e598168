package ice

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// mdnsLinger is how long the multicast sockets stay open after the last
	// name: names come in small bursts as the peer trickles.
	mdnsLinger = 3 * time.Second
	// maxMDNSPacket is the largest message (RFC 6762 §17).
	maxMDNSPacket = 9000
	// maxMDNSInFlight bounds the packets that were read and wait for the owner;
	// what comes beyond it is dropped.
	maxMDNSInFlight = 64
	// maxMDNSReadErrors is how many failing reads in a row end a socket's
	// goroutine.
	maxMDNSReadErrors = 100
)

// The groups of multicast DNS (RFC 6762 §3).
var (
	mdnsGroup4 = netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 251}), mdnsPort)
	mdnsGroup6 = netip.AddrPortFrom(netip.MustParseAddr("ff02::fb"), mdnsPort)
)

var (
	errMDNSDisabled = errors.New("multicast DNS is disabled")
	errMDNSNoLink   = errors.New("no interface speaks multicast")
)

// An mdnsEdge joins a resolver to the multicast sockets, which are open while
// names are being asked for.
type mdnsEdge struct {
	resolver mdnsResolver
	opening  bool
	sockets  []mdnsSocket
	// closing is when the sockets close unless another name comes.
	closing time.Time

	// These two are touched by the reading goroutines too.
	inFlight   atomic.Int32
	overflowed atomic.Uint64
}

// An mdnsSocket has joined the group on one interface.
type mdnsSocket struct {
	conn  udp.Conn
	group netip.AddrPort
}

func (m *mdnsEdge) nextTimeout() time.Time {
	return sooner(m.resolver.nextTimeout(), m.closing)
}

// Resolve asks for the address behind a remote candidate's name under .local
// (draft-ietf-mmusic-mdns-ice-candidates §3.2). The event Resolved has the
// answer, for every call; names of another form, and names by the hundred, are
// answered with an error.
func (g *Gatherer) Resolve(now time.Time, c Candidate) {
	if g.edge.isClosed() {
		return
	}
	m := &g.mdns
	if g.cfg.MulticastDNS == MulticastDNSModeDisabled {
		m.resolver.fail(c, errMDNSDisabled)
	} else {
		m.resolver.resolve(now, c)
	}
	g.settleMulticast(now)
	if !m.resolver.idle() && len(m.sockets) == 0 && !m.opening {
		g.openMulticast()
	}
}

// settleMulticast sends the questions, reports the answers, and decides whether
// the sockets are still wanted.
func (g *Gatherer) settleMulticast(now time.Time) {
	m := &g.mdns
	for _, packet := range m.resolver.out {
		for _, s := range m.sockets {
			g.multicast(s, packet)
		}
	}
	m.resolver.out = nil
	for _, r := range m.resolver.results {
		g.emit(r)
	}
	m.resolver.results = nil
	switch {
	case len(m.sockets) == 0 || !m.resolver.idle():
		m.closing = time.Time{}
	case m.closing.IsZero():
		m.closing = now.Add(mdnsLinger)
	}
}

// multicast sends a question. A socket's write never waits for anyone; one that
// fails is repeated with the next.
func (g *Gatherer) multicast(s mdnsSocket, packet []byte) {
	batch := [1]udp.Datagram{{Buf: packet, N: len(packet), Addr: s.group}}
	if _, err := s.conn.WriteBatch(batch[:]); err != nil {
		g.cfg.Logger.Debug("multicast DNS query not sent", "group", s.group, "reason", err)
	}
}

// openMulticast joins the groups on all interfaces, on a goroutine of its own.
func (g *Gatherer) openMulticast() {
	g.mdns.opening = true
	network, loopback, filter := g.cfg.Network, g.cfg.IncludeLoopback, g.cfg.InterfaceFilter
	g.edge.start(func() {
		defer g.edge.post(func(now time.Time) { g.multicastOpened(now) })
		interfaces, err := network.Interfaces()
		if err != nil {
			return
		}
		for _, ifi := range interfaces {
			if ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagMulticast == 0 && ifi.Flags&net.FlagLoopback == 0 ||
				ifi.Flags&net.FlagLoopback != 0 && !loopback || filter != nil && !filter(ifi.Name) {
				continue
			}
			for _, group := range []netip.AddrPort{mdnsGroup4, mdnsGroup6} {
				// An interface without an address of the group's version does
				// not carry it.
				if !slices.ContainsFunc(ifi.Addrs, func(p netip.Prefix) bool { return p.Addr().Is4() == group.Addr().Is4() }) {
					continue
				}
				conn, err := network.ListenMulticastUDP(ifi, group)
				if err != nil || !g.edge.adopt(conn) {
					continue
				}
				g.edge.post(func(now time.Time) { g.joined(now, mdnsSocket{conn, group}) })
			}
		}
	})
}

// joined asks the outstanding questions on a new socket and has it read.
func (g *Gatherer) joined(now time.Time, s mdnsSocket) {
	m := &g.mdns
	m.sockets = append(m.sockets, s)
	for _, packet := range m.resolver.questions() {
		g.multicast(s, packet)
	}
	g.edge.start(func() { readMulticast(s.conn, g.takeMulticast) })
	g.settleMulticast(now)
}

func (g *Gatherer) multicastOpened(now time.Time) {
	m := &g.mdns
	m.opening = false
	if len(m.sockets) == 0 {
		m.resolver.failAll(errMDNSNoLink)
	}
	g.settleMulticast(now)
}

// readMulticast takes each datagram that a multicast socket receives, until the socket
// is closed or does nothing but fail. The buffer is good for the call alone.
func readMulticast(conn udp.Conn, take func(udp.Datagram)) {
	batch := []udp.Datagram{{Buf: make([]byte, maxMDNSPacket)}}
	for failures := 0; failures < maxMDNSReadErrors; {
		n, err := conn.ReadBatch(batch)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			failures++
			continue
		}
		failures = 0
		for _, d := range batch[:n] {
			take(d)
		}
	}
}

// takeMulticast hands a datagram to the owner. Only responses pass, and only so many
// at a time: what other hosts say on the link must not pile up here.
func (g *Gatherer) takeMulticast(d udp.Datagram) {
	if d.N < 12 || d.Buf[2]&0x80 == 0 {
		return // too short for a header, or a query (RFC 1035 §4.1.1)
	}
	if g.mdns.inFlight.Add(1) > maxMDNSInFlight {
		g.mdns.inFlight.Add(-1)
		g.mdns.overflowed.Add(1)
		return
	}
	packet, from := slices.Clone(d.Buf[:d.N]), d.Addr
	g.edge.owner(func(now time.Time) {
		g.mdns.inFlight.Add(-1)
		if !g.edge.isClosed() {
			g.mdns.resolver.handlePacket(now, from, packet)
			g.settleMulticast(now)
		}
	})
}

// handleMulticastTimeout does what is due at now, and closes the sockets when
// they have been idle long enough.
func (g *Gatherer) handleMulticastTimeout(now time.Time) {
	m := &g.mdns
	m.resolver.handleTimeout(now)
	if !m.closing.IsZero() && !now.Before(m.closing) {
		for _, s := range m.sockets {
			g.edge.release(s.conn)
		}
		m.sockets = nil
	}
	g.settleMulticast(now)
}
