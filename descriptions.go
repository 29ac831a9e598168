package webrtc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// CreateOffer returns a description that offers what the connection has and
// wants (webrtc-pc §4.4.2, RFC 9429 §5.2). It changes nothing (but see
// OfferOptions.OfferToReceiveAudio): give it to SetLocalDescription, then to the peer.
// A nil options is the zero OfferOptions.
//
// It returns an InvalidStateError while a remote offer waits for its answer, and
// one that matches net.ErrClosed after Close.
func (pc *PeerConnection) CreateOffer(options *OfferOptions) (SessionDescription, error) {
	var opts signaling.OfferOptions
	if options != nil {
		opts.ICERestart = options.ICERestart
	}
	return pc.create("CreateOffer", SDPTypeOffer, func() (string, error) {
		if s := pc.machine.State(); options != nil && (s == signaling.Stable || s == signaling.HaveLocalOffer) {
			pc.offerToReceive(RTPCodecTypeAudio, options.OfferToReceiveAudio)
			pc.offerToReceive(RTPCodecTypeVideo, options.OfferToReceiveVideo)
		}
		return pc.machine.CreateOffer(pc.local(), opts)
	})
}

// CreateAnswer returns a description that answers the pending remote offer
// (webrtc-pc §4.4.2, RFC 9429 §5.3). It changes nothing: give it to
// SetLocalDescription, then to the peer.
//
// It returns an InvalidStateError without a remote offer, and one that matches
// net.ErrClosed after Close.
func (pc *PeerConnection) CreateAnswer(*AnswerOptions) (SessionDescription, error) {
	return pc.create("CreateAnswer", SDPTypeAnswer, func() (string, error) {
		return pc.machine.CreateAnswer(pc.local())
	})
}

func (pc *PeerConnection) create(operation string, typ SDPType, build func() (string, error)) (SessionDescription, error) {
	var text string
	err := pc.assertIdentity()
	if err != nil {
		return SessionDescription{}, err
	}
	run := func(time.Time) {
		text, err = build()
		pc.descriptionTasks++
	}
	if pc.do(run) != nil {
		return SessionDescription{}, errClosed(operation)
	}
	if err != nil {
		return SessionDescription{}, err
	}
	return SessionDescription{Type: typ, SDP: text}, nil
}

// SetLocalDescription applies a description that CreateOffer or CreateAnswer
// made (webrtc-pc §4.4.1.5) and starts gathering candidates for it. With the
// zero SessionDescription it makes the offer or answer that fits the state,
// with an empty SDP the one of that type; SDPTypeRollback takes back what was
// set since the last stable state.
//
// It returns an InvalidStateError for a type that does not fit the signaling
// state and after Close, an InvalidModificationError for a description that
// was altered in a way RFC 9429 §5.4 does not allow, and an RTCError with the
// line for one that does not parse. Nothing is changed then.
func (pc *PeerConnection) SetLocalDescription(desc SessionDescription) error {
	if desc.SDP == "" && desc.Type != SDPTypeRollback {
		if err := pc.assertIdentity(); err != nil {
			return err
		}
	}
	return pc.setDescription("SetLocalDescription", func() (signaling.Effects, error) {
		effects, err := pc.machine.SetLocal(descriptionTo(desc), pc.local())
		pc.described = pc.described || err == nil
		return effects, err
	})
}

// SetRemoteDescription applies the peer's description (webrtc-pc §4.4.1.5). A
// remote offer that meets a pending local one rolls that back first; an answer
// starts the transports; SDPTypeRollback takes a remote offer back.
//
// It returns an InvalidStateError for a type that does not fit the signaling
// state and after Close, an RTCError with the line for a description that does
// not parse, and an InvalidAccessError or OperationError for one that breaks
// the rules of RFC 9429 §5.8. Nothing is changed then, except that a pending local
// offer is rolled back by every remote one.
func (pc *PeerConnection) SetRemoteDescription(desc SessionDescription) error {
	peer, err := pc.checkIdentity(desc)
	if err != nil {
		return err
	}
	err = pc.setDescription("SetRemoteDescription", func() (signaling.Effects, error) {
		return pc.machine.SetRemote(descriptionTo(desc), pc.local())
	})
	if err == nil && peer != nil {
		pc.identity.settle(peer, nil)
	}
	return err
}

