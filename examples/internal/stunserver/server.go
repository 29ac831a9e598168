// Package stunserver runs a STUN server (RFC 8489) inside a program: it tells
// whoever asks the address that the question came from. That is all a peer
// needs to learn its public address behind a NAT; relaying (TURN) is refused.
//
//	server, err := stunserver.Listen("127.0.0.1:0", nil)
//	…
//	defer server.Close()
//	config.ICEServers = []webrtc.ICEServer{{URLs: []string{server.URL()}}}
package stunserver

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// An Exchange is one half of a question and its answer.
type Exchange struct {
	// Client is who asks.
	Client netip.AddrPort
	// Answer tells the answer from the question.
	Answer bool
	// Mapped is the address that the answer tells the client.
	Mapped netip.AddrPort
}

// A Server answers binding requests on a UDP socket until it is closed.
type Server struct {
	server *turn.Server
	addr   netip.AddrPort
}

// Listen starts a server on a UDP address; port 0 picks a free one. The
// observer, unless it is nil, is told of every question and answer, on the
// server's goroutine.
func Listen(address string, observer func(Exchange)) (*Server, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, fmt.Errorf("STUN server: %w", err)
	}
	if observer == nil {
		observer = func(Exchange) {}
	}
	addr := addrPort(conn.LocalAddr())
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:         "localhost",
		LoggerFactory: silent{},
		// Without an AuthHandler and a RelayAddressGenerator nothing is relayed.
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: &observed{PacketConn: conn, observer: observer},
		}},
	})
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("STUN server: %w", err)
	}
	return &Server{server: server, addr: addr}, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// URL returns the server's URL for an ICE configuration (RFC 7064).
func (s *Server) URL() string { return "stun:" + s.addr.String() }

// Close stops the server and closes its socket.
func (s *Server) Close() error { return s.server.Close() }

// observed is a socket that tells of the binding messages that pass.
type observed struct {
	net.PacketConn
	observer func(Exchange)
}

// ReadFrom reads a datagram and tells whether it is a question.
func (c *observed) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(p)
	if err == nil {
		c.tell(p[:n], from)
	}
	return n, from, err
}

// WriteTo tells of an answer and sends it.
func (c *observed) WriteTo(p []byte, to net.Addr) (int, error) {
	c.tell(p, to)
	return c.PacketConn.WriteTo(p, to)
}

func (c *observed) tell(p []byte, client net.Addr) {
	if !stun.IsMessage(p) {
		return
	}
	m := stun.Message{Raw: p}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		c.observer(Exchange{Client: addrPort(client)})
	case stun.BindingSuccess:
		var mapped stun.XORMappedAddress
		if mapped.GetFrom(&m) != nil {
			return
		}
		ip, _ := netip.AddrFromSlice(mapped.IP)
		c.observer(Exchange{
			Client: addrPort(client), Answer: true,
			Mapped: netip.AddrPortFrom(ip.Unmap(), uint16(mapped.Port)),
		})
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		p := u.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// silent makes loggers that say nothing: what a client sends is its own affair.
type silent struct{}

// NewLogger returns a logger that says nothing.
func (silent) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, nil)
}
