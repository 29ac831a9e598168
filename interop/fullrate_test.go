package interop

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// fullRateTime is how long each side of TestFullRate sends.
// PARLEY_FULL_RATE_TIME overrides it: 60s for a thorough run.
func fullRateTime(t *testing.T) time.Duration {
	v := os.Getenv("PARLEY_FULL_RATE_TIME")
	if v == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatalf("PARLEY_FULL_RATE_TIME: %v", err)
	}
	return d
}

// fullRateSize is the length of the messages of TestFullRate in bytes.
const fullRateSize = 16 << 10

// fullRateMessage writes message number n to m: the number, then words that
// follow from it and from their place.
func fullRateMessage(m []byte, n uint32) {
	binary.LittleEndian.PutUint32(m, n)
	for i := 1; i < len(m)/4; i++ {
		binary.LittleEndian.PutUint32(m[4*i:], n*2654435761+uint32(i))
	}
}

// fullRateScript is the same in the browser. It counts what arrives as it should,
// and sends for a number of milliseconds.
const fullRateScript = `
	const channel = channels.rate, words = args[0] / 4;
	self.rate = {good: 0, bad: '', sent: 0, done: false};
	channel.onmessage = (e) => {
		const w = new Uint32Array(e.data), n = rate.good, base = Math.imul(n, 2654435761);
		let ok = w.length === words && w[0] === n;
		for (let i = 1; ok && i < words; i++) ok = w[i] === (base + i) >>> 0;
		if (ok) rate.good++;
		else rate.bad = rate.bad || 'message ' + n + ' begins with ' + w[0] + ' and has ' + w.length + ' words';
	};
	self.sendFor = async (ms) => {
		const w = new Uint32Array(words), end = performance.now() + ms;
		channel.bufferedAmountLowThreshold = 1 << 19;
		while (performance.now() < end) {
			if (channel.bufferedAmount > 1 << 20) {
				await new Promise((r) => { channel.onbufferedamountlow = r; });
				continue;
			}
			const base = Math.imul(rate.sent, 2654435761);
			w[0] = rate.sent;
			for (let i = 1; i < words; i++) w[i] = base + i;
			channel.send(w);
			rate.sent++;
		}
		rate.done = true;
	};`

// TestFullRate sends as fast as it goes, one way and then the other, for a while:
// every message arrives, whole and in order.
func TestFullRate(t *testing.T) {
	forEachBrowserOnce(t, func(s *session) {
		d := s.opens("rate", nil)
		s.offers()
		s.waitOpen("rate")
		s.eval(nil, fullRateScript, fullRateSize)
		s.sendsFullRate(d)
		s.theySendFullRate(d)
	})
}

func forEachBrowserOnce(t *testing.T, test func(s *session)) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) { test(startSession(t, thePeer(t, name), nil)) })
	}
}

// sendsFullRate sends to the browser.
func (s *session) sendsFullRate(d *webrtc.DataChannel) {
	s.Helper()
	d.SetBufferedAmountLowThreshold(1 << 20)
	m := make([]byte, fullRateSize)
	sent := uint32(0)
	start := time.Now()
	for time.Since(start) < fullRateTime(s.T) {
		fullRateMessage(m, sent)
		s.must(d.SendContext(s.Context(), m))
		sent++
	}
	var got struct {
		Good uint32
		Bad  string
	}
	s.eventually("all messages have arrived", func() bool {
		s.eval(&got, "return rate")
		return got.Good >= sent || got.Bad != ""
	})
	if got.Good != sent || got.Bad != "" {
		s.Errorf("%d of %d messages have arrived; %s", got.Good, sent, got.Bad)
	}
	s.logRate("to the browser", sent, start)
}

// theySendFullRate has the browser send.
func (s *session) theySendFullRate(d *webrtc.DataChannel) {
	s.Helper()
	var good atomic.Uint32
	want := make([]byte, fullRateSize)
	d.OnMessage(func(m webrtc.DataChannelMessage) {
		n := good.Load()
		fullRateMessage(want, n)
		if string(m.Data) != string(want) {
			s.Errorf("message %d is not what was sent, it has %d bytes", n, len(m.Data))
		}
		good.Add(1)
	})
	start := time.Now()
	s.eval(nil, "sendFor(args[0])", fullRateTime(s.T).Milliseconds())
	var sent struct {
		Sent uint32
		Done bool
	}
	for time.Since(start) < fullRateTime(s.T) {
		time.Sleep(100 * time.Millisecond)
	}
	s.eventually("all messages have arrived", func() bool {
		s.eval(&sent, "return rate")
		return sent.Done && good.Load() == sent.Sent
	})
	s.logRate("from the browser", sent.Sent, start)
}

func (s *session) logRate(way string, messages uint32, start time.Time) {
	s.Helper()
	took := time.Since(start).Seconds()
	s.Logf("%s: %d messages in %.1f s, %.0f Mbit/s", way, messages, took, float64(messages)*fullRateSize*8/took/1e6)
}
