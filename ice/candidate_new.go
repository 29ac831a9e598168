package ice

import (
	"net/netip"
	"strconv"
)

// CandidateHostConfig is what NewCandidateHost makes a candidate of.
type CandidateHostConfig struct {
	// CandidateID is the ID; "" derives one.
	CandidateID string
	// Network is "udp" or "tcp".
	Network string
	// Address is an IP address, or a name under .local that hides one.
	Address string
	// Port is 0 to 65535.
	Port int
	// Component is 1 to 256; 0 is taken as ComponentRTP.
	Component uint16
	// Priority is the priority; 0 computes it (RFC 8445 §5.1.2.1).
	Priority uint32
	// Foundation is the foundation; "" derives one (RFC 8445 §5.1.1.3).
	Foundation string
	// TCPType is needed for "tcp" and ignored otherwise.
	TCPType TCPType
	// IsLocationTracked is taken for compatibility and without effect.
	IsLocationTracked bool
}

// CandidateServerReflexiveConfig is what NewCandidateServerReflexive makes a
// candidate of. The fields are those of CandidateHostConfig; RelAddr and
// RelPort are the base, and "" means that there is no related address.
type CandidateServerReflexiveConfig struct {
	CandidateID string
	Network     string
	Address     string
	Port        int
	Component   uint16
	Priority    uint32
	Foundation  string
	RelAddr     string
	RelPort     int
}

// CandidatePeerReflexiveConfig is what NewCandidatePeerReflexive makes a
// candidate of. The fields are those of CandidateHostConfig; RelAddr and
// RelPort are the base, and "" means that there is no related address.
type CandidatePeerReflexiveConfig struct {
	CandidateID string
	Network     string
	Address     string
	Port        int
	Component   uint16
	Priority    uint32
	Foundation  string
	RelAddr     string
	RelPort     int
}

// CandidateRelayConfig is what NewCandidateRelay makes a candidate of. The
// fields are those of CandidateHostConfig; RelAddr and RelPort are the mapped
// address that the TURN server saw, RelayProtocol is udp, tcp, tls or dtls.
type CandidateRelayConfig struct {
	CandidateID   string
	Network       string
	Address       string
	Port          int
	Component     uint16
	Priority      uint32
	Foundation    string
	RelAddr       string
	RelPort       int
	RelayProtocol string
	// OnClose is taken for compatibility and never called: the gatherer owns
	// the allocation behind a relayed candidate.
	OnClose func() error
}

// NewCandidateHost makes a host candidate (RFC 8445 §5.1.1.1). The error is a
// *rtcerr.SyntaxError that wraps a *CandidateFieldError.
func NewCandidateHost(config *CandidateHostConfig) (Candidate, error) {
	return newCandidate(CandidateTypeHost, *config, "", 0)
}

// NewCandidateServerReflexive makes a server reflexive candidate (RFC 8445
// §5.1.1.2). Errors are as NewCandidateHost's.
func NewCandidateServerReflexive(config *CandidateServerReflexiveConfig) (Candidate, error) {
	return newCandidate(CandidateTypeServerReflexive, CandidateHostConfig{
		CandidateID: config.CandidateID, Network: config.Network, Address: config.Address, Port: config.Port,
		Component: config.Component, Priority: config.Priority, Foundation: config.Foundation,
	}, config.RelAddr, config.RelPort)
}

// NewCandidatePeerReflexive makes a peer reflexive candidate (RFC 8445
// §7.2.5.3.1 and §7.3.1.3). Errors are as NewCandidateHost's.
func NewCandidatePeerReflexive(config *CandidatePeerReflexiveConfig) (Candidate, error) {
	return newCandidate(CandidateTypePeerReflexive, CandidateHostConfig{
		CandidateID: config.CandidateID, Network: config.Network, Address: config.Address, Port: config.Port,
		Component: config.Component, Priority: config.Priority, Foundation: config.Foundation,
	}, config.RelAddr, config.RelPort)
}

// NewCandidateRelay makes a relayed candidate (RFC 8445 §5.1.1.2). Errors are
// as NewCandidateHost's.
func NewCandidateRelay(config *CandidateRelayConfig) (Candidate, error) {
	c, err := newCandidate(CandidateTypeRelay, CandidateHostConfig{
		CandidateID: config.CandidateID, Network: config.Network, Address: config.Address, Port: config.Port,
		Component: config.Component, Priority: config.Priority, Foundation: config.Foundation,
	}, config.RelAddr, config.RelPort)
	c.relayProtocol = config.RelayProtocol
	return c, err
}

func newCandidate(typ CandidateType, config CandidateHostConfig, relAddr string, relPort int) (Candidate, error) {
	c := Candidate{
		id: config.CandidateID, foundation: config.Foundation, component: config.Component, typ: typ,
		priority: config.Priority,
	}
	if c.component == 0 {
		c.component = ComponentRTP
	}
	if c.component > 256 {
		return Candidate{}, candidateError("component-id", strconv.Itoa(int(c.component)), "a number from 1 to 256 is expected")
	}
	if len(c.foundation) > 32 || !all(c.foundation, isICEChar) {
		return Candidate{}, candidateError("foundation", c.foundation, "1 to 32 letters, digits, + and / are expected")
	}
	if config.Port < 0 || config.Port > 65535 {
		return Candidate{}, candidateError("port", strconv.Itoa(config.Port), "a number from 0 to 65535 is expected")
	}
	var ip netip.Addr
	var err error
	if c.address, ip, err = parseConnectionAddress("connection-address", config.Address); err != nil {
		return Candidate{}, err
	}
	c.addr = netip.AddrPortFrom(ip, uint16(config.Port))
	var ok bool
	if c.networkType, ok = networkTypeOf(config.Network, ip); !ok {
		return Candidate{}, candidateError("transport", config.Network, "udp or tcp is expected")
	}
	if c.networkType.IsTCP() {
		c.tcpType = config.TCPType
	}
	base := c.address
	if relAddr != "" {
		if c.related.Address, _, err = parseConnectionAddress("raddr", relAddr); err != nil {
			return Candidate{}, err
		}
		if relPort < 0 || relPort > 65535 {
			return Candidate{}, candidateError("rport", strconv.Itoa(relPort), "a number from 0 to 65535 is expected")
		}
		c.hasRelated, c.related.Port, base = true, relPort, c.related.Address
	}
	if c.priority == 0 {
		c.priority = priorityOf(typ, c.networkType, c.tcpType, maxLocalPreference, c.component)
	}
	if c.foundation == "" {
		c.foundation = hashFoundation(typ, base, c.networkType.Protocol())
	}
	if c.id == "" {
		c.id = c.makeID()
	}
	return c, nil
}
