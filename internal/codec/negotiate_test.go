package codec

import (
	"slices"
	"testing"
)

func TestNegotiate(t *testing.T) {
	local := codecs(t,
		"96 VP8/90000 | goog-remb, nack, nack pli", "97 rtx/90000 apt=96",
		"98 VP9/90000 profile-id=0 | nack", "99 rtx/90000 apt=98;rtx-time=500",
		"118 red/90000", "119 rtx/90000 apt=118", "123 ulpfec/90000",
	)
	for _, c := range []struct {
		name        string
		offered     []string
		preferLocal bool
		want        []string
	}{
		{
			"the offer's numbers and order, common feedback",
			[]string{"120 VP9/90000 | nack, ccm fir", "124 rtx/90000 apt=120", "121 vp8/90000 | nack, nack pli, nack", "125 rtx/90000 apt=121"},
			false,
			[]string{"120 VP9/90000 profile-id=0 | nack", "124 rtx/90000 apt=120;rtx-time=500", "121 VP8/90000 | nack, nack pli", "125 rtx/90000 apt=121"},
		},
		{
			"our order",
			[]string{"120 VP9/90000", "124 rtx/90000 apt=120", "121 VP8/90000", "125 rtx/90000 apt=121"},
			true,
			[]string{"121 VP8/90000", "125 rtx/90000 apt=121", "120 VP9/90000 profile-id=0", "124 rtx/90000 apt=120;rtx-time=500"},
		},
		{
			"retransmission only with what is retransmitted",
			[]string{"96 AV1/90000", "97 rtx/90000 apt=96", "99 rtx/90000 apt=98", "98 VP8/90000", "100 rtx/90000 apt=77", "101 rtx/90000"},
			false,
			[]string{"99 rtx/90000 apt=98", "98 VP8/90000"},
		},
		{
			"redundancy and parity",
			[]string{"96 VP8/90000", "97 red/90000", "98 rtx/90000 apt=97", "99 ulpfec/90000"},
			false,
			[]string{"96 VP8/90000", "97 red/90000", "98 rtx/90000 apt=97", "99 ulpfec/90000"},
		},
		{
			"nothing but what serves",
			[]string{"97 red/90000", "98 rtx/90000 apt=97", "99 ulpfec/90000"},
			false,
			nil,
		},
		{
			"one number twice",
			[]string{"96 VP8/90000", "96 VP9/90000", "97 rtx/90000 apt=96", "97 rtx/90000 apt=96"},
			false,
			[]string{"96 VP8/90000", "97 rtx/90000 apt=96"},
		},
		{
			"one number twice, first unknown",
			[]string{"96 AV1/90000", "96 VP8/90000", "98 VP8/90000", "97 rtx/90000 apt=96"},
			false,
			[]string{"98 VP8/90000"},
		},
		{
			"a retransmission of itself",
			[]string{"96 VP8/90000", "97 rtx/90000 apt=97"},
			false,
			[]string{"96 VP8/90000"},
		},
		{"nothing offered", nil, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantCodecs(t, Negotiate(codecs(t, c.offered...), local, c.preferLocal), c.want...)
		})
	}
	if got := Negotiate(local, nil, false); got != nil {
		t.Errorf("without codecs of ours %v", got)
	}
}

func TestNegotiateRedundantAudio(t *testing.T) {
	local := Defaults(Audio)
	for _, c := range []struct {
		name    string
		offered []string
		red     string
	}{
		{"of Opus", []string{"109 opus/48000/2", "63 red/48000/2 109/109"}, "109/109"},
		{"of Opus, three deep", []string{"109 opus/48000/2", "63 red/48000/2 109/109/109"}, "109/109/109"},
		{"of whatever", []string{"109 opus/48000/2", "63 red/48000/2"}, ""},
		{"of nothing that is accepted", []string{"109 opus/48000/2", "96 X-new/48000/2", "63 red/48000/2 96/109"}, "none"},
		{"of what ours does not protect", []string{"109 opus/48000/2", "0 PCMU/8000", "63 red/48000/2 0/0"}, "none"},
		{"at another rate", []string{"0 PCMU/8000", "63 red/8000 0/0"}, "none"},
	} {
		got := Negotiate(codecs(t, c.offered...), local, false)
		at := slices.IndexFunc(got, Codec.IsRED)
		switch {
		case c.red == "none" && at >= 0:
			t.Errorf("%s: accepted as %v", c.name, got[at])
		case c.red != "none" && (at < 0 || got[at].Fmtp != c.red || got[at].PayloadType != 63):
			t.Errorf("%s: %v", c.name, written(got))
		}
	}
}

