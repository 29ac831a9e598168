// Package turnserver runs a STUN and TURN server inside a program. It tells whoever
// asks the address that the question came from (RFC 8489), which is all a peer needs
// to learn its public address behind a NAT, and relays over UDP, TCP and TLS for users
// that it knows and that have no direct path (RFC 8656).
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

	"github.com/pion/turn/v5"
)

// Config says what a server does. At least one of UDP, TCP and TLS is needed. With
// neither Users nor Secret it relays for nobody: UDP is all that is used then.
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
}

// relays tells whether there is anybody to relay for.
func (c Config) relays() bool { return len(c.Users) > 0 || c.Secret != "" }

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
	config := turn.ServerConfig{Realm: c.Realm, LoggerFactory: silent{}, EventHandler: s.metrics.events()}
	if c.relays() {
		err = s.listenAsRelay(c, &config)
	} else {
		err = s.listenUDP(c, &config, turn.PacketConnConfig{})
	}
	if err == nil {
		s.server, err = turn.NewServer(config)
	}
	if err != nil {
		for _, c := range s.closers {
			_ = c()
		}
		return nil, fmt.Errorf("TURN server: %w", err)
	}
	return s, nil
}

// listenAsRelay opens what the configuration names, for users.
func (s *Server) listenAsRelay(c Config, config *turn.ServerConfig) error {
	config.AuthHandler = authenticator{c.Realm, c.Users, c.Secret}.authenticate
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
	if c.UDP != "" {
		if err := s.listenUDP(c, config, turn.PacketConnConfig{RelayAddressGenerator: relays, PermissionHandler: permits}); err != nil {
			return err
		}
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

// listenUDP opens the UDP socket.
func (s *Server) listenUDP(c Config, config *turn.ServerConfig, use turn.PacketConnConfig) error {
	conn, err := net.ListenPacket("udp", c.UDP)
	if err != nil {
		return err
	}
	scheme, transport := "stun", ""
	if c.relays() {
		scheme, transport = "turn", "udp"
	}
	s.opened(conn.Close, scheme, conn.LocalAddr(), transport)
	if use.PacketConn = conn; c.Observer != nil {
		use.PacketConn = &observed{conn, c.Observer}
	}
	config.PacketConnConfigs = append(config.PacketConnConfigs, use)
	return nil
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.UDP == "" && c.TCP == "" && c.TLS == "":
		return c, errors.New("no address to listen on")
	case !c.relays() && (c.UDP == "" || c.TCP != "" || c.TLS != ""):
		return c, errors.New("neither users nor a secret: TCP and TLS are for relaying")
	case c.relays() && (!c.Relay.IsValid() || c.Relay.IsUnspecified()):
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
	return c, nil
}

// opened notes a socket that is listened on.
func (s *Server) opened(closer func() error, scheme string, address net.Addr, transport string) {
	s.closers = append(s.closers, closer)
	s.endpoints = append(s.endpoints, endpoint{scheme, address.String(), transport})
}

// URLs returns the server's URLs for an ICE configuration (RFC 7064, RFC 7065), UDP
// first.
// host is the name or address by which clients reach it; if it is empty, it is that
// which is listened on.
func (s *Server) URLs(host string) []string {
	var urls []string
	for _, e := range s.endpoints {
		listens, port, _ := net.SplitHostPort(e.address)
		if host != "" {
			listens = host
		}
		url := e.scheme + ":" + net.JoinHostPort(listens, port)
		if e.transport != "" {
			url += "?transport=" + e.transport
		}
		urls = append(urls, url)
	}
	return urls
}

// Close ends all relays and closes the sockets.
func (s *Server) Close() error { return s.server.Close() }
