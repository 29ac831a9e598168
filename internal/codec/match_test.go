package codec

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b string
		want bool
	}{
		{"case", "96 VP8/90000", "100 vp8/90000", true},
		{"another name", "96 VP8/90000", "96 VP9/90000", false},
		{"receiver's limits of VP8", "96 VP8/90000 max-fs=12288;max-fr=60", "120 VP8/90000", true},
		{"clock rate", "110 telephone-event/48000", "126 telephone-event/8000", false},
		{"events", "126 telephone-event/8000 0-15", "101 telephone-event/8000", true},
		{"comfort noise", "13 CN/8000", "105 CN/16000", false},
		{"one channel may be written", "9 G722/8000", "9 G722/8000/1", true},
		{"channels", "96 L16/48000/2", "96 L16/48000", false},
		{"Opus always has two", "111 opus/48000/2", "96 OPUS/48000", true},
		{"Opus whatever is liked", "111 opus/48000/2 minptime=10;useinbandfec=1", "109 opus/48000/2 maxplaybackrate=48000;stereo=1", true},

		{"VP9 profile 0 is meant", "98 VP9/90000", "98 VP9/90000 profile-id=0", true},
		{"VP9 profiles", "98 VP9/90000 profile-id=0", "98 VP9/90000 profile-id=2", false},
		{"AV1 levels", "45 AV1/90000 level-idx=5;profile=0;tier=0", "45 AV1/90000 level-idx=13", true},
		{"AV1 profiles", "45 AV1/90000", "45 AV1/90000 profile=1", false},
		{"AV1 tiers", "45 AV1/90000", "45 AV1/90000 tier=1", false},

		{"H.265 levels", "49 H265/90000 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST", "49 H265/90000 level-id=180", true},
		{"H.265 profiles", "49 H265/90000 profile-id=1", "49 H265/90000 profile-id=2", false},
		{"H.265 tiers", "49 H265/90000", "49 H265/90000 tier-flag=1", false},
		{"H.265 profile spaces", "49 H265/90000", "49 H265/90000 profile-space=1", false},
		{"H.265 in several streams", "49 H265/90000", "49 H265/90000 tx-mode=MRST", false},

		{"H.264 levels", "102 H264/90000 profile-level-id=42e01f", "102 H264/90000 profile-level-id=42e034", true},
		{"H.264 in upper case", "102 H264/90000 profile-level-id=42E01F", "102 h264/90000 profile-level-id=42e01f", true},
		{"H.264 packetization modes", "102 H264/90000 profile-level-id=42e01f;packetization-mode=1", "102 H264/90000 profile-level-id=42e01f", false},
		{"H.264 single NAL units by default", "102 H264/90000 profile-level-id=42e01f;packetization-mode=0", "102 H264/90000 profile-level-id=42e01f", true},
		{"H.264 baseline is more than its constrained part", "102 H264/90000 profile-level-id=42001f", "102 H264/90000 profile-level-id=42e01f", false},
		{"H.264 without a profile, as baseline", "102 H264/90000", "102 H264/90000 profile-level-id=42001f", true},
		{"H.264 without a profile, as constrained baseline", "102 H264/90000 profile-level-id=42c01f", "102 H264/90000", true},
		{"H.264 without a profile, not as main", "102 H264/90000", "102 H264/90000 profile-level-id=4d001f", false},
		{"H.264 with half a profile", "102 H264/90000 profile-level-id=42e0", "102 H264/90000 profile-level-id=42e0", false},
		{"H.264 with a profile that is no number", "102 H264/90000 profile-level-id=+2e01f", "102 H264/90000 profile-level-id=42e01f", false},
		{"H.264 with a profile that is not in the table, the same", "102 H264/90000 profile-level-id=64101f", "102 H264/90000 profile-level-id=641028", true},
		{"H.264 with a profile that is not in the table, another", "102 H264/90000 profile-level-id=64101f", "102 H264/90000 profile-level-id=64001f", false},

		{"unknown, the same in another order", "96 X-new/90000 a=1;b=2", "97 x-new/90000 b=2;A=1", true},
		{"unknown, with another parameter", "96 X-new/90000 a=1", "97 X-new/90000", false},
		{"unknown, with another value", "96 X-new/90000 a=1", "97 X-new/90000 a=2", false},
		{"unknown, with a parameter twice", "96 X-new/90000 a=1;a=1", "97 X-new/90000 a=1;b=2", false},
	} {
		a, b := parse(t, c.a), parse(t, c.b)
		if got := Match(a, b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if Match(a, b) != Match(b, a) {
			t.Errorf("%s: the other way round it is different", c.name)
		}
	}
	if Match(Codec{MimeType: "audio/VP8", ClockRate: 90000}, Codec{MimeType: "video/VP8", ClockRate: 90000}) {
		t.Error("audio matches video")
	}
}