// TestNegotiateOpenH264 has a program that registered H.264 without parameters
// meet a browser's offer, with every mode and profile.
func TestNegotiateOpenH264(t *testing.T) {
	offered := codecs(t,
		"102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
		"104 H264/90000 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f",
		"112 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
	)
	wantCodecs(t, Negotiate(offered, codecs(t, "96 H264/90000"), false), written(offered)...)
	// VP9 without parameters is profile 0, as the specification says.
	got := Negotiate(codecs(t, "100 VP9/90000 profile-id=2", "98 VP9/90000 profile-id=0"), codecs(t, "98 VP9/90000"), false)
	wantCodecs(t, got, "98 VP9/90000")
}

func TestAccepted(t *testing.T) {
	offered := codecs(t,
		"96 VP8/90000 | nack, nack pli, transport-cc", "97 rtx/90000 apt=96",
		"98 VP9/90000 profile-id=0 | nack", "99 rtx/90000 apt=98",
		"100 VP9/90000 profile-id=2 | nack", "101 rtx/90000 apt=100",
		"102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		"104 H264/90000 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
	)
	for _, c := range []struct {
		name     string
		answered []string
		want     []string
	}{
		{
			"as offered",
			[]string{"96 VP8/90000 | nack, nack pli", "97 rtx/90000 apt=96"},
			[]string{"96 VP8/90000 | nack, nack pli", "97 rtx/90000 apt=96"},
		},
		{
			"in the peer's order, with the peer's parameters",
			[]string{"98 vp9/90000 max-fs=12288;profile-id=0 | nack, ccm fir", "96 VP8/90000 max-fs=12288"},
			[]string{"98 VP9/90000 max-fs=12288;profile-id=0 | nack", "96 VP8/90000 max-fs=12288"},
		},
		{
			"under other numbers",
			[]string{"120 VP8/90000 | nack", "121 rtx/90000 apt=120", "122 VP9/90000 profile-id=2", "123 rtx/90000 apt=122"},
			[]string{"120 VP8/90000 | nack", "121 rtx/90000 apt=120", "122 VP9/90000 profile-id=2", "123 rtx/90000 apt=122"},
		},
		{
			"numbers swapped",
			[]string{"98 VP8/90000", "96 VP9/90000 profile-id=0"},
			[]string{"98 VP8/90000", "96 VP9/90000 profile-id=0"},
		},
		{
			"parameters left out",
			[]string{"100 VP9/90000", "102 H264/90000"},
			[]string{"100 VP9/90000 profile-id=2", "102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
		},
		{
			"another level",
			[]string{"102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034"},
			[]string{"102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034"},
		},
		{
			"what was not offered",
			[]string{"45 AV1/90000", "46 rtx/90000 apt=45", "102 H264/90000 packetization-mode=1;profile-level-id=64001f", "96 VP8/90000"},
			[]string{"96 VP8/90000"},
		},
		{"nothing that was offered", []string{"45 AV1/90000", "97 rtx/90000 apt=96"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantCodecs(t, Accepted(offered, codecs(t, c.answered...)), c.want...)
		})
	}
}

// TestAcceptedOpenH264 has a browser answer an offer of H.264 without
// parameters.
func TestAcceptedOpenH264(t *testing.T) {
	answer := "96 H264/90000 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"
	wantCodecs(t, Accepted(codecs(t, "96 H264/90000"), codecs(t, answer)), answer)
}

// TestNothingIsChanged passes slices with capacity to spare and looks at them
// afterwards.
func TestNothingIsChanged(t *testing.T) {
	offered, local := Defaults(Video), Defaults(Video)
	before, beforeLocal := written(offered), written(local)
	for _, got := range [][]Codec{
		Negotiate(offered, local, true), Accepted(local, offered),
		Renumber(offered, map[uint8]Codec{96: local[4], 98: local[0], 111: Defaults(Audio)[0]}),
	} {
		for i := range got {
			got[i].Fmtp, got[i].MimeType = "changed", "changed"
			for j := range got[i].Feedback {
				got[i].Feedback[j].Type = "changed"
			}
		}
	}
	if !slices.Equal(written(offered), before) || !slices.Equal(written(local), beforeLocal) {
		t.Errorf("changed to %q and %q", written(offered), written(local))
	}
}
