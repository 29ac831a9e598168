package webrtc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/logging"
	"golang.org/x/net/proxy"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// NewICEUDPMux returns a mux for SetICEUDPMux that has connections share a UDP
// socket, which belongs to it from then on. ice.NewMultiUDPMuxFromPort opens sockets
// on all addresses of the host itself.
func NewICEUDPMux(logger logging.LeveledLogger, udpConn net.PacketConn) ice.UDPMux {
	return ice.NewUDPMuxDefault(ice.UDPMuxParams{Logger: logger, UDPConn: udpConn})
}

// NewICETCPMux returns a mux for SetICETCPMux that has connections share a listening
// socket, which belongs to it from then on. readBufferSize is without effect: nothing
// is queued between the stream and the connection.
func NewICETCPMux(logger logging.LeveledLogger, listener net.Listener, readBufferSize int) ice.TCPMux {
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{Logger: logger, Listener: listener, ReadBufferSize: readBufferSize})
}

// SetICEUDPMux has connections share the ports of udpMux in place of opening sockets
// of their own; nil undoes it. The program closes the mux when the connections are
// gone. Server-reflexive candidates are found through it, too.
func (e *SettingEngine) SetICEUDPMux(udpMux ice.UDPMux) { e.gather.UDPMux = udpMux }

// SetICETCPMux has connections accept streams on the ports of tcpMux, as passive TCP
// candidates (RFC 6544), if SetNetworkTypes names TCP; nil undoes it. The program
// closes the mux when the connections are gone.
func (e *SettingEngine) SetICETCPMux(tcpMux ice.TCPMux) { e.gather.TCPMux = tcpMux }

// SetLite makes connections lite ICE agents (RFC 8445 §2.5), for servers whose
// address everybody can reach: they gather host candidates only, answer the peer's
// checks, send none, and leave the choice of the pair to the peer. The default is
// false.
//
// A lite agent knows by the peer's checks alone that the peer is there. Two lite
// agents find each other only where both can be reached.
func (e *SettingEngine) SetLite(lite bool) { e.lite = lite }

// SetICEBindingRequestHandler sets a function that sees the peer's connectivity
// checks, those that are authentic, with the pair that each came on; nil means none.
// If it returns true the connection moves to the pair as soon as that has answered.
// It runs for each check that arrives, on the goroutine that owns the connection: it
// must not block, call the connection, or keep the message.
func (e *SettingEngine) SetICEBindingRequestHandler(bindingRequestHandler ice.BindingRequestHandler) {
	e.bindingRequest = bindingRequestHandler
}

// SetICEUseCandidateCheckPriority is there for programs that call it and does
// nothing: when a controlling peer nominates a pair of lower priority than the one
// in use, that stays, unless the peer has stopped to check it.
func (e *SettingEngine) SetICEUseCandidateCheckPriority(bool) {}

// ICEAddressRewriteMode says whether an ICEAddressRewriteRule replaces addresses or
// adds to them.
type ICEAddressRewriteMode byte

const (
	// ICEAddressRewriteModeUnspecified replaces host candidates and adds
	// server-reflexive ones.
	ICEAddressRewriteModeUnspecified ICEAddressRewriteMode = iota
	// ICEAddressRewriteReplace puts the external addresses in the place of the
	// host's, or of those that STUN servers would find.
	ICEAddressRewriteReplace
	// ICEAddressRewriteAppend adds candidates with the external addresses.
	ICEAddressRewriteAppend
)

// An ICEAddressRewriteRule gives candidates other addresses than the host's
// interfaces have: those of a NAT that maps one to one. Of the rules for a type of
// candidate the first that matches an address of the host, and has an address of its
// IP version, applies.
type ICEAddressRewriteRule struct {
	// External are the addresses that candidates show.
	External []string
	// Local is the host's address that is meant, "" for all.
	Local string
	// Iface is the name of its interface, "" for all.
	Iface string
	// CIDR is a range that it is in, such as "10.0.0.0/8"; "" for all.
	CIDR string
	// AsCandidateType is ICECandidateTypeHost, which the zero value means too, or
	// ICECandidateTypeSrflx.
	AsCandidateType ICECandidateType
	// Mode says what is done with the addresses.
	Mode ICEAddressRewriteMode
	// Networks are the transports and IP versions that are meant; nil for all.
	Networks []NetworkType
}

// SetICEAddressRewriteRules sets which addresses candidates show. It replaces all
// rules, those of SetNAT1To1IPs too; none removes them. A rule with an address that
// cannot be read, without any, or for another type of candidate is a
// *rtcerr.TypeError, and the rules stay as they were.
//
// Rules for host candidates cannot be had together with hidden host addresses
// (ice.MulticastDNSModeQueryAndGather), which stay hidden.
func (e *SettingEngine) SetICEAddressRewriteRules(rules ...ICEAddressRewriteRule) error {
	var all []ice.AddressRewriteRule
	for i, r := range rules {
		rule, err := r.parse()
		if err != nil {
			return &rtcerr.TypeError{Err: fmt.Errorf("address rewrite rule %d: %w", i, err)}
		}
		all = append(all, rule)
	}
	e.gather.Rewrite = all
	return nil
}

