package ice

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The components of a stream (RFC 8445 §4). With rtcp-mux only ComponentRTP is
// used (RFC 8834 §4.5).
const (
	// ComponentRTP is the component of RTP, and of everything where a stream
	// has one component.
	ComponentRTP uint16 = 1
	// ComponentRTCP is the component of RTCP where it is not multiplexed.
	ComponentRTCP uint16 = 2
)

// A Candidate is a transport address at which an agent may be reached, with
// what the peer must know to check it (RFC 8445 §5.1, RFC 8839 §5.1).
//
// It is a value: a copy shares nothing that can change, and the With methods
// return changed copies. The zero value is no candidate; IsZero tells.
type Candidate struct {
	id            string
	foundation    string
	component     uint16
	networkType   NetworkType
	typ           CandidateType
	tcpType       TCPType
	address       string
	addr          netip.AddrPort // its Addr is invalid for an unresolved name
	priority      uint32
	hasRelated    bool
	related       CandidateRelatedAddress
	relayProtocol string
	extensions    []CandidateExtension // never changed in place
}

// CandidateRelatedAddress is the address that a candidate was derived from, for
// diagnosis: the base of a reflexive candidate, the mapped address of a relayed
// one (RFC 8839 §5.1). Where it must stay hidden it is 0.0.0.0 or ::, port 0
// or 9.
type CandidateRelatedAddress struct {
	Address string
	Port    int
}

// Equal reports whether both are the same address, or both nil.
func (c *CandidateRelatedAddress) Equal(other *CandidateRelatedAddress) bool {
	if c == nil || other == nil {
		return c == other
	}
	return *c == *other
}

// String returns the address for a log line, " related host:port" as pion/ice
// writes it, and "" for nil.
func (c *CandidateRelatedAddress) String() string {
	if c == nil {
		return ""
	}
	return " related " + net.JoinHostPort(c.Address, strconv.Itoa(c.Port))
}

// IsZero reports whether c is the zero value, which is no candidate.
func (c Candidate) IsZero() bool { return c.typ == CandidateTypeUnspecified }

// ID names the candidate among those of one agent. It is made of what the
// candidate was constructed with, so that the same candidate parsed twice has
// the same ID; resolving its name keeps it.
func (c Candidate) ID() string { return c.id }

// Foundation is the string that groups candidates for the freezing of checks:
// equal for candidates of one type, base address, protocol and server
// (RFC 8445 §5.1.1.3).
func (c Candidate) Foundation() string { return c.foundation }

// Component is ComponentRTP or ComponentRTCP, or another number to 256.
func (c Candidate) Component() uint16 { return c.component }

// NetworkType is the transport and IP version. A candidate whose name is not
// resolved yet counts as IPv4.
func (c Candidate) NetworkType() NetworkType { return c.networkType }

// Type says how the address was learned.
func (c Candidate) Type() CandidateType { return c.typ }

// Address is the IP address without a zone, or the name of a candidate that
// hides its address behind one (also once it is resolved).
func (c Candidate) Address() string { return c.address }

// Port is the port, 0 to 65535. Active TCP candidates have 9 (RFC 6544 §4.5).
func (c Candidate) Port() int { return int(c.addr.Port()) }

// Addr is the address and port to send to. It is not valid (IsValid) for a
// name that has not been resolved.
func (c Candidate) Addr() netip.AddrPort {
	if !c.addr.Addr().IsValid() {
		return netip.AddrPort{}
	}
	return c.addr
}

// Priority is 1 to 2^32−1; the larger is preferred (RFC 8445 §5.1.2).
func (c Candidate) Priority() uint32 { return c.priority }

// RelatedAddress returns a copy of the related address, nil for host candidates
// and where none was given.
func (c Candidate) RelatedAddress() *CandidateRelatedAddress {
	if !c.hasRelated {
		return nil
	}
	r := c.related
	return &r
}

// TCPType is TCPTypeUnspecified unless the candidate is TCP.
func (c Candidate) TCPType() TCPType { return c.tcpType }

