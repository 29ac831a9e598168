package ice

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// maxRelaysPerServer bounds the local addresses that one address of a server
	// is asked from: each costs the server a port.
	maxRelaysPerServer = 4
	// maxRelayHops bounds how often a request is sent on to another server (300),
	// or repeated from another port (437), as RFC 8656 §7.4 has clients do.
	maxRelayHops = 3
	// relayIdle is how long a relay of an earlier generation may carry nothing
	// before it is released: consent checks come more often.
	relayIdle = 30 * time.Second
	// maxRelayPeers bounds the addresses of the peer that new relays are told of.
	maxRelayPeers = maxTURNPermissions
)

// relays are a gatherer's allocations on TURN servers.
type relays struct {
	open map[int]*relay
	// list has them in the order of their making; it is never changed in place.
	list []*relay
	// locals are the addresses to allocate from, by rank; valid once a scan of
	// this generation has listed them.
	locals []localAddress
	listed bool
	peers  []netip.Addr // of the newest permissions asked for
	// dropped is what relays that are gone have dropped.
	dropped uint64
}

// A relay is one allocation, or the attempt to get one, and its socket.
type relay struct {
	id         int
	lookup     *serverLookup
	target     relayTarget
	generation int
	conn       *relayConn
	server     netip.AddrPort
	client     *turnClient
	allocated  bool
	since      time.Time // it is allocated since then

	// Of an earlier generation: when to look whether it still carries anything,
	// and what it had carried when that was last looked at.
	idleCheck time.Time
	writes    uint64
}

// A relayTarget is where an allocation is asked for, and from where.
type relayTarget struct {
	server netip.AddrPort
	local  localAddress
	order  int
	hops   int
	// attempts counts those to replace an allocation that was lost, also with others
	// that were lost soon.
	attempts int
	// domain is the name to be certified if another server has given one
	// (ALTERNATE-DOMAIN), and visited are the servers that were asked before.
	domain  string
	visited []netip.AddrPort
}

// Permit says that the peer may send from an address. Relays, those to come too,
// then let its packets in, for which they need a permission of their server
// (RFC 8656 §9) before the peer's first check arrives.
func (g *Gatherer) Permit(now time.Time, ip netip.Addr) {
	ip = ip.Unmap().WithZone("")
	p := &g.relays
	if g.edge.isClosed() || slices.Contains(p.peers, ip) || !usable(netip.AddrPortFrom(ip, 1)) {
		return
	}
	if len(p.peers) >= maxRelayPeers {
		p.peers = p.peers[1:]
	}
	p.peers = append(p.peers, ip)
	for _, r := range g.relays.list {
		r.client.permit(now, ip)
	}
}

// relayAddressesListed takes the result of a scan: relays whose local address is
// gone go, and a gathering asks for its own.
func (g *Gatherer) relayAddressesListed(_ time.Time, order map[netip.Addr]int, addresses []localAddress) {
	for _, r := range g.relays.list {
		if _, ok := order[r.target.local.ip]; ok {
			continue
		}
		if !r.allocated {
			r.lookup.outstanding--
			r.lookup.failure = "the local address is gone"
		}
		g.closeRelay(r)
	}
	if (g.scanGathers || g.cfg.Continual && g.relays.listed) && !g.rescanGathers {
		g.relays.locals, g.relays.listed = addresses, true
		g.relaysFollow(order)
		for _, s := range g.servers {
			g.relayThrough(s)
		}
	}
}

// relayThrough asks a TURN server for an allocation from each local address of
// its IP version, once in a generation.
func (g *Gatherer) relayThrough(s *serverLookup) {
	if !s.server.Scheme.IsTURN() || !g.relays.listed {
		return
	}
	for _, server := range s.addrs {
		n := 0
		for order, local := range g.relays.locals {
			if local.ip.Is4() != server.Addr().Is4() || n == maxRelaysPerServer {
				continue
			}
			n++
			if key := netip.AddrPortFrom(local.ip, server.Port()); !s.relayed[key] {
				if s.relayed == nil {
					s.relayed, s.refused = map[netip.AddrPort]bool{}, map[uint16]bool{}
				}
				s.relayed[key] = true
				g.openRelay(s, relayTarget{server: server, local: local, order: order})
			}
		}
	}
}