func (r ICEAddressRewriteRule) parse() (rule ice.AddressRewriteRule, err error) {
	if len(r.External) == 0 {
		return rule, fmt.Errorf("it has no external address")
	}
	for _, s := range r.External {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
			return rule, fmt.Errorf("external address %.60q is no address that peers could send to", s)
		}
		rule.External = append(rule.External, ip.Unmap())
	}
	if r.Local != "" {
		if rule.Local, err = netip.ParseAddr(r.Local); err != nil {
			return rule, fmt.Errorf("local address: %w", err)
		}
	}
	if r.CIDR != "" {
		if rule.Prefix, err = netip.ParsePrefix(r.CIDR); err != nil {
			return rule, fmt.Errorf("range: %w", err)
		}
	}
	switch r.AsCandidateType {
	case ICECandidateTypeUnknown, ICECandidateTypeHost:
		rule.Type = ice.CandidateTypeHost
	case ICECandidateTypeSrflx:
		rule.Type = ice.CandidateTypeServerReflexive
	default:
		return rule, fmt.Errorf("it is for candidates of type %s; host or srflx is needed", r.AsCandidateType)
	}
	switch r.Mode {
	case ICEAddressRewriteModeUnspecified:
		rule.Mode = ice.AddressRewriteDefault
	case ICEAddressRewriteReplace:
		rule.Mode = ice.AddressRewriteReplace
	case ICEAddressRewriteAppend:
		rule.Mode = ice.AddressRewriteAppend
	default:
		return rule, fmt.Errorf("mode %d is none of the constants", r.Mode)
	}
	for _, n := range r.Networks {
		network, err := ice.NewNetworkType(n.String())
		if err != nil {
			return rule, fmt.Errorf("network type %d is none of the constants", n)
		}
		rule.Networks = append(rule.Networks, network)
	}
	rule.Interface = r.Iface
	return rule, nil
}

// SetNAT1To1IPs says that the host is behind a NAT which maps these addresses to its
// own one to one. Each is an external address, for all of the host's addresses of its
// IP version, or "external/local". With ICECandidateTypeHost they stand in host
// candidates in place of the local ones, with ICECandidateTypeSrflx in
// server-reflexive candidates beside them. None removes the rules. What cannot be
// read is left out and logged when a connection is made; SetICEAddressRewriteRules
// reports it.
func (e *SettingEngine) SetNAT1To1IPs(ips []string, candidateType ICECandidateType) {
	e.gather.Rewrite, e.ignoredIPs = nil, nil
	var catchAll, mapped []ice.AddressRewriteRule
	for _, s := range ips {
		external, local, _ := strings.Cut(s, "/")
		rule, err := ICEAddressRewriteRule{
			External: []string{external}, Local: local, AsCandidateType: candidateType,
		}.parse()
		switch {
		case err != nil:
			e.ignoredIPs = append(e.ignoredIPs, s)
		case local != "":
			mapped = append(mapped, rule)
		default:
			catchAll = append(catchAll, rule)
		}
	}
	// A rule for one address comes before those for all.
	e.gather.Rewrite = slices.Concat(mapped, catchAll)
}

// SetICEProxyDialer has the streams to TURN servers and to peers' passive TCP
// candidates opened through a proxy, such as proxy.SOCKS5's of golang.org/x/net; nil
// opens them directly. The dialer is called with the network "tcp" and the address of
// the server or the peer. Close waits for a dialer that is no proxy.ContextDialer.
func (e *SettingEngine) SetICEProxyDialer(d proxy.Dialer) { e.proxy = d }

// proxiedNetwork opens streams through a proxy.
type proxiedNetwork struct {
	ice.Network
	proxy proxy.Dialer
}

// WatchInterfaces passes on what the network that is dialed around tells.
func (n proxiedNetwork) WatchInterfaces(changed func()) (stop func()) {
	if w, ok := n.Network.(ice.NetworkWatcher); ok {
		return w.WatchInterfaces(changed)
	}
	return func() {}
}

// DialTCP leaves the local address to the proxy's dialer.
func (n proxiedNetwork) DialTCP(ctx context.Context, _ netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	if d, ok := n.proxy.(proxy.ContextDialer); ok {
		return d.DialContext(ctx, "tcp", remote.String())
	}
	conn, err := n.proxy.Dial("tcp", remote.String())
	if err == nil && ctx.Err() != nil {
		conn.Close()
		return nil, ctx.Err()
	}
	return conn, err
}
