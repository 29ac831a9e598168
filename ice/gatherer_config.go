package ice

import (
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// MulticastDNSMode says what the gatherer does with names under .local.
type MulticastDNSMode byte

const (
	// MulticastDNSModeDisabled resolves no names: remote candidates that hide
	// their address are unusable.
	MulticastDNSModeDisabled MulticastDNSMode = iota + 1
	// MulticastDNSModeQueryOnly resolves the peer's names and writes its own
	// addresses openly. It is the default.
	MulticastDNSModeQueryOnly
	// MulticastDNSModeQueryAndGather also hides the host's own addresses (draft-
	// ietf-mmusic-mdns-ice-candidates §3.1): a host candidate is a name under .local,
	// which this process answers for on the address's link, and reflexive candidates
	// do not name their base. Host candidates with their addresses come as
	// HiddenCandidate, for the agent alone.
	MulticastDNSModeQueryAndGather
)

// GatherPolicy limits which candidates are gathered (webrtc-pc §4.2.2,
// RTCIceTransportPolicy).
type GatherPolicy byte

const (
	// GatherAll gathers every type of candidate.
	GatherAll GatherPolicy = iota
	// GatherRelay gathers relayed candidates only: no host address leaves the
	// host.
	GatherRelay
)

// defaultSTUNTimeout is how long an unanswered STUN server holds the gathering
// up.
const defaultSTUNTimeout = 5 * time.Second

// GathererConfig is what a Gatherer works with. Network and Post are needed.
type GathererConfig struct {
	// Network has the interfaces, the sockets and the names; nil is the host's.
	Network udp.Network
	// Post runs a function on the goroutine that owns the gatherer. It is called
	// from other goroutines with the results of blocking calls, must not wait
	// for the owner, and may drop the function once the owner has ended.
	Post func(func(now time.Time))

	// Servers are the STUN and TURN servers to ask. SetServers replaces them.
	Servers []Server
	// Policy limits the candidates; the zero value gathers all.
	Policy GatherPolicy
	// NetworkTypes are the transports and IP versions to use; nil is UDP over
	// both. TCP makes active candidates (RFC 6544), and passive ones of TCPMux.
	NetworkTypes []NetworkType
	// InterfaceFilter and IPFilter say which interfaces, by name, and which
	// addresses to use; nil takes all. They run on a goroutine of the gatherer's
	// and must neither block nor call it.
	InterfaceFilter func(name string) (keep bool)
	IPFilter        func(netip.Addr) (keep bool)
	// PortMin and PortMax bound the local ports, both inclusive; 0 and 0 let the
	// system choose.
	PortMin, PortMax uint16
	// UDPMux, if not nil, has the sockets that candidates are made of: the
	// gatherer opens none of its own for UDP, and PortMin and PortMax bound
	// nothing but relays' ways to their servers. The port is not closed with the
	// gatherer.
	UDPMux UDPMux
	// TCPMux, if not nil, accepts the streams of passive TCP candidates, where
	// NetworkTypes has TCP.
	TCPMux TCPMux
	// Lite gathers host candidates only, and none that would have to open streams
	// (RFC 8445 §5.2).
	Lite bool
	// Rewrite says which addresses candidates have in place of, or beside, the
	// host's own: those of a NAT that maps one to one, for example.
	Rewrite []AddressRewriteRule
	// IncludeLoopback gathers from loopback interfaces too.
	IncludeLoopback bool
	// Continual has the gatherer notice when the host's interfaces change, if Network
	// is a NetworkWatcher: new addresses give candidates of the same generation, those
	// that are gone close their sockets, and relays that are lost are allocated anew.
	// Without it, addresses that are gone are found by Rescan, and new ones wait for
	// the next Gather.
	Continual bool
	// Component is the component of the candidates; 0 is ComponentRTP.
	Component uint16
	// MulticastDNS is the mode; 0 is MulticastDNSModeQueryOnly.
	MulticastDNS MulticastDNSMode
	// MulticastDNSHostName is the name of all host candidates whose addresses are
	// hidden, one label under .local; "" draws one for each address, which tells
	// nothing of the host and needs no probing.
	MulticastDNSHostName string

	// TLS is how TURN servers over TLS are spoken to; nil checks their
	// certificates against the host's roots. Without a ServerName it is the
	// server's of each URI.
	TLS *tls.Config
	// DTLS makes associations with TURN servers over DTLS, whose certificates TLS
	// says how to check; without it such servers give a CandidateError.
	DTLS DTLSDialer

	// STUNTimeout is how long a server may stay silent before the attempt from
	// one address is given up, and how long its name may take to resolve; 0 is
	// 5 s. With the default RTO more than 39.5 s changes nothing (RFC 8489
	// §6.2.1).
	STUNTimeout time.Duration
	// STUNRTO is the first retransmission timeout of a request; 0 is 500 ms
	// (RFC 8445 §14.3).
	STUNRTO time.Duration
	// Ta is the pause between the first transmissions of two requests; 0 is
	// 50 ms (RFC 8445 §14.2).
	Ta time.Duration
	// MulticastDNSTimeout is how long a name under .local is asked for; 0 is 5 s.
	MulticastDNSTimeout time.Duration

	// Rand is where transaction IDs come from; nil is crypto/rand.
	Rand io.Reader
	// Logger takes what is worth a note; nil discards it.
	Logger *slog.Logger
}

func (c GathererConfig) withDefaults() GathererConfig {
	if c.Network == nil {
		c.Network = udp.System()
	}
	if c.Component == 0 {
		c.Component = ComponentRTP
	}
	if c.MulticastDNS == 0 {
		c.MulticastDNS = MulticastDNSModeQueryOnly
	}
	c.STUNTimeout = positiveOr(c.STUNTimeout, defaultSTUNTimeout)
	c.STUNRTO = positiveOr(c.STUNRTO, 500*time.Millisecond)
	c.Ta = positiveOr(c.Ta, 50*time.Millisecond)
	c.MulticastDNSTimeout = positiveOr(c.MulticastDNSTimeout, 5*time.Second)
	if c.TLS == nil {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// hidesAddresses reports whether the peer may not learn this host's addresses.
func (c GathererConfig) hidesAddresses() bool {
	return c.MulticastDNS == MulticastDNSModeQueryAndGather
}

func positiveOr(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
