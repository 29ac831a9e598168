package signaling

import (
	"strings"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// checkOffer says whether an offer can follow upon the m-lines that are there.
func checkOffer(offer *content, rows []mline, who side) error {
	// RFC 3264 §8: "the number of m= lines in the new offer MUST be equal to or
	// greater than that in the previous one", and none changes its place.
	if len(offer.Media) < len(rows) {
		return invalid("the %s offer has %d sections, but %d were negotiated and none may go", who, len(offer.Media), len(rows))
	}
	for i, row := range rows {
		m := offer.Media[i]
		if !row.rejected && !row.is(m) {
			return invalid("%s of the %s offer stands in the place of %s with mid %q, which is in use", section(i, m), who, row.kind, row.mid)
		}
	}
	return checkSections(offer, who, Offer)
}

// checkAnswer says whether an answer answers its offer (RFC 3264 §6, RFC 9429
// §5.11).
func checkAnswer(offer *description, answer *content, who side) error {
	if len(answer.Media) != len(offer.Media) {
		return invalid("the %s answer has %d sections where the offer has %d", who, len(answer.Media), len(offer.Media))
	}
	for i, m := range answer.Media {
		offered := offer.Media[i]
		if m.Kind != offered.Kind && offered.Malformed == nil {
			return invalid("%s of the %s answer was offered as %s", section(i, m), who, offered.Kind)
		}
		// A peer that knows nothing of mids leaves them out, and is matched by the
		// order.
		if m.Mid != "" && m.Mid != offered.Mid {
			return invalid("%s of the %s answer was offered with mid %q", section(i, m), who, offered.Mid)
		}
		if m.IsRejected() {
			continue
		}
		if m.Malformed != nil {
			return invalid("%s of the %s answer: %w", section(i, m), who, m.Malformed)
		}
		if unusable(offered) {
			// RFC 3264 §6: "the stream MUST be rejected in the answer" too.
			return invalid("%s of the %s answer accepts what the offer has with port 0", section(i, m), who)
		}
		if offer.rows[i].data && !isData(m) {
			return invalid("%s of the %s answer has protocol %s with formats %q, which cannot carry data channels", section(i, m), who, m.Proto, m.Formats)
		}
		if offer.rows[i].transceiver != 0 {
			if err := checkMediaAnswer(offer, answer, i, who); err != nil {
				return err
			}
		}
	}
	if err := checkBundleAnswer(offer.content, answer, who); err != nil {
		return err
	}
	if err := checkSections(answer, who, Answer); err != nil {
		return err
	}
	return checkRoles(offer, answer, who)
}

// checkMediaAnswer says whether section i of an answer, for audio or video, goes
// with the offer's.
func checkMediaAnswer(offer *description, answer *content, i int, who side) error {
	m := answer.Media[i]
	if _, ok := mediaKind(m); !ok {
		return invalid("%s of the %s answer has protocol %s, which is not RTP over DTLS", section(i, m), who, m.Proto)
	}
	// RFC 9429 §5.8.3: "If the RTP/RTCP multiplexing policy is "require", each "m="
	// section MUST contain an "a=rtcp-mux" attribute."
	if !answer.muxes(i) {
		return invalid("%s of the %s answer has no a=rtcp-mux, and RTCP has no other way", section(i, m), who)
	}
	// RFC 3264 §6.1: the answer lists formats of the offer; a stream without one in
	// common is rejected.
	if !hasMedia(codec.Accepted(codecsOf(offer.Media[i]), codecsOf(m))) {
		return invalid("%s of the %s answer has formats %q, none of which was offered; port 0 rejects a section", section(i, m), who, m.Formats)
	}
	return nil
}

// checkBundleAnswer says whether the answer's group is a part of the offer's
// (RFC 9143 §7.3): the answerer can leave sections out, but not bring others
// in.
func checkBundleAnswer(offer, answer *content, who side) error {
	for _, i := range answer.group {
		if !offer.member[i] {
			return invalid("%s of the %s answer is bundled, but was not offered so", section(i, answer.Media[i]), who)
		}
	}
	for i, m := range answer.Media {
		if offer.Media[i].BundleOnly && !m.IsRejected() && !answer.member[i] {
			return invalid("%s of the %s answer is not bundled, but was offered as bundle-only", section(i, m), who)
		}
	}
	return nil
}

// checkSections says whether every section that uses ICE and DTLS has what it
// takes.
func checkSections(c *content, who side, kind Type) error {
	for i, m := range c.Media {
		if unusable(m) || !securedByDTLS(m) || !c.bundledIfOnly(i) {
			continue // Others are rejected if they lack something.
		}
		t := c.transport[i]
		switch {
		// RFC 8839 §5.4: both MUST be present for every media stream.
		case t.ICEUfrag == "":
			return invalidFor(rtcerr.ErrMissingUfrag, "%s of the %s %s has no a=ice-ufrag", section(i, m), who, kind)
		case t.ICEPwd == "":
			return invalidFor(rtcerr.ErrMissingPwd, "%s of the %s %s has no a=ice-pwd", section(i, m), who, kind)
		case who == remote && (!isICEText(t.ICEUfrag, 4) || !isICEText(t.ICEPwd, 22)):
			// RFC 8839 §5.4: "ufrag = 4*256ice-char", "password = 22*256ice-char".
			return invalid("%s of the %s %s has an a=ice-ufrag that is not 4 to 256, or an a=ice-pwd that is not 22 to 256 of the letters, digits, + and / of ICE", section(i, m), who, kind)
		case len(t.Fingerprints) == 0:
			// RFC 8842 §5.1: "The endpoint MUST include one or more fingerprints".
			return invalidFor(rtcerr.ErrMissingFingerprint, "%s of the %s %s has no a=fingerprint", section(i, m), who, kind)
		case t.Setup == sdp.SetupHoldconn:
			return invalid("%s of the %s %s has a=setup:holdconn, which DTLS does not use", section(i, m), who, kind)
		}
	}
	return nil
}

// isICEText says whether s consists of low to 256 ice-char (RFC 8839 §5.1). The
// hyphen, the underscore and the equals sign of the other base 64 are read too, for
// peers that write them.
func isICEText(s string, low int) bool {
	return len(s) >= low && len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("+/-_=", r))
	})
}

