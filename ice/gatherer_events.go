package ice

import (
	"net/netip"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// GatherEvent is what a Gatherer's Poll returns: one of SocketOpened,
// SocketClosed, CandidateFound, HiddenCandidate, CandidateError,
// GatheringStateChanged, Transmit and Resolved.
type GatherEvent interface{ gatherEvent() }

// SocketOpened announces a socket, of a local address or of a relay. The owner
// starts the one goroutine that reads it, or sets where its packets go if the socket
// is shared or has streams (then it is a mux.Conn), and hands its STUN packets to the
// gatherer and the agent under this ID; it does not close it.
type SocketOpened struct {
	// ID is the socket's number, from 1, never used twice by one gatherer.
	ID int
	// Conn is the socket, which the gatherer closes.
	Conn udp.Conn
	// Local is its address and port, without a zone; a relay's are those of the
	// way to its server.
	Local netip.AddrPort
	// Interface is the name of the interface that has the address.
	Interface string
}

// SocketClosed says that a socket's address has left the host, or that a relay
// was refused, lost or released, and that the socket is closed: candidates with this base are dead, and a path through it
// has to be replaced.
type SocketClosed struct{ ID int }

// CandidateFound announces a local candidate.
type CandidateFound struct {
	Candidate Candidate
	// Base is the socket that the candidate's packets leave from (RFC 8445 §4).
	Base int
	// URL is the server that the candidate comes from, "" for host candidates.
	URL string
}

// HiddenCandidate is a host candidate that the agent may send checks from, and
// that the peer must not be told of, since it would show an address that is to
// stay hidden (MulticastDNSModeQueryAndGather). It belongs into the agent and
// nowhere else: not into a description, an event or a statistic. What the agent tells
// of its candidates and pairs has the address: who shows that has to leave it out. If
// the host speaks multicast DNS, CandidateFound follows with a name in its place.
type HiddenCandidate struct {
	Candidate Candidate
	// Base is the socket that the candidate's packets leave from.
	Base int
}

// ErrorCodeUnreachable is the code of a CandidateError for a server that no
// local address can reach, or that has stopped answering (webrtc-pc §4.8.3). All other codes come from the
// server's error responses (RFC 8489 §14.8) and are 300 to 699.
const ErrorCodeUnreachable uint16 = 701

// CandidateError says why a server, or a local address, gave no candidate. It
// holds what W3C's icecandidateerror event does (webrtc-pc §4.8.3).
type CandidateError struct {
	// Address and Port are the local address used to reach the server; "" and 0
	// if there was none, or if it may not be exposed.
	Address string
	Port    uint16
	// URL is the server, "" if the error concerns a local address alone.
	URL string
	// Code is a STUN error code or ErrorCodeUnreachable.
	Code uint16
	// Text is the server's reason phrase, or says what went wrong.
	Text string
}

// GatheringStateChanged says that the gathering state is now State.
type GatheringStateChanged struct{ State GatheringState }

// Resolved is the answer to Gatherer.Resolve.
type Resolved struct {
	// Candidate is the candidate as it was given. Where the name was found its
	// Addr is valid; its Address is still the name.
	Candidate Candidate
	// Err says why the name has no address; nil if it has.
	Err error
}

func (SocketOpened) gatherEvent()          {}
func (SocketClosed) gatherEvent()          {}
func (CandidateFound) gatherEvent()        {}
func (HiddenCandidate) gatherEvent()       {}
func (CandidateError) gatherEvent()        {}
func (GatheringStateChanged) gatherEvent() {}
func (Transmit) gatherEvent()              {}
func (Resolved) gatherEvent()              {}
