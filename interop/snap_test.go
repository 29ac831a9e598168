package interop

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// TestInitChunks meets peers that have the INIT chunk of SCTP in their descriptions
// (draft-hancke-tsvwg-snap-00): both sides have one, the association is up, and it is
// still after another exchange.
func TestInitChunks(t *testing.T) {
	forEach(t, []string{"chromium with SNAP", "pion with SNAP"}, func(s *session, negotiate func()) {
		s.opens("ours", nil)
		s.theyOpen("theirs", nil)
		negotiate()
		s.waitOpen("ours", "theirs")
		var values [2]string
		for i, d := range []*webrtc.SessionDescription{s.pc.CurrentLocalDescription(), s.pc.CurrentRemoteDescription()} {
			_, value, ok := strings.Cut(d.SDP, "a=sctp-init:")
			if !ok {
				s.Fatalf("no INIT chunk in the %s:\n%s", d.Type, d.SDP)
			}
			values[i], _, _ = strings.Cut(value, "\r\n")
		}
		if values[0] == values[1] {
			s.Errorf("both sides have %q", values[0])
		}
		want := []description{describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("before")})}
		s.must(s.channel("ours").SendText("before"))
		s.must(s.peer.call(nil, "sendText", "theirs", "before"))
		s.theyGot("ours", want)
		s.weGot("theirs", want)
		s.offers()
		if d := s.pc.CurrentLocalDescription(); !strings.Contains(d.SDP, values[0]) {
			s.Errorf("the later %s has another INIT chunk, or none:\n%s", d.Type, d.SDP)
		}
		want = append(want, describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("after")}))
		s.must(s.channel("ours").SendText("after"))
		s.must(s.peer.call(nil, "sendText", "theirs", "after"))
		s.theyGot("ours", want)
		s.weGot("theirs", want)
	})
}

// TestDTLSInChecks meets peers with the DTLS handshake in our checks
// (draft-hancke-webrtc-sped-00): one that does the same, and others, with which the
// handshake begins with the path.
func TestDTLSInChecks(t *testing.T) {
	for _, name := range []string{"chromium with SPED", "chromium", "firefox", "pion", "libdatachannel"} {
		t.Run(name, func(t *testing.T) {
			early := func(e *webrtc.SettingEngine) { e.EnableDTLSInSTUN(true) }
			eachWay(t, name, early, func(*testing.T, *session) {})
		})
	}
}
