package ice

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// The clocks of an allocation. Each lies far enough before what it renews runs
// out that an unanswered transaction, 39.5 s long, ends in between.
const (
	// turnRefreshLead is how long before its end an allocation is refreshed
	// (RFC 8656 §8).
	turnRefreshLead = time.Minute
	// turnPermissionPeriod renews permissions, which last five minutes (RFC 8656
	// §9).
	turnPermissionPeriod = 4 * time.Minute
	// turnChannelPeriod renews channels, which last ten (RFC 8656 §12).
	turnChannelPeriod = 8 * time.Minute
	// turnRetryPause is the pause after a permission or a channel that the server
	// did not answer for.
	turnRetryPause = 5 * time.Second
	// turnMinRefresh bounds how often a server can make its client refresh.
	turnMinRefresh = 5 * time.Second
)

// Bounds on what a peer's candidates and a program's packets can make a client
// keep on a server.
const (
	maxTURNPermissions = 64
	maxTURNChannels    = 64
	// maxTURNChallenges is how many 401 and 438 responses one request may meet.
	maxTURNChallenges = 4
)

// The channel numbers (RFC 8656 §12).
const firstTURNChannel = 0x4000

// Attributes of RFC 8656 §18 and RFC 7635 that the codec has no names for.
const (
	attrAccessToken             stun.AttrType = 0x001B // RFC 7635 §6.2
	attrAdditionalAddressFamily stun.AttrType = 0x8000
	attrAddressErrorCode        stun.AttrType = 0x8001
	attrThirdParty              stun.AttrType = 0x802E // THIRD-PARTY-AUTHORIZATION, RFC 7635 §6.1
)

// Error codes (RFC 8489 §14.8, RFC 8656 §19).
const (
	codeTryAlternate           = 300
	codeUnauthenticated        = 401
	codeAllocationMismatch     = 437
	codeStaleNonce             = 438
	codeAddressFamilyUnsupport = 440
	codeAllocationQuota        = 486
)

// turnConfig is what a turnClient works with.
type turnConfig struct {
	credentials turnCredentials
	// ipv4 and ipv6 are the families of relayed addresses that are wanted.
	ipv4, ipv6 bool
	// reliable: the transport to the server retransmits by itself.
	reliable bool
	rto      time.Duration // of the first transmission
	limit    time.Duration // after which an unanswered Allocate request ends
	rand     io.Reader
}

// A turnState says how far an allocation is.
type turnState byte

const (
	turnAllocating turnState = iota
	turnAllocated
	turnEnded
)

// A turnEvent reports that an allocation has begun (relayed is not empty), that
// none was to be had, or that one was lost.
type turnEvent struct {
	relayed []netip.AddrPort
	mapped  netip.AddrPort // as the server sees the client; may be invalid
	// code is the server's error code, or 0.
	code uint16
	err  error
	// alternate is the server to ask instead, with code 300, and domain the name
	// that its certificate is for, "" for that of before.
	alternate netip.AddrPort
	domain    string
}

// A turnClient makes and keeps an allocation on a TURN server (RFC 8656): a
// state machine, as the stunClient is. Packets to and from peers pass it by:
// they follow the table in view.
type turnClient struct {
	cfg   turnConfig
	state turnState
	auth  turnAuth
	view  *relayView

	active []*turnTransaction
	out    [][]byte
	events []turnEvent

	// onlyIPv6: the server has refused to allocate IPv4 addresses.
	onlyIPv6    bool
	has4, has6  bool      // families of the relayed addresses
	refresh     time.Time // when it is due; zero while it is under way
	keepalive   time.Time
	writes      uint64 // that had been made at the last keepalive
	permissions []turnPermission
	channels    []turnChannel

	message stun.Message
	scratch []byte

	// dropped counts responses that were not believed.
	dropped uint64
}

// A turnPermission lets packets from an IP address in (RFC 8656 §9).
type turnPermission struct {
	ip      netip.Addr
	renewal time.Time // zero: under way, or refused
}

// A turnChannel is a short name for a peer's address (RFC 8656 §12). Its number
// is firstTURNChannel plus its index.
type turnChannel struct {
	peer    netip.AddrPort
	bound   bool
	renewal time.Time // zero: under way, or refused
}

func newTURNClient(cfg turnConfig, view *relayView) *turnClient {
	view.publish(nil, nil)
	return &turnClient{cfg: cfg, auth: turnAuth{credentials: cfg.credentials}, view: view}
}

// start asks for the allocation.
func (c *turnClient) start(now time.Time) {
	c.onlyIPv6 = !c.cfg.ipv4
	c.request(now, &turnTransaction{method: stun.MethodAllocate})
}

// permit has the server let packets from ip in (RFC 8656 §9).
func (c *turnClient) permit(now time.Time, ip netip.Addr) {
	if c.state != turnAllocated || !c.serves(ip) || len(c.permissions) >= maxTURNPermissions ||
		slices.ContainsFunc(c.permissions, func(p turnPermission) bool { return p.ip == ip }) {
		return
	}
	c.permissions = append(c.permissions, turnPermission{ip: ip})
	c.publish()
	c.request(now, &turnTransaction{method: stun.MethodCreatePermission, peer: netip.AddrPortFrom(ip, 0)})
}

