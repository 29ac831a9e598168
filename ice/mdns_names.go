package ice

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// mdnsServices are the responders of the process, one for each network that has
// names: connections share it.
var mdnsServices struct {
	sync.Mutex
	of map[udp.Network]*mdnsService
}

// An mdnsService joins a responder to the links of its names. It ends with the last
// of them.
type mdnsService struct {
	network udp.Network
	shared  bool // it is in mdnsServices
	refs    int  // guarded by mdnsServices
	readers sync.WaitGroup

	mu        sync.Mutex // guards what follows
	responder mdnsResponder
	links     map[int]*mdnsLink // by the interface's index
	timer     *time.Timer
	closed    bool
}

// An mdnsLink is an interface on which names are answered for.
type mdnsLink struct {
	prefixes []netip.Prefix
	sockets  []mdnsSocket
}

// A registeredName is a name that others can resolve until Close.
type registeredName struct {
	name    string
	service *mdnsService
	own     *ownName
}

// registerName has name stand for an address of this host, on the address's link,
// and returns once it does. probe asks first whether somebody else has the name. It
// ends early with the context.
func registerName(ctx context.Context, network udp.Network, name string, addr netip.Addr, probe bool) (io.Closer, error) {
	interfaces, err := network.Interfaces()
	if err != nil {
		return nil, err
	}
	ip := addr.Unmap().WithZone("")
	i := slices.IndexFunc(interfaces, func(i udp.Interface) bool {
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == ip }) && (addr.Zone() == "" || addr.Zone() == i.Name)
	})
	if i < 0 || interfaces[i].Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
		return nil, errMDNSNoLink
	}
	s := acquireMDNS(network)
	if err := s.join(interfaces[i]); err != nil {
		s.release()
		return nil, err
	}
	r := &registeredName{name: name, service: s}
	s.do(func(now time.Time) { r.own = s.responder.add(now, name, ip, interfaces[i].Index, probe) })
	select {
	case err = <-r.own.ready:
		r.own.ready <- err // for the others who wait for the name
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close withdraws the name.
func (r *registeredName) Close() error {
	r.service.do(func(time.Time) { r.service.responder.remove(r.own) })
	r.service.release()
	return nil
}

// acquireMDNS returns the responder of a network.
func acquireMDNS(network udp.Network) *mdnsService {
	mdnsServices.Lock()
	defer mdnsServices.Unlock()
	comparable := reflect.ValueOf(network).Comparable()
	if comparable {
		if s := mdnsServices.of[network]; s != nil {
			s.refs++
			return s
		}
	}
	s := &mdnsService{network: network, shared: comparable, refs: 1, links: map[int]*mdnsLink{}}
	if comparable {
		if mdnsServices.of == nil {
			mdnsServices.of = map[udp.Network]*mdnsService{}
		}
		mdnsServices.of[network] = s
	}
	return s
}

// release gives the responder back. The last one closes its sockets and waits for
// their readers.
func (s *mdnsService) release() {
	mdnsServices.Lock()
	if s.refs--; s.refs > 0 {
		mdnsServices.Unlock()
		return
	}
	if s.shared {
		delete(mdnsServices.of, s.network)
	}
	mdnsServices.Unlock()
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	for _, l := range s.links {
		for _, socket := range l.sockets {
			socket.conn.Close()
		}
	}
	s.mu.Unlock()
	s.readers.Wait()
}

// join opens the sockets of a link, unless they are open: one for each IP version
// that the interface has.
func (s *mdnsService) join(ifi udp.Interface) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.links[ifi.Index]; l != nil {
		l.prefixes = ifi.Addrs
		return nil
	}
	l := &mdnsLink{prefixes: ifi.Addrs}
	var last error
	for _, group := range []netip.AddrPort{mdnsGroup4, mdnsGroup6} {
		if !slices.ContainsFunc(ifi.Addrs, func(p netip.Prefix) bool { return p.Addr().Is4() == group.Addr().Is4() }) {
			continue
		}
		conn, err := s.network.ListenMulticastUDP(ifi, group)
		if err != nil {
			last = err
			continue
		}
		l.sockets = append(l.sockets, mdnsSocket{conn, group})
		s.readers.Go(func() { s.read(ifi.Index, conn) })
	}
	if len(l.sockets) == 0 {
		return fmt.Errorf("join the group of multicast DNS on %s: %w", ifi.Name, last)
	}
	s.links[ifi.Index] = l
	return nil
}

// do runs f on the responder, sends what follows and sets the timer.
func (s *mdnsService) do(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	now := time.Now()
	f(now)
	for _, p := range s.responder.out {
		s.send(p)
	}
	s.responder.out = nil
	next := s.responder.nextTimeout()
	switch {
	case next.IsZero():
	case s.timer == nil:
		s.timer = time.AfterFunc(next.Sub(now), func() { s.do(s.responder.handleTimeout) })
	default:
		s.timer.Reset(next.Sub(now))
	}
}

func (s *mdnsService) send(p mdnsPacket) {
	l := s.links[p.link]
	if l == nil {
		return
	}
	for _, socket := range l.sockets {
		is4, to := socket.group.Addr().Is4(), socket.group
		if p.to.IsValid() {
			if to = p.to; to.Addr().Is4() != is4 {
				continue
			}
		} else if is4 && !p.v4 || !is4 && !p.v6 {
			continue
		}
		// A packet lost: it is said again, or asked for again.
		_, _ = socket.conn.WriteBatch([]udp.Datagram{{Buf: p.data, N: len(p.data), Addr: to}})
	}
}

// read hands what a multicast socket receives to the responder.
func (s *mdnsService) read(link int, conn udp.Conn) {
	readMulticast(conn, func(d udp.Datagram) {
		s.do(func(now time.Time) { s.handlePacket(now, link, d) })
	})
}

// handlePacket drops what is not from the link: a responder must not answer beyond
// it (RFC 6762 §11).
func (s *mdnsService) handlePacket(now time.Time, link int, d udp.Datagram) {
	from := d.Addr.Addr().Unmap().WithZone("")
	local := from.IsLinkLocalUnicast() || slices.ContainsFunc(s.links[link].prefixes, func(p netip.Prefix) bool { return p.Contains(from) })
	if !local {
		s.responder.dropped++
		return
	}
	s.responder.handlePacket(now, link, d.Addr, d.Buf[:d.N])
}