// RelayProtocol is the protocol between this agent and the TURN server of a
// local relayed candidate: udp, tcp, tls or dtls; "" for all others.
func (c Candidate) RelayProtocol() string { return c.relayProtocol }

// IsMulticastDNS reports whether the address is a name under .local, which
// multicast DNS resolves (draft-ietf-mmusic-mdns-ice-candidates §3.2).
func (c Candidate) IsMulticastDNS() bool { return isMulticastDNSName(c.address) }

// WithAddr returns c with the IP address and port addr and everything else,
// Address and ID too if the address was a name, as it was. It is how a resolved
// name becomes usable. A zone is dropped and an IPv4-mapped address unmapped.
func (c Candidate) WithAddr(addr netip.AddrPort) Candidate {
	ip := addr.Addr().Unmap().WithZone("")
	if c.addr.Addr().IsValid() {
		c.address = ip.String()
	}
	c.addr = netip.AddrPortFrom(ip, addr.Port())
	c.networkType, _ = networkTypeOf(c.networkType.Protocol(), ip)
	return c
}

// WithPriority returns c with another priority; 0 is taken as 1.
func (c Candidate) WithPriority(priority uint32) Candidate {
	c.priority = max(priority, 1)
	return c
}

// WithComponent returns c with another component.
func (c Candidate) WithComponent(component uint16) Candidate {
	c.SetComponent(component)
	return c
}

// SetComponent changes the component of this copy of the candidate.
func (c *Candidate) SetComponent(component uint16) { c.component = component }

// Equal reports whether both are the same candidate but for foundation,
// priority and extensions: same network type, type, address, port, TCP type and
// related address. These are what a duplicate shares (RFC 8445 §5.1.3).
func (c Candidate) Equal(other Candidate) bool {
	return c.networkType == other.networkType && c.typ == other.typ && c.component == other.component &&
		c.address == other.address && c.addr.Port() == other.addr.Port() && c.tcpType == other.tcpType &&
		c.hasRelated == other.hasRelated && c.related == other.related
}

// DeepEqual reports whether both are Equal and have the same extensions in the
// same order.
func (c Candidate) DeepEqual(other Candidate) bool {
	return c.Equal(other) && slices.Equal(c.extensions, other.extensions)
}

// String describes the candidate in a log line.
func (c Candidate) String() string {
	if c.IsZero() {
		return "no candidate"
	}
	return fmt.Sprintf("%s %s %s%s", c.networkType, c.typ, net.JoinHostPort(c.address, strconv.Itoa(c.Port())), c.RelatedAddress())
}

// Marshal returns the value of a candidate attribute, without "candidate:"
// (RFC 8839 §5.1). UnmarshalCandidate reads it back.
func (c Candidate) Marshal() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s %d %s %d typ %s", c.foundation, c.component, c.networkType.Protocol(),
		c.priority, c.address, c.Port(), c.typ)
	if c.hasRelated {
		fmt.Fprintf(&b, " raddr %s rport %d", c.related.Address, c.related.Port)
	}
	// RFC 6544 §4.5: tcptype follows the related address directly.
	if c.tcpType != TCPTypeUnspecified {
		fmt.Fprintf(&b, " tcptype %s", c.tcpType)
	}
	for _, e := range c.extensions {
		fmt.Fprintf(&b, " %s %s", e.Key, e.Value)
	}
	return b.String()
}

// makeID derives the ID from what identifies the candidate.
func (c Candidate) makeID() string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %d %s %s %d %d %s", c.component, c.networkType, c.typ, c.address, c.Port(), c.tcpType, c.Ufrag())
	if c.hasRelated {
		fmt.Fprintf(h, " %s %d", c.related.Address, c.related.Port)
	}
	return "candidate:" + hex.EncodeToString(h.Sum(nil))
}

// equalFold is strings.EqualFold for ASCII alone: no Kelvin sign for a k.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