// bind asks for a channel to peer.
func (c *turnClient) bind(now time.Time, peer netip.AddrPort) {
	if c.state != turnAllocated || !c.serves(peer.Addr()) || len(c.channels) >= maxTURNChannels ||
		slices.ContainsFunc(c.channels, func(b turnChannel) bool { return b.peer == peer }) {
		return
	}
	c.channels = append(c.channels, turnChannel{peer: peer})
	c.publish()
	c.requestChannel(now, len(c.channels)-1)
}

func (c *turnClient) requestChannel(now time.Time, i int) {
	c.channels[i].renewal = time.Time{}
	c.request(now, &turnTransaction{method: stun.MethodChannelBind, peer: c.channels[i].peer, channel: firstTURNChannel + uint16(i)})
}

// serves says whether the allocation has an address that can reach ip: a peer of
// the other family gives 443 (RFC 8656 §10.2).
func (c *turnClient) serves(ip netip.Addr) bool {
	if ip.Is4() {
		return c.has4
	}
	return c.has6 && !ip.IsLinkLocalUnicast()
}

// handleTimeout retransmits, gives up, and renews what is due at now.
func (c *turnClient) handleTimeout(now time.Time) {
	for _, t := range slices.Clone(c.active) {
		due := !now.Before(t.next)
		switch {
		case !slices.Contains(c.active, t):
		case !now.Before(t.deadline) || due && (t.sent == stunRc || c.cfg.reliable):
			c.finish(now, t, c.silence(t))
		case due:
			c.transmit(now, t)
		}
	}
	if c.state == turnAllocated {
		c.renew(now)
	}
}

// silence is the result of a transaction that the server did not answer, or not
// in a way to be believed.
func (c *turnClient) silence(t *turnTransaction) turnResponse {
	if t.unproven.code != 0 {
		return t.unproven
	}
	return turnResponse{err: errSTUNTimeout}
}

func (c *turnClient) renew(now time.Time) {
	due := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	if due(c.refresh) {
		c.refresh = time.Time{}
		c.request(now, &turnTransaction{method: stun.MethodRefresh})
	}
	for i := range c.permissions {
		if p := &c.permissions[i]; due(p.renewal) {
			p.renewal = time.Time{}
			c.request(now, &turnTransaction{method: stun.MethodCreatePermission, peer: netip.AddrPortFrom(p.ip, 0)})
		}
	}
	for i := range c.channels {
		if due(c.channels[i].renewal) {
			c.requestChannel(now, i)
		}
	}
	if due(c.keepalive) {
		c.keepAlive(now)
	}
}

// keepAlive renews the NAT's binding of the way to the server, unless packets
// have done so (RFC 8445 §11): an allocation is lost with the binding.
func (c *turnClient) keepAlive(now time.Time) {
	c.keepalive = now.Add(mappingKeepalive)
	if writes := c.view.writes.Load(); writes != c.writes {
		c.writes = writes
		return
	}
	var id transactionID
	if _, err := io.ReadFull(c.cfg.rand, id[:]); err == nil {
		c.out = append(c.out, bindingIndication(id))
	}
}

// nextTimeout returns the earliest deadline, or the zero time.
func (c *turnClient) nextTimeout() time.Time {
	var next time.Time
	for _, t := range c.active {
		next = sooner(next, sooner(t.next, t.deadline))
	}
	if c.state != turnAllocated {
		return next
	}
	next = sooner(next, sooner(c.refresh, c.keepalive))
	for _, p := range c.permissions {
		next = sooner(next, p.renewal)
	}
	for _, b := range c.channels {
		next = sooner(next, b.renewal)
	}
	return next
}

// poll returns the next message for the server.
func (c *turnClient) poll() ([]byte, bool) {
	if len(c.out) == 0 {
		return nil, false
	}
	p := c.out[0]
	c.out = c.out[1:]
	return p, true
}

// takeEvent returns the next event.
func (c *turnClient) takeEvent() (turnEvent, bool) {
	if len(c.events) == 0 {
		return turnEvent{}, false
	}
	e := c.events[0]
	c.events = c.events[1:]
	return e, true
}

// fail ends the allocation for a reason that lies outside: the way to the server
// is gone.
func (c *turnClient) fail(err error) { c.end(turnEvent{err: err}) }

// end gives the allocation up and reports why, once.
func (c *turnClient) end(e turnEvent) {
	if c.state == turnEnded {
		return
	}
	c.state = turnEnded
	c.active, c.out = nil, nil
	// There is nothing on the server to be released.
	c.view.farewell.Store(nil)
	c.events = append(c.events, e)
}

// publish shows the packet path which peers are permitted and which have
// channels.
func (c *turnClient) publish() { c.view.publish(c.permissions, c.channels) }

