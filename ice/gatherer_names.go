package ice

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A localName is what stands for an address of the host that is to stay hidden.
type localName struct {
	name string
	// known: others can resolve it. Neither known nor pending means that it could
	// not be registered.
	known, pending bool
	registration   io.Closer
}

// announceNamed reports a host candidate whose address is hidden under a name, once
// others can resolve that (draft-ietf-mmusic-mdns-ice-candidates §3.1.1): the same
// name for all candidates of an address, as long as the gatherer lives.
func (g *Gatherer) announceNamed(f CandidateFound) {
	ip := f.Candidate.Addr().Addr()
	if n := g.names[ip]; n != nil {
		if n.known {
			g.emitNamed(f, n.name)
		}
		if n.known || n.pending {
			return
		}
	}
	name, probe := strings.TrimSuffix(g.cfg.MulticastDNSHostName, "."), true
	if name != "" && !isMulticastDNSName(name) {
		g.cfg.Logger.Warn("no name for a local address", "name", name, "reason", "it is not one label under .local")
		return
	}
	if name == "" {
		drawn, err := drawName(g.cfg.Rand)
		if err != nil {
			g.cfg.Logger.Warn("no name for a local address", "reason", err)
			return
		}
		name, probe = drawn, false
	}
	if g.names == nil {
		g.names = map[netip.Addr]*localName{}
	}
	n := &localName{name: name, pending: true}
	g.names[ip] = n
	g.naming++
	network, zoned := g.cfg.Network, g.zoned(f)
	g.edge.start(func() {
		registration, err := registerName(g.edge.ctx, network, name, zoned, probe)
		if err == nil && !g.edge.keep(registration) {
			return
		}
		g.edge.post(func(time.Time) {
			n.registration = registration
			g.named(ip, n, err)
		})
	})
}

// zoned is the candidate's address as its socket was bound to it.
func (g *Gatherer) zoned(f CandidateFound) netip.Addr {
	ip := f.Candidate.Addr().Addr()
	if s := g.sockets[f.Base]; s != nil {
		for _, a := range s.addresses {
			if a.ip.WithZone("") == ip {
				return a.ip
			}
		}
	}
	return ip
}

// named reports the candidates of an address whose name is registered.
func (g *Gatherer) named(ip netip.Addr, n *localName, err error) {
	g.naming--
	n.pending, n.known = false, err == nil
	if err != nil {
		g.cfg.Logger.Warn("no name for a local address", "name", n.name, "reason", err)
	} else {
		for _, f := range g.found {
			if f.Candidate.Type() == CandidateTypeHost && f.Candidate.Addr().Addr() == ip {
				g.emitNamed(f, n.name)
			}
		}
	}
	g.checkComplete()
}

// forgetNames withdraws the names of addresses that are gone with a socket.
func (g *Gatherer) forgetNames(gone *gatherSocket) {
	for _, a := range gone.addresses {
		ip := a.ip.WithZone("")
		n, used := g.names[ip], false
		for _, s := range g.sockets {
			used = used || slices.ContainsFunc(s.addresses, func(b localAddress) bool { return b.ip == a.ip })
		}
		if n != nil && n.known && !used {
			delete(g.names, ip)
			g.edge.withdraw(n.registration)
		}
	}
}

// emitNamed reports f with a name in place of its address.
func (g *Gatherer) emitNamed(f CandidateFound, name string) {
	c := f.Candidate
	named, err := newCandidate(CandidateTypeHost, CandidateHostConfig{
		Network: c.NetworkType().Protocol(), Address: name, Port: c.Port(), Component: c.Component(),
		Foundation: c.Foundation(), Priority: c.Priority(), TCPType: c.TCPType(),
	}, "", 0)
	if err != nil {
		g.cfg.Logger.Warn("local candidate not usable", "address", name, "reason", err)
		return
	}
	g.emit(CandidateFound{Candidate: named.WithUfrag(g.ufrag), Base: f.Base})
}

// drawName makes a name of a random UUID (RFC 9562 §5.4).
func drawName(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x.local", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
