package codec

import (
	"slices"
	"strconv"
	"strings"
)

// Renumber gives codecs payload types that are free. Each keeps its own unless
// taken has that number for another format, an earlier one of codecs has it, or
// it may not be used beside RTCP. The numbers in the parameters of rtx and red
// follow. When no number is free the codec is left out, and with it what serves
// it.
//
// RFC 9143 §9.1.1: "in order for a given payload type value to be used inside
// more than one bundled "m=" section, all codecs associated with the payload type
// number MUST share an identical codec configuration."
func Renumber(codecs []Codec, taken map[uint8]Codec) []Codec {
	r := renumbering{taken: taken, used: map[uint8]bool{}, moved: map[uint8]uint8{}, keep: map[uint8]bool{}}
	for _, c := range codecs {
		r.keep[c.PayloadType] = true
	}
	out := make([]Codec, len(codecs))
	kept := make([]bool, len(codecs))
	for _, pass := range []func(Codec) bool{
		func(c Codec) bool { return !c.IsRTX() && !c.IsRED() }, Codec.IsRED, Codec.IsRTX,
	} {
		for i, c := range codecs {
			if pass(c) {
				c.Feedback = slices.Clone(c.Feedback)
				out[i], kept[i] = r.place(c)
			}
		}
	}
	n := 0
	for i := range out {
		if kept[i] {
			out[n] = out[i]
			n++
		}
	}
	return out[:n]
}

// A renumbering is the state of Renumber.
type renumbering struct {
	taken map[uint8]Codec
	used  map[uint8]bool  // by codecs that have been placed
	keep  map[uint8]bool  // wanted by a codec of the list
	moved map[uint8]uint8 // where payload types have gone
}

// place returns a codec with a payload type that is free.
func (r *renumbering) place(c Codec) (Codec, bool) {
	if !r.follow(&c) {
		return c, false
	}
	old := c.PayloadType
	if !r.free(c) {
		pt, ok := r.find(c)
		if !ok {
			return c, false
		}
		c.PayloadType = pt
	}
	r.used[c.PayloadType] = true
	if _, ok := r.moved[old]; !ok {
		r.moved[old] = c.PayloadType
	}
	return c, true
}

// follow rewrites the payload types in a codec's parameters. It reports false
// if one of them is that of no codec.
func (r *renumbering) follow(c *Codec) bool {
	switch {
	case c.IsRTX():
		apt, ok := c.Apt()
		if !ok {
			return false
		}
		pt, ok := r.moved[apt]
		if !ok {
			return false
		}
		c.Fmtp = ParseFmtp(c.Fmtp).With("apt", strconv.Itoa(int(pt))).String()
	case c.IsRED() && len(redundant(c.Fmtp)) > 0:
		var numbers []string
		for _, old := range redundant(c.Fmtp) {
			pt, ok := r.moved[old]
			if !ok {
				return false
			}
			numbers = append(numbers, strconv.Itoa(int(pt)))
		}
		c.Fmtp = strings.Join(numbers, "/")
	}
	return true
}

// free reports whether the codec may have the payload type that it has.
func (r *renumbering) free(c Codec) bool {
	if !usable(c.PayloadType) || r.used[c.PayloadType] {
		return false
	}
	t, taken := r.taken[c.PayloadType]
	return !taken || sameConfiguration(t, c)
}

func (r *renumbering) find(c Codec) (uint8, bool) {
	for _, span := range [...][2]uint8{{96, 127}, {35, 63}} {
		for pt := span[0]; pt <= span[1]; pt++ {
			if _, taken := r.taken[pt]; !taken && !r.used[pt] && !r.keep[pt] {
				return pt, true
			}
		}
	}
	return 0, false
}

// usable reports whether a payload type can be told from RTCP's packet types.
// RFC 5761 §4: "RTP payload types in the range 64-95 MUST NOT be used".
func usable(pt uint8) bool { return pt < 64 || pt > 95 && pt < 128 }

// sameConfiguration reports whether two codecs may share a payload type in a
// bundle.
func sameConfiguration(a, b Codec) bool {
	return sameEncoding(a, b) && ParseFmtp(a.Fmtp).equal(ParseFmtp(b.Fmtp))
}
