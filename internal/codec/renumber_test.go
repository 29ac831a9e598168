package codec

import (
	"fmt"
	"testing"
)

func TestRenumber(t *testing.T) {
	opus := parse(t, "111 opus/48000/2 minptime=10")
	for _, c := range []struct {
		name   string
		taken  []string
		codecs []string
		want   []string
	}{
		{
			"all are free",
			nil,
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96", "0 PCMU/8000"},
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96", "0 PCMU/8000"},
		},
		{
			"the same format may share a number",
			[]string{"96 vp8/90000 | nack", "97 RTX/90000 apt=96"},
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96"},
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96"},
		},
		{
			"another format takes the number, and retransmission follows",
			[]string{"96 AV1/90000", "99 VP9/90000"},
			[]string{"97 rtx/90000 apt=96;rtx-time=500", "96 VP8/90000", "98 VP9/90000", "99 rtx/90000 apt=98"},
			[]string{"97 rtx/90000 apt=100;rtx-time=500", "100 VP8/90000", "98 VP9/90000", "101 rtx/90000 apt=98"},
		},
		{
			"other parameters are another format",
			[]string{"98 VP9/90000 profile-id=2"},
			[]string{"98 VP9/90000 profile-id=0"},
			[]string{"96 VP9/90000 profile-id=0"},
		},
		{
			"a retransmission of something else",
			[]string{"96 VP8/90000", "97 rtx/90000 apt=45"},
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96"},
			[]string{"96 VP8/90000", "98 rtx/90000 apt=96"},
		},
		{
			"redundancy follows",
			[]string{"111 VP8/90000"},
			[]string{"63 red/48000/2 111/111", "111 opus/48000/2", "64 red/48000/2"},
			[]string{"63 red/48000/2 96/96", "96 opus/48000/2", "97 red/48000/2"},
		},
		{
			"one number for two",
			nil,
			[]string{"96 VP8/90000", "96 VP9/90000", "97 rtx/90000 apt=96", "97 rtx/90000 apt=96"},
			[]string{"96 VP8/90000", "98 VP9/90000", "97 rtx/90000 apt=96", "99 rtx/90000 apt=96"},
		},
		{
			"numbers of RTCP, and none at all",
			nil,
			[]string{"72 VP8/90000", "95 VP9/90000", "200 AV1/90000", "63 H265/90000"},
			[]string{"96 VP8/90000", "97 VP9/90000", "98 AV1/90000", "63 H265/90000"},
		},
		{
			"what serves nothing is left out",
			nil,
			[]string{"97 rtx/90000 apt=96", "98 rtx/90000", "63 red/48000/2 111/111", "99 VP8/90000"},
			[]string{"99 VP8/90000"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			taken := map[uint8]Codec{}
			for _, other := range codecs(t, c.taken...) {
				taken[other.PayloadType] = other
			}
			wantCodecs(t, Renumber(codecs(t, c.codecs...), taken), c.want...)
		})
	}

	t.Run("no number is left", func(t *testing.T) {
		taken := map[uint8]Codec{}
		for pt := uint8(35); pt < 128; pt++ {
			taken[pt] = opus
		}
		delete(taken, 40)
		wantCodecs(t, Renumber(codecs(t, "96 VP8/90000", "97 rtx/90000 apt=96", "98 VP9/90000", "99 rtx/90000 apt=98", "0 PCMU/8000"), taken),
			"40 VP8/90000", "0 PCMU/8000")
	})
	t.Run("96 to 127 come first", func(t *testing.T) {
		taken := map[uint8]Codec{}
		for pt := uint8(96); pt < 127; pt++ {
			taken[pt] = opus
		}
		wantCodecs(t, Renumber(codecs(t, "96 VP8/90000", "97 VP9/90000", "98 AV1/90000"), taken),
			"127 VP8/90000", "35 VP9/90000", "36 AV1/90000")
	})
}

// TestRenumberSecondSection numbers the defaults beside themselves in other
// clothes, as the second of two sections in a bundle.
func TestRenumberSecondSection(t *testing.T) {
	taken := map[uint8]Codec{}
	for _, c := range Defaults(Video) {
		if c.is("VP9") {
			c.Fmtp = "profile-id=1"
		}
		taken[c.PayloadType] = c
	}
	got := Renumber(Defaults(Video), taken)
	if len(got) != len(Defaults(Video)) {
		t.Fatalf("%d codecs, want %d", len(got), len(Defaults(Video)))
	}
	if err := consistent(got, taken); err != nil {
		t.Error(err)
	}
}

// consistent says what is wrong with codecs that Renumber returned.
func consistent(list []Codec, taken map[uint8]Codec) error {
	used := map[uint8]Codec{}
	for _, c := range list {
		if other, ok := used[c.PayloadType]; ok {
			return fmt.Errorf("%v and %v share a number", c, other)
		}
		if other, ok := taken[c.PayloadType]; ok && !sameConfiguration(c, other) {
			return fmt.Errorf("%v has the number of %v", c, other)
		}
		if !usable(c.PayloadType) {
			return fmt.Errorf("%v has a number that is not usable", c)
		}
		used[c.PayloadType] = c
	}
	for _, c := range list {
		if apt, ok := c.Apt(); c.IsRTX() && (!ok || used[apt].MimeType == "") {
			return fmt.Errorf("%v retransmits nothing", c)
		}
	}
	return nil
}
