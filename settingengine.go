package webrtc

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/logging"
	"golang.org/x/net/proxy"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/sctptransport"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// A SettingEngine changes what W3C's API gives no access to. The zero value
// changes nothing. NewAPI copies it, by WithSettingEngine; functions set here
// are called from the library's goroutines, at any time until the connections
// are closed.
type SettingEngine struct {
	// Logger takes what the library has to say; nil means LoggerFactory. What
	// concerns single packets is at levels below slog.LevelDebug.
	Logger *slog.Logger
	// LoggerFactory makes the loggers of programs that were written for the pion
	// API; it is used if Logger is nil. If both are nil nothing is logged.
	LoggerFactory logging.LoggerFactory

	detachDataChannels bool
	answeringDTLSRole  DTLSRole // DTLSRoleUnknown: the answerer is the client
	iceUfrag, icePwd   string   // both empty: random
	remoteFilter       func(netip.Addr) bool
	closeByDTLS        bool
	lite               bool
	proxy              proxy.Dialer
	ignoredIPs         []string // of SetNAT1To1IPs
	gatherOnce         bool     // networks that come later are not gathered from
	announceLate       bool     // their candidates are announced
	renomination       renominationSettings
	timing             ice.Timing
	gather             ice.GathererConfig
	dtls               dtlstransport.Config
	sctp               sctptransport.Config
	sctpWithoutSnap    bool
	flightsInChecks    bool
	srtp               srtptransport.Config
	trackBeforePacket  bool
	unmoderated        bool // a socket's goroutine does not let media gather

	bindingRequest ice.BindingRequestHandler

	identityProviders func(domain, protocol string) (IdentityProvider, error)
}

// DetachDataChannels makes DataChannel.Detach available: a channel is then read
// and written by the program itself, and OnMessage is not called.
func (e *SettingEngine) DetachDataChannels() { e.detachDataChannels = true }

// SetAnsweringDTLSRole sets the DTLS role of an answerer whom the offer leaves
// the choice (a=setup:actpass): DTLSRoleClient, which RFC 8842 §5.3 recommends
// and is the default, or DTLSRoleServer. Any other is a *rtcerr.TypeError.
func (e *SettingEngine) SetAnsweringDTLSRole(role DTLSRole) error {
	if role != DTLSRoleClient && role != DTLSRoleServer {
		return &rtcerr.TypeError{Err: fmt.Errorf("answering DTLS role %s; client or server is needed", role)}
	}
	e.answeringDTLSRole = role
	return nil
}

// SetEphemeralUDPPortRange bounds the local UDP ports, both ends inclusive. 0
// and 0, the default, lets the system choose; otherwise 0 stands for 1 as
// portMin and for 65535 as portMax. A range without ports is a
// *rtcerr.RangeError.
func (e *SettingEngine) SetEphemeralUDPPortRange(portMin, portMax uint16) error {
	low, high := portMin, portMax
	if low != 0 || high != 0 {
		low = max(low, 1)
		if high == 0 {
			high = 65535
		}
	}
	if high < low {
		return &rtcerr.RangeError{Err: fmt.Errorf("UDP ports from %d to %d; the first must not exceed the last", portMin, portMax)}
	}
	e.gather.PortMin, e.gather.PortMax = low, high
	return nil
}

// SetNetworkTypes says over which transports and IP versions candidates are
// gathered; nil, the default, means UDP over both. Those that are no constants
// are ignored.
func (e *SettingEngine) SetNetworkTypes(candidateTypes []NetworkType) {
	e.gather.NetworkTypes = nil
	for _, t := range candidateTypes {
		if n, err := ice.NewNetworkType(t.String()); err == nil {
			e.gather.NetworkTypes = append(e.gather.NetworkTypes, n)
		}
	}
	if candidateTypes != nil && e.gather.NetworkTypes == nil {
		e.gather.NetworkTypes = []ice.NetworkType{}
	}
}

// SetInterfaceFilter sets a function that says, by its name, whether candidates
// are gathered on a network interface; nil means on all.
func (e *SettingEngine) SetInterfaceFilter(filter func(string) (keep bool)) {
	e.gather.InterfaceFilter = filter
}

// SetIPFilter sets a function that says whether candidates are gathered on a
// local address; nil means on all.
func (e *SettingEngine) SetIPFilter(filter func(net.IP) (keep bool)) {
	e.gather.IPFilter = nil
	if filter != nil {
		e.gather.IPFilter = func(a netip.Addr) bool { return filter(a.AsSlice()) }
	}
}

// SetIncludeLoopbackCandidate says whether candidates are gathered on loopback
// interfaces too; by default they are not (RFC 8445 §5.1.1.1).
func (e *SettingEngine) SetIncludeLoopbackCandidate(include bool) {
	e.gather.IncludeLoopback = include
}

// SetNetwork replaces the host's network with another, such as a virtual one;
// nil means the host's.
func (e *SettingEngine) SetNetwork(network ice.Network) { e.gather.Network = network }

// SetICEMulticastDNSMode says what is done with names under .local; the default
// is ice.MulticastDNSModeQueryOnly. With ice.MulticastDNSModeQueryAndGather host
// candidates have names in place of the host's addresses, as those of browsers do:
// peers on the same link can resolve them for as long as the connection lives, and
// nobody else learns anything. One responder of the process answers for the names of
// all connections.
func (e *SettingEngine) SetICEMulticastDNSMode(multicastDNSMode ice.MulticastDNSMode) {
	e.gather.MulticastDNS = multicastDNSMode
}

