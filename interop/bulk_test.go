package interop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// bulk is how much TestBulk sends each way, in messages of bulkChunk bytes.
const (
	bulk      = 16 << 20
	bulkChunk = 64 << 10
)

// TestBulk sends 16 MB each way at the pace of the network and compares hashes.
func TestBulk(t *testing.T) {
	forEach(t, everyBrowser, func(s *session, negotiate func()) {
		d := s.opens("bulk", nil)
		negotiate()
		s.waitOpen("bulk")
		s.sendsBulk(d)
		s.theySendBulk(d)
	})
}

// sendsBulk sends to the browser.
func (s *session) sendsBulk(d *webrtc.DataChannel) {
	s.Helper()
	data := pattern(bulk, 7)
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	d.SetBufferedAmountLowThreshold(1 << 20)
	start := time.Now()
	for i := 0; i < len(data); i += bulkChunk {
		s.must(d.SendContext(ctx, data[i:i+bulkChunk]))
	}
	var got description
	s.eval(nil, `await until(() => messages.bulk.reduce((n, m) => n + m.byteLength, 0) >= args[0], 'all bytes')`, bulk)
	took := time.Since(start)
	s.eval(&got, `return describe((await join('bulk')).buffer)`)
	if want := digest(data); got.SHA256 != want || got.Length != bulk {
		s.Errorf("the browser got %v, want SHA-256 %s", got, want)
	}
	s.Logf("to the browser: %.0f Mbit/s", mbits(took))
}

// theySendBulk has the browser send.
func (s *session) theySendBulk(d *webrtc.DataChannel) {
	s.Helper()
	sum := sha256.New()
	total := 0
	done := make(chan time.Time, 1)
	d.OnMessage(func(m webrtc.DataChannelMessage) {
		sum.Write(m.Data)
		if total += len(m.Data); total == bulk {
			done <- time.Now()
		}
	})
	s.eval(nil, `self.big = pattern(args[0], 8)`, bulk)
	start := time.Now()
	s.eval(nil, `await sendAll(channels.bulk, self.big, args[0]); delete self.big`, bulkChunk)
	select {
	case end := <-done:
		if got, want := hex.EncodeToString(sum.Sum(nil)), digest(pattern(bulk, 8)); got != want {
			s.Errorf("we got SHA-256 %s, want %s", got, want)
		}
		s.Logf("from the browser: %.0f Mbit/s", mbits(end.Sub(start)))
	case <-time.After(patience):
		s.Fatalf("not within %v: all bytes from the browser", patience)
	}
}

func mbits(took time.Duration) float64 { return bulk * 8 / took.Seconds() / 1e6 }

// TestLargestMessage sends single messages of the size that each side accepts.
func TestLargestMessage(t *testing.T) {
	forEach(t, everyBrowser, func(s *session, negotiate func()) {
		d := s.opens("large", nil)
		negotiate()
		s.waitOpen("large")
		limit := s.pc.SCTP().MaxMessageSize()
		size := int(min(limit, 8<<20))
		s.Logf("the browser accepts %d bytes", limit)
		data := pattern(size, 3)
		s.must(d.Send(data))
		s.theyGot("large", []description{{Length: size, SHA256: digest(data)}})
		if uint64(size) == limit {
			if err := d.Send(make([]byte, size+1)); err == nil {
				s.Errorf("Send took %d bytes, the browser accepts %d", size+1, limit)
			}
		}
		var theirs float64
		s.eval(&theirs, "return Math.min(pc.sctp.maxMessageSize ?? 65536, 1e9)")
		size = int(min(theirs, 8<<20))
		s.Logf("we accept, says the browser, %.0f bytes", theirs)
		s.must(s.peer.call(nil, "sendPattern", "large", size, 4))
		s.weGot("large", []description{{Length: size, SHA256: digest(pattern(size, 4))}})
	})
}
