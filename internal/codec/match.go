package codec

import "strings"

// A format is what a payload format says of its parameters.
type format struct {
	// match reports whether two sets of parameters describe one format.
	match func(a, b Fmtp) bool
	// answer returns the parameters with which an offer is answered that
	// matches; nil means that local's are, since they say what a receiver takes
	// or likes and the other side's have no bearing on them.
	answer func(offered, local Fmtp) Fmtp
	// open says that one of our codecs without parameters stands for the format
	// with any.
	open bool
	// channels is the number of channels that the format always has; 0 if that
	// varies.
	channels uint16
}

// any is the match of formats that are the same whatever their parameters.
func anyParameters(_, _ Fmtp) bool { return true }

// formats are the payload formats whose rules are known, by encoding name in
// lower case.
var formats = map[string]format{
	// RFC 7741 §6.1: max-fr and max-fs are what the receiver decodes.
	"vp8":  {match: anyParameters},
	"vp9":  {match: matchVP9},
	"av1":  {match: matchAV1},
	"h264": {match: matchH264, answer: answerH264, open: true},
	"h265": {match: matchH265, answer: answerH265},
	// RFC 7587 §7: "the number of channels MUST be 2". Peers that write another
	// are understood. All parameters but two say what the receiver likes to get,
	// those two, sprop-maxcapturerate and sprop-stereo, what the sender sends.
	"opus": {match: anyParameters, channels: 2},
	// RFC 3551 §4.5.2: "Even though the actual sampling rate for G.722 audio is
	// 16,000 Hz, the RTP clock rate for the G722 payload format is 8,000 Hz".
	"g722": {match: anyParameters},
	"pcmu": {match: anyParameters},
	"pcma": {match: anyParameters},
	// Comfort noise (RFC 3389) and telephone events (RFC 4733) go with the audio
	// of the same clock rate, which is all that two of them must agree in. The
	// events that a telephone-event lists are those that its receiver knows.
	"cn":              {match: anyParameters},
	"telephone-event": {match: anyParameters},
	// The repair window is the receiver's (RFC 8627 §5.1).
	"ulpfec":     {match: anyParameters},
	"flexfec":    {match: anyParameters},
	"flexfec-03": {match: anyParameters},
}

// formatOf returns the rules for a codec. Of a format that is not known the
// parameters must be the same, since any of them may change what is sent.
func formatOf(c Codec) format {
	if f, ok := formats[strings.ToLower(c.Name())]; ok {
		return f
	}
	return format{match: Fmtp.equal}
}

// sameEncoding reports whether two codecs agree in everything that a=rtpmap
// says. A missing number of channels is one (RFC 8866 §6.6).
func sameEncoding(a, b Codec) bool {
	return strings.EqualFold(a.MimeType, b.MimeType) && a.ClockRate == b.ClockRate &&
		(max(a.Channels, 1) == max(b.Channels, 1) || formatOf(a).channels != 0)
}

// Match reports whether two codecs are the same media format by the rules of
// its payload format, whatever their payload types and feedback. Formats that
// serve another one, rtx and red, match if they are written alike; Negotiate,
// Accepted and Renumber look at what they serve.
func Match(a, b Codec) bool {
	return sameEncoding(a, b) && formatOf(a).match(ParseFmtp(a.Fmtp), ParseFmtp(b.Fmtp))
}

// takes reports whether a format of the peer's is what our codec stands for. A
// format whose parameters make no sense does not even match itself.
func takes(own, theirs Codec) bool {
	return Match(own, theirs) ||
		own.Fmtp == "" && formatOf(own).open && sameEncoding(own, theirs) && Match(theirs, theirs)
}

// Find returns the codec among negotiated ones that something made as want may
// be sent with: one that matches; if there is none, one with the same name that
// the peer may be able to decode. A clock rate or a number of channels that want
// leaves 0 may be any. It reports false if the name is not there.
func Find(negotiated []Codec, want Codec) (Codec, bool) {
	best, found := Codec{}, 0
	for _, c := range negotiated {
		full := want
		if full.ClockRate == 0 {
			full.ClockRate = c.ClockRate
		}
		if full.Channels == 0 {
			full.Channels = c.Channels
		}
		if rank := likeness(c, full); rank > found {
			best, found = c, rank
		}
	}
	return best, found > 0
}

// likeness says how well a codec suits what was made for want, 0 if not at all.
func likeness(c, want Codec) int {
	switch {
	case !sameEncoding(c, want):
		return 0
	case sameConfiguration(c, want):
		return 4
	case want.Fmtp != "" && Match(c, want):
		return 3
	case c.is("h264") && ParseFmtp(c.Fmtp).number("packetization-mode", 0) == 1:
		// Payloads are fragmented, which mode 0 does not allow.
		return 2
	default:
		return 1
	}
}

// matchVP9 compares profiles. RFC 9628 §6: "If no profile-id is present, Profile
// 0 MUST be inferred."
func matchVP9(a, b Fmtp) bool {
	return a.number("profile-id", 0) == b.number("profile-id", 0)
}

// matchAV1 compares profiles and tiers. RTP Payload Format For AV1 §7.2: "If the
// parameter is not present, it MUST be inferred to be 0", of both. Of all three
// parameters "the answerer MAY declare its own", §7.2.3; browsers take another
// profile or tier for another format all the same, so that only the level is
// left to differ.
func matchAV1(a, b Fmtp) bool {
	return a.number("profile", 0) == b.number("profile", 0) && a.number("tier", 0) == b.number("tier", 0)
}
