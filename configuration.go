package webrtc

import (
	"slices"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/signaling"
)

// Configuration says how a connection is established (webrtc-pc §4.2.1,
// RTCConfiguration). Its JSON form is the browsers'; certificates have no text
// in it (Certificate.PEM makes one).
//
// The zero value is a good configuration for peers that reach each other
// without servers.
type Configuration struct {
	// ICEServers are the STUN and TURN servers that may be asked; nil or empty
	// means none. TURN servers are spoken to over UDP, TCP, TLS and DTLS.
	ICEServers []ICEServer `json:"iceServers,omitempty"`

	// ICETransportPolicy limits the candidates that may be used.
	ICETransportPolicy ICETransportPolicy `json:"iceTransportPolicy,omitempty"`

	// BundlePolicy says on how many transports media is offered to a peer that
	// may not know BUNDLE; one that knows it gets all on one. Each transport gathers
	// candidates until the answer, so that BundlePolicyMaxBundle is the cheapest.
	BundlePolicy BundlePolicy `json:"bundlePolicy,omitempty"`

	// RTCPMuxPolicy says what becomes of media that does not multiplex RTCP: with
	// require, the description is refused, with negotiate the section is rejected. So
	// far RTCP never gets a path of its own.
	RTCPMuxPolicy RTCPMuxPolicy `json:"rtcpMuxPolicy,omitempty"`

	// RTPHeaderEncryptionPolicy says whether header extensions of media are
	// encrypted.
	RTPHeaderEncryptionPolicy RTPHeaderEncryptionPolicy `json:"rtpHeaderEncryptionPolicy,omitempty"`

	// PeerIdentity is the identity that the peer must prove, user@domain
	// (webrtc-identity); "" means any. Without
	// SettingEngine.SetIdentityProviders nobody can check it, and
	// NewPeerConnection returns a *rtcerr.NotSupportedError.
	PeerIdentity string `json:"peerIdentity,omitempty"`

	// Certificates are those to authenticate with; the peer's abilities decide
	// which. GenerateCertificate makes one. Without any, NewPeerConnection
	// generates one; to SetConfiguration nil means the same as before.
	Certificates []Certificate `json:"certificates,omitempty"`

	// ICECandidatePoolSize is how many sets of candidates are gathered before a
	// description needs them, 0 to 255 (RFC 9429 §3.5.4): SetLocalDescription then
	// finds them ready. No more than the bundle policy can use are gathered: one
	// under max-bundle, three under balanced, 16 under max-compat. Those that the
	// first exchange leaves over are given up.
	ICECandidatePoolSize uint8 `json:"iceCandidatePoolSize,omitempty"`

	// SDPSemantics is the layout of descriptions, of which there is one:
	// anything that excludes unified plan is refused.
	SDPSemantics SDPSemantics `json:"sdpSemantics,omitempty"`

	// AlwaysNegotiateDataChannels puts a data section into the first offer even
	// if no channel was created.
	AlwaysNegotiateDataChannels bool `json:"alwaysNegotiateDataChannels,omitempty"`
}

// clone returns a copy that shares nothing that can change.
func (c Configuration) clone() Configuration {
	c.ICEServers = slices.Clone(c.ICEServers)
	for i := range c.ICEServers {
		c.ICEServers[i] = c.ICEServers[i].clone()
	}
	c.Certificates = slices.Clone(c.Certificates)
	return c
}

// withDefaults fills what the zero value leaves to the library, as the
// constructor of RTCPeerConnection does (webrtc-pc §4.2.1).
func (c Configuration) withDefaults() Configuration {
	if c.BundlePolicy == BundlePolicyUnknown {
		c.BundlePolicy = BundlePolicyBalanced
	}
	if c.RTCPMuxPolicy == RTCPMuxPolicyUnknown {
		c.RTCPMuxPolicy = RTCPMuxPolicyRequire
	}
	if c.RTPHeaderEncryptionPolicy == RTPHeaderEncryptionPolicyUnknown {
		c.RTPHeaderEncryptionPolicy = RTPHeaderEncryptionPolicyNegotiate
	}
	return c
}

// bundlePolicy returns the policy as signaling has it.
func (c Configuration) bundlePolicy() signaling.BundlePolicy {
	switch c.BundlePolicy {
	case BundlePolicyMaxBundle:
		return signaling.MaxBundle
	case BundlePolicyMaxCompat:
		return signaling.MaxCompat
	default:
		return signaling.Balanced
	}
}

// inherit fills what SetConfiguration leaves as it was: the zero value of a
// member that cannot be changed anyway stands for its old value.
func (c Configuration) inherit(old Configuration) Configuration {
	if c.BundlePolicy == BundlePolicyUnknown {
		c.BundlePolicy = old.BundlePolicy
	}
	if c.RTCPMuxPolicy == RTCPMuxPolicyUnknown {
		c.RTCPMuxPolicy = old.RTCPMuxPolicy
	}
	if c.RTPHeaderEncryptionPolicy == RTPHeaderEncryptionPolicyUnknown {
		c.RTPHeaderEncryptionPolicy = old.RTPHeaderEncryptionPolicy
	}
	if c.PeerIdentity == "" {
		c.PeerIdentity = old.PeerIdentity
	}
	if c.Certificates == nil {
		c.Certificates = old.Certificates
	}
	return c
}

// servers returns the ICE servers in the ice package's form. validate has
// checked them.
func (c Configuration) servers() []ice.Server {
	var out []ice.Server
	for _, s := range c.ICEServers {
		if parsed, err := s.parse(); err == nil {
			out = append(out, parsed...)
		}
	}
	return out
}
