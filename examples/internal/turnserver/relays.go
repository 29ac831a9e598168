package turnserver

import (
	"errors"
	"net"
	"sync"

	"github.com/pion/turn/v5"
)

// errQuota refuses a relay.
var errQuota = errors.New("the user has as many relays as it may")

// relayPool opens the sockets that relay, at most as many as there may be, and
// counts what passes them.
type relayPool struct {
	next         turn.RelayAddressGenerator
	perUser, max int
	metrics      *metrics

	mu    sync.Mutex // guards all below
	all   int
	users map[string]int // relays of each, none with 0
}

// hasRoom tells whether a user may have one more. Two who ask at a time may both be
// told so, but only one gets it.
func (p *relayPool) hasRoom(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := (p.max == 0 || p.all < p.max) && (p.perUser == 0 || p.users[user] < p.perUser)
	if !room {
		p.metrics.quotaRefused.Add(1)
	}
	return room
}

func (p *relayPool) take(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.max > 0 && p.all >= p.max || p.perUser > 0 && p.users[user] >= p.perUser {
		return false
	}
	p.all++
	p.users[user]++
	return true
}

func (p *relayPool) release(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.users[user]--; p.users[user] == 0 {
		delete(p.users, user)
	}
}

// Validate checks the range of ports.
func (p *relayPool) Validate() error { return p.next.Validate() }

// AllocatePacketConn opens the socket of a relay.
func (p *relayPool) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if !p.take(c.UserID) {
		return nil, nil, errQuota
	}
	conn, address, err := p.next.AllocatePacketConn(c)
	if err != nil {
		p.release(c.UserID)
		return nil, nil, err
	}
	p.metrics.relaysOpened.Add(1)
	return &relay{PacketConn: conn, metrics: p.metrics, release: sync.OnceFunc(func() {
		p.release(c.UserID)
		p.metrics.relaysClosed.Add(1)
	})}, address, nil
}

// AllocateListener refuses relays for TCP (RFC 6062), which no browser asks for.
func (p *relayPool) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errors.ErrUnsupported
}

// AllocateConn is not called without a listener.
func (p *relayPool) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

// A relay is the socket that stands for a client.
type relay struct {
	net.PacketConn
	metrics *metrics
	release func()
}

// ReadFrom takes what a peer sends.
func (r *relay) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := r.PacketConn.ReadFrom(b)
	if err == nil {
		r.metrics.packetsIn.Add(1)
		r.metrics.bytesIn.Add(uint64(n))
	}
	return n, from, err
}

// WriteTo sends to a peer what the client sends.
func (r *relay) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := r.PacketConn.WriteTo(b, to)
	if err == nil {
		r.metrics.packetsOut.Add(1)
		r.metrics.bytesOut.Add(uint64(n))
	}
	return n, err
}

// Close ends the relay.
func (r *relay) Close() error {
	r.release()
	return r.PacketConn.Close()
}
