package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// offeredMedia returns the section of an offer for a transceiver, yet without
// its transport attributes (RFC 9429 §5.2.1, §5.2.2). Row is what the section has
// been so far.
func (n *negotiation) offeredMedia(t *Transceiver, mid string, row mline, l Local, pts numbers, ids *extensionIDs) *sdp.Media {
	inUse := n.stable.plan.media[t.ID]
	m := &sdp.Media{
		Kind: t.Kind.String(), Port: 9, Proto: rtpProto, Mid: mid,
		// §5.2.1: "A direction attribute that is the same as that of the associated
		// transceiver."
		Direction: directionOf(t),
		RTCPMux:   true,
		Cryptex:   l.Cryptex,
	}
	var codecs []codec.Codec
	if inUse != nil {
		codecs = pts.again(t, row, inUse.ReceiveCodecs, n.currentRemote.section(inUse.Index))
		// §5.2.2: "The "a=rtcp-rsize" line MUST only be added if present in the most
		// recent answer." The same goes for a=rtcp-mux-only, which is for offers (RFC
		// 8858 §4), and for a=rtcp if that answer multiplexes.
		m.RTCPRsize = inUse.RTCPRsize
	} else {
		codecs = pts.fresh(t)
		m.RTCPRsize, m.RTCPMuxOnly = true, true
		// §5.2.1: "An "a=rtcp" line ... containing the dummy value "9 IN IP4 0.0.0.0",
		// because no candidates have yet been gathered."
		m.RTCP = noRTCP
	}
	putCodecs(m, codecs)
	if !hasMedia(codecs) {
		// With nothing to offer, the section is as good as rejected.
		return rejectedSection(m, mid)
	}
	m.Extmaps = ids.offered(t.Extensions, inUse)
	if n.describesSender(t) {
		putSender(m, t, offeredRIDs(t, inUse), l.CNAME)
	}
	if inUse != nil {
		// §5.2.2: "any "a=simulcast" line MUST stay the same."
		putRIDs(m, "recv", inUse.ReceiveRIDs)
	}
	return m
}

// answeredMedia returns the answer to an offered section for a transceiver, yet
// without its transport attributes (RFC 9429 §5.3.1), or nil if it has to be
// rejected.
func (n *negotiation) answeredMedia(offer *description, i int, t *Transceiver, l Local) *sdp.Media {
	offered := offer.Media[i]
	// "The associated RtpTransceiver has been stopped."
	if t == nil || t.Stopping || !offer.acceptable(i, t.Kind, t) {
		return nil
	}
	m := &sdp.Media{
		// §5.1.2: "The profile in any answer MUST exactly match the profile provided
		// in the offer."
		Kind: offered.Kind, Port: 9, Proto: offered.Proto, Mid: offered.Mid,
		// "For example, in the case where an "m=" section is offered as "sendonly" and
		// the local transceiver is set to "sendrecv", the result in the answer is a
		// "recvonly" direction."
		Direction: t.Direction.Intersect(offer.direction(i).Reverse()),
		RTCPMux:   true,
		// "If present in the offer, an "a=rtcp-rsize" line".
		RTCPRsize:        offered.RTCPRsize,
		ExtmapAllowMixed: offered.ExtmapAllowMixed,
		Cryptex:          l.Cryptex && offer.cryptex(i),
		Extmaps:          answeredExtensions(offer.extmaps(i), t.Extensions),
	}
	putCodecs(m, codec.Negotiate(codecsOf(offered), t.Codecs, t.PreferOwnOrder))
	// RFC 8853 §5.3.2: streams are answered with their direction reversed; those
	// that are left out are declined.
	wanted := rids(offered, "recv")
	var names []string
	for _, e := range t.Encodings {
		if e.RID != "" && slices.ContainsFunc(wanted, func(r sdp.SimulcastRID) bool { return r.ID == e.RID }) {
			names = append(names, e.RID)
		}
	}
	if n.describesSender(t) {
		putSender(m, t, names, l.CNAME)
	} else {
		// RFC 8853 §5.3.2: the streams are named all the same; whether they are sent is
		// for the direction to say.
		putRIDs(m, "send", names)
	}
	putRIDs(m, "recv", ridNames(rids(offered, "send")))
	return m
}

// directionOf returns the direction that a transceiver wants, in words.
func directionOf(t *Transceiver) sdp.Direction {
	return sdp.DirectionOf(t.Direction.Sends(), t.Direction.Receives())
}

// offeredRIDs returns the names of a sender's streams if there are several, or
// if the one that is left of several has been negotiated under its name.
func offeredRIDs(t *Transceiver, inUse *Media) []string {
	var names []string
	for _, e := range t.Encodings {
		if e.RID != "" && !slices.Contains(names, e.RID) {
			names = append(names, e.RID)
		}
	}
	if len(names) == 1 && (inUse == nil || !slices.ContainsFunc(inUse.SendEncodings, func(e Encoding) bool { return e.RID == names[0] })) {
		return nil
	}
	return names
}

// describesSender says whether a section of ours has a=msid lines and what goes
// with them: the transceiver wants to send, or the section has had them before.
//
// RFC 9429 §5.2.2: "For RtpTransceivers that are not stopped, the "a=msid" line(s)
// MUST stay the same if they are present in the current description, regardless
// of changes to the transceiver's direction or track."
func (n *negotiation) describesSender(t *Transceiver) bool {
	if t.Direction.Sends() {
		return true
	}
	i := slices.IndexFunc(n.stable.lines, func(r mline) bool { return r.transceiver == t.ID })
	current := n.currentLocal.section(i)
	return current != nil && len(current.Msids) > 0
}
