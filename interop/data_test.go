package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// pattern fills a buffer as the page's function of the same name does.
func pattern(length int, seed uint32) []byte {
	out := make([]byte, length)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = byte(seed >> 24)
	}
	return out
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// forEachBrowser runs a test in every browser, once with us as offerer and
// once as answerer.
func forEachBrowser(t *testing.T, test func(s *session, negotiate func())) {
	for name := range browsers {
		t.Run(name, func(t *testing.T) {
			b := startBrowser(t, name)
			t.Run("offerer", func(t *testing.T) {
				s := startSession(t, b)
				test(s, s.offers)
			})
			t.Run("answerer", func(t *testing.T) {
				s := startSession(t, b)
				test(s, s.answers)
			})
		})
	}
}

// TestMessages sends text, binary and empty messages both ways.
func TestMessages(t *testing.T) {
	forEachBrowser(t, func(s *session, negotiate func()) {
		d, err := s.pc.CreateDataChannel("ours", nil)
		s.must(err)
		s.adopt(d)
		s.must(s.browser.eval(nil, "adopt(pc.createDataChannel('theirs'))"))
		negotiate()
		s.eventually("all channels open", func() bool {
			return s.channels["theirs"] != nil && d.ReadyState() == webrtc.DataChannelStateOpen && s.events["open ours"] > 0 && s.events["open theirs"] > 0
		})
		binary := pattern(1000, 1)
		for _, d := range s.channels {
			s.must(d.SendText("grüße"))
			s.must(d.Send(binary))
			s.must(d.SendText(""))
			s.must(d.Send(nil))
		}
		s.must(s.browser.eval(nil, `
			for (const channel of Object.values(channels)) {
				channel.send('grüße');
				channel.send(pattern(1000, 1));
				channel.send('');
				channel.send(new ArrayBuffer(0));
			}`))
		for label := range s.channels {
			var got []struct {
				Text   *string
				Length int
				SHA256 string
			}
			s.must(s.browser.eval(&got, `
				await until(() => messages[args[0]].length >= 4, 'four messages on ' + args[0]);
				return await Promise.all(messages[args[0]].map(describe));`, label))
			if len(got) != 4 || got[0].Text == nil || *got[0].Text != "grüße" || got[1].SHA256 != digest(binary) ||
				got[2].Text == nil || *got[2].Text != "" || got[3].Text != nil || got[3].Length != 0 {
				s.Errorf("%s: the browser got %+v", label, got)
			}
			s.eventually("four messages on "+label, func() bool { return len(s.received[label]) >= 4 })
			s.mu.Lock()
			m := s.received[label]
			s.mu.Unlock()
			ok := m[0].IsString && string(m[0].Data) == "grüße" && !m[1].IsString && digest(m[1].Data) == digest(binary) &&
				m[2].IsString && len(m[2].Data) == 0 && !m[3].IsString && len(m[3].Data) == 0
			if !ok || len(m) != 4 {
				s.Errorf("%s: we got %q", label, fmt.Sprint(m))
			}
		}
	})
}
