package signaling

import (
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// planMedia returns what flows through the transceiver of section i, as the two
// descriptions say. t is nil if the program has it no more.
func planMedia(row mline, i int, ours, theirs *description, weAnswer bool, t *Transceiver) *Media {
	mine, peers := ours.Media[i], theirs.Media[i]
	m := &Media{
		Mid: row.name, Index: i, Transport: row.transport,
		Direction:   ours.direction(i).Intersect(theirs.direction(i).Reverse()),
		AllowMixed:  ours.allowsMixed(i) && theirs.allowsMixed(i),
		Sources:     sources(peers),
		ReceiveRIDs: common(ridNames(rids(peers, "send")), ridNames(rids(mine, "recv"))),
		RTCPRsize:   mine.RTCPRsize && peers.RTCPRsize,
		// RFC 9335 §4: a=cryptex says what an endpoint can receive; here both have to
		// say so.
		Cryptex:    ours.cryptex(i) && theirs.cryptex(i),
		MaxBitrate: maxBitrate(peers.Bandwidths),
		PTime:      peers.PTime,
		MaxPTime:   peers.MaxPTime,
	}
	m.SendExtensions, m.ReceiveExtensions = agreedExtensions(ours.extmaps(i), theirs.extmaps(i))
	if weAnswer {
		m.SendCodecs, m.ReceiveCodecs = answeredCodecs(codecsOf(mine), codecsOf(peers))
	} else {
		m.SendCodecs, m.ReceiveCodecs = acceptedCodecs(codecsOf(mine), codecsOf(peers))
	}
	if t != nil {
		m.SendEncodings = agreedEncodings(mine, peers, t)
		m.EncodingsSettled = len(rids(mine, "send")) > 0 || m.Direction.Sends()
	}
	return m
}

// answeredCodecs returns the formats of an answer of ours: what the peer takes is
// as it has offered it, its preferred ones first.
//
// RFC 9429 §5.11: "choose the media format to send as the most preferred media
// format from the remote description that is also locally supported". The answer
// has the offer's numbers.
func answeredCodecs(answered, offered []codec.Codec) (send, receive []codec.Codec) {
	for _, o := range offered {
		i := slices.IndexFunc(answered, func(a codec.Codec) bool { return sameNumber(a, o) })
		if i >= 0 {
			o.Feedback = answered[i].Feedback
			send = append(send, o)
		}
	}
	return send, answered
}

// acceptedCodecs returns the formats of the peer's answer: what it takes is as it
// has answered it, and may arrive under the numbers of our offer.
func acceptedCodecs(offered, answered []codec.Codec) (send, receive []codec.Codec) {
	send = codec.Accepted(offered, answered)
	listed := make([]bool, len(offered))
	for _, a := range send {
		i := slices.IndexFunc(offered, func(o codec.Codec) bool { return sameNumber(o, a) })
		if i < 0 && !a.IsAuxiliary() {
			// RFC 3264 §6.1: the answer's numbers are those for packets to the peer, and
			// need not be the offer's.
			i = slices.IndexFunc(offered, func(o codec.Codec) bool { return codec.Match(o, a) })
		}
		if i >= 0 && !listed[i] {
			listed[i] = true
			o := offered[i]
			o.Feedback = a.Feedback
			receive = append(receive, o)
		}
	}
	return send, receive
}

// sameNumber says whether two descriptions of a payload type mean one format.
func sameNumber(a, b codec.Codec) bool {
	return a.PayloadType == b.PayloadType && strings.EqualFold(a.MimeType, b.MimeType) && a.ClockRate == b.ClockRate
}

// agreedEncodings returns the streams to send: of several those that the peer
// takes, if it takes them at all.
//
// webrtc-pc §4.4.1.5: "If description indicates that simulcast is not supported or
// desired, or description is missing all of the previously negotiated layers, then
// remove all dictionaries in transceiver.[[Sender]].[[SendEncodings]] except the
// first one". "If description is missing any of the previously negotiated layers,
// then remove the dictionaries that correspond to the missing layers". "Update the
// paused status as indicated by description".
func agreedEncodings(mine, peers *sdp.Media, t *Transceiver) []Encoding {
	sent, wanted := ridNames(rids(mine, "send")), rids(peers, "recv")
	var list []Encoding
	for _, e := range t.Encodings {
		i := slices.IndexFunc(wanted, func(r sdp.SimulcastRID) bool { return r.ID == e.RID })
		if i < 0 || !slices.Contains(sent, e.RID) {
			continue
		}
		e.Active = e.Active && !wanted[i].Paused
		list = append(list, e)
	}
	if len(list) > 0 || len(t.Encodings) == 0 {
		return list
	}
	only := t.Encodings[0]
	only.RID = ""
	// A program may have written another SSRC into the description.
	if named := sources(mine); len(named) > 0 && named[0].SSRC != only.SSRC {
		only.SSRC, only.RTX = named[0].SSRC, named[0].RTX
	}
	return []Encoding{only}
}

// maxBitrate returns the limit that b= lines set to what is sent to their author,
// in bits per second; 0 is none.
//
// RFC 9429 §5.10: "For any specified "TIAS" bandwidth value, set this value as a
// constraint on the maximum RTP bitrate to be used when sending media, as
// specified in [RFC3890]. If a "TIAS" value is not present but an "AS" value is
// specified, generate a "TIAS" value using this formula:
// TIAS = AS * 1000 * 0.95 - (50 * 40 * 8)".
func maxBitrate(lines []sdp.Bandwidth) uint64 {
	var limit uint64
	for _, b := range lines {
		switch b.Type {
		case "TIAS":
			return b.Value
		case "AS":
			if b.Value == 0 {
				continue
			}
			const headers, least, most = 50 * 40 * 8, 1000, 1 << 40
			limit = max(min(b.Value, most)*950, headers+least) - headers
		}
	}
	return limit
}

// common returns those of a list that are in another too.
func common(list, other []string) []string {
	var both []string
	for _, s := range list {
		if slices.Contains(other, s) {
			both = append(both, s)
		}
	}
	return both
}