// Rollback returns to the last stable state: it is SetLocalDescription or
// SetRemoteDescription with SDPTypeRollback, whichever fits. It returns an
// InvalidStateError if no description is pending, and once an offer has been
// answered provisionally (webrtc-pc §4.4.1.5).
func (pc *PeerConnection) Rollback() error {
	return pc.setDescription("Rollback", func() (signaling.Effects, error) {
		rollback := signaling.Description{Type: signaling.Rollback}
		switch pc.machine.State() {
		case signaling.HaveRemoteOffer, signaling.HaveLocalPranswer:
			return pc.machine.SetRemote(rollback, pc.local())
		default:
			return pc.machine.SetLocal(rollback, pc.local())
		}
	})
}

func (pc *PeerConnection) setDescription(operation string, set func() (signaling.Effects, error)) error {
	var err error
	closed := pc.do(func(now time.Time) {
		pc.descriptionTasks++
		var effects signaling.Effects
		// Those of a rollback come with the error of the offer that asked for it.
		if effects, err = set(); err != nil && len(effects) == 0 {
			return
		}
		pc.dirty = true
		pc.apply(now, effects)
		if pc.machine.State() == signaling.Stable {
			pc.clearNegotiationNeeded()
		}
	})
	if closed != nil {
		return errClosed(operation)
	}
	return err
}

// AddICECandidate adds a candidate of the peer's (webrtc-pc §4.4.2), which
// becomes part of the remote description. An empty Candidate says that the
// generation has no more.
//
// It returns a TypeError if neither SDPMid nor SDPMLineIndex is given, an
// InvalidStateError without a remote description (ErrNoRemoteDescription) and
// after Close (ErrConnectionClosed), and an
// OperationError for a media section or usernameFragment that the remote
// description does not have and for a candidate that does not parse.
func (pc *PeerConnection) AddICECandidate(candidate ICECandidateInit) error {
	var err error
	closed := pc.do(func(now time.Time) {
		var effects signaling.Effects
		// What is wrong with the call itself comes before what is wrong with the
		// candidate (webrtc-pc §4.4.2).
		if addressed := candidate.SDPMid != nil || candidate.SDPMLineIndex != nil; addressed && pc.machine.Slots().HasRemote() {
			if err = checkCandidate(candidate.Candidate); err != nil {
				return
			}
		}
		effects, err = pc.machine.AddRemoteCandidate(signaling.Candidate{
			Candidate:  candidate.Candidate,
			Mid:        candidate.SDPMid,
			MLineIndex: candidate.SDPMLineIndex,
			Ufrag:      candidate.UsernameFragment,
		})
		if err != nil {
			return
		}
		pc.dirty = true
		pc.apply(now, effects)
	})
	if closed != nil {
		return errClosed("AddICECandidate")
	}
	return err
}

// checkCandidate refuses a candidate that breaks the grammar of RFC 8839 §5.1.
// One of a type or transport that is not known is well-formed, and ignored.
func checkCandidate(candidate string) error {
	if candidate == "" {
		return nil
	}
	_, err := ice.UnmarshalCandidate(candidate)
	var syntax *rtcerr.SyntaxError
	if errors.As(err, &syntax) {
		return &rtcerr.OperationError{Err: fmt.Errorf("the candidate does not parse: %w", syntax.Err)}
	}
	return nil
}

// RestartICE has the next offer carry new ICE credentials, so that candidates
// are gathered and checked anew, and announces that negotiation is needed
// (webrtc-pc §4.4.2). The connection stays in use meanwhile. It does nothing
// after Close.
func (pc *PeerConnection) RestartICE() {
	_ = pc.do(func(time.Time) {
		pc.machine.RestartICE()
		pc.updateNegotiationNeeded()
	})
}

// packDelay is how long after an exchange of descriptions, and the candidates that
// follow, what was made of them is dropped. It is made again when it is needed.
const packDelay = 2 * time.Second

