// Package turnserver runs a TURN server (RFC 8656) inside a program: it relays for
// peers that have no direct path, over UDP, TCP and TLS, and answers STUN
// questions as well.
//
//	server, err := turnserver.Listen(turnserver.Config{
//		UDP: "192.0.2.1:3478", Relay: netip.MustParseAddr("192.0.2.1"), Users: map[string]string{"ann": "secret"},
//	})
//	…
//	defer server.Close()
//	config.ICEServers = []webrtc.ICEServer{{URLs: server.URLs(""), Username: "ann", Credential: "secret"}}
//
// Whoever can relay to any address can reach what only the server can: see
// Config.Peers.
//
// The server runs a goroutine for each socket and each client's connection; they
// end with Close.
package turnserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

// Config says what a server does. At least one of UDP, TCP and TLS is needed, and
// Users or Secret.
type Config struct {
	// UDP, TCP and TLS are the addresses to listen on, such as "0.0.0.0:3478"; an
	// empty one is not used, port 0 takes a free port.
	UDP, TCP, TLS string
	// TLSConfig has the certificate for TLS.
	TLSConfig *tls.Config

	// Relay is the address that clients are told for what is relayed, the
	// server's address as peers see it. Bind is the address that the relaying
	// sockets have on this machine, the same as Relay unless a NAT stands before it.
	Relay, Bind netip.Addr
	// MinPort and MaxPort bound the relaying sockets' ports; 49152 to 65535 if both
	// are 0 (RFC 8656 §7.2).
	MinPort, MaxPort uint16

	// Realm is "localhost" if it is empty.
	Realm string
	// Users are names and their passwords.
	Users map[string]string
	// Secret, unless it is empty, is shared with who gives out credentials for a
	// time (see Credential).
	Secret string

	// MaxPerUser and MaxAllocations bound the relays that one user and all have at
	// a time; 0 is no bound.
	MaxPerUser, MaxAllocations int
	// Peers says where to the server relays. PublicPeers if it is not set.
	Peers PeerRule

	// Observer, unless it is nil, is told of every message between server and
	// clients over UDP, on the server's goroutines.
	Observer func(Message)
	// LoggerFactory makes the server's loggers; nil logs nothing.
	LoggerFactory logging.LoggerFactory
}

// A Server relays until it is closed.
type Server struct {
	server  *turn.Server
	metrics metrics
	// endpoints are what is listened on, and closers close that.
	endpoints []endpoint
	closers   []func() error
}

type endpoint struct{ scheme, address, transport string }

