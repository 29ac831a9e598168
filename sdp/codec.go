package sdp

import (
	"iter"
	"strconv"
	"strings"
)

// Codec is what a section says of one payload type: a=rtpmap, a=fmtp and
// a=rtcp-fb together.
type Codec struct {
	RTPMap
	// Parameters is the a=fmtp value, or ""; see Parameters for its parts.
	Parameters string
	// Feedback are the a=rtcp-fb lines for this payload type, those for "*"
	// among them (RFC 4585 §4.2), in their order; the first 64 if there are more.
	Feedback []RTCPFB
}

// maxFeedback keeps lines for "*", which count for every codec, from taking
// memory by the product of their number and that of codecs.
const maxFeedback = 64

// Codecs returns the codecs of an RTP section in the order of its formats, which
// is the order of preference (RFC 3264 §5.1). A format without an a=rtpmap is
// one of the static payload types of RFC 3551 §6, and is left out if it is none.
// It is nil for a section that does not carry RTP.
func (m *Media) Codecs() []Codec {
	if !m.IsRTP() {
		return nil
	}
	// Payload types are 7 bits, so that tables keep this linear.
	var known [128]bool
	var table [128]Codec
	for _, r := range m.RTPMaps {
		if r.PayloadType < 128 && !known[r.PayloadType] {
			table[r.PayloadType].RTPMap, known[r.PayloadType] = r, true
		}
	}
	for _, f := range m.FMTPs {
		if pt, ok := parseUint(f.Format, 127); ok && table[pt].Parameters == "" {
			table[pt].Parameters = f.Parameters
		}
	}
	var listed [128]bool
	order := make([]uint8, 0, len(m.Formats))
	for _, f := range m.Formats {
		n, ok := parseUint(f, 127)
		pt := uint8(n)
		if !ok || listed[pt] {
			continue
		}
		if !known[pt] {
			table[pt].RTPMap, known[pt] = staticPayloadType(pt)
		}
		if known[pt] {
			order, listed[pt] = append(order, pt), true
		}
	}
	for _, f := range m.RTCPFBs {
		if f.Format == "*" {
			for _, pt := range order {
				table[pt].addFeedback(f)
			}
		} else if pt, ok := parseUint(f.Format, 127); ok && listed[pt] {
			table[pt].addFeedback(f)
		}
	}
	codecs := make([]Codec, len(order))
	for i, pt := range order {
		codecs[i] = table[pt]
	}
	return codecs
}

func (c *Codec) addFeedback(f RTCPFB) {
	if len(c.Feedback) < maxFeedback {
		c.Feedback = append(c.Feedback, f)
	}
}

// staticPayloadType returns what a payload type means without an a=rtpmap
// (RFC 3551 §6), for the audio types that WebRTC endpoints still offer
// (RFC 7874 §3) and JPEG.
func staticPayloadType(pt uint8) (RTPMap, bool) {
	switch pt {
	case 0:
		return RTPMap{PayloadType: pt, Encoding: "PCMU", ClockRate: 8000}, true
	case 8:
		return RTPMap{PayloadType: pt, Encoding: "PCMA", ClockRate: 8000}, true
	case 9:
		return RTPMap{PayloadType: pt, Encoding: "G722", ClockRate: 8000}, true
	case 13:
		return RTPMap{PayloadType: pt, Encoding: "CN", ClockRate: 8000}, true
	case 26:
		return RTPMap{PayloadType: pt, Encoding: "JPEG", ClockRate: 90000}, true
	}
	return RTPMap{}, false
}

// String returns the value as a=rtpmap carries it.
func (r RTPMap) String() string {
	s := strconv.Itoa(int(r.PayloadType)) + " " + r.Encoding + "/" + strconv.FormatUint(uint64(r.ClockRate), 10)
	if r.Channels != 0 {
		s += "/" + strconv.Itoa(int(r.Channels))
	}
	return s
}

// Parameters iterates over the parts of an a=fmtp value that semicolons
// separate, as key and value without the spaces around them; the value is ""
// for a part without "=". Keys are as written: compare them without regard to
// case (RFC 6838 §4.3).
func Parameters(value string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for part := range strings.SplitSeq(value, ";") {
			key, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if key = strings.TrimSpace(key); key == "" {
				continue
			}
			if !yield(key, strings.TrimSpace(v)) {
				return
			}
		}
	}
}