// SetMulticastDNSHostName sets the name of host candidates whose addresses are hidden
// (ice.MulticastDNSModeQueryAndGather), one label under .local such as "door.local";
// "", the default, draws a name of its own for each connection and address. Peers
// learn one address behind a name, so that a host with several should not have one.
// Another host's name is not taken: there are no host candidates then, and a warning
// is logged, as for what is no such name.
func (e *SettingEngine) SetMulticastDNSHostName(hostName string) {
	e.gather.MulticastDNSHostName = hostName
}

// SetSTUNGatherTimeout sets how long a STUN server may stay silent before it is
// given up; 0 means the default of 5 seconds.
func (e *SettingEngine) SetSTUNGatherTimeout(t time.Duration) { e.gather.STUNTimeout = t }

// SetTURNTLSConfig says how TURN servers with the scheme turns are spoken to, over
// TLS and over DTLS; nil checks their certificates against the host's roots. Without
// a ServerName it is that of each URL. For DTLS its RootCAs, Certificates, Time,
// NextProtos, KeyLogWriter, InsecureSkipVerify, VerifyPeerCertificate and
// VerifyConnection count. The configuration must not be changed afterwards.
func (e *SettingEngine) SetTURNTLSConfig(config *tls.Config) { e.gather.TLS = config }

// SetICECredentials sets the user name fragment, of 4 to 256 characters, and
// the password, of 22 to 256 (RFC 8839 §5.4), that a connection starts with. By
// default they are random, which keeps strangers out; an ICE restart makes
// random ones in any case.
func (e *SettingEngine) SetICECredentials(usernameFragment, password string) {
	e.iceUfrag, e.icePwd = usernameFragment, password
}

// SetICETimeouts sets the clocks of a path in use.
//
// disconnectedTimeout is how long the peer may be silent before the state
// becomes disconnected, by default 5 seconds; 0 means for ever. failedTimeout
// is how much longer before it becomes failed, by default 25 seconds; 0 means
// until consent expires, 30 seconds after the last answer, which RFC 7675 §5.1
// does not allow to be later.
//
// keepAliveInterval is the mean time between two consent checks, by default 5
// seconds; RFC 7675 §5.1 wants 4 at least. 0 means the default: without checks
// nothing may be sent.
func (e *SettingEngine) SetICETimeouts(disconnectedTimeout, failedTimeout, keepAliveInterval time.Duration) {
	e.timing.Disconnected = orNever(disconnectedTimeout)
	e.timing.Failed = orNever(failedTimeout)
	e.timing.Keepalive = max(keepAliveInterval, 0)
}

// SetICEMaxBindingRequests sets how often a connectivity check is sent before
// its pair counts as failed; 0 means the default of 7 (RFC 8489 §6.2.1).
func (e *SettingEngine) SetICEMaxBindingRequests(d uint16) { e.timing.Rc = int(d) }

// SetHostAcceptanceMinWait sets how long after the first check a controlling
// agent waits before it nominates a pair of host candidates; the default is not
// to wait.
func (e *SettingEngine) SetHostAcceptanceMinWait(t time.Duration) {
	e.timing.HostAcceptance = orNever(t)
}

// SetSrflxAcceptanceMinWait does the same for pairs with a server-reflexive
// candidate; the default is 500 ms.
func (e *SettingEngine) SetSrflxAcceptanceMinWait(t time.Duration) {
	e.timing.ServerReflexiveAcceptance = orNever(t)
}

// SetPrflxAcceptanceMinWait does the same for pairs with a peer-reflexive
// candidate; the default is 1 second.
func (e *SettingEngine) SetPrflxAcceptanceMinWait(t time.Duration) {
	e.timing.PeerReflexiveAcceptance = orNever(t)
}

// SetRelayAcceptanceMinWait does the same for pairs with a relayed candidate;
// the default is 2 seconds.
func (e *SettingEngine) SetRelayAcceptanceMinWait(t time.Duration) {
	e.timing.RelayAcceptance = orNever(t)
}

// SetReceiveMTU is there for programs that call it and does nothing: it bounded
// the datagrams that are received, and here they may have any size.
func (e *SettingEngine) SetReceiveMTU(_ uint) {}

// orNever translates a duration of which 0 means none into one of ice.Timing's,
// where 0 means the default and a negative one none.
func orNever(d time.Duration) time.Duration {
	if d <= 0 {
		return -1
	}
	return d
}

// gathererConfig returns the settings of the gatherer. Post, Servers, Policy
// and Logger are to be filled in.
func (e *SettingEngine) gathererConfig() ice.GathererConfig {
	config := e.gather
	config.DTLS = func(c *tls.Config, send func([][]byte) error) (ice.DTLSClient, error) {
		return dtlstransport.NewClient(c, send, nil)
	}
	config.NetworkTypes = slices.Clone(config.NetworkTypes)
	if e.proxy != nil {
		network := config.Network
		if network == nil {
			network = ice.SystemNetwork()
		}
		config.Network = proxiedNetwork{network, e.proxy}
	}
	return config
}

// dtlsConfig returns the settings of a DTLS transport. Certificates, Send,
// OnState and Logger are to be filled in.
func (e *SettingEngine) dtlsConfig() dtlstransport.Config { return e.dtls }

// sctpConfig returns the settings of an association. Conn and Logger are to be
// filled in.
func (e *SettingEngine) sctpConfig() sctptransport.Config {
	config := e.sctp
	config.MaxMessageSize = e.sctpMaxMessageSize()
	return config
}
