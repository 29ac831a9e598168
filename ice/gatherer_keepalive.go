package ice

import (
	"net/netip"
	"slices"
	"time"
)

// mappingKeepalive is how often a mapping that a server reflexive candidate
// stands for is renewed: the Tr of RFC 8445 §11.
const mappingKeepalive = 15 * time.Second

// A mapping is a binding of a NAT that a candidate stands for.
type mapping struct {
	socket int
	server netip.AddrPort
	lookup *serverLookup
	next   time.Time
}

// keepAlive has the mapping that a transaction made renewed: "For
// server-reflexive candidates learned through a Binding request, the bindings
// MUST be kept alive by additional Binding requests to the server" (RFC 8445
// §5.1.1.4).
func (g *Gatherer) keepAlive(now time.Time, s *serverLookup, t *stunTransaction) {
	if g.continual.concluded {
		return // a candidate that came later is checked at once, or not at all
	}
	g.mappings = append(g.mappings, mapping{t.base, t.server, s, now.Add(mappingKeepalive)})
}

// Conclude says that ICE processing has ended for this generation: a pair has
// been selected, or the agent has failed. The other candidates' NAT bindings are
// left to expire (RFC 8445 §5.1.1.4: "until ICE processing has completed").
func (g *Gatherer) Conclude(now time.Time) {
	g.mappings, g.continual.concluded = nil, true
	g.stun.cancel(func(t *stunTransaction) bool { return t.keepalive })
}

func (g *Gatherer) renewMappings(now time.Time) {
	for i := range g.mappings {
		m := &g.mappings[i]
		if now.Before(m.next) {
			continue
		}
		m.next = now.Add(mappingKeepalive)
		g.stun.start(now, m.socket, m.server, m.lookup).keepalive = true
	}
}

func (g *Gatherer) nextRenewal() (next time.Time) {
	for _, m := range g.mappings {
		next = sooner(next, m.next)
	}
	return next
}

func (g *Gatherer) forgetMappings(socket int) {
	g.mappings = slices.DeleteFunc(g.mappings, func(m mapping) bool { return m.socket == socket })
}
