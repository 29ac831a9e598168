package simnet

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// DNS makes every host resolve name to the addresses, in place of those before;
// without any, the name does not exist.
func (n *Network) DNS(name string, addrs ...string) {
	parsed := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		parsed[i] = netip.MustParseAddr(a).Unmap()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[canonical(name)] = parsed
}

// SetDNSDelay sets how long every look-up of a name takes.
func (n *Network) SetDNSDelay(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dnsDelay = d
}

func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// LookupHost resolves a name given to Network.DNS, or "localhost", or a literal
// address. A name that does not exist gives a *net.DNSError with IsNotFound.
func (h *Host) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	name := canonical(host)
	if name == "localhost" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	h.n.mu.Lock()
	addrs, delay := slices.Clone(h.n.names[name]), h.n.dnsDelay
	h.n.mu.Unlock()
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, &net.DNSError{UnwrapErr: ctx.Err(), Err: ctx.Err().Error(), Name: host, IsTimeout: true}
		}
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addrs, nil
}
