package ice

import (
	"net/netip"
	"time"
)

// gatherFrom announces what a socket gives: its host candidate at once
// (RFC 8838 §9: as soon as it is known), and what the servers answer later.
func (g *Gatherer) gatherFrom(now time.Time, s *gatherSocket) {
	if g.cfg.Policy == GatherRelay {
		return
	}
	g.announce(s, CandidateTypeHost, s.base(), Server{}, s.order)
	s.generation = g.generation
	for _, lookup := range g.servers {
		g.ask(now, lookup, s)
	}
}

// announce makes a candidate of an address and reports it, unless it is
// redundant. rank orders the candidates of one type; the smallest is preferred.
func (g *Gatherer) announce(s *gatherSocket, typ CandidateType, addr netip.AddrPort, server Server, rank int) {
	// "A candidate is redundant if and only if its transport address and base
	// equal those of another candidate" (RFC 8445 §5.1.3). The first found is
	// the one of higher priority: host before reflexive.
	for _, f := range g.found {
		if f.Base == s.id && f.Candidate.Addr() == addr {
			return
		}
	}
	config := CandidateHostConfig{
		Network: "udp", Address: addr.Addr().String(), Port: int(addr.Port()), Component: g.cfg.Component,
		Foundation: g.foundations.of(foundationKey{typ, s.base().Addr(), "udp", server.URL}),
		Priority:   g.uniquePriority(typ, addr.Addr(), rank),
	}
	related := netip.AddrPort{}
	if typ != CandidateTypeHost {
		related = g.shownBase(s, addr)
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
		return
	}
	g.emit(f)
}

// shownBase is the related address of a reflexive candidate: its base, or the
// unspecified address of the candidate's IP version where host addresses are
// hidden (draft-ietf-mmusic-mdns-ice-candidates §3.1.2).
func (g *Gatherer) shownBase(s *gatherSocket, addr netip.AddrPort) netip.AddrPort {
	if !g.cfg.hidesAddresses() {
		return s.base()
	}
	if addr.Addr().Is4() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
}

// uniquePriority computes a priority by rank and makes it differ from all
// others: "the agent MUST assign each candidate a unique priority" (RFC 8445
// §5.1.2).
func (g *Gatherer) uniquePriority(typ CandidateType, ip netip.Addr, rank int) uint32 {
	network, _ := networkTypeOf("udp", ip)
	for local := int(maxLocalPreference) - rank; ; local-- {
		p := priorityOf(typ, network, TCPTypeUnspecified, uint16(max(local, 0)), g.cfg.Component)
		if !g.priorities[p] || local <= 0 {
			g.priorities[p] = true
			return p
		}
	}
}
