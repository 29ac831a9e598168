package signaling

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// numbers are the payload types that mean something in the bundle of an offer of
// ours: those that sections have negotiated, and those that the offer has so far.
//
// RFC 9143 §9.1.1: "in order for a given payload type value to be used inside more
// than one bundled "m=" section, all codecs associated with the payload type
// number MUST share an identical codec configuration."
type numbers map[uint8]codec.Codec

// newNumbers returns what the sections in use have negotiated.
func newNumbers(rows []mline) numbers {
	n := numbers{}
	for _, row := range rows {
		if row.rejected {
			continue
		}
		for _, c := range row.used.codecs {
			if _, known := n[c.PayloadType]; !known {
				n[c.PayloadType] = c
			}
		}
	}
	return n
}

func (n numbers) add(codecs []codec.Codec) {
	for _, c := range codecs {
		n[c.PayloadType] = c
	}
}

// again returns the formats of a section that has been negotiated: under the
// numbers that they have there, those of the last answer first, and behind them
// what the peer has not taken.
//
// RFC 3264 §8.3.2: "the mapping from a particular dynamic payload type number to a
// particular codec within that media stream MUST NOT change for the duration of a
// session." RFC 9429 §5.2.2: the media formats "MUST include all currently
// available formats"; "Unless codec preferences have been set for the associated
// transceiver, the media formats on the "m=" line MUST be generated in the same
// order as in the most recent answer"; "The RTCP feedback mechanisms MUST only
// include those that are present in the most recent answer".
func (n numbers) again(t *Transceiver, row mline, answered []codec.Codec, theirs *sdp.Media) []codec.Codec {
	kept := codec.Negotiate(answered, t.Codecs, t.PreferOwnOrder)
	var rest []codec.Codec
	for _, c := range t.Codecs {
		if !slices.ContainsFunc(kept, func(k codec.Codec) bool { return standsFor(c, k) }) {
			rest = append(rest, c)
		}
	}
	taken := maps.Clone(n)
	if theirs != nil {
		taken.add(codecsOf(theirs))
	}
	taken.add(row.used.codecs)
	taken.add(kept)
	offered := append(kept, codec.Renumber(taken.share(rest), taken)...)
	if t.PreferOwnOrder {
		sortLike(offered, t.Codecs)
	}
	n.add(offered)
	return offered
}

// fresh returns the formats of a section that has not been negotiated.
func (n numbers) fresh(t *Transceiver) []codec.Codec {
	offered := codec.Renumber(n.share(t.Codecs), n)
	n.add(offered)
	return offered
}

// standsFor says whether a format of ours is the one that was negotiated, for
// which it may stand without saying its parameters.
func standsFor(own, negotiated codec.Codec) bool {
	return codec.Match(own, negotiated) ||
		own.Fmtp == "" && strings.EqualFold(own.MimeType, negotiated.MimeType) && own.ClockRate == negotiated.ClockRate
}

// sortLike puts formats into the order of preferred ones. What serves another
// format stays behind it.
func sortLike(codecs, preferred []codec.Codec) {
	rank := map[uint8]int{}
	for _, c := range codecs {
		i := slices.IndexFunc(preferred, func(p codec.Codec) bool { return standsFor(p, c) })
		if i < 0 { // red, which names other numbers
			i = slices.IndexFunc(preferred, func(p codec.Codec) bool { return strings.EqualFold(p.MimeType, c.MimeType) })
		}
		rank[c.PayloadType] = i
	}
	for _, c := range codecs {
		if apt, ok := c.Apt(); ok {
			rank[c.PayloadType] = rank[apt]
		}
	}
	slices.SortStableFunc(codecs, func(a, b codec.Codec) int {
		return cmp.Compare(rank[a.PayloadType], rank[b.PayloadType])
	})
}