// openRelay opens the way to a server on a goroutine that ends when it stands,
// at the time limit, the next Gather or Close. A stream's goroutine stays as its
// writer; a DTLS association's socket has one more from the beginning, its reader.
func (g *Gatherer) openRelay(s *serverLookup, target relayTarget) {
	s.outstanding++
	limit, generation, ctx := g.cfg.STUNTimeout, g.generation, g.lookups
	security := relaySecurity{g.cfg.TLS, g.cfg.DTLS, g.edge.start}
	scan := scanTask{network: g.cfg.Network, portMin: g.cfg.PortMin, portMax: g.cfg.PortMax}
	g.edge.start(func() {
		ctx, cancel := context.WithTimeout(ctx, limit)
		link, err := scan.reach(ctx, security, s.server, target)
		cancel()
		if err != nil {
			g.edge.post(func(now time.Time) { g.relayNotOpened(now, s, generation, target, err) })
			return
		}
		conn := newRelayConn(link, target.server, &relayView{})
		if g.edge.adopt(conn) {
			g.edge.post(func(now time.Time) { g.relayOpened(now, s, generation, target, conn) })
		}
		if stream, ok := link.(*streamLink); ok {
			stream.run()
		}
	})
}

// relaySecurity is what TLS and DTLS need: how to judge servers, how to speak DTLS,
// and where goroutines start.
type relaySecurity struct {
	tls   *tls.Config
	dtls  DTLSDialer
	start func(func())
}

// config is how to judge the server of a target.
func (s relaySecurity) config(server Server, target relayTarget) *tls.Config {
	config := s.tls.Clone()
	if config.ServerName == "" {
		// The certificate is that of the server in the URI, whichever address its
		// name or another server has led to (RFC 8489 §6.2.3).
		config.ServerName = cmp.Or(target.domain, server.Host)
	}
	return config
}

// reach opens a link to a server.
func (s scanTask) reach(ctx context.Context, security relaySecurity, server Server, target relayTarget) (turnLink, error) {
	protocol := server.relayProtocol()
	switch protocol {
	case "tcp":
		return asLink(dialStream(ctx, s.network, target.local.ip, target.server, nil))
	case "tls":
		return asLink(dialStream(ctx, s.network, target.local.ip, target.server, security.config(server, target)))
	}
	conn, err := s.listen(ctx, target.local.ip)
	if err != nil {
		return nil, err
	}
	if protocol == "dtls" {
		return asLink(dialDTLS(ctx, conn, target.server, security.dtls, security.config(server, target), security.start))
	}
	return newDatagramLink(conn, target.server), nil
}

func asLink[L turnLink](l L, err error) (turnLink, error) {
	if err != nil {
		return nil, err // no typed nil
	}
	return l, nil
}

func (g *Gatherer) relayNotOpened(now time.Time, s *serverLookup, generation int, target relayTarget, err error) {
	if g.generation != generation {
		return
	}
	s.outstanding--
	s.failure = fmt.Sprintf("no way to the server: %v", err)
	g.retryRelay(now, s, target)
	g.checkComplete()
}

func (g *Gatherer) relayOpened(now time.Time, s *serverLookup, generation int, target relayTarget, conn *relayConn) {
	if g.generation != generation {
		g.edge.release(conn)
		return
	}
	g.lastSocket++
	r := &relay{id: g.lastSocket, lookup: s, target: target, generation: generation, conn: conn, server: target.server}
	r.client = newTURNClient(turnConfig{
		credentials: s.server.credentials(),
		ipv4:        g.uses(netip.IPv4Unspecified()), ipv6: g.uses(netip.IPv6Unspecified()),
		reliable: conn.link.stream(), rto: g.cfg.STUNRTO, limit: g.cfg.STUNTimeout, rand: g.cfg.Rand,
	}, conn.view)
	id := r.id
	conn.want = func(peer netip.AddrPort, channel bool) {
		g.edge.post(func(now time.Time) { g.relayWanted(now, id, peer, channel) })
	}
	conn.lost = func(err error) {
		g.edge.post(func(now time.Time) { g.relayCut(now, id, err) })
	}
	g.relays.open[id] = r
	g.relays.list = append(slices.Clip(g.relays.list), r)
	local := netip.AddrPortFrom(target.local.ip.WithZone(""), conn.LocalAddr().Port())
	if !s.from.IsValid() {
		s.from = local
	}
	g.emit(SocketOpened{ID: id, Conn: conn, Local: local, Interface: target.local.name})
	r.client.start(now)
	g.handleRelay(now, r)
	g.checkComplete()
}

