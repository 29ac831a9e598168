package codec

import "strconv"

// Defaults returns the codecs of a kind that are offered unless a program says
// otherwise, preferred first. No two of both kinds share a payload type.
//
// The parameters are those that browsers offer, so that each of theirs finds its
// match. Video has retransmission for every format; audio has redundancy for
// Opus.
func Defaults(k Kind) []Codec {
	switch k {
	case Audio:
		return defaultAudio()
	case Video:
		return defaultVideo()
	}
	return nil
}

func defaultAudio() []Codec {
	return []Codec{
		{PayloadType: 111, MimeType: "audio/opus", ClockRate: 48000, Channels: 2, Fmtp: "minptime=10;useinbandfec=1", Feedback: audioFeedback()},
		{PayloadType: 63, MimeType: "audio/red", ClockRate: 48000, Channels: 2, Fmtp: "111/111", Feedback: audioFeedback()},
		{PayloadType: 9, MimeType: "audio/G722", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 0, MimeType: "audio/PCMU", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 8, MimeType: "audio/PCMA", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 13, MimeType: "audio/CN", ClockRate: 8000},
		// RFC 7874 §3 requires these events, the keys of a telephone, of everybody.
		{PayloadType: 110, MimeType: "audio/telephone-event", ClockRate: 48000, Fmtp: "0-15"},
		{PayloadType: 126, MimeType: "audio/telephone-event", ClockRate: 8000, Fmtp: "0-15"},
	}
}

// audioFeedback is transport-wide congestion control, which browsers have for
// audio too, and negative acknowledgements. Those browsers leave out of their
// answers; between two peers that both know them a recorder or a relay gets what
// was lost, within a round trip and at no cost while nothing is.
func audioFeedback() []Feedback {
	return []Feedback{{Type: "transport-cc"}, {Type: "nack"}}
}

func videoFeedback() []Feedback {
	return []Feedback{{Type: "goog-remb"}, {Type: "transport-cc"}, {"ccm", "fir"}, {Type: "nack"}, {"nack", "pli"}}
}

// defaultVideo's H.264 comes in five profiles and both packetization modes, since
// Match wants either to be the same: Baseline (42001f), Constrained Baseline
// (42e01f), Main (4d001f), High (64001f), Constrained High (640c1f). H.265's level
// is 6: what takes packets and does not decode them takes any.
func defaultVideo() []Codec {
	const (
		single     = "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id="
		fragmented = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	)
	var out []Codec
	for _, v := range []struct {
		pt, rtx    uint8
		name, fmtp string
	}{
		{96, 97, "VP8", ""},
		{98, 99, "VP9", "profile-id=0"},
		{100, 101, "VP9", "profile-id=2"},
		{45, 46, "AV1", "level-idx=5;profile=0;tier=0"},
		{102, 103, "H264", fragmented + "42001f"},
		{104, 105, "H264", single + "42001f"},
		{106, 107, "H264", fragmented + "42e01f"},
		{108, 109, "H264", single + "42e01f"},
		{127, 125, "H264", fragmented + "4d001f"},
		{39, 40, "H264", single + "4d001f"},
		{112, 113, "H264", fragmented + "64001f"},
		{114, 115, "H264", single + "64001f"},
		{120, 121, "H264", fragmented + "640c1f"},
		{122, 123, "H264", single + "640c1f"},
		{116, 117, "H265", "level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST"},
	} {
		out = append(out,
			Codec{PayloadType: v.pt, MimeType: "video/" + v.name, ClockRate: 90000, Fmtp: v.fmtp, Feedback: videoFeedback()},
			Codec{PayloadType: v.rtx, MimeType: "video/rtx", ClockRate: 90000, Fmtp: "apt=" + strconv.Itoa(int(v.pt))})
	}
	return out
}