// share gives formats the numbers under which the bundle has the same ones
// already. No two of the result have one number if no two of codecs have.
//
// A peer's numbers differ from ours as a rule. A section that is added later
// takes over those of its neighbours, since there are not enough for both.
func (n numbers) share(codecs []codec.Codec) []codec.Codec {
	s := sharing{known: n, codecs: slices.Clone(codecs), at: map[uint8]int{}, number: make([]uint8, len(codecs)), fixed: make([]bool, len(codecs))}
	for i, c := range codecs {
		s.number[i] = c.PayloadType
		s.at[c.PayloadType] = i
	}
	pts := slices.Sorted(maps.Keys(n))
	// What serves another format is compared once that has its number.
	for _, pass := range []func(codec.Codec) bool{
		func(c codec.Codec) bool { return !c.IsRTX() && !c.IsRED() }, codec.Codec.IsRED, codec.Codec.IsRTX,
	} {
		for i, c := range s.codecs {
			if pass(c) && s.settled(c) {
				s.place(i, pts)
			}
		}
	}
	return s.result()
}

// sharing is the state of share: codecs with the numbers that they have come to.
type sharing struct {
	known  numbers
	codecs []codec.Codec
	// at finds a codec by the number that it came with.
	at     map[uint8]int
	number []uint8
	fixed  []bool
}

// place gives codec i a number under which the bundle has it, if there is one.
func (s *sharing) place(i int, pts []uint8) {
	c := s.follow(i)
	for _, pt := range append([]uint8{s.number[i]}, pts...) {
		known, ok := s.known[pt]
		if !ok || !sameConfiguration(known, c) {
			continue
		}
		// Who has the number now gets the one that becomes free.
		if j := slices.Index(s.number, pt); j >= 0 && j != i {
			if s.fixed[j] {
				continue
			}
			s.number[j] = s.number[i]
		}
		s.number[i], s.fixed[i] = pt, true
		s.codecs[i].Fmtp = known.Fmtp
		return
	}
}

// settled says whether the numbers in a codec's parameters will not change.
func (s *sharing) settled(c codec.Codec) bool {
	for _, pt := range serves(c) {
		if i, ok := s.at[pt]; !ok || !s.fixed[i] {
			return false
		}
	}
	return true
}

// serves returns the payload types in a codec's parameters: what rtx sends again
// (RFC 4588 §8.1) and what red carries (RFC 2198 §5).
func serves(c codec.Codec) []uint8 {
	if apt, ok := c.Apt(); ok {
		return []uint8{apt}
	}
	var list []uint8
	if c.IsRED() {
		for part := range strings.SplitSeq(c.Fmtp, "/") {
			if pt, err := strconv.ParseUint(part, 10, 7); err == nil {
				list = append(list, uint8(pt))
			}
		}
	}
	return list
}

// follow returns codec i with the numbers in its parameters as they are now.
func (s *sharing) follow(i int) codec.Codec {
	c := s.codecs[i]
	if s.fixed[i] {
		return c // Its parameters are the known ones.
	}
	list := serves(c)
	numbers := make([]string, len(list))
	for k, pt := range list {
		numbers[k] = decimal(int(pt))
		if j, ok := s.at[pt]; ok {
			numbers[k] = decimal(int(s.number[j]))
		}
	}
	switch {
	case len(list) == 0:
	case c.IsRED():
		c.Fmtp = strings.Join(numbers, "/")
	default:
		c.Fmtp = codec.ParseFmtp(c.Fmtp).With("apt", numbers[0]).String()
	}
	return c
}

func (s *sharing) result() []codec.Codec {
	out := make([]codec.Codec, len(s.codecs))
	for i := range s.codecs {
		out[i] = s.follow(i)
		out[i].PayloadType = s.number[i]
	}
	return out
}

// levels are the parameters in which formats of one payload type may differ
// between sections: how much a receiver can decode.
var levels = []string{"profile-level-id", "level-id", "level-idx"}

// sameConfiguration says whether two formats can have one payload type in a
// bundle: they are the same, and their parameters too, levels apart.
func sameConfiguration(a, b codec.Codec) bool {
	return codec.Match(a, b) && maps.Equal(parameters(a), parameters(b))
}

func parameters(c codec.Codec) map[string]string {
	list := map[string]string{}
	for _, p := range codec.ParseFmtp(c.Fmtp) {
		if name := strings.ToLower(p.Name); !slices.Contains(levels, name) {
			list[name] = strings.ToLower(p.Value)
		}
	}
	return list
}
