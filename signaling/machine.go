package signaling

import (
	"maps"
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// Config is what stays the same over a machine's life.
type Config struct {
	// SessionID is the session id of the o= line; the caller draws it at random.
	// Its two highest bits are cleared (RFC 9429 §5.2.1).
	SessionID uint64
	// AnswerSetup is the DTLS role to take when an offer leaves the choice:
	// SetupActive or SetupPassive. Unspecified is active, as RFC 8842 §5.3
	// recommends.
	AnswerSetup sdp.Setup
	// Lite says that the endpoint is a lite ICE agent (RFC 8445 §2.5), which its
	// descriptions tell with a=ice-lite.
	Lite bool
	// Renomination has descriptions announce that the controlling agent may nominate
	// again (draft-thatcher-ice-renomination).
	Renomination bool
	// Bundle is the bundle policy.
	Bundle BundlePolicy
	// SharedPorts says that transports share ports, so that only their credentials tell
	// them apart: no two may have the same.
	SharedPorts bool
}

// Local is what the endpoint is and wants at the time of a call that may write
// a description.
type Local struct {
	// Fresh makes new random credentials. It is called when a transport is new
	// or restarts, once for each generation of a transport.
	Fresh func() ICEParameters
	// Fingerprints are those of the endpoint's certificate.
	Fingerprints []sdp.Fingerprint
	// Data says that a data channel exists or was asked for, so that offers have
	// a section for data. Answers accept one in any case.
	Data bool
	// MaxMessageSize is the longest message that the endpoint accepts, in bytes;
	// 0 is any size.
	MaxMessageSize uint64
	// SCTPInit is the INIT chunk of this end of the association, for a=sctp-init. It
	// stays the same for the life of the machine; without it the attribute is neither
	// written nor heeded.
	SCTPInit []byte
	// Transceivers are those of the connection, in the order of their creation,
	// without those that have stopped.
	Transceivers []Transceiver
	// Identity is the value of a=identity (RFC 8827 §7.4), nil for none.
	Identity *string
	// CNAME is the canonical name of what the endpoint sends (RFC 7022).
	CNAME string
	// RTCPMuxRequired is the RTCP mux policy "require": remote descriptions of media
	// without multiplexing are refused. Otherwise such sections are rejected.
	RTCPMuxRequired bool
	// Cryptex says that the endpoint can encrypt header extensions (RFC 9335).
	Cryptex bool
	// CryptexRequired refuses remote descriptions of media without it.
	CryptexRequired bool
}

// transceiver returns the transceiver with an identity, or nil.
func (l Local) transceiver(id TransceiverID) *Transceiver {
	i := slices.IndexFunc(l.Transceivers, func(t Transceiver) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return &l.Transceivers[i]
}

// OfferOptions are the options of CreateOffer (webrtc-pc §4.4.4).
type OfferOptions struct {
	// ICERestart asks for credentials other than the current ones.
	ICERestart bool
}

// Description is a session description with its type (webrtc-pc §4.6.2).
type Description struct {
	Type Type
	SDP  string
}

// Machine is the negotiation of one connection. Its methods must not be called
// concurrently. A call that returns an error has changed nothing, but for the rollback
// that SetRemote begins with.
type Machine struct {
	cfg Config
	n   *negotiation
}

// New returns a machine in the stable state without any description.
func New(cfg Config) *Machine {
	cfg.SessionID &= 1<<62 - 1
	return &Machine{cfg: cfg, n: &negotiation{
		nextTransport: 1,
		drafts:        map[TransportID]ICEParameters{},
		gathered:      map[generation]gathering{},
		delivered:     map[TransportID]delivery{},
	}}
}

// negotiation is all that changes in a machine. Calls work on a clone and put
// it in the machine's place when nothing can fail any more: that is what makes
// a failed call change nothing. Descriptions, plans and slices are never
// changed once they are stored here, only replaced; maps are cloned.
type negotiation struct {
	state State

	// The four slots of RFC 9429 §4.1.12–§4.1.15.
	currentLocal, pendingLocal   *description
	currentRemote, pendingRemote *description
	// packed says that the descriptions are without their content; see Pack.
	packed bool

	// lines is the table of m-lines with the newest description applied, plan
	// what the transports should be doing; stable is both as they were when the
	// state was last stable, where a rollback returns to.
	lines  []mline
	plan   plan
	stable struct {
		lines []mline
		plan  plan
	}

	// nextTransport is the next identity to give away. A rollback does not take
	// identities back.
	nextTransport TransportID
	// lastTransceiver is the last identity given to a transceiver.
	lastTransceiver TransceiverID
	// touched are the transceivers that descriptions have said something about
	// since the state was last stable, in that order; created those of them that a
	// remote offer has made.
	touched, created []TransceiverID
	// version is the session version of the last description written, body the
	// SHA-256 sum of its text from the line after the version on.
	version uint64
	body    [32]byte
	// offer and answer are [[LastCreatedOffer]] and [[LastCreatedAnswer]], ""
	// for none.
	offer, answer string
	// offered are the transceivers of the sections of the last offer created, 0
	// where there is none (RFC 9429 §5.2.1: "establish a mapping between the
	// transceiver and the index of the generated "m=" section").
	offered []TransceiverID
	// offerOptions are those of the last CreateOffer.
	offerOptions OfferOptions
	// replace is [[LocalIceCredentialsToReplace]] (webrtc-pc §4.4.1).
	replace []ICEParameters
	// drafts are credentials that were written into a created description which
	// has not been set.
	drafts map[TransportID]ICEParameters
	// gathered are the local candidates of each generation that a local
	// description mentions.
	gathered map[generation]gathering
	// delivered says which remote candidates each transport has been told.
	delivered map[TransportID]delivery
}

func (n *negotiation) clone() *negotiation {
	c := *n.whole()
	c.replace = slices.Clone(n.replace)
	c.touched, c.created = slices.Clone(n.touched), slices.Clone(n.created)
	c.drafts = maps.Clone(n.drafts)
	c.gathered = maps.Clone(n.gathered)
	c.delivered = maps.Clone(n.delivered)
	return &c
}

// State returns the signaling state.
func (m *Machine) State() State { return m.n.state }

// Close ends the negotiation: every call that would change it returns an
// InvalidStateError that wraps net.ErrClosed. The descriptions stay readable.
// It is up to the caller to close the transports.
func (m *Machine) Close() {
	n := m.n.clone()
	n.state = Closed
	m.n = n
}
