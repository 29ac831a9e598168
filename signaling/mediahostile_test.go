package signaling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/sdp"
)

const hostileHead = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"

// hostileOffer returns an offer with count sections that share a bundle, each with
// the lines of body.
func hostileOffer(count int, formats, body string) Description {
	var b strings.Builder
	b.WriteString(hostileHead + "a=fingerprint:sha-256 " + fingerprint('X').Value + "\r\na=group:BUNDLE")
	for i := range count {
		fmt.Fprintf(&b, " %d", i)
	}
	b.WriteString("\r\n")
	for i := range count {
		fmt.Fprintf(&b, "m=video 9 UDP/TLS/RTP/SAVPF %s\r\na=mid:%d\r\na=rtcp-mux\r\n%s", formats, i, body)
	}
	return Description{Offer, b.String()}
}

// Offers of thousands of anything are answered in bounded time and with bounded
// lists.
func TestHostileMedia(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i, i)
		}
		return b.String()
	}
	var all, h264 strings.Builder
	for pt := range 128 {
		fmt.Fprintf(&all, " %d", pt)
		fmt.Fprintf(&h264, "a=rtpmap:%d H264/90000\r\na=fmtp:%d profile-level-id=77%04x\r\n", pt, pt, pt)
	}
	vp8 := "a=rtpmap:96 VP8/90000\r\n"
	for _, test := range []struct {
		name  string
		offer Description
	}{
		{"sections", hostileOffer(1200, "96", vp8)},
		{"sections with all payload types", hostileOffer(300, strings.TrimSpace(all.String()), h264.String()+vp8)},
		{"sources", hostileOffer(1, "96", vp8+many(200000, "a=ssrc:%d cname:%d\r\n"))},
		{"sources of tracks", hostileOffer(1, "96", vp8+many(200000, "a=ssrc:%d msid:s %d\r\n"))},
		{"groups", hostileOffer(1, "96", vp8+many(100000, "a=ssrc-group:FID %d 1%d\r\n")+many(100000, "a=ssrc:%d cname:%d\r\n"))},
		{"a group of many", hostileOffer(1, "96", vp8+"a=ssrc-group:FID"+many(300000, " %d%.0d")+"\r\na=ssrc:0 cname:x\r\n")},
		{"RIDs", hostileOffer(1, "96", vp8+many(200000, "a=rid:%d%.0d send\r\n")+"a=simulcast:send 0;1;2"+many(60, ";x%d%.0d")+"\r\n")},
		{"stream ids", hostileOffer(1, "96", vp8+many(200000, "a=msid:s%d t%.0d\r\n"))},
		{"header extensions", hostileOffer(1, "96", vp8+many(200000, "a=extmap:3 urn:x%d%.0d\r\n"))},
		{"header extensions for all", hostileOffer(1000, "96", vp8+many(150, "a=extmap:%d urn:x%d\r\n"))},
		{"formats of one number", hostileOffer(1, "96", many(200000, "a=rtpmap:96 VP%d/90000%.0d\r\n")+vp8)},
		{"feedback for all", hostileOffer(1, strings.TrimSpace(all.String()), vp8+many(200000, "a=rtcp-fb:* nack x%d%.0d\r\n"))},
		{"parameters", hostileOffer(1, "96", vp8+"a=fmtp:96 "+many(300000, "x%d=%d;")+"\r\n")},
		{"parameters of many formats", hostileOffer(1, strings.TrimSpace(all.String()), strings.ReplaceAll(h264.String(), "profile-level-id", many(4000, "x%d=%d;")+"profile-level-id"))},
		{"bandwidths", hostileOffer(1, "96", "b=AS:1\r\n"+many(200000, "b=TIAS:%d%.0d\r\n")+vp8)},
	} {
		if len(test.offer.SDP) > sdp.MaxSize {
			t.Fatalf("%s: %d bytes", test.name, len(test.offer.SDP))
		}
		start := time.Now()
		a := newEndpoint(t, "Alice").withMedia()
		a.setRemote(test.offer)
		set := time.Since(start)
		a.setLocal(Description{})
		answered := time.Since(start)
		a.offer()
		a.rollback()
		a.NegotiationNeeded(a.local)
		t.Logf("%-32s %8d bytes: set %v, answered %v, offered %v", test.name, len(test.offer.SDP), set, answered, time.Since(start))
		for _, tr := range a.world.transceivers {
			if m := tr.media; m != nil && (len(m.Sources) > maxStreams || len(m.ReceiveRIDs) > maxStreams || len(m.SendExtensions) > 255 || len(m.SendCodecs) > 128 || len(tr.msids) > maxStreams) {
				t.Errorf("%s: got %d sources, %d RIDs, %d extensions, %d formats", test.name, len(m.Sources), len(m.ReceiveRIDs), len(m.SendExtensions), len(m.SendCodecs))
			}
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", test.name, d)
		}
	}
}
