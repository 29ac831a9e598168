package mux

import (
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	// addressShards is how many maps the addresses are spread over: each is copied
	// when it changes, so that they are to stay small.
	addressShards = 256
	// maxAddresses bounds the addresses of one connection, which a peer chooses.
	maxAddresses = 64
	// addressAge is how long an address stays with a connection that does not
	// confirm it any more, if another one does: consent checks come every five
	// seconds (RFC 7675 §5.1).
	addressAge = 15 * time.Second
)

// An addressTable says whose the packets from an address are. Any goroutine may
// look up, without a lock; the port's mu guards changes.
type addressTable struct {
	shards [addressShards]atomic.Pointer[map[netip.AddrPort]*PortConn]
	owners map[netip.AddrPort]*ownership
}

// An ownership is what was shown for a connection's claim to an address.
type ownership struct {
	conn      *PortConn
	confirmed time.Time
	// proven: the peer has answered there. Whoever can only forge source addresses
	// cannot do that, not even with credentials of its own.
	proven bool
}

func (t *addressTable) shard(a netip.AddrPort) *atomic.Pointer[map[netip.AddrPort]*PortConn] {
	ip := a.Addr().As16()
	h := uint32(a.Port())
	for _, b := range ip[8:] {
		h = h*31 + uint32(b)
	}
	return &t.shards[(h^h>>8^h>>16)%addressShards]
}

// get returns whom the address belongs to, nil if nobody.
func (t *addressTable) get(a netip.AddrPort) *PortConn {
	if m := t.shard(a).Load(); m != nil {
		return (*m)[a]
	}
	return nil
}

// confirm notes that an address belongs to c, and reports whether it does then.
func (t *addressTable) confirm(now time.Time, a netip.AddrPort, c *PortConn, proven bool) bool {
	o := t.owners[a]
	switch {
	case o == nil:
		if len(c.addresses) >= maxAddresses {
			t.evict(c)
		}
		o = &ownership{conn: c}
		t.owners[a] = o
		c.addresses = append(c.addresses, a)
		t.publish(a, c)
	case o.conn == c:
	case now.Sub(o.confirmed) < addressAge && (o.proven || !proven):
		return false
	default:
		t.remove(a)
		return t.confirm(now, a, c, proven)
	}
	o.confirmed, o.proven = now, o.proven || proven
	return true
}

// evict takes the address from c that was confirmed longest ago, an unproven one
// if there is any.
func (t *addressTable) evict(c *PortConn) {
	var worst netip.AddrPort
	var found *ownership
	for _, a := range c.addresses {
		o := t.owners[a]
		if found == nil || found.proven && !o.proven || found.proven == o.proven && o.confirmed.Before(found.confirmed) {
			worst, found = a, o
		}
	}
	t.remove(worst)
}

// remove takes an address from its owner.
func (t *addressTable) remove(a netip.AddrPort) {
	c := t.owners[a].conn
	for i, own := range c.addresses {
		if own == a {
			c.addresses = append(c.addresses[:i], c.addresses[i+1:]...)
			break
		}
	}
	delete(t.owners, a)
	t.publish(a, nil)
}

// publish changes the map that the address is in.
func (t *addressTable) publish(a netip.AddrPort, c *PortConn) {
	shard := t.shard(a)
	next := map[netip.AddrPort]*PortConn{}
	if old := shard.Load(); old != nil {
		for k, v := range *old {
			next[k] = v
		}
	}
	if c != nil {
		next[a] = c
	} else {
		delete(next, a)
	}
	shard.Store(&next)
}
