package ice

import (
	"context"
	"net/netip"
	"time"
)

// A Gatherer finds the local candidates of one ICE agent (RFC 8445 §5.1) and
// resolves the names that hide the peer's (draft-ietf-mmusic-mdns-ice-candidates
// §3.2). It is the agent's only edge to a network.
//
// One goroutine owns it and calls all methods but Close; after each call, and
// after each function that Post ran, the owner takes the events from Poll and
// sets its timer to NextTimeout. What has to wait for the network waits on
// goroutines of the gatherer's own, which end at the latest at Close.
type Gatherer struct {
	cfg  GathererConfig
	edge *gatherEdge

	state      GatheringState
	generation int // counts calls of Gather
	ufrag      string
	events     []GatherEvent

	sockets    map[int]*gatherSocket
	lastSocket int

	// scanning is set while a goroutine lists interfaces and opens sockets;
	// rescan asks for another round after it, and rescanGathers says that the
	// round is part of the gathering.
	scanning, rescan, scanGathers, rescanGathers bool

	servers       []*serverLookup
	lookups       context.Context // of this generation
	cancelLookups func()
	stun          stunClient
	mappings      []mapping

	relays relays

	mdns mdnsEdge
	// names are those of the host's own addresses, naming how many are being
	// registered.
	names  map[netip.Addr]*localName
	naming int

	continual continual

	ahead       ahead
	found       []CandidateFound // of this generation
	priorities  map[uint32]bool  // of this generation's candidates
	foundations foundations
}

// NewGatherer returns a gatherer in the state new. It opens nothing until
// Gather or Resolve is called.
func NewGatherer(config GathererConfig) *Gatherer {
	config = config.withDefaults()
	return &Gatherer{
		cfg:           config,
		edge:          newGatherEdge(config.Post),
		state:         GatheringStateNew,
		sockets:       map[int]*gatherSocket{},
		relays:        relays{open: map[int]*relay{}},
		cancelLookups: func() {},
		mdns:          mdnsEdge{resolver: mdnsResolver{limit: config.MulticastDNSTimeout}},
		stun:          stunClient{rto: config.STUNRTO, limit: config.STUNTimeout, ta: config.Ta, rand: config.Rand},
	}
}

// State returns the gathering state.
func (g *Gatherer) State() GatheringState { return g.state }

// SetServers replaces the servers and the policy from the next Gather on.
func (g *Gatherer) SetServers(servers []Server, policy GatherPolicy) {
	g.cfg.Servers, g.cfg.Policy = servers, policy
	g.ahead.stale = true
}

// Gather starts gathering for a new ICE generation, whose username fragment
// candidates carry in their ufrag extension (RFC 8838 §12). Sockets whose
// address the host still has are kept, so that both generations use the same
// base; those whose address is gone are closed. A gathering that was under way
// ends without further events of its own.
func (g *Gatherer) Gather(now time.Time, ufrag string) {
	if !g.edge.isClosed() && !g.adopt(ufrag) {
		g.begin(now, ufrag)
	}
}

func (g *Gatherer) begin(now time.Time, ufrag string) {
	g.generation++
	g.ufrag = ufrag
	g.found = nil
	g.priorities = map[uint32]bool{}
	g.cancelLookups()
	g.mappings = nil
	g.stun.cancel(func(*stunTransaction) bool { return true })
	g.ageRelays(now)
	g.continual.begin(g)
	g.setState(GatheringStateGathering)
	g.startServers(now)
	g.scan(true)
}

// Rescan compares the sockets with the interfaces as they are now and closes
// those whose address is gone, with SocketClosed. New addresses wait for the
// next Gather, unless gathering is continual. The owner calls it when it learns
// that the network changed.
func (g *Gatherer) Rescan(now time.Time) {
	if !g.edge.isClosed() && g.generation > 0 {
		g.scan(false)
	}
}

