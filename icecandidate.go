package webrtc

import (
	"fmt"
	"strings"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// ICECandidate is an address at which a peer may be reached (RFC 8445 §5.1,
// webrtc-pc §4.8.1, RTCIceCandidate). It is a value that two == compare.
type ICECandidate struct {
	// Foundation is the same for candidates of one type, base and server
	// (RFC 8445 §5.1.1.3).
	Foundation string `json:"foundation"`
	// Priority is 1 to 2^31−1 by RFC 8445 §5.1.2; the larger is preferred.
	Priority uint32 `json:"priority"`
	// Address is an IP address, or a name under .local that hides one.
	Address string `json:"address"`
	// Protocol is UDP or TCP.
	Protocol ICEProtocol `json:"protocol"`
	// Port is the port; 9 for a TCP candidate that only opens connections
	// (RFC 6544 §4.5).
	Port uint16 `json:"port"`
	// Typ says how the address was learned.
	Typ ICECandidateType `json:"type"`
	// Component is 1, or 2 for RTCP that is not multiplexed.
	Component uint16 `json:"component"`
	// RelatedAddress is the address that a candidate other than a host
	// candidate was derived from, or "".
	RelatedAddress string `json:"relatedAddress"`
	// RelatedPort is the port to it.
	RelatedPort uint16 `json:"relatedPort"`
	// TCPType is "active", "passive" or "so" for TCP (RFC 6544 §4.5), else "".
	TCPType string `json:"tcpType"`
	// SDPMid is the mid of the section that the candidate belongs to.
	SDPMid string `json:"sdpMid"`
	// SDPMLineIndex counts that section from 0.
	SDPMLineIndex uint16 `json:"sdpMLineIndex"`

	// ufrag names the generation that the candidate belongs to, if it is known.
	ufrag string
	// extensions are what follows the type and the related address in the
	// candidate's line, but tcptype (RFC 8839 §5.1): " ufrag EsAw generation 0".
	extensions string
	// url is the server that gave a local candidate, relayProtocol how it is
	// reached.
	url, relayProtocol string
	// source is what ParseICECandidate was given.
	source candidateSource
}

// candidateFrom returns a candidate of the ICE agent's or the gatherer's. Its
// SDPMid and SDPMLineIndex are to be set.
func candidateFrom(c ice.Candidate) *ICECandidate {
	out := &ICECandidate{
		Foundation:    c.Foundation(),
		Priority:      c.Priority(),
		Address:       c.Address(),
		Protocol:      ICEProtocolUDP,
		Port:          uint16(c.Port()),
		Component:     c.Component(),
		TCPType:       c.TCPType().String(),
		ufrag:         c.Ufrag(),
		relayProtocol: c.RelayProtocol(),
	}
	if c.NetworkType().IsTCP() {
		out.Protocol = ICEProtocolTCP
	}
	switch c.Type() {
	case ice.CandidateTypeHost:
		out.Typ = ICECandidateTypeHost
	case ice.CandidateTypeServerReflexive:
		out.Typ = ICECandidateTypeSrflx
	case ice.CandidateTypePeerReflexive:
		out.Typ = ICECandidateTypePrflx
	case ice.CandidateTypeRelay:
		out.Typ = ICECandidateTypeRelay
	}
	if related := c.RelatedAddress(); related != nil {
		out.RelatedAddress, out.RelatedPort = related.Address, uint16(related.Port)
	}
	var extensions strings.Builder
	for _, e := range c.Extensions() {
		if e.Key != "tcptype" {
			fmt.Fprintf(&extensions, " %s %s", e.Key, e.Value)
		}
	}
	out.extensions = extensions.String()
	return out
}

// UsernameFragment returns the username fragment of the ICE generation that the
// candidate belongs to, or "" where that is not known.
func (c ICECandidate) UsernameFragment() string { return c.ufrag }

// URL returns the URL of the STUN or TURN server that gave a local candidate,
// or "".
func (c ICECandidate) URL() string { return c.url }

// RelayProtocol returns how the TURN server of a local relayed candidate is
// reached, "udp", "tcp" or "tls", and "" for any other candidate.
func (c ICECandidate) RelayProtocol() string { return c.relayProtocol }

// ToICE returns the candidate as the ice package has it. The error, for a field
// that is not valid, is a *rtcerr.SyntaxError, and one that matches
// ErrUnknownType for a type or protocol that is none.
func (c ICECandidate) ToICE() (ice.Candidate, error) {
	if c.Protocol != ICEProtocolUDP && c.Protocol != ICEProtocolTCP {
		return ice.Candidate{}, &rtcerr.SyntaxError{Err: fmt.Errorf("%w candidate protocol: %d", ErrUnknownType, c.Protocol)}
	}
	out, err := c.construct()
	if err != nil {
		return ice.Candidate{}, err
	}
	for fields := strings.Split(c.extensions, " "); len(fields) > 2; fields = fields[2:] {
		// The text begins with a space, so that fields[0] is what precedes it.
		if err := out.AddExtension(ice.CandidateExtension{Key: fields[1], Value: fields[2]}); err != nil {
			return ice.Candidate{}, err
		}
	}
	return out, nil
}

// construct makes the candidate without its extensions.
func (c ICECandidate) construct() (ice.Candidate, error) {
	network, port, relatedPort := c.Protocol.String(), int(c.Port), int(c.RelatedPort)
	switch c.Typ {
	case ICECandidateTypeHost:
		return ice.NewCandidateHost(&ice.CandidateHostConfig{
			Network: network, Address: c.Address, Port: port, Component: c.Component,
			Priority: c.Priority, Foundation: c.Foundation, TCPType: ice.NewTCPType(c.TCPType),
		})
	case ICECandidateTypeSrflx:
		return ice.NewCandidateServerReflexive(&ice.CandidateServerReflexiveConfig{
			Network: network, Address: c.Address, Port: port, Component: c.Component,
			Priority: c.Priority, Foundation: c.Foundation, RelAddr: c.RelatedAddress, RelPort: relatedPort,
		})
	case ICECandidateTypePrflx:
		return ice.NewCandidatePeerReflexive(&ice.CandidatePeerReflexiveConfig{
			Network: network, Address: c.Address, Port: port, Component: c.Component,
			Priority: c.Priority, Foundation: c.Foundation, RelAddr: c.RelatedAddress, RelPort: relatedPort,
		})
	case ICECandidateTypeRelay:
		return ice.NewCandidateRelay(&ice.CandidateRelayConfig{
			Network: network, Address: c.Address, Port: port, Component: c.Component, Priority: c.Priority,
			Foundation: c.Foundation, RelAddr: c.RelatedAddress, RelPort: relatedPort, RelayProtocol: c.relayProtocol,
		})
	default:
		return ice.Candidate{}, &rtcerr.SyntaxError{Err: fmt.Errorf("%w candidate type: %s", ErrUnknownType, c.Typ)}
	}
}

// String describes the candidate for a log line.
func (c ICECandidate) String() string {
	out, err := c.ToICE()
	if err != nil {
		return fmt.Sprintf("invalid candidate %s %s %s:%d: %v", c.Protocol, c.Typ, c.Address, c.Port, err)
	}
	return out.String()
}

// ToJSON returns the form in which the candidate goes to the peer (webrtc-pc
// §4.8.1, toJSON). UsernameFragment is there if it is known. A candidate whose
// fields make no valid line gives one without a value.
func (c ICECandidate) ToJSON() ICECandidateInit {
	init := ICECandidateInit{
		Candidate:     "candidate:",
		SDPMid:        &c.SDPMid,
		SDPMLineIndex: &c.SDPMLineIndex,
	}
	if out, err := c.ToICE(); err == nil {
		init.Candidate += out.Marshal()
	}
	if c.ufrag != "" {
		init.UsernameFragment = &c.ufrag
	}
	return c.source.restore(init)
}