// finish acts on how a transaction ended.
func (c *turnClient) finish(now time.Time, t *turnTransaction, r turnResponse) {
	c.active = slices.DeleteFunc(c.active, func(o *turnTransaction) bool { return o == t })
	switch {
	case c.state == turnEnded:
		return
	case r.code == codeUnauthenticated || r.code == codeStaleNonce:
		c.challenged(now, t, r)
		return
	case t.method == stun.MethodAllocate:
		c.allocateEnded(now, t, r)
		return
	case r.code == codeAllocationMismatch, t.method == stun.MethodRefresh && r.err != nil:
		// "437 (Allocation Mismatch)": the server has no such allocation any more
		// (RFC 8656 §19). A refresh that fails leaves it to expire.
		c.end(turnEvent{code: r.code, err: fmt.Errorf("the allocation is lost: %w", r.err)})
		return
	}
	switch t.method {
	case stun.MethodRefresh:
		c.setLifetime(now, r.lifetime)
	case stun.MethodCreatePermission:
		c.permissionEnded(now, t, r)
	case stun.MethodChannelBind:
		c.channelEnded(now, t, r)
	}
	c.sayFarewell()
}

// challenged retries a request with what a 401 or 438 response brought (RFC 8489
// §9.2.5).
func (c *turnClient) challenged(now time.Time, t *turnTransaction, r turnResponse) {
	t.challenges++
	err := r.err
	// A request with credentials that is unauthenticated all the same has the
	// wrong ones: "the client MUST NOT perform this retry" with the same.
	again := r.code == codeStaleNonce || t.key == nil
	if again && t.challenges <= maxTURNChallenges {
		if err = c.auth.challenge(&r); err == nil {
			c.request(now, t)
			return
		}
	}
	c.end(turnEvent{code: r.code, err: err})
}

// allocateEnded reads the answer to an Allocate request (RFC 8656 §7.3 and
// §7.4).
func (c *turnClient) allocateEnded(now time.Time, t *turnTransaction, r turnResponse) {
	if r.code == codeAddressFamilyUnsupport && !c.onlyIPv6 && c.cfg.ipv6 {
		c.onlyIPv6 = true
		c.request(now, t)
		return
	}
	if r.err != nil {
		c.end(turnEvent{code: r.code, err: r.err, alternate: r.alternate, domain: r.domain})
		return
	}
	relayed := slices.DeleteFunc(r.relayed, func(a netip.AddrPort) bool {
		return !usable(a) || a.Addr().Is4() && !c.cfg.ipv4 || a.Addr().Is6() && !c.cfg.ipv6
	})
	if len(relayed) == 0 {
		c.end(turnEvent{err: errors.New("the server's answer has no usable relayed address")})
		return
	}
	for _, a := range relayed {
		c.has4, c.has6 = c.has4 || a.Addr().Is4(), c.has6 || a.Addr().Is6()
	}
	c.state = turnAllocated
	c.setLifetime(now, r.lifetime)
	c.keepalive = now.Add(mappingKeepalive)
	c.events = append(c.events, turnEvent{relayed: relayed, mapped: r.mapped})
	c.sayFarewell()
}

// setLifetime sets when the allocation has to be refreshed. Without a LIFETIME
// it is the default of ten minutes (RFC 8656 §3.2).
func (c *turnClient) setLifetime(now time.Time, lifetime time.Duration) {
	if lifetime <= 0 {
		lifetime = 10 * time.Minute
	}
	// An hour is the most that servers should allow (RFC 8656 §7.2).
	lifetime = min(lifetime, time.Hour)
	c.refresh = now.Add(max(lifetime-turnRefreshLead, lifetime/2, turnMinRefresh))
}

func (c *turnClient) permissionEnded(now time.Time, t *turnTransaction, r turnResponse) {
	i := slices.IndexFunc(c.permissions, func(p turnPermission) bool { return p.ip == t.peer.Addr() })
	if i < 0 {
		return
	}
	c.permissions[i].renewal = renewalAfter(now, r, turnPermissionPeriod)
}

func (c *turnClient) channelEnded(now time.Time, t *turnTransaction, r turnResponse) {
	b := &c.channels[t.channel-firstTURNChannel]
	b.renewal = renewalAfter(now, r, turnChannelPeriod)
	// A channel that the server refuses is not used; its number is not given to
	// another peer (RFC 8656 §12.1).
	if bound := r.err == nil || b.bound && r.code == 0; bound != b.bound {
		b.bound = bound
		c.publish()
	}
}

// renewalAfter is when to ask again: after the period, soon if there was no
// answer, and never if the server has refused.
func renewalAfter(now time.Time, r turnResponse, period time.Duration) time.Time {
	switch {
	case r.err == nil:
		return now.Add(period)
	case r.code == 0:
		return now.Add(turnRetryPause)
	}
	return time.Time{}
}

// sayFarewell leaves the request with which the packet path releases the
// allocation when it is closed: a Refresh with a lifetime of 0 (RFC 8656 §8).
func (c *turnClient) sayFarewell() {
	if c.state != turnAllocated {
		return
	}
	t := &turnTransaction{method: stun.MethodRefresh, release: true}
	if c.build(t) == nil {
		c.view.farewell.Store(&t.request)
	}
}
