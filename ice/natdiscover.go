package ice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// ErrNoSTUNAnswer is the error of a NATDiscovery to which no server has answered:
// the network blocks UDP, or the servers are not there.
var ErrNoSTUNAnswer = errors.New("ice: no STUN server has answered")

// natTimeout is how long a test waits unless the configuration says otherwise.
const natTimeout = 3 * time.Second

// A NATDiscovery says how to find out what NATs are before a host.
type NATDiscovery struct {
	// Servers are STUN servers of one address family, at least one. With a server that
	// has two addresses (RFC 5780) mappings and filters can be told; with two servers
	// that have one each, mappings alone.
	Servers []netip.AddrPort
	// Network is that of the host; nil stands for SystemNetwork.
	Network Network
	// Local is the address to use, the zero value for any of the host's.
	Local netip.Addr
	// Timeout is how long an answer is waited for; 0 stands for 3 s. Discovery takes
	// at most three times as long.
	Timeout time.Duration
}

// Discover finds out how the network treats the host's UDP (RFC 5780 §4). It
// returns ErrNoSTUNAnswer if no server answers, the context's error if that ends
// before, and other errors if no socket can be opened or the configuration cannot be
// used.
//
// It opens two sockets, with a goroutine that reads each; all have ended when it
// returns.
func (c NATDiscovery) Discover(ctx context.Context) (NATBehavior, error) {
	if len(c.Servers) == 0 {
		return NATBehavior{}, errors.New("ice: NAT discovery needs a STUN server")
	}
	for _, s := range c.Servers {
		if !s.IsValid() || s.Port() == 0 || s.Addr().Is4() != c.Servers[0].Addr().Is4() {
			return NATBehavior{}, fmt.Errorf("ice: NAT discovery with the server %v, want addresses of one family with ports", s)
		}
	}
	if c.Network == nil {
		c.Network = SystemNetwork()
	}
	if c.Timeout <= 0 {
		c.Timeout = natTimeout
	}
	d := &natDiscovery{rand: rand.Reader, timeout: c.Timeout, servers: c.Servers}
	interfaces, err := c.Network.Interfaces()
	if err != nil {
		return NATBehavior{}, fmt.Errorf("ice: NAT discovery: %w", err)
	}
	for _, i := range interfaces {
		for _, p := range i.Addrs {
			d.own = append(d.own, p.Addr())
		}
	}
	return c.run(ctx, d)
}

// run opens the sockets and lets the tests run on them.
func (c NATDiscovery) run(ctx context.Context, d *natDiscovery) (NATBehavior, error) {
	local := c.Local
	if !local.IsValid() {
		local = netip.IPv4Unspecified()
		if !c.Servers[0].Addr().Is4() {
			local = netip.IPv6Unspecified()
		}
	}
	type received struct {
		socket int
		from   netip.AddrPort
		data   []byte
	}
	packets := make(chan received)
	ended := make(chan struct{})
	var conns []udp.Conn
	var readers sync.WaitGroup
	defer func() {
		close(ended)
		for _, conn := range conns {
			conn.Close()
		}
		readers.Wait()
	}()
	for socket := range natSockets {
		conn, err := c.Network.ListenUDP(netip.AddrPortFrom(local, 0))
		if err != nil {
			return NATBehavior{}, fmt.Errorf("ice: NAT discovery: %w", err)
		}
		conns, d.locals = append(conns, conn), append(d.locals, conn.LocalAddr())
		readers.Go(func() {
			batch := []udp.Datagram{{Buf: make([]byte, maxSTUNAnswer)}}
			for failures := 0; failures < maxNATReadErrors; {
				n, err := conn.ReadBatch(batch)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err != nil {
					failures++
				}
				for _, p := range batch[:n] {
					select {
					case packets <- received{socket, p.Addr, append([]byte(nil), p.Buf[:p.N]...)}:
					case <-ended:
						return
					}
				}
			}
		})
	}
	err := d.start(time.Now())
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for err == nil && !d.done() {
		for p, ok := d.poll(); ok; p, ok = d.poll() {
			// One that cannot be sent has no answer, which tells enough.
			_, _ = conns[p.socket].WriteBatch([]udp.Datagram{{Buf: p.data, N: len(p.data), Addr: p.to}})
		}
		timer.Reset(time.Until(d.nextTimeout()))
		select {
		case p := <-packets:
			err = d.handlePacket(time.Now(), p.socket, p.from, p.data)
		case <-timer.C:
			d.handleTimeout(time.Now())
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return NATBehavior{}, err
	}
	b, ok := d.behavior()
	if !ok {
		return NATBehavior{}, ErrNoSTUNAnswer
	}
	return b, nil
}

const (
	// maxSTUNAnswer bounds the answers that are read (RFC 8489 §6.1).
	maxSTUNAnswer = 1500
	// maxNATReadErrors ends a socket that cannot be read, which must not spin.
	maxNATReadErrors = 100
)
