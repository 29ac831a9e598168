package mux

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	// addressShards is how many maps the addresses are spread over: each is copied
	// when it changes, so that they are to stay small.
	addressShards = 1 << 8
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
	shards [addressShards]atomic.Pointer[map[addressKey]*PortConn]
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

// An addressKey is an address in a form that is hashed in no time.
type addressKey struct{ high, low, port uint64 }

func keyOf(a netip.AddrPort) addressKey {
	ip := a.Addr().As16()
	return addressKey{binary.BigEndian.Uint64(ip[:]), binary.BigEndian.Uint64(ip[8:]), uint64(a.Port())}
}

func (t *addressTable) shard(k addressKey) *atomic.Pointer[map[addressKey]*PortConn] {
	h := (k.low ^ k.high ^ k.port<<32) * 0x9e3779b97f4a7c15 // 2^64 / the golden ratio
	return &t.shards[h>>56]
}

// get returns whom the address belongs to, nil if nobody. IPv4 addresses are the
// same mapped to IPv6 or not.
func (t *addressTable) get(a netip.AddrPort) *PortConn {
	k := keyOf(a)
	if m := t.shard(k).Load(); m != nil {
		return (*m)[k]
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
	k := keyOf(a)
	shard := t.shard(k)
	next := map[addressKey]*PortConn{}
	if old := shard.Load(); old != nil {
		maps.Copy(next, *old)
	}
	if c != nil {
		next[k] = c
	} else {
		delete(next, k)
	}
	shard.Store(&next)
}
