package ice

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// maxLocalAddresses bounds the sockets of one gathering on hosts with addresses
// by the hundred: container hosts, mostly. More would cost more checks than the
// 100 that an agent is to limit itself to (RFC 8445 §6.1.2.5).
const maxLocalAddresses = 32

// scan starts listing the interfaces, and opening sockets on addresses that
// have none if it is part of a gathering. One scan runs at a time; another one
// asked for meanwhile follows it.
func (g *Gatherer) scan(gathers bool) {
	if g.scanning {
		g.rescan = true
		g.rescanGathers = g.rescanGathers || gathers
		return
	}
	g.scanning, g.scanGathers = true, gathers
	s := scanTask{
		network: g.cfg.Network,
		rules: addressRules{
			networkTypes: g.cfg.NetworkTypes, interfaceFilter: g.cfg.InterfaceFilter,
			ipFilter: g.cfg.IPFilter, loopback: g.cfg.IncludeLoopback,
		},
		// A relay-only gathering has no use for local addresses: relayed
		// candidates' bases are on their server.
		opens:   (gathers || g.cfg.Continual) && g.cfg.Policy != GatherRelay,
		portMin: g.cfg.PortMin, portMax: g.cfg.PortMax,
		udpMux: g.cfg.UDPMux, tcpMux: g.cfg.TCPMux, lite: g.cfg.Lite,
		open: map[socketKey]bool{},
	}
	for _, socket := range g.sockets {
		s.open[socket.key] = true
	}
	g.edge.start(func() { s.run(g) })
}

// A scanTask is one scan, on its own goroutine. It touches nothing of the
// gatherer's but edge and, through post, the methods that scans report to.
type scanTask struct {
	network          udp.Network
	rules            addressRules
	opens            bool
	portMin, portMax uint16
	udpMux           UDPMux
	tcpMux           TCPMux
	lite             bool
	open             map[socketKey]bool // those that there are
}

func (s scanTask) run(g *Gatherer) {
	defer g.edge.post(func(now time.Time) { g.scanEnded(now) })
	interfaces, err := s.network.Interfaces()
	if err != nil {
		g.edge.post(func(time.Time) { g.scanFailed(err) })
		return
	}
	addresses := s.rules.selectAddresses(interfaces)
	plans := s.plan(interfaces, addresses)
	g.edge.post(func(now time.Time) { g.addressesListed(now, plans, addresses) })
	if !s.opens {
		return
	}
	for _, plan := range plans {
		if s.open[plan.key] || plan.order >= maxLocalAddresses {
			continue
		}
		conn, err := plan.listen(g.edge.ctx)
		if err != nil {
			g.edge.post(func(now time.Time) { g.bindFailed(now, plan.addresses[0], err) })
			continue
		}
		if !g.edge.adopt(conn) {
			return
		}
		g.edge.post(func(now time.Time) { g.socketOpened(now, plan, conn) })
	}
}

// listen binds a socket to a port in the range, trying each once from a random
// one on, so that ports do not tell how many connections there were (RFC 6056
// §3.2).
func (s scanTask) listen(ctx context.Context, ip netip.Addr) (udp.Conn, error) {
	if s.portMin == 0 && s.portMax == 0 {
		return s.network.ListenUDP(netip.AddrPortFrom(ip, 0))
	}
	low, high := max(s.portMin, 1), s.portMax
	if high == 0 {
		high = 65535
	}
	if low > high {
		return nil, fmt.Errorf("the port range %d to %d is empty", low, high)
	}
	n := int(high) - int(low) + 1
	start := rand.IntN(n)
	var last error
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		conn, err := s.network.ListenUDP(netip.AddrPortFrom(ip, low+uint16((start+i)%n)))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no port from %d to %d is free: %w", low, high, last)
}

// scanFailed: the system does not say which interfaces there are.
func (g *Gatherer) scanFailed(err error) {
	g.cfg.Logger.Warn("network interfaces cannot be listed", "reason", err)
	if g.scanGathers {
		g.emit(CandidateError{Code: ErrorCodeUnreachable, Text: fmt.Sprintf("network interfaces cannot be listed: %v", err)})
	}
}

// addressesListed closes the sockets whose address is gone and announces the
// others' host candidates.
func (g *Gatherer) addressesListed(now time.Time, plans []socketPlan, addresses []localAddress) {
	for id := 1; id <= g.lastSocket; id++ {
		socket := g.sockets[id]
		if socket == nil {
			continue
		}
		i := slices.IndexFunc(plans, func(p socketPlan) bool { return p.key == socket.key })
		if i < 0 {
			g.closeSocket(socket)
			continue
		}
		socket.order, socket.addresses = plans[i].order, plans[i].addresses
		if g.scanGathers && !g.rescanGathers {
			g.gatherFrom(now, socket)
		}
	}
	order := map[netip.Addr]int{}
	for i, a := range addresses {
		order[a.ip] = i
	}
	g.relayAddressesListed(now, order, addresses)
}

func (g *Gatherer) closeSocket(s *gatherSocket) {
	g.cfg.Logger.Info("local address gone", "address", s.base(), "interface", s.addresses[0].name)
	delete(g.sockets, s.id)
	g.edge.release(s.conn)
	g.forgetMappings(s.id)
	g.dropRequests(s.id)
	g.forgetCandidates(s.id)
	g.forgetNames(s)
	g.emit(SocketClosed{s.id})
}

func (g *Gatherer) listenFailed(a localAddress, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	g.cfg.Logger.Warn("no socket", "address", a.ip, "interface", a.name, "reason", err)
	e := CandidateError{Code: ErrorCodeUnreachable, Text: "no socket on a local address"}
	if !g.cfg.hidesAddresses() {
		e.Address, e.Text = a.ip.WithZone("").String(), fmt.Sprintf("no socket on %s: %v", a.ip, err)
	}
	g.emit(e)
}

func (g *Gatherer) socketOpened(now time.Time, plan socketPlan, conn udp.Conn) {
	g.lastSocket++
	s := &gatherSocket{
		id: g.lastSocket, conn: conn, key: plan.key, addresses: plan.addresses, order: plan.order,
		port: conn.LocalAddr().Port(),
	}
	g.sockets[s.id] = s
	g.emit(SocketOpened{ID: s.id, Conn: conn, Local: s.base(), Interface: s.addresses[0].name})
	// Where Gather was called again meanwhile, the scan that follows announces
	// the candidate.
	if !g.rescanGathers {
		g.gatherFrom(now, s)
	}
}

func (g *Gatherer) scanEnded(now time.Time) {
	g.scanning, g.scanGathers = false, false
	g.lookAgain(now)
	if g.rescan {
		gathers := g.rescanGathers
		g.rescan, g.rescanGathers = false, false
		g.scan(gathers)
	}
	g.checkComplete()
}