// packDeadline returns when the machine is to be packed, the zero time for never.
func (pc *PeerConnection) packDeadline(now time.Time) time.Time {
	switch {
	case pc.machine.State() != signaling.Stable || pc.machine.Packed():
		pc.packAt = time.Time{}
	case pc.packAt.IsZero():
		pc.packAt = now.Add(packDelay)
	}
	return pc.packAt
}

func (pc *PeerConnection) pack(now time.Time) {
	if !pc.packAt.IsZero() && !now.Before(pc.packAt) {
		pc.machine.Pack()
		pc.dirty = true // the view holds what was dropped
	}
}

// local is what this endpoint is and wants now, for the signaling machine.
func (pc *PeerConnection) local() signaling.Local {
	return signaling.Local{
		Fresh:           pc.freshICE,
		Fingerprints:    pc.fingerprints(),
		Data:            pc.dataWanted.Load(),
		MaxMessageSize:  uint64(pc.api.settings.sctpMaxMessageSize()),
		SCTPInit:        pc.localInit(),
		Transceivers:    pc.describedTransceivers(),
		CNAME:           pc.cname,
		Identity:        pc.identity.line.Load(),
		RTCPMuxRequired: pc.config.RTCPMuxPolicy == RTCPMuxPolicyRequire,
		Cryptex:         pc.config.RTPHeaderEncryptionPolicy != RTPHeaderEncryptionPolicyDisable,
		CryptexRequired: pc.config.RTPHeaderEncryptionPolicy == RTPHeaderEncryptionPolicyRequire,
	}
}

// fingerprints returns those of the certificates, which stay the same.
func (pc *PeerConnection) fingerprints() []sdp.Fingerprint {
	if pc.certified != nil {
		return pc.certified
	}
	// RFC 9429 §5.2.1: each of the endpoint's certificates has an a=fingerprint line.
	// Peers that keep one line of several keep the last: that of the certificate in use.
	for _, certificate := range slices.Backward(pc.config.Certificates) {
		fingerprints, err := certificate.GetFingerprints()
		if err != nil {
			return nil
		}
		for _, f := range fingerprints {
			// RFC 8122 §5 writes upper-case hexadecimal, and Firefox reads no other.
			pc.certified = append(pc.certified, sdp.Fingerprint{Algorithm: f.Algorithm, Value: strings.ToUpper(f.Value)})
		}
	}
	return pc.certified
}

// freshICE makes new credentials. RFC 8445 §5.3 wants at least 24 bits of
// randomness in the fragment and 128 in the password; six bits each are in a
// character.
func (pc *PeerConnection) freshICE() signaling.ICEParameters {
	if s := &pc.api.settings; s.iceUfrag != "" && len(pc.transports) == 0 {
		return signaling.ICEParameters{Ufrag: s.iceUfrag, Pwd: s.icePwd}
	}
	return signaling.ICEParameters{Ufrag: randomICEChars(8), Pwd: randomICEChars(24)}
}

func randomICEChars(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[b[i]&63]
	}
	return string(b)
}

func errClosed(operation string) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("%s: %w", operation, ErrConnectionClosed)}
}

func descriptionTo(d SessionDescription) signaling.Description {
	return signaling.Description{Type: signaling.Type(d.Type), SDP: d.SDP}
}

func descriptionFrom(d *signaling.Description) *SessionDescription {
	if d == nil {
		return nil
	}
	return &SessionDescription{Type: SDPType(d.Type), SDP: d.SDP}
}

func signalingStateFrom(s signaling.State) SignalingState {
	switch s {
	case signaling.Stable:
		return SignalingStateStable
	case signaling.HaveLocalOffer:
		return SignalingStateHaveLocalOffer
	case signaling.HaveRemoteOffer:
		return SignalingStateHaveRemoteOffer
	case signaling.HaveLocalPranswer:
		return SignalingStateHaveLocalPranswer
	case signaling.HaveRemotePranswer:
		return SignalingStateHaveRemotePranswer
	default:
		return SignalingStateClosed
	}
}

func trickleFrom(can *bool) ICETrickleCapability {
	switch {
	case can == nil:
		return ICETrickleCapabilityUnknown
	case *can:
		return ICETrickleCapabilitySupported
	default:
		return ICETrickleCapabilityUnsupported
	}
}