// HandlePacket takes a STUN packet that the socket with this ID received. It
// reports whether the packet was an answer to one of the gatherer's requests;
// all others are the agent's.
func (g *Gatherer) HandlePacket(now time.Time, socket int, from netip.AddrPort, p []byte) bool {
	if r := g.relays.open[socket]; r != nil {
		return g.handleRelayPacket(now, r, from, p)
	}
	if !g.stun.handlePacket(socket, from, p) {
		return false
	}
	g.handleResults(now)
	return true
}

// HandleSendError says that a Transmit could not be sent: to a destination
// without a route, for example. The request is given up, so that gathering does
// not wait for its answer.
func (g *Gatherer) HandleSendError(now time.Time, socket int, to netip.AddrPort, err error) {
	if r := g.relays.open[socket]; r != nil {
		g.relaySendFailed(now, r, err)
		return
	}
	g.stun.fail(socket, to, err)
	g.handleResults(now)
}

// HandleTimeout does what is due at now.
func (g *Gatherer) HandleTimeout(now time.Time) {
	g.renewMappings(now)
	g.stun.handleTimeout(now)
	g.handleRelayTimeouts(now)
	g.handleResults(now)
	g.handleMulticastTimeout(now)
	g.handleContinualTimeout(now)
}

// NextTimeout returns when HandleTimeout has to be called; the zero time is
// never.
func (g *Gatherer) NextTimeout() time.Time {
	if g.edge.isClosed() {
		return time.Time{}
	}
	next := sooner(sooner(g.stun.nextTimeout(), g.nextRenewal()), sooner(g.nextRelayTimeout(), g.mdns.nextTimeout()))
	return sooner(next, g.continual.nextTimeout())
}

// Poll returns the next event, and false if there is none now.
func (g *Gatherer) Poll() (GatherEvent, bool) {
	if g.edge.isClosed() {
		return nil, false
	}
	if len(g.events) == 0 {
		if t, ok := g.stun.poll(); ok {
			return t, true
		}
		if t, ok := g.pollRelays(); ok {
			return t, true
		}
		return nil, false
	}
	e := g.events[0]
	g.events[0] = nil
	g.events = g.events[1:]
	return e, true
}

// Close closes every socket and returns when no goroutine of the gatherer's is
// left. It may be called from any goroutine, and while the owner is at work;
// Poll yields nothing afterwards.
func (g *Gatherer) Close() {
	g.edge.close()
}

// GathererCounters counts what a gatherer did not believe or could not take.
type GathererCounters struct {
	// AnswersDropped are STUN answers from another address than the server's, or
	// malformed.
	AnswersDropped uint64
	// RelayDropped are messages of TURN servers that are no packet of a known
	// peer, responses that lack the integrity they must have, and datagrams that
	// came to a relay's socket from elsewhere.
	RelayDropped uint64
	// MulticastDropped are multicast DNS packets that were malformed, did not
	// come from a responder's port, or came faster than they could be read.
	MulticastDropped uint64
}

// Counters returns the counters since NewGatherer.
func (g *Gatherer) Counters() GathererCounters {
	return GathererCounters{
		AnswersDropped:   g.stun.dropped,
		RelayDropped:     g.relayDropped(),
		MulticastDropped: g.mdns.resolver.dropped + g.mdns.overflowed.Load(),
	}
}

func (g *Gatherer) emit(e GatherEvent) {
	if !g.ahead.holds(e) {
		g.events = append(g.events, e)
	}
}

func (g *Gatherer) setState(s GatheringState) {
	if g.state != s {
		g.state = s
		g.emit(GatheringStateChanged{s})
	}
}

// gatheringScan reports whether sockets may still be added to this generation.
func (g *Gatherer) gatheringScan() bool {
	return g.scanning && g.scanGathers || g.rescanGathers
}

// checkComplete reports servers that gave nothing, and ends the gathering once
// nothing is outstanding.
func (g *Gatherer) checkComplete() {
	if g.state != GatheringStateGathering {
		return
	}
	if !g.settleServers() && !g.gatheringScan() && g.naming == 0 {
		g.setState(GatheringStateComplete)
	}
}
