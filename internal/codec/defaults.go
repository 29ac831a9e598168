package codec

import "strconv"

// Defaults returns the codecs of a kind that are offered unless a program says
// otherwise.
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
		{PayloadType: 63, MimeType: "audio/red", ClockRate: 48000, Channels: 2, Fmtp: "111/111"},
		{PayloadType: 9, MimeType: "audio/G722", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 0, MimeType: "audio/PCMU", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 8, MimeType: "audio/PCMA", ClockRate: 8000, Feedback: audioFeedback()},
		{PayloadType: 13, MimeType: "audio/CN", ClockRate: 8000},
		{PayloadType: 110, MimeType: "audio/telephone-event", ClockRate: 48000, Fmtp: "0-15"},
		{PayloadType: 126, MimeType: "audio/telephone-event", ClockRate: 8000, Fmtp: "0-15"},
	}
}

func audioFeedback() []Feedback { return []Feedback{{Type: "transport-cc"}, {Type: "nack"}} }

func videoFeedback() []Feedback {
	return []Feedback{{Type: "goog-remb"}, {Type: "transport-cc"}, {"ccm", "fir"}, {Type: "nack"}, {"nack", "pli"}}
}

func defaultVideo() []Codec {
	const h264 = "level-asymmetry-allowed=1;packetization-mode="
	var out []Codec
	for _, v := range []struct {
		pt, rtx uint8
		name    string
		fmtp    string
	}{
		{96, 97, "VP8", ""},
		{102, 103, "H264", h264 + "1;profile-level-id=42001f"},
		{104, 105, "H264", h264 + "0;profile-level-id=42001f"},
		{106, 107, "H264", h264 + "1;profile-level-id=42e01f"},
		{108, 109, "H264", h264 + "0;profile-level-id=42e01f"},
		{127, 125, "H264", h264 + "1;profile-level-id=4d001f"},
		{39, 40, "H264", h264 + "0;profile-level-id=4d001f"},
		{112, 113, "H264", h264 + "1;profile-level-id=64001f"},
		{114, 115, "H264", h264 + "0;profile-level-id=64001f"},
		{120, 121, "H264", h264 + "1;profile-level-id=640c1f"},
		{122, 123, "H264", h264 + "0;profile-level-id=640c1f"},
		{116, 117, "H265", ""},
		{45, 46, "AV1", ""},
		{98, 99, "VP9", "profile-id=0"},
		{100, 101, "VP9", "profile-id=2"},
	} {
		out = append(out,
			Codec{PayloadType: v.pt, MimeType: "video/" + v.name, ClockRate: 90000, Fmtp: v.fmtp, Feedback: videoFeedback()},
			Codec{PayloadType: v.rtx, MimeType: "video/rtx", ClockRate: 90000, Fmtp: "apt=" + strconv.Itoa(int(v.pt))})
	}
	return out
}