// checkRoles says whether offer and answer leave one DTLS client and one
// server for each section (RFC 8842 §5.3, RFC 4145 §4.1).
func checkRoles(offer *description, answer *content, who side) error {
	for i, m := range answer.Media {
		if unusable(m) || !answer.usesDTLS(i) {
			continue
		}
		offered, answered := offer.transport[i].Setup, answer.transport[i].Setup
		switch {
		case answered == sdp.SetupActpass:
			return invalid("%s of the %s answer has a=setup:actpass; it has to choose active or passive", section(i, m), who)
		case answered != sdp.SetupUnspecified && answered == offered:
			return invalid("%s of the %s answer has a=setup:%s, and so has the offer", section(i, m), who, answered)
		}
	}
	return nil
}

// securedByDTLS says whether a section's protocol is one of those over DTLS
// (RFC 5764 §8, RFC 8841 §4.1).
func securedByDTLS(m *sdp.Media) bool {
	return strings.Contains(m.Proto, "DTLS") || strings.Contains(m.Proto, "TLS/RTP")
}

// checkRenewal says whether a remote offer that asks for a new DTLS association
// can have it.
//
// RFC 9429 §5.8.3: if the "tls-id value is different from that presently in use,
// the DTLS connection is not being continued and the remote description MUST be
// part of an ICE restart, together with new ufrag and password values."
func checkRenewal(inForce plan, offer *description) error {
	for _, t := range transports(offer.rows) {
		was := inForce.transports[t].remote
		if was == nil {
			continue
		}
		i := carrier(offer.rows, offer.content, t)
		is := &remotePlan{fingerprints: offer.transport[i].Fingerprints, tlsID: offer.transport[i].TLSID}
		if !was.continues(is) && was.parameters == offer.credentials(i) {
			return renewalError(i, offer)
		}
	}
	return nil
}

// checkContinuity says whether DTLS can go on where an answer has it go on.
//
// RFC 9429 §5.11: "If a DTLS connection needs to be torn down but the answer
// does not indicate an ICE restart ..., an error MUST be generated."
func checkContinuity(inForce, next plan, answer *description) error {
	for _, t := range next.ids() {
		was, is := inForce.transports[t], next.transports[t]
		if renews(was, is) && was.remote.parameters == is.remote.parameters && was.remote.paired == is.remote.paired {
			return renewalError(carrier(answer.rows, answer.content, t), answer)
		}
	}
	return nil
}

// checkRestart says whether a remote answer restarts ICE where our offer does
// not. RFC 9429 §5.10: an answer changes ufrag and password if and only if the
// offer restarts ICE; a change without that is an error. The other way round,
// a peer that keeps its credentials is let pass.
func checkRestart(stable, next plan, answer *description) error {
	for _, t := range next.ids() {
		was, is := stable.transports[t], next.transports[t]
		if was.remote == nil || is.remote == nil || was.local != is.local || was.remote.parameters == is.remote.parameters {
			continue
		}
		i := carrier(answer.rows, answer.content, t)
		return invalid("%s of the remote %s has other ICE credentials than before, but the offer does not restart ICE", section(i, answer.Media[i]), answer.kind)
	}
	return nil
}

func renewalError(i int, d *description) error {
	return invalid("%s of the %s has another fingerprint or tls-id without an ICE restart", section(i, d.Media[i]), d.kind)
}
