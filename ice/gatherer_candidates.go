package ice

import (
	"net/netip"
	"time"

	"github.com/parleyrtc/webrtc/internal/mux"
)

// gatherFrom announces what a socket gives: its host candidates at once
// (RFC 8838 §9: as soon as they are known), and what the servers answer later.
func (g *Gatherer) gatherFrom(now time.Time, s *gatherSocket) {
	if g.cfg.Policy == GatherRelay {
		return
	}
	if shared, ok := s.conn.(mux.Conn); ok && !g.ahead.gathering {
		// The port has to know the generation's name before the peer does.
		if err := shared.AddUfrag(g.ufrag); err != nil {
			g.listenFailed(s.addresses[0], err)
			return
		}
	}
	s.generation = g.generation
	replaced := g.announceHosts(s)
	if s.key.tcp != TCPTypeUnspecified || g.cfg.Lite || replaced {
		return // RFC 8445 §5.2: lite agents have host candidates only
	}
	for _, lookup := range g.servers {
		g.ask(now, lookup, s)
	}
}

// announceHosts announces the host candidates of a socket, and what rules make of
// its addresses. It reports whether a rule says what the servers would.
func (g *Gatherer) announceHosts(s *gatherSocket) (replaced bool) {
	for i, a := range s.addresses {
		addr := netip.AddrPortFrom(a.ip.WithZone(""), s.port)
		host := g.rewrite(a, s.key.protocol(), CandidateTypeHost)
		for _, ip := range host.addresses(addr.Addr()) {
			g.announce(s, CandidateTypeHost, netip.AddrPortFrom(ip, s.port), addr, Server{}, a.rank(s.order+i))
		}
		if s.key.tcp != TCPTypeUnspecified || g.cfg.Lite {
			continue
		}
		reflexive := g.rewrite(a, s.key.protocol(), CandidateTypeServerReflexive)
		for _, ip := range reflexive.external {
			g.announce(s, CandidateTypeServerReflexive, netip.AddrPortFrom(ip, s.port), addr, Server{}, a.rank(s.order+i))
		}
		replaced = replaced || reflexive.replaces
	}
	return replaced
}

// announce makes a candidate of an address and reports it, unless it is
// redundant. base is the socket's address; rank orders the candidates of one type;
// the smallest is preferred.
func (g *Gatherer) announce(s *gatherSocket, typ CandidateType, addr, base netip.AddrPort, server Server, rank int) {
	// "A candidate is redundant if and only if its transport address and base
	// equal those of another candidate" (RFC 8445 §5.1.3). The first found is
	// the one of higher priority: host before reflexive.
	for _, f := range g.found {
		if f.Base == s.id && f.Candidate.Addr() == addr {
			return
		}
	}
	config := CandidateHostConfig{
		Network: s.key.protocol(), Address: addr.Addr().String(), Port: int(addr.Port()), Component: g.cfg.Component,
		Foundation: g.foundations.of(foundationKey{typ, base.Addr(), s.key.protocol(), server.URL}),
		Priority:   g.uniquePriority(typ, addr.Addr(), s.key.tcp, rank), TCPType: s.key.tcp,
	}
	related := netip.AddrPort{}
	if typ != CandidateTypeHost {
		related = g.shownBase(base, addr)
	}
	var relatedAddress string
	if related.IsValid() {
		relatedAddress = related.Addr().String()
	}
	c, err := newCandidate(typ, config, relatedAddress, int(related.Port()))
	if err != nil {
		g.cfg.Logger.Warn("local candidate not usable", "address", addr, "reason", err)
		return
	}
	f := CandidateFound{Candidate: c.WithUfrag(g.ufrag), Base: s.id, URL: server.URL}
	g.found = append(g.found, f)
	if typ == CandidateTypeHost && g.cfg.hidesAddresses() {
		g.emit(HiddenCandidate{Candidate: f.Candidate, Base: f.Base})
		g.announceNamed(f)
		return
	}
	g.emit(f)
}

// shownBase is the related address of a reflexive candidate: its base, or the
// unspecified address of the candidate's IP version where host addresses are
// hidden (draft-ietf-mmusic-mdns-ice-candidates §3.1.2).
func (g *Gatherer) shownBase(base, addr netip.AddrPort) netip.AddrPort {
	if !g.cfg.hidesAddresses() {
		return base
	}
	if addr.Addr().Is4() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
}

// uniquePriority computes a priority by rank and makes it differ from all
// others: "the agent MUST assign each candidate a unique priority" (RFC 8445
// §5.1.2).
func (g *Gatherer) uniquePriority(typ CandidateType, ip netip.Addr, tcp TCPType, rank int) uint32 {
	protocol, step := "udp", 1
	if tcp != TCPTypeUnspecified {
		protocol, step = "tcp", 8 // three bits less for it (RFC 6544 §4.2)
	}
	network, _ := networkTypeOf(protocol, ip)
	for local := int(maxLocalPreference) - step*rank; ; local -= step {
		p := priorityOf(typ, network, tcp, uint16(max(local, 0)), g.cfg.Component)
		if !g.priorities[p] || local <= 0 {
			g.priorities[p] = true
			return p
		}
	}
}
