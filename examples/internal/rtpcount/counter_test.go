package rtpcount

import (
	"math"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestCounter(t *testing.T) {
	start := time.Unix(1000, 0)
	c := &Counter{ClockRate: 1000}
	if c.Lost() != 0 || c.Expected() != 0 {
		t.Error("nothing was sent, and lost")
	}
	for _, p := range []struct {
		sequence uint16
		at       int // milliseconds, and 20 of them from one timestamp to the next
	}{{65534, 0}, {65535, 20}, {1, 60}, {0, 61}, {5, 140}, {5, 140}} {
		h := rtp.Header{SequenceNumber: p.sequence, Timestamp: 20 * uint32(p.sequence+2)}
		c.Packet(&rtp.Packet{Header: h, Payload: make([]byte, 10)}, start.Add(time.Duration(p.at)*time.Millisecond))
	}
	// 2, 3 and 4 are missing, and 5 came twice.
	if c.Packets() != 6 || c.Bytes() != 60 || c.Newest() != 5 || c.Expected() != 8 || c.Lost() != 2 {
		t.Errorf("%d packets of %d bytes to %d, %d expected, %d lost", c.Packets(), c.Bytes(), c.Newest(), c.Expected(), c.Lost())
	}
	// 0 until the late packet, which is 21 off, and the one after it, as much.
	want := 21.0 / 16
	want += (21 - want) / 16
	want -= want / 16
	if got := 1000 * c.Jitter().Seconds(); math.Abs(got-want) > 0.001 {
		t.Errorf("the jitter is %v ms, want %v", got, want)
	}
}
