package ice

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/parleyrtc/webrtc/internal/mux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// discardPort stands in active TCP candidates, which nobody can connect to (RFC
// 6544 §4.5).
const discardPort = 9

// A gatherSocket is a socket on a local address, or on all.
type gatherSocket struct {
	id   int
	conn udp.Conn
	key  socketKey
	// addresses are those of its host candidates, as they were bound; port is the
	// candidates'.
	addresses []localAddress
	port      uint16
	order     int // rank of the first address in the newest list, from 0
	// generation is the newest one that the socket gathers for.
	generation int
}

// A socketKey tells a gatherer's sockets apart.
type socketKey struct {
	tcp TCPType
	// ip is the address of a socket of the gatherer's own, shared the *mux.Port or
	// *mux.Listener of one that it has in common with others.
	ip     netip.Addr
	shared any
}

func (k socketKey) protocol() string {
	if k.tcp != TCPTypeUnspecified {
		return "tcp"
	}
	return "udp"
}

// base returns the socket's first address as candidates show it.
func (s *gatherSocket) base() netip.AddrPort {
	return netip.AddrPortFrom(s.addresses[0].ip.WithZone(""), s.port)
}

// addressLike returns the socket's address of ip's version, as candidates show it.
func (s *gatherSocket) addressLike(ip netip.Addr) netip.AddrPort {
	for _, a := range s.addresses {
		if a.ip.Is4() == ip.Is4() {
			return netip.AddrPortFrom(a.ip.WithZone(""), s.port)
		}
	}
	return s.base()
}

// reaches says whether the socket can send to addresses of ip's version.
func (s *gatherSocket) reaches(ip netip.Addr) bool {
	return s.addressLike(ip).Addr().Is4() == ip.Is4()
}

// A socketPlan is a socket that there is to be.
type socketPlan struct {
	key       socketKey
	addresses []localAddress // not empty
	order     int
	listen    func(context.Context) (udp.Conn, error)
}

// plan says which sockets there are to be; addresses are those for UDP.
func (s scanTask) plan(interfaces []udp.Interface, addresses []localAddress) []socketPlan {
	var plans []socketPlan
	if s.udpMux != nil {
		for _, port := range s.udpMux.ports() {
			join := func(context.Context) (udp.Conn, error) { return port.Join(), nil }
			plans = s.share(plans, s.rules, addresses, socketKey{shared: port}, port.LocalAddr(), port.Dual(), join)
		}
	} else {
		for order, a := range addresses {
			listen := func(ctx context.Context) (udp.Conn, error) { return s.listen(ctx, a.ip) }
			plans = append(plans, socketPlan{socketKey{ip: a.ip}, []localAddress{a}, order, listen})
		}
	}
	tcp := s.rules
	tcp.protocol = "tcp"
	streams := tcp.selectAddresses(interfaces)
	if s.tcpMux != nil {
		for _, l := range s.tcpMux.listeners() {
			join := func(context.Context) (udp.Conn, error) { return l.Join(), nil }
			key := socketKey{tcp: TCPTypePassive, shared: l}
			plans = s.share(plans, tcp, streams, key, l.LocalAddr(), true, join)
		}
	}
	if s.lite {
		return plans // it opens nothing
	}
	for order, a := range streams {
		plans = append(plans, socketPlan{
			socketKey{tcp: TCPTypeActive, ip: a.ip}, []localAddress{a}, order,
			func(context.Context) (udp.Conn, error) { return s.dialer(a.ip), nil },
		})
	}
	return plans
}

