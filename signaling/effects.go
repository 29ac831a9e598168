package signaling

import "github.com/parleyrtc/webrtc/sdp"

// TransportID is the identity of one ICE and DTLS transport of the connection.
// It stays the same over ICE restarts and renegotiations, and is never given to
// another transport. Zero is no transport.
type TransportID int

// ICEParameters are the credentials of one ICE generation (RFC 8839 §5.4).
type ICEParameters struct{ Ufrag, Pwd string }

// Effects are what a call has to bring about outside the machine, in the order
// in which it is to be applied. They are differences: what is already so is
// not repeated.
type Effects []Effect

// Effect is one of the types of this file.
type Effect interface{ effect() }

// StateChanged says that the signaling state is another one now. An implicit
// rollback passes through stable, and says so (webrtc-pc §4.4.2,
// setRemoteDescription).
type StateChanged struct{ State State }

// LocalICE tells a transport, a new one perhaps, to use these credentials and
// to gather candidates for them (RFC 9429 §3.5.1). Credentials other than
// those in use restart ICE (RFC 8445 §9). Rollback says that the credentials
// are those of before an offer that was rolled back, whose checks and pairs
// still stand.
type LocalICE struct {
	Transport  TransportID
	Parameters ICEParameters
	Rollback   bool
}

// ICERole gives a transport its role (RFC 8445 §6.1.1).
type ICERole struct {
	Transport   TransportID
	Controlling bool
}

// RemoteICE tells a transport the peer's credentials: at first, when they
// change, and again when the peer pairs the same ones with our new ones. Each
// time the generation's candidates follow, all of them.
type RemoteICE struct {
	Transport     TransportID
	Parameters    ICEParameters
	Lite, Trickle bool
	// Renomination: the peer knows of nominations that replace each other
	// (draft-thatcher-ice-renomination).
	Renomination bool
}

// RemoteCandidate adds a candidate of the peer's generation in use. Candidate
// is the attribute's value from the foundation on, without "candidate:".
type RemoteCandidate struct {
	Transport TransportID
	Candidate string
}

// RemoteEndOfCandidates says that the peer's generation in use has no more
// candidates to come (RFC 8838 §14).
type RemoteEndOfCandidates struct{ Transport TransportID }

// StartDTLS tells the role and the peer's fingerprints. It comes again for a
// running transport if they changed. With Renew the peer is another one, or
// asks for a new association (RFC 8842 §4): the running one ends. Without it,
// the peer's certificate has to match the new list too.
type StartDTLS struct {
	Transport    TransportID
	Client       bool
	Fingerprints []sdp.Fingerprint
	Renew        bool
}

// StartData starts the SCTP association over a transport (RFC 8841 §10.3,
// §10.4). RemoteMaxMessageSize is what the peer accepts, in bytes; 0 is any
// size. LocalInit and RemoteInit are the INIT chunks of the descriptions, both or
// neither: with them, the association is up as soon as DTLS is
// (draft-hancke-tsvwg-snap-00 §6).
type StartData struct {
	Transport             TransportID
	LocalPort             uint16
	RemotePort            uint16
	RemoteMaxMessageSize  uint64
	LocalInit, RemoteInit string
}

// UpdateData says that the peer accepts another size from now on.
type UpdateData struct{ RemoteMaxMessageSize uint64 }

// StopData ends the association: its section was rejected, or
// DTLS is renewed under it. In the last case a StartData follows.
type StopData struct{}

// CloseTransport ends a transport that no section uses any more.
type CloseTransport struct{ Transport TransportID }

func (StateChanged) effect()          {}
func (LocalICE) effect()              {}
func (ICERole) effect()               {}
func (RemoteICE) effect()             {}
func (RemoteCandidate) effect()       {}
func (RemoteEndOfCandidates) effect() {}
func (StartDTLS) effect()             {}
func (StartData) effect()             {}
func (UpdateData) effect()            {}
func (StopData) effect()              {}
func (CloseTransport) effect()        {}
