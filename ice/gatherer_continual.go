package ice

import (
	"net/netip"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// firstLookAgain is the pause before a socket that could not be opened on a new
	// address is tried again; it doubles with each of the maxLooks. An IPv6 address
	// cannot be bound in its first second, until duplicates are ruled out (RFC 4862
	// §5.4).
	firstLookAgain = 500 * time.Millisecond
	maxLooks       = 4
	// firstRelayRetry and maxRelayRetry bound the pauses between attempts to get a
	// lost relay back; the first attempt comes at once, and the pauses double. A relay
	// that is lost later than the longest pause after it was made is a new case.
	firstRelayRetry = time.Second
	maxRelayRetry   = 30 * time.Second
)

// continual is what a gatherer keeps for following its host from network to network.
type continual struct {
	watching bool
	// concluded: see Conclude.
	concluded bool
	// look is when the interfaces are looked at again because a new address was not
	// usable yet, zero for not at all; looks counts such looks, unusable the addresses.
	look     time.Time
	looks    int
	unusable int
	// retries are the relays to be allocated again.
	retries []relayRetry
}

type relayRetry struct {
	lookup *serverLookup
	target relayTarget
	at     time.Time
}

// begin starts a generation, and the watch with the first one.
func (c *continual) begin(g *Gatherer) {
	*c = continual{watching: c.watching}
	watcher, ok := g.cfg.Network.(udp.Watcher)
	if c.watching || !ok || !g.cfg.Continual {
		return
	}
	c.watching = true
	g.edge.watch(watcher, func(now time.Time) {
		g.continual.looks = 0
		g.Rescan(now)
	})
}

// watch has the owner run changed after each change of the interfaces, until close.
func (e *gatherEdge) watch(network udp.Watcher, changed func(now time.Time)) {
	unwatch := network.WatchInterfaces(func() { e.post(changed) })
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.unwatch = unwatch
	}
	e.mu.Unlock()
	if closed {
		unwatch()
	}
}

// bindFailed takes note of an address without a socket. Where it is one that has just
// come, it is tried again before anybody is told.
func (g *Gatherer) bindFailed(now time.Time, a localAddress, err error) {
	if !g.cfg.Continual || g.scanGathers {
		g.listenFailed(a, err)
	}
	if g.cfg.Continual {
		g.cfg.Logger.Debug("local address not usable yet", "address", a.ip, "interface", a.name, "reason", err)
		g.continual.unusable++
	}
}

// lookAgain ends a scan: if an address was not usable, another one follows.
func (g *Gatherer) lookAgain(now time.Time) {
	c := &g.continual
	if c.unusable > 0 && c.looks < maxLooks && c.look.IsZero() {
		c.look = now.Add(firstLookAgain << c.looks)
		c.looks++
	}
	c.unusable = 0
}

func (c *continual) nextTimeout() (next time.Time) {
	next = c.look
	for _, r := range c.retries {
		next = sooner(next, r.at)
	}
	return next
}

func (g *Gatherer) handleContinualTimeout(now time.Time) {
	c := &g.continual
	if !c.look.IsZero() && !now.Before(c.look) {
		c.look = time.Time{}
		g.Rescan(now)
	}
	for i := 0; i < len(c.retries); {
		if r := c.retries[i]; !now.Before(r.at) {
			c.retries = slices.Delete(c.retries, i, i+1)
			g.openRelay(r.lookup, r.target)
			continue
		}
		i++
	}
}

// forgetCandidates frees what the candidates of a socket that is gone had to
// themselves, for those of a socket that may take its place.
func (g *Gatherer) forgetCandidates(base int) {
	g.found = slices.DeleteFunc(g.found, func(f CandidateFound) bool {
		if f.Base == base {
			delete(g.priorities, f.Candidate.Priority())
		}
		// Errors of a gathering that goes on name addresses by what was shown.
		return f.Base == base && g.state == GatheringStateComplete
	})
}

// relaysFollow has relays asked for again where an address that had gone comes back,
// and gives those up that were to be allocated again from one that has gone.
func (g *Gatherer) relaysFollow(order map[netip.Addr]int) {
	gone := func(ip netip.Addr) bool {
		_, there := order[ip]
		return !there
	}
	for _, s := range g.servers {
		for key := range s.relayed {
			if gone(key.Addr()) {
				delete(s.relayed, key)
			}
		}
	}
	c := &g.continual
	c.retries = slices.DeleteFunc(c.retries, func(r relayRetry) bool { return gone(r.target.local.ip) })
}

// replaceRelay allocates anew what was lost: a server that was restarted knows none of
// its allocations (437, RFC 8656 §19), and answers the next request as the first one.
// A server that gives allocations and ends them again is asked at growing pauses, too.
func (g *Gatherer) replaceRelay(now time.Time, r *relay) {
	if !g.cfg.Continual || r.generation != g.generation {
		return
	}
	target := r.target
	if now.Sub(r.since) < maxRelayRetry && target.attempts > 0 {
		g.retryRelay(now, r.lookup, target)
		return
	}
	target.hops, target.visited, target.attempts = 0, nil, 1
	g.continual.retries = append(g.continual.retries, relayRetry{r.lookup, target, now})
}

// retryRelay tries again, after a while, to replace an allocation that was lost. The
// first attempts to get one are not repeated.
func (g *Gatherer) retryRelay(now time.Time, s *serverLookup, target relayTarget) {
	if target.attempts == 0 {
		return
	}
	pause := min(firstRelayRetry<<min(target.attempts-1, 10), maxRelayRetry)
	target.hops, target.visited, target.attempts = 0, nil, target.attempts+1
	g.continual.retries = append(g.continual.retries, relayRetry{s, target, now.Add(pause)})
}

// Doubt says that the path in use has become silent. Allocations are refreshed at once,
// since a server that was restarted tells so only when it is asked, and the way through
// a relay of ours may be what is needed now.
func (g *Gatherer) Doubt(now time.Time) {
	if !g.cfg.Continual {
		return
	}
	for _, r := range g.relays.list {
		if r.allocated && r.generation == g.generation {
			r.client.verify(now)
			g.handleRelay(now, r)
		}
	}
}

// verify asks the server for the allocation's state, unless that is under way.
func (c *turnClient) verify(now time.Time) {
	if c.state == turnAllocated && !c.refresh.IsZero() {
		c.refresh = now
		c.renew(now)
	}
}
