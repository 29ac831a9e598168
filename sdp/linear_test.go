package sdp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func wantLimit(t *testing.T, text string, ok bool) {
	t.Helper()
	_, err := Parse(text)
	if ok && err != nil {
		t.Fatalf("refused: %v", err)
	}
	var syntax *SyntaxError
	if !ok && (!errors.Is(err, ErrTooLarge) || !errors.As(err, &syntax)) {
		t.Fatalf("the error is %v, want a *SyntaxError for ErrTooLarge", err)
	}
}

// As many fingerprints as any endpoint has are read; a section with more is of
// no use, and keeps a bounded list.
func TestManyFingerprints(t *testing.T) {
	for n, malformed := range map[int]bool{maxFingerprints: false, maxFingerprints + 1: true, 20_000: true} {
		s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"+
			strings.Repeat("a=fingerprint:sha-256 AA\n", n))
		if m := s.Media[0]; (m.Malformed != nil) != malformed || len(m.Transport.Fingerprints) != min(n, maxFingerprints) {
			t.Errorf("of %d fingerprints %d are kept, and the section is malformed: %v", n, len(m.Transport.Fingerprints), m.Malformed)
		}
	}
}

// TestLinear reads tens of thousands of everything that can be repeated. Anything
// quadratic in it takes many times as long as allowed.
func TestLinear(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const n = 40_000
	video := "m=video 9 UDP/TLS/RTP/SAVPF 96\n"
	for name, body := range map[string]string{
		"sections with mids": many(MaxMedia, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:%d\n"),
		"groups":             many(n, "a=group:BUNDLE %d\n"),
		"mids in a group":    "a=group:BUNDLE" + many(n, " %d") + "\n",
		"unknown attributes": many(n, "a=unknown:%d\n"),
		"candidates":         video + many(n, "a=candidate:%d 1 udp 1 192.0.2.1 9 typ host\n"),
		"formats":            "m=video 9 X" + many(n, " %d") + "\n",
		"rtpmaps":            video + many(n, "a=rtpmap:96 a%d/90000\n"),
		"feedback":           video + many(n, "a=rtcp-fb:* nack%d\n"),
		"ssrcs":              video + many(n, "a=ssrc:%d cname:x\n"),
		"a group of ssrcs":   video + "a=ssrc-group:SIM" + many(n, " %d") + "\n",
		"options":            many(n, "a=ice-options:a%d\n"),
		"fingerprints":       video + many(n, "a=fingerprint:sha-%d AA\n"),
		"simulcast":          video + "a=simulcast:send x" + many(n, ";%d") + "\n",
		"alternatives":       video + "a=simulcast:send x" + many(n, ",%d") + "\n",
		"rid restrictions":   video + "a=rid:x send x" + many(n, ";%d") + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\n"+body)
			for _, m := range s.Media {
				m.Codecs()
			}
			s.Clone().Marshal()
			if d := time.Since(begin); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}
