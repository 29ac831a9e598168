package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/parleyrtc/webrtc/ice"
)

// describe says what was found, a line for each thing that is worth knowing.
func describe(b ice.NATBehavior, err error) []string {
	switch {
	case errors.Is(err, ice.ErrNoSTUNAnswer):
		return []string{"no server answered"}
	case errors.As(err, new(*net.OpError)):
		return []string{"not available here"}
	case err != nil:
		return []string{err.Error()}
	}
	var lines []string
	if b.Translated {
		lines = append(lines, fmt.Sprintf("There is a NAT: peers see the address %s.", b.Mapped.Addr()))
	} else {
		lines = append(lines, fmt.Sprintf("There is no NAT: peers see the host's own address %s.", b.Mapped.Addr()))
	}
	lines = append(lines, mappingWords(b), filteringWords(b))
	if b.Translated && !b.Hairpins {
		lines = append(lines, "Hosts behind it do not reach each other by its public address (no hairpins), but by their private ones.")
	}
	return append(lines, callWords(b)...)
}

func mappingWords(b ice.NATBehavior) string {
	switch b.Mapping {
	case ice.NATEndpointIndependent:
		if !b.Translated {
			return "Mapping:   none."
		}
		return "Mapping:   " + b.Mapping.String() + ": all peers see the same port."
	case ice.NATAddressDependent, ice.NATAddressPortDependent:
		return "Mapping:   " + b.Mapping.String() + ": each peer sees another port (a symmetric NAT)."
	}
	return "Mapping:   unknown; name another server."
}

func filteringWords(b ice.NATBehavior) string {
	switch b.Filtering {
	case ice.NATEndpointIndependent:
		return "Filtering: " + b.Filtering.String() + ": whoever knows the port gets in."
	case ice.NATAddressDependent:
		return "Filtering: " + b.Filtering.String() + ": hosts get in that were sent something."
	case ice.NATAddressPortDependent:
		return "Filtering: " + b.Filtering.String() + ": only what answers gets in."
	}
	return "Filtering: unknown; it takes a server with two addresses (RFC 5780)."
}

// callWords says with whom calls need no relay.
func callWords(b ice.NATBehavior) []string {
	if b.Mapping == ice.NATUnknown {
		return []string{"Whether calls need a relay cannot be told."}
	}
	strict := ice.NATBehavior{Mapping: ice.NATAddressPortDependent, Filtering: ice.NATAddressPortDependent}
	usual := ice.NATBehavior{Mapping: ice.NATEndpointIndependent, Filtering: ice.NATAddressPortDependent}
	switch {
	case b.Reaches(strict):
		return []string{"Calls need no relay, whatever NAT the peer has."}
	case b.Filtering == ice.NATUnknown && b.Reaches(usual):
		return []string{"Calls need no relay, unless the peer has a symmetric NAT."}
	case b.Reaches(usual):
		return []string{"Calls need no relay, unless the peer has a symmetric NAT: then a TURN server is needed."}
	}
	return []string{"Calls need a TURN server, unless the peer has no NAT or one that lets in any port of a known address."}
}