// TestH264Profiles walks Table 5 of RFC 6184 §8.1: each x of a pattern as 0 and
// as 1, and nothing else, is the profile.
func TestH264Profiles(t *testing.T) {
	table := []struct {
		idc     uint8
		iop     string
		profile h264Profile
	}{
		{0x42, "x1xx0000", "Constrained Baseline"}, {0x4d, "1xxx0000", "Constrained Baseline"}, {0x58, "11xx0000", "Constrained Baseline"},
		{0x42, "x0xx0000", "Baseline"}, {0x58, "10xx0000", "Baseline"},
		{0x4d, "0x0x0000", "Main"},
		{0x58, "00xx0000", "Extended"},
		{0x64, "00000000", "High"}, {0x64, "00001100", "Constrained High"},
		{0x6e, "00000000", "High 10"}, {0x7a, "00000000", "High 4:2:2"}, {0xf4, "00000000", "High 4:4:4 Predictive"},
		{0x6e, "00010000", "High 10 Intra"}, {0x7a, "00010000", "High 4:2:2 Intra"}, {0xf4, "00010000", "High 4:4:4 Intra"},
		{0x2c, "00010000", "CAVLC 4:4:4 Intra"},
	}
	for idc := range 256 {
		for iop := range 256 {
			var want h264Profile
			for _, line := range table {
				if uint8(idc) == line.idc && fits(uint8(iop), line.iop) {
					if want != "" {
						t.Fatalf("%02x%02x is %s and %s by the table", idc, iop, want, line.profile)
					}
					want = line.profile
				}
			}
			if got := (profileLevelID{idc: uint8(idc), iop: uint8(iop)}).profile(); got != want {
				t.Errorf("%02x%02x is %q, want %q", idc, iop, got, want)
			}
		}
	}
}

func fits(iop uint8, pattern string) bool {
	for i, x := range pattern {
		if bit := iop >> (7 - i) & 1; x != 'x' && bit != uint8(x-'0') {
			return false
		}
	}
	return true
}

