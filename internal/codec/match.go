package codec

import "strings"

// sameEncoding reports whether two codecs agree in everything that a=rtpmap
// says. A missing number of channels is one (RFC 8866 §6.6).
func sameEncoding(a, b Codec) bool {
	return strings.EqualFold(a.MimeType, b.MimeType) && a.ClockRate == b.ClockRate &&
		max(a.Channels, 1) == max(b.Channels, 1)
}

// A format is what a payload format says of its parameters.
type format struct {
	// match reports whether two sets of parameters describe one format.
	match func(a, b Fmtp) bool
	// answer returns the parameters with which an offer is answered that matches.
	answer func(offered, local Fmtp) Fmtp
}

func anyParameters(_, _ Fmtp) bool     { return true }
func ownParameters(_, local Fmtp) Fmtp { return local }

// formats are the payload formats whose rules are known, by encoding name in
// lower case.
var formats = map[string]format{
	"vp8":             {anyParameters, ownParameters},
	"vp9":             {matchVP9, ownParameters},
	"av1":             {matchAV1, ownParameters},
	"h264":            {matchH264, answerH264},
	"h265":            {matchH265, ownParameters},
	"opus":            {anyParameters, ownParameters},
	"g722":            {anyParameters, ownParameters},
	"pcmu":            {anyParameters, ownParameters},
	"pcma":            {anyParameters, ownParameters},
	"cn":              {anyParameters, ownParameters},
	"telephone-event": {anyParameters, ownParameters},
	"ulpfec":          {anyParameters, ownParameters},
	"flexfec":         {anyParameters, ownParameters},
	"flexfec-03":      {anyParameters, ownParameters},
}

// formatOf returns the rules for a codec. Of a format that is not known the
// parameters must be the same, since any of them may change what is sent.
func formatOf(c Codec) format {
	if f, ok := formats[strings.ToLower(c.Name())]; ok {
		return f
	}
	return format{match: Fmtp.equal, answer: ownParameters}
}

// Match reports whether two codecs are the same media format by the rules of
// its payload format, whatever their payload types and feedback. Formats that
// serve another one, rtx and red, match if they are written alike; Negotiate and
// Accepted look at what they serve.
func Match(a, b Codec) bool {
	return sameEncoding(a, b) && formatOf(a).match(ParseFmtp(a.Fmtp), ParseFmtp(b.Fmtp))
}

func matchVP9(a, b Fmtp) bool {
	return a.number("profile-id", 0) == b.number("profile-id", 0)
}

func matchAV1(a, b Fmtp) bool {
	return a.number("profile", 0) == b.number("profile", 0) && a.number("tier", 0) == b.number("tier", 0)
}

func matchH265(a, b Fmtp) bool {
	txA, _ := a.Get("tx-mode")
	txB, _ := b.Get("tx-mode")
	if txA == "" {
		txA = "SRST"
	}
	if txB == "" {
		txB = "SRST"
	}
	return a.number("profile-space", 0) == b.number("profile-space", 0) &&
		a.number("profile-id", 1) == b.number("profile-id", 1) &&
		a.number("tier-flag", 0) == b.number("tier-flag", 0) && strings.EqualFold(txA, txB)
}