// uses says whether the gatherer may use addresses of ip's version.
func (g *Gatherer) uses(ip netip.Addr) bool {
	return addressRules{networkTypes: g.cfg.NetworkTypes}.takesVersion(ip)
}

// relayWanted does what packets to a peer need.
func (g *Gatherer) relayWanted(now time.Time, id int, peer netip.AddrPort, channel bool) {
	r := g.relays.open[id]
	if r == nil {
		return
	}
	r.client.permit(now, peer.Addr())
	if channel {
		r.client.bind(now, peer)
	}
	g.handleRelay(now, r)
}

// relayCut ends a relay whose way to the server has ended.
func (g *Gatherer) relayCut(now time.Time, id int, err error) {
	if r := g.relays.open[id]; r != nil {
		r.client.fail(err)
		g.handleRelay(now, r)
		g.checkComplete()
	}
}

// relaySendFailed gives an attempt up whose server cannot be sent to. An
// allocation outlives such times: what is not answered is sent again.
func (g *Gatherer) relaySendFailed(now time.Time, r *relay, err error) {
	if r.allocated {
		return
	}
	r.client.fail(err)
	g.handleRelay(now, r)
	g.checkComplete()
}

// handleRelayPacket takes a STUN packet from a relay's socket; those that a peer
// has sent are the agent's.
func (g *Gatherer) handleRelayPacket(now time.Time, r *relay, from netip.AddrPort, p []byte) bool {
	if from != r.server {
		return false
	}
	r.client.handlePacket(now, p)
	g.handleRelay(now, r)
	g.checkComplete()
	return true
}

// handleRelay acts on what an allocation reports.
func (g *Gatherer) handleRelay(now time.Time, r *relay) {
	for e, ok := r.client.takeEvent(); ok; e, ok = r.client.takeEvent() {
		switch {
		case e.err == nil:
			g.relayAllocated(now, r, e)
		case r.allocated:
			g.relayLost(now, r, e)
		default:
			g.relayRefused(now, r, e)
		}
	}
}

func (g *Gatherer) relayAllocated(now time.Time, r *relay, e turnEvent) {
	r.allocated, r.since = true, now
	r.lookup.answered = true
	r.lookup.outstanding--
	for _, addr := range e.relayed {
		g.announceRelay(r, addr, e.mapped)
	}
	for _, ip := range g.relays.peers {
		r.client.permit(now, ip)
	}
}

// relayRefused goes on from an attempt that gave no allocation: elsewhere, from
// another port, or not at all.
func (g *Gatherer) relayRefused(now time.Time, r *relay, e turnEvent) {
	s, next := r.lookup, r.target
	next.hops++
	g.closeRelay(r)
	s.outstanding--
	switch {
	case e.code == codeTryAlternate && next.redirect(e) && next.hops <= maxRelayHops:
		g.openRelay(s, next)
	case e.code == codeAllocationMismatch && next.hops <= maxRelayHops:
		g.openRelay(s, next)
	case e.code != 0:
		s.answered = true
		if e.code >= codeAllocationQuota {
			g.retryRelay(now, s, r.target)
		}
		if !s.refused[e.code] {
			s.refused[e.code] = true
			g.emitServerError(s, s.from, e.code, e.err.Error())
		}
	default:
		s.failure = e.err.Error()
		g.retryRelay(now, s, r.target)
	}
}

// relayLost reports an allocation that could not be kept: its socket is closed,
// and with it the pairs through it are gone.
func (g *Gatherer) relayLost(now time.Time, r *relay, e turnEvent) {
	g.cfg.Logger.Info("relay lost", "server", r.lookup.server.hostPort(), "code", e.code, "reason", e.err)
	code := e.code
	if code == 0 {
		code = ErrorCodeUnreachable
	}
	g.emitServerError(r.lookup, r.lookup.from, code, e.err.Error())
	g.closeRelay(r)
	g.replaceRelay(now, r)
}

func (g *Gatherer) closeRelay(r *relay) {
	delete(g.relays.open, r.id)
	g.relays.list = slices.DeleteFunc(slices.Clone(g.relays.list), func(o *relay) bool { return o == r })
	g.relays.dropped += r.dropped()
	g.forgetCandidates(r.id)
	g.edge.release(r.conn)
	g.emit(SocketClosed{r.id})
}