func TestAnswers(t *testing.T) {
	const both = ";level-asymmetry-allowed=1;packetization-mode=1"
	for _, c := range []struct {
		name, offered, local, want string
	}{
		{"VP8 has our limits", "96 VP8/90000 max-fs=100", "96 VP8/90000 max-fs=12288", "max-fs=12288"},
		{"VP8 has none of the peer's", "96 VP8/90000 max-fs=100", "96 VP8/90000", ""},
		{"AV1 has our level", "45 AV1/90000 level-idx=0", "45 AV1/90000 level-idx=5;profile=0;tier=0", "level-idx=5;profile=0;tier=0"},
		{"Opus has our wishes", "111 opus/48000/2 stereo=1", "111 opus/48000/2 minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"},

		{"H.264 levels apart, ours higher", "102 H264/90000 profile-level-id=42e01f" + both, "102 H264/90000 profile-level-id=42e034" + both, "profile-level-id=42e034" + both},
		{"H.264 levels apart, ours lower", "102 H264/90000 profile-level-id=42e034" + both, "102 H264/90000 profile-level-id=42e01f" + both, "profile-level-id=42e01f" + both},
		{"H.264 in the offer's form of the profile", "102 H264/90000 profile-level-id=42c01f" + both, "102 H264/90000 profile-level-id=42e034" + both, "profile-level-id=42c034" + both},
		{"H.264 one level, ours higher", "102 H264/90000 profile-level-id=42e01f", "102 H264/90000 profile-level-id=42e034;level-asymmetry-allowed=1", "profile-level-id=42e01f;level-asymmetry-allowed=1"},
		{"H.264 one level, ours lower", "102 H264/90000 profile-level-id=42e034;level-asymmetry-allowed=1", "102 H264/90000 profile-level-id=42e01f", "profile-level-id=42e01f"},
		{"H.264 level 1b under 1.1", "102 H264/90000 profile-level-id=42f00b", "102 H264/90000 profile-level-id=42e00b", "profile-level-id=42f00b"},
		{"H.264 level 1b over 1", "102 H264/90000 profile-level-id=42f00b", "102 H264/90000 profile-level-id=42e00a", "profile-level-id=42e00a"},
		{"H.264 our level 1b", "102 H264/90000 profile-level-id=42e01f", "102 H264/90000 profile-level-id=42f00b", "profile-level-id=42f00b"},
		{"H.264 our level 1b in High", "102 H264/90000 profile-level-id=64001f", "102 H264/90000 profile-level-id=640009", "profile-level-id=640009"},
		{"H.264 level 1b taken away", "102 H264/90000 profile-level-id=42f00b" + both, "102 H264/90000 profile-level-id=42e01f" + both, "profile-level-id=42e01f" + both},
		{"H.264 as silent as the offer", "102 H264/90000", "102 H264/90000 level-asymmetry-allowed=1;profile-level-id=42e01f", "level-asymmetry-allowed=1"},
		{"H.264 of any kind", "102 H264/90000 profile-level-id=640c1f;sprop-parameter-sets=Z0LA,aM4" + both, "102 H264/90000", "profile-level-id=640c1f" + both},
		{"H.264 with our parameter sets", "102 H264/90000 profile-level-id=42e01f", "102 H264/90000 profile-level-id=42e01f;sprop-parameter-sets=Z0LA,aM4", "profile-level-id=42e01f;sprop-parameter-sets=Z0LA,aM4"},
		{"H.264 with parameter sets in the stream", "102 H264/90000 profile-level-id=42e01f;in-band-parameter-sets=1", "102 H264/90000 profile-level-id=42e01f;sprop-parameter-sets=Z0LA,aM4", "profile-level-id=42e01f"},

		{"H.265, ours higher", "49 H265/90000 level-id=93", "49 H265/90000 level-id=180;profile-id=1", "level-id=93;profile-id=1"},
		{"H.265, ours lower", "49 H265/90000 level-id=180", "49 H265/90000 level-id=93", "level-id=93"},
		{"H.265, the offer's is 3.1", "49 H265/90000", "49 H265/90000 level-id=180", "level-id=93"},
		{"H.265, ours is 3.1", "49 H265/90000 level-id=180", "49 H265/90000", ""},
		{"H.265, above ours", "49 H265/90000 level-id=90", "49 H265/90000", "level-id=90"},
		{"H.265, received higher", "49 H265/90000 level-id=93;max-recv-level-id=150", "49 H265/90000 level-id=180", "level-id=150"},
	} {
		got := Negotiate(codecs(t, c.offered), codecs(t, c.local), false)
		if len(got) != 1 {
			t.Errorf("%s: nothing in common", c.name)
		} else if got[0].Fmtp != c.want {
			t.Errorf("%s: %q, want %q", c.name, got[0].Fmtp, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	negotiated := codecs(t,
		"96 VP8/90000", "97 rtx/90000 apt=96",
		"98 VP9/90000 profile-id=0", "100 VP9/90000 profile-id=2",
		"104 H264/90000 packetization-mode=0;profile-level-id=42001f",
		"102 H264/90000 packetization-mode=1;profile-level-id=42001f",
		"106 H264/90000 packetization-mode=1;profile-level-id=42e01f",
	)
	for _, c := range []struct {
		name string
		want Codec
		pt   uint8
	}{
		{"the name alone", Codec{MimeType: "video/vp8"}, 96},
		{"the profile", Codec{MimeType: "video/VP9", ClockRate: 90000, Fmtp: "profile-id=2"}, 100},
		{"no profile", Codec{MimeType: "video/VP9"}, 98},
		{"no parameters of H.264", Codec{MimeType: "video/H264", ClockRate: 90000}, 102},
		{"another level", Codec{MimeType: "video/H264", Fmtp: "packetization-mode=1;profile-level-id=42e034"}, 106},
		{"another profile", Codec{MimeType: "video/H264", Fmtp: "packetization-mode=1;profile-level-id=640c1f"}, 102},
		{"an auxiliary format", Codec{MimeType: "video/rtx"}, 97},
	} {
		if got, ok := Find(negotiated, c.want); !ok || got.PayloadType != c.pt {
			t.Errorf("%s: %d, %v; want %d", c.name, got.PayloadType, ok, c.pt)
		}
	}
	for _, want := range []Codec{{MimeType: "video/AV1"}, {MimeType: "video/VP8", ClockRate: 8000}, {}} {
		if got, ok := Find(negotiated, want); ok {
			t.Errorf("%v was found as %v", want, got)
		}
	}
}