// Listen starts a server. The error says which part of the configuration cannot
// be used, or which address cannot be listened on.
func Listen(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("TURN server: %w", err)
	}
	s := &Server{}
	config := turn.ServerConfig{
		Realm:         c.Realm,
		AuthHandler:   authenticator{c.Realm, c.Users, c.Secret}.authenticate,
		LoggerFactory: c.LoggerFactory,
		EventHandler:  s.metrics.events(),
	}
	relays := &relayPool{
		next: &turn.RelayAddressGeneratorPortRange{
			RelayAddress: c.Relay.AsSlice(), Address: c.Bind.String(), MinPort: c.MinPort, MaxPort: c.MaxPort,
		},
		perUser: c.MaxPerUser, max: c.MaxAllocations, users: map[string]int{}, metrics: &s.metrics,
	}
	config.QuotaHandler = func(username, _ string, _ net.Addr) bool { return relays.hasRoom(userID(c.Secret, username)) }
	permits := func(_ net.Addr, ip net.IP) bool {
		peer, ok := netip.AddrFromSlice(ip)
		ok = ok && (c.Peers(peer.Unmap()) || peer.Unmap() == c.Relay)
		if !ok {
			s.metrics.peersRefused.Add(1)
		}
		return ok
	}
	if err := s.listen(c, &config, relays, permits); err != nil {
		s.closeAll()
		return nil, fmt.Errorf("TURN server: %w", err)
	}
	if s.server, err = turn.NewServer(config); err != nil {
		s.closeAll()
		return nil, fmt.Errorf("TURN server: %w", err)
	}
	return s, nil
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.UDP == "" && c.TCP == "" && c.TLS == "":
		return c, errors.New("no address to listen on")
	case len(c.Users) == 0 && c.Secret == "":
		return c, errors.New("neither users nor a secret: it would relay for nobody")
	case !c.Relay.IsValid() || c.Relay.IsUnspecified():
		return c, fmt.Errorf("the relay's address is %v, want the one that peers reach", c.Relay)
	case c.TLS != "" && c.TLSConfig == nil:
		return c, errors.New("TLS needs a certificate")
	case c.MinPort > c.MaxPort:
		return c, fmt.Errorf("relay ports from %d to %d", c.MinPort, c.MaxPort)
	case c.MaxPerUser < 0 || c.MaxAllocations < 0:
		return c, fmt.Errorf("bounds of %d and %d relays, want 0 or more", c.MaxPerUser, c.MaxAllocations)
	}
	for name := range c.Users {
		if _, _, ok := expiry(name); ok && c.Secret != "" {
			return c, fmt.Errorf("user %q has the form of a credential for a time", name)
		}
	}
	if !c.Bind.IsValid() {
		c.Bind = c.Relay
	}
	if c.MaxPort == 0 {
		c.MinPort, c.MaxPort = 49152, 65535
	}
	if c.MinPort == 0 {
		c.MinPort = 1
	}
	if c.Realm == "" {
		c.Realm = "localhost"
	}
	if c.Peers == nil {
		c.Peers = PublicPeers
	}
	if c.LoggerFactory == nil {
		c.LoggerFactory = silent{}
	}
	return c, nil
}

// listen opens what the configuration names.
func (s *Server) listen(c Config, config *turn.ServerConfig, relays turn.RelayAddressGenerator, permits turn.PermissionHandler) error {
	if c.UDP != "" {
		conn, err := net.ListenPacket("udp", c.UDP)
		if err != nil {
			return err
		}
		s.opened(conn.Close, "turn", conn.LocalAddr(), "udp")
		if c.Observer != nil {
			conn = &observed{conn, c.Observer}
		}
		config.PacketConnConfigs = append(config.PacketConnConfigs,
			turn.PacketConnConfig{PacketConn: conn, RelayAddressGenerator: relays, PermissionHandler: permits})
	}
	for _, stream := range []struct{ address, scheme string }{{c.TCP, "turn"}, {c.TLS, "turns"}} {
		if stream.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", stream.address)
		if err != nil {
			return err
		}
		s.opened(listener.Close, stream.scheme, listener.Addr(), "tcp")
		if stream.scheme == "turns" {
			listener = tls.NewListener(listener, c.TLSConfig)
		}
		config.ListenerConfigs = append(config.ListenerConfigs,
			turn.ListenerConfig{Listener: listener, RelayAddressGenerator: relays, PermissionHandler: permits})
	}
	return nil
}

// opened notes a socket that is listened on.
func (s *Server) opened(closer func() error, scheme string, address net.Addr, transport string) {
	s.closers = append(s.closers, closer)
	s.endpoints = append(s.endpoints, endpoint{scheme, address.String(), transport})
}

func (s *Server) closeAll() {
	for _, c := range s.closers {
		_ = c()
	}
}

// URLs returns the server's URLs for an ICE configuration (RFC 7065), UDP first.
// host is the name or address by which clients reach it; if it is empty, it is that
// which is listened on.
func (s *Server) URLs(host string) []string {
	var urls []string
	for _, e := range s.endpoints {
		listens, port, _ := net.SplitHostPort(e.address)
		if host != "" {
			listens = host
		}
		urls = append(urls, e.scheme+":"+net.JoinHostPort(listens, port)+"?transport="+e.transport)
	}
	return urls
}

// Close ends all relays and closes the sockets.
func (s *Server) Close() error { return s.server.Close() }
