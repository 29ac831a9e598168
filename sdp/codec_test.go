package sdp

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCodecs(t *testing.T) {
	m := wantParsed(t, `v=0
o=- 1 1 IN IP4 0.0.0.0
m=video 9 UDP/TLS/RTP/SAVPF 98 96 97 0 35 96
a=rtpmap:96 VP8/90000
a=rtpmap:96 VP9/90000
a=rtpmap:97 rtx/90000
a=rtpmap:98 opus/48000/2
a=rtpmap:99 unlisted/90000
a=fmtp:97 apt=96
a=fmtp:98 minptime=10;useinbandfec=1
a=fmtp:98 second=1
a=fmtp:* x
a=rtcp-fb:96 nack
a=rtcp-fb:* nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:99 nack
`).Media[0]
	pli := RTCPFB{"*", "nack", "pli"}
	want := []Codec{
		{RTPMap{98, "opus", 48000, 2}, "minptime=10;useinbandfec=1", []RTCPFB{pli}},
		{RTPMap{96, "VP8", 90000, 0}, "", []RTCPFB{{"96", "nack", ""}, pli, {"96", "ccm", "fir"}}},
		{RTPMap{97, "rtx", 90000, 0}, "apt=96", []RTCPFB{pli}},
		{RTPMap{0, "PCMU", 8000, 0}, "", []RTCPFB{pli}},
	}
	if got := m.Codecs(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	if got := want[0].RTPMap.String() + ", " + want[1].RTPMap.String(); got != "98 opus/48000/2, 96 VP8/90000" {
		t.Error(got)
	}
}

// TestStaticPayloadTypes are those of RFC 3551 §6, which need no a=rtpmap.
func TestStaticPayloadTypes(t *testing.T) {
	m := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\nm=audio 9 RTP/AVP 0 8 9 13 26 1 127\n").Media[0]
	var got []string
	for _, c := range m.Codecs() {
		got = append(got, c.RTPMap.String())
	}
	if want := []string{"0 PCMU/8000", "8 PCMA/8000", "9 G722/8000", "13 CN/8000", "26 JPEG/90000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := wantParsed(t, base).Media[1].Codecs(); got != nil {
		t.Errorf("a data section has the codecs %v", got)
	}
}

// TestFeedbackIsBounded: lines for all codecs do not multiply without end.
func TestFeedbackIsBounded(t *testing.T) {
	m := wantParsed(t, base+"m=video 9 UDP/TLS/RTP/SAVPF 0 8\n"+strings.Repeat("a=rtcp-fb:* nack\n", 1000)).Media[2]
	for _, c := range m.Codecs() {
		if len(c.Feedback) != maxFeedback {
			t.Errorf("payload type %d has %d lines of feedback", c.PayloadType, len(c.Feedback))
		}
	}
}

func TestParameters(t *testing.T) {
	for value, want := range map[string]string{
		"":                                      "",
		"minptime=10;useinbandfec=1":            "minptime:10 useinbandfec:1",
		" useinbandfec = 1 ; maxptime=40 ;; x ": "useinbandfec:1 maxptime:40 x:",
		"111/111":                               "111/111:",
		"sprop-parameter-sets=Z0==,aM4=;a=b=c":  "sprop-parameter-sets:Z0==,aM4= a:b=c",
	} {
		var got []string
		for k, v := range Parameters(value) {
			got = append(got, fmt.Sprintf("%s:%s", k, v))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: got %q, want %q", value, s, want)
		}
	}
	for k := range Parameters("a;b") {
		if k != "a" {
			t.Error("the iteration went on after a break")
		}
		break
	}
}
