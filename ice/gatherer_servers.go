package ice

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A serverLookup is a server of this generation: its addresses, and what became
// of the requests to it.
type serverLookup struct {
	server Server
	rank   int // among the servers asked, from 0
	// addrs are the addresses to ask, at most one of each IP version.
	addrs       []netip.AddrPort
	resolving   bool
	outstanding int  // requests without an answer
	answered    bool // by a mapped address or an error response
	failure     string
	from        netip.AddrPort // the base of the first request
	settled     bool
	// relayed are the local addresses that an allocation was asked for from, and
	// refused the error codes that were reported for it.
	relayed map[netip.AddrPort]bool
	refused map[uint16]bool
}

// startServers looks the servers up. It begins with Gather, beside the listing
// of interfaces.
func (g *Gatherer) startServers(now time.Time) {
	g.servers = g.servers[:0]
	var ctx context.Context
	ctx, g.cancelLookups = context.WithCancel(g.edge.ctx)
	g.lookups = ctx
	for _, server := range g.cfg.Servers {
		if reason := server.unsupported(g.cfg.DTLS); reason != "" {
			// A program that relies on the server learns it in the event made for
			// that.
			g.emit(CandidateError{URL: server.URL, Code: ErrorCodeUnreachable, Text: reason})
			continue
		}
		if !server.Scheme.IsTURN() && g.cfg.Policy == GatherRelay {
			continue
		}
		s := &serverLookup{server: server, rank: len(g.servers)}
		g.servers = append(g.servers, s)
		if addr, ok := server.Addr(); ok {
			g.serverResolved(now, s, []netip.Addr{addr.Addr()}, nil)
			continue
		}
		s.resolving = true
		g.lookup(ctx, s)
	}
}

// lookup asks for the addresses of a server's name, both IP versions at once,
// on a goroutine that ends with the answer, the time limit, the next Gather or
// Close.
func (g *Gatherer) lookup(ctx context.Context, s *serverLookup) {
	network, limit, generation := g.cfg.Network, g.cfg.STUNTimeout, g.generation
	g.edge.start(func() {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		addrs, err := network.LookupHost(ctx, s.server.Host)
		g.edge.post(func(now time.Time) {
			if g.generation == generation {
				s.resolving = false
				g.serverResolved(now, s, addrs, err)
				g.checkComplete()
			}
		})
	})
}

func (g *Gatherer) serverResolved(now time.Time, s *serverLookup, addrs []netip.Addr, err error) {
	var has4, has6 bool
	for _, ip := range addrs {
		ip = ip.Unmap()
		has := &has4
		if ip.Is6() {
			has = &has6
		}
		// The resolver's order is that of RFC 6724; the first of each version is
		// the one to ask.
		if *has || !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() {
			continue
		}
		*has = true
		s.addrs = append(s.addrs, netip.AddrPortFrom(ip.WithZone(""), s.server.Port))
	}
	if len(s.addrs) == 0 {
		s.failure = "the name has no address"
		if err != nil {
			s.failure = fmt.Sprintf("the name cannot be resolved: %v", err)
		}
		return
	}
	for id := 1; id <= g.lastSocket; id++ {
		if socket := g.sockets[id]; socket != nil && socket.generation == g.generation {
			g.ask(now, s, socket)
		}
	}
	g.relayThrough(s)
}

// ask requests the reflexive address of a socket from a server, where it speaks
// the socket's IP version. A TURN server over UDP is a STUN server, too (RFC 8445
// §5.1.1.2): what it does not answer in that role is no failure of the other.
func (g *Gatherer) ask(now time.Time, s *serverLookup, socket *gatherSocket) {
	if s.server.Scheme.IsTURN() && s.server.relayProtocol() != "udp" {
		return
	}
	for _, addr := range s.addrs {
		if !socket.reaches(addr.Addr()) {
			continue
		}
		if !s.from.IsValid() {
			s.from = socket.addressLike(addr.Addr())
		}
		s.outstanding++
		g.stun.start(now, socket.id, addr, s)
	}
}

// handleResults acts on the transactions that have ended.
func (g *Gatherer) handleResults(now time.Time) {
	for r, ok := g.stun.takeResult(); ok; r, ok = g.stun.takeResult() {
		t := r.transaction
		s, socket := t.tag.(*serverLookup), g.sockets[t.base]
		if t.keepalive || socket == nil {
			continue
		}
		s.outstanding--
		switch {
		case s.server.Scheme.IsTURN():
			if r.mapped.IsValid() {
				g.reflected(now, s, t, r.mapped)
			}
		case r.mapped.IsValid():
			s.answered = true
			g.reflected(now, s, t, r.mapped)
		case r.code != 0:
			s.answered = true
			g.emitServerError(s, socket.base(), r.code, r.err.Error())
		default:
			s.failure = r.err.Error()
		}
	}
	g.checkComplete()
}

// reflected announces what a server says about a socket.
func (g *Gatherer) reflected(now time.Time, s *serverLookup, t *stunTransaction, mapped netip.AddrPort) {
	socket := g.sockets[t.base]
	base := socket.addressLike(mapped.Addr())
	g.announce(socket, CandidateTypeServerReflexive, mapped, base, s.server, socket.addresses[0].rank(socket.order*len(g.servers)+s.rank))
	g.keepAlive(now, s, t)
}

// dropRequests forgets what was asked from a socket that is gone.
func (g *Gatherer) dropRequests(socket int) {
	g.stun.cancel(func(t *stunTransaction) bool {
		if t.base != socket {
			return false
		}
		if !t.keepalive {
			s := t.tag.(*serverLookup)
			s.outstanding--
			s.failure = "the local address is gone"
		}
		return true
	})
	g.stun.out = slices.DeleteFunc(g.stun.out, func(t Transmit) bool { return t.Base == socket })
}

// settleServers reports each server that no address of this host reaches:
// "This error is only fired once per server URL" (webrtc-pc §4.8.3).
func (g *Gatherer) settleServers() (outstanding bool) {
	for _, s := range g.servers {
		if s.resolving || s.outstanding > 0 || g.gatheringScan() && len(s.addrs) > 0 {
			outstanding = true
			continue
		}
		if s.settled {
			continue
		}
		s.settled = true
		if s.answered {
			continue
		}
		text := s.failure
		if text == "" {
			text = "this host has no address of the server's IP version"
		}
		g.cfg.Logger.Info("server unreachable", "server", s.server.hostPort(), "reason", text)
		g.emitServerError(s, s.from, ErrorCodeUnreachable, text)
	}
	return outstanding
}

// emitServerError reports an error with the local address, if that is exposed:
// "If the local IP address value is not already exposed as part of a local
// candidate, the address attribute will be set to null" (webrtc-pc §4.8.3).
func (g *Gatherer) emitServerError(s *serverLookup, from netip.AddrPort, code uint16, text string) {
	e := CandidateError{URL: s.server.URL, Code: code, Text: strings.TrimSpace(text)}
	exposed := func(f CandidateFound) bool { return f.Candidate.Addr() == from }
	if !g.cfg.hidesAddresses() && from.IsValid() && slices.ContainsFunc(g.found, exposed) {
		e.Address, e.Port = from.Addr().String(), from.Port()
	}
	g.emit(e)
}