// share plans a part of a shared socket. Of one that is bound to all addresses the
// candidates are those of the interfaces; dual says that it has both IP versions
// then. One that is bound to an address was chosen by the program, also where the
// rules would not choose it.
func (s scanTask) share(
	plans []socketPlan, rules addressRules, addresses []localAddress, key socketKey, local netip.AddrPort, dual bool,
	join func(context.Context) (udp.Conn, error),
) []socketPlan {
	ip := local.Addr()
	if !ip.IsUnspecified() {
		if !rules.takesVersion(ip) || rules.ipFilter != nil && !rules.ipFilter(ip) {
			return plans
		}
		return append(plans, socketPlan{key, []localAddress{{ip: ip}}, len(plans), join})
	}
	var own []localAddress
	for _, a := range addresses {
		if a.ip.Is4() == ip.Is4() || a.ip.Is4() && dual {
			own = append(own, a)
		}
	}
	if len(own) == 0 {
		return plans
	}
	return append(plans, socketPlan{key, own[:min(len(own), maxLocalAddresses)], 0, join})
}

// dialer returns the socket of an active TCP candidate.
func (s scanTask) dialer(ip netip.Addr) udp.Conn {
	local := netip.AddrPortFrom(ip, discardPort)
	return mux.Dial(local, func(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
		if zone := ip.Zone(); zone != "" && remote.Addr().IsLinkLocalUnicast() {
			remote = netip.AddrPortFrom(remote.Addr().WithZone(zone), remote.Port())
		}
		return s.network.DialTCP(ctx, ip, remote)
	})
}

// AddressRewriteMode says what an AddressRewriteRule does.
type AddressRewriteMode byte

const (
	// AddressRewriteDefault replaces host candidates and adds server-reflexive
	// ones.
	AddressRewriteDefault AddressRewriteMode = iota
	// AddressRewriteReplace puts the external addresses in the place of the host's,
	// or of what STUN servers would find.
	AddressRewriteReplace
	// AddressRewriteAppend adds candidates with the external addresses.
	AddressRewriteAppend
)

// An AddressRewriteRule gives candidates other addresses than the host's
// interfaces have. Of the rules for a type of candidate the first that matches an
// address applies.
type AddressRewriteRule struct {
	// External are the addresses to show; those of the other IP version than the
	// host's address are left out.
	External []netip.Addr
	// Local, Interface, Prefix and Networks say which host addresses are meant;
	// zero values mean all.
	Local     netip.Addr
	Interface string
	Prefix    netip.Prefix
	Networks  []NetworkType
	// Type is CandidateTypeHost, which 0 means too, or CandidateTypeServerReflexive.
	Type CandidateType
	Mode AddressRewriteMode
}

func (r AddressRewriteRule) matches(a localAddress, protocol string, typ CandidateType) bool {
	ip := a.ip.WithZone("")
	is, _ := networkTypeOf(protocol, ip)
	return (r.Type == typ || r.Type == CandidateTypeUnspecified && typ == CandidateTypeHost) &&
		(!r.Local.IsValid() || r.Local.Unmap() == ip) &&
		(r.Interface == "" || r.Interface == a.name) &&
		(!r.Prefix.IsValid() || r.Prefix.Contains(ip)) &&
		(len(r.Networks) == 0 || slices.Contains(r.Networks, is))
}

// A rewriting is what the rules make of an address.
type rewriting struct {
	external []netip.Addr
	replaces bool
}

// addresses returns what candidates show of own.
func (r rewriting) addresses(own netip.Addr) []netip.Addr {
	if r.replaces {
		return r.external
	}
	return append([]netip.Addr{own}, r.external...)
}

func (g *Gatherer) rewrite(a localAddress, protocol string, typ CandidateType) rewriting {
	for _, rule := range g.cfg.Rewrite {
		if !rule.matches(a, protocol, typ) {
			continue
		}
		var w rewriting
		for _, ip := range rule.External {
			if ip = ip.Unmap(); ip.Is4() == a.ip.Is4() {
				w.external = append(w.external, ip)
			}
		}
		if len(w.external) == 0 {
			continue // it has nothing for this IP version
		}
		w.replaces = rule.Mode == AddressRewriteReplace || rule.Mode == AddressRewriteDefault && typ == CandidateTypeHost
		return w
	}
	return rewriting{}
}