// ageRelays begins a generation: attempts are given up, allocations serve the
// pairs that go through them until those have been replaced.
func (g *Gatherer) ageRelays(now time.Time) {
	g.relays.listed = false
	for _, r := range g.relays.list {
		if !r.allocated {
			g.closeRelay(r)
			continue
		}
		if r.idleCheck.IsZero() {
			r.idleCheck, r.writes = now.Add(relayIdle), r.conn.view.writes.Load()
		}
	}
}

// handleRelayTimeouts does what is due at now.
func (g *Gatherer) handleRelayTimeouts(now time.Time) {
	for _, r := range g.relays.list {
		r.client.handleTimeout(now)
		g.handleRelay(now, r)
		if g.relays.open[r.id] == nil || r.idleCheck.IsZero() || now.Before(r.idleCheck) {
			continue
		}
		writes := r.conn.view.writes.Load()
		if writes == r.writes {
			g.closeRelay(r)
			continue
		}
		r.idleCheck, r.writes = now.Add(relayIdle), writes
	}
}

func (g *Gatherer) nextRelayTimeout() (next time.Time) {
	for _, r := range g.relays.open {
		next = sooner(next, sooner(r.client.nextTimeout(), r.idleCheck))
	}
	return next
}

// pollRelays returns the next message for a TURN server. It goes out through the
// relay's own socket, whose peers are not addressed like their server.
func (g *Gatherer) pollRelays() (Transmit, bool) {
	for _, r := range g.relays.list {
		if p, ok := r.client.poll(); ok {
			return Transmit{Base: r.id, To: r.server, Data: p}, true
		}
	}
	return Transmit{}, false
}

// relayDropped counts what was not believed.
func (g *Gatherer) relayDropped() uint64 {
	n := g.relays.dropped
	for _, r := range g.relays.open {
		n += r.dropped()
	}
	return n
}

func (r *relay) dropped() uint64 {
	return r.client.dropped + r.conn.dropped.Load() + r.conn.link.strangers()
}

// announceRelay makes a candidate of a relayed address, which is its own base
// (RFC 8445 §4): packets leave from the relay's socket.
func (g *Gatherer) announceRelay(r *relay, addr, mapped netip.AddrPort) {
	server := r.lookup.server
	config := CandidateHostConfig{
		Network: "udp", Address: addr.Addr().String(), Port: int(addr.Port()), Component: g.cfg.Component,
		Foundation: g.foundations.of(foundationKey{CandidateTypeRelay, addr.Addr(), "udp", server.URL}),
		Priority:   g.uniquePriority(CandidateTypeRelay, addr.Addr(), TCPTypeUnspecified, g.relayRank(r)),
	}
	related := g.relatedToRelay(addr, mapped)
	c, err := newCandidate(CandidateTypeRelay, config, related.Addr().String(), int(related.Port()))
	if err != nil {
		g.cfg.Logger.Warn("relayed candidate not usable", "address", addr, "reason", err)
		return
	}
	c.relayProtocol = server.relayProtocol()
	f := CandidateFound{Candidate: c.WithUfrag(g.ufrag), Base: r.id, URL: server.URL}
	g.found = append(g.found, f)
	g.emit(f)
}

// relayRank orders relayed candidates: by the way to the server, since streams
// hold packets up behind lost ones, then by local address and server.
func (g *Gatherer) relayRank(r *relay) int {
	rank := r.target.local.rank(r.target.order*len(g.servers) + r.lookup.rank)
	switch r.lookup.server.relayProtocol() {
	case "dtls":
		return rank + 1<<11
	case "tcp":
		return rank + 1<<12
	case "tls":
		return rank + 1<<13
	}
	return rank
}

// relatedToRelay is the related address of a relayed candidate: the client's as
// the server sees it (RFC 8839 §5.1), or the unspecified one where a relay is
// there to hide it.
func (g *Gatherer) relatedToRelay(addr, mapped netip.AddrPort) netip.AddrPort {
	if mapped.IsValid() && g.cfg.Policy != GatherRelay && !g.cfg.hidesAddresses() {
		return mapped
	}
	if addr.Addr().Is4() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
}

var _ udp.Conn = (*relayConn)(nil)
