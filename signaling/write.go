package signaling

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/sdp"
)

// renominationOption is the ICE option of draft-thatcher-ice-renomination.
const renominationOption = "renomination"

// newSession returns the session part of a description of ours.
func newSession(cfg Config, l Local) *sdp.Session {
	s := &sdp.Session{
		Name: "-",
		// RFC 8839 §5.3: "If a session-level "ice-lite" attribute is present, the
		// agent is a lite implementation." RFC 9429 knows full agents only.
		ICELite: cfg.Lite,
		// RFC 9429 §5.2.1: "An "a=ice-options" line with the "trickle" option MUST
		// be added", and "ice2" as RFC 8445 §10 has it, at session level.
		Transport: sdp.Transport{ICEOptions: []string{"trickle", "ice2"}},
		// What every browser writes, for peers that look for it.
		MsidSemantic: []string{"WMS *"},
	}
	if cfg.Renomination {
		s.Transport.ICEOptions = append(s.Transport.ICEOptions, renominationOption)
	}
	if l.Identity != nil {
		s.Identity = *l.Identity
	}
	return s
}

// fillTransport writes a transport's attributes and what it has gathered so
// far into its section (RFC 9429 §5.2.1, §5.2.2).
func (n *negotiation) fillTransport(m *sdp.Media, t TransportID, l Local, p ICEParameters) {
	m.Transport.ICEUfrag, m.Transport.ICEPwd = p.Ufrag, p.Pwd
	m.Transport.Fingerprints = slices.Clone(l.Fingerprints)
	g := n.gathered[generation{t, p.Ufrag}]
	m.Candidates = slices.Clone(g.candidates)
	m.EndOfCandidates = g.ended
	if address, port, ok := defaultCandidate(g.candidates); ok {
		m.Connection, m.Port = address, port
		if m.RTCP != "" {
			// RFC 8858 §4.2: beside a=rtcp-mux-only, "the address and port values of the SDP
			// 'rtcp' attribute MUST match the corresponding values for RTP."
			m.RTCP = decimal(int(port)) + " " + connection(address)
		}
	}
}

// write returns the text of a description of ours, with its o= line.
//
// RFC 9429 §5.2.2: "The fields of the "o=" line MUST stay the same except for
// the <sess-version> field, which MUST increment by one on each call to
// createOffer if the offer might differ from the output of the previous call".
func (n *negotiation) write(cfg Config, s *sdp.Session) string {
	s.Origin = sdp.Origin{Username: "-", SessionID: cfg.SessionID, SessionVersion: n.version + 1, Address: "127.0.0.1"}
	text := s.Marshal()
	// The version line is the first, the o= line the second.
	_, body, _ := strings.Cut(text, "\no=")
	_, body, _ = strings.Cut(body, "\n")
	sum := sha256.Sum256([]byte(body))
	if sum == n.body {
		s.Origin.SessionVersion = n.version
		return s.Marshal()
	}
	n.version, n.body = n.version+1, sum
	return text
}

// localCredentials returns the credentials of a transport in the newest local
// description.
func (n *negotiation) localCredentials(t TransportID) (ICEParameters, bool) {
	v, ok := n.plan.transports[t]
	return v.local, ok
}

// draft returns new credentials for a transport. They stay the same from one
// created description to the next until one is set.
func (n *negotiation) draft(t TransportID, l Local) ICEParameters {
	d, ok := n.drafts[t]
	if !ok {
		d = l.Fresh()
		n.drafts[t] = d
	}
	return d
}
