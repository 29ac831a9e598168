package codec

import (
	"slices"
	"strconv"
	"strings"
)

// Negotiate answers an offer: of the offered codecs those that local has too,
// with the offer's payload types, with the feedback that both have, and with
// parameters as their payload formats want them in an answer. Formats that
// serve another are kept only beside what they serve. Names are spelt as local
// spells them.
//
// RFC 3264 §6.1: "in the case of RTP, if a particular codec was referenced with
// a specific payload type number in the offer, that same payload type number
// SHOULD be used for that codec in the answer."
//
// They are in the offer's order, or in local's if preferLocal. Nothing is
// returned if no more than auxiliary formats is common to both.
func Negotiate(offered, local []Codec, preferLocal bool) []Codec {
	m := pairUp(offered, local, func(o Codec) int {
		return slices.IndexFunc(local, func(l Codec) bool { return takes(l, o) })
	})
	return m.result(preferLocal, func(o, l Codec) string {
		answer := formatOf(o).answer
		if answer == nil {
			return l.Fmtp
		}
		return answer(ParseFmtp(o.Fmtp), ParseFmtp(l.Fmtp)).String()
	})
}

// Accepted reads an answer to an offer of ours: of the answered codecs those
// that were offered, with the answer's payload types and parameters, which are
// the peer's to choose, and with the feedback that both have. An answer without
// parameters under a payload type that was offered takes what was offered.
func Accepted(offered, answered []Codec) []Codec {
	m := pairUp(answered, offered, func(a Codec) int {
		at := slices.IndexFunc(offered, func(o Codec) bool {
			return o.PayloadType == a.PayloadType && (takes(o, a) || a.Fmtp == "" && sameEncoding(o, a))
		})
		if at < 0 {
			// RFC 6184 §8.2.2: an offerer "has to compare payload types not declared
			// in the offer based on the media type [...] and the above media
			// configuration parameters with any payload types it has already declared".
			at = slices.IndexFunc(offered, func(o Codec) bool { return takes(o, a) })
		}
		return at
	})
	return m.result(false, func(a, o Codec) string {
		if a.Fmtp == "" {
			return o.Fmtp
		}
		return a.Fmtp
	})
}

// A pairing says which of our codecs each of the peer's is.
type pairing struct {
	theirs, ours []Codec
	// ourOf has, for each of theirs, the index in ours, or −1.
	ourOf []int
}

// pairUp finds out which codecs are common to both sides. primary returns the
// index in ours of a format that serves no other, or −1. Of several codecs with
// one payload type the first counts.
func pairUp(theirs, ours []Codec, primary func(Codec) int) pairing {
	m := pairing{theirs: theirs, ours: ours, ourOf: make([]int, len(theirs))}
	// What red carries must be known before red is looked at, and red may be
	// retransmitted too.
	passes := [...]struct {
		of   func(Codec) bool
		pair func(Codec) int
	}{
		{func(c Codec) bool { return !c.IsRED() && !c.IsRTX() }, primary},
		{Codec.IsRED, m.ourRED},
		{Codec.IsRTX, m.ourRTX},
	}
	for i := range m.ourOf {
		m.ourOf[i] = -1
	}
	for _, pass := range passes {
		var seen [256]bool
		for i, t := range theirs {
			if !seen[t.PayloadType] && pass.of(t) {
				m.ourOf[i] = pass.pair(t)
			}
			seen[t.PayloadType] = true
		}
	}
	return m
}

// served returns which of our payload types the peer's number stands for.
func (m pairing) served(pt uint8) (uint8, bool) {
	for i, t := range m.theirs {
		if t.PayloadType == pt && m.ourOf[i] >= 0 {
			return m.ours[m.ourOf[i]].PayloadType, true
		}
	}
	return 0, false
}

func (m pairing) ourRTX(t Codec) int {
	apt, ok := t.Apt()
	if !ok {
		return -1
	}
	pt, ok := m.served(apt)
	if !ok {
		return -1
	}
	return slices.IndexFunc(m.ours, func(o Codec) bool {
		own, ok := o.Apt()
		return ok && own == pt && sameEncoding(o, t)
	})
}

func (m pairing) ourRED(t Codec) int {
	for _, pt := range redundant(t.Fmtp) {
		if _, ok := m.served(pt); !ok {
			return -1
		}
	}
	return slices.IndexFunc(m.ours, func(o Codec) bool {
		if !o.IsRED() || !sameEncoding(o, t) {
			return false
		}
		own := redundant(o.Fmtp)
		for _, pt := range redundant(t.Fmtp) {
			if p, _ := m.served(pt); len(own) > 0 && !slices.Contains(own, p) {
				return false
			}
		}
		return true
	})
}

// redundant returns the payload types in the parameters of red: "111/111"
// (RFC 2198 §5).
func redundant(fmtp string) []uint8 {
	var pts []uint8
	for s := range strings.SplitSeq(fmtp, "/") {
		if pt, ok := parsePayloadType(strings.TrimSpace(s)); ok {
			pts = append(pts, pt)
		}
	}
	return pts
}

// result returns the peer's codecs that are common. parameters returns those of a
// format that serves no other.
func (m pairing) result(preferOurs bool, parameters func(theirs, ours Codec) string) []Codec {
	var order []int
	media := false
	for i, at := range m.ourOf {
		if at >= 0 {
			order = append(order, i)
			media = media || !m.theirs[i].IsAuxiliary()
		}
	}
	if !media {
		return nil
	}
	if preferOurs {
		slices.SortStableFunc(order, func(a, b int) int { return m.ourOf[a] - m.ourOf[b] })
	}
	out := make([]Codec, 0, len(order))
	var shared []Feedback
	for _, i := range order {
		t, o := m.theirs[i], m.ours[m.ourOf[i]]
		c := Codec{
			PayloadType: t.PayloadType, MimeType: o.MimeType, ClockRate: t.ClockRate, Channels: o.Channels,
			Feedback: common(t.Feedback, o.Feedback),
		}
		// Most have the same feedback; one list is enough for them.
		if len(c.Feedback) > 0 && slices.Equal(c.Feedback, shared) {
			c.Feedback = shared
		} else if len(c.Feedback) > 0 {
			shared = c.Feedback
		}
		switch {
		case t.IsRTX():
			apt, _ := t.Apt()
			c.Fmtp = ParseFmtp(o.Fmtp).With("apt", strconv.Itoa(int(apt))).String()
		case t.IsRED():
			c.Fmtp = t.Fmtp
		default:
			c.Fmtp = parameters(t, o)
		}
		out = append(out, c)
	}
	return out
}

// common returns the feedback that both lists have, in the order of the first.
func common(a, b []Feedback) []Feedback {
	var out []Feedback
	for _, f := range a {
		if slices.ContainsFunc(b, f.equal) && !slices.ContainsFunc(out, f.equal) {
			out = append(out, f)
		}
	}
	return out
}

func (f Feedback) equal(g Feedback) bool {
	return strings.EqualFold(f.Type, g.Type) && strings.EqualFold(f.Parameter, g.Parameter)
}
