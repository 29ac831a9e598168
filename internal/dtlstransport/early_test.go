package dtlstransport

import (
	"testing"
	"time"
)

// The peer may have our answer before we have its fingerprint.
func TestStartLate(t *testing.T) {
	for _, tt := range []struct {
		name         string
		late         func(p *pair) *peer
		first, after time.Duration
	}{
		// The ClientHello that waits is answered at once.
		{"the server", func(p *pair) *peer { return p.b }, 10 * time.Second, 3 * rtt / 2},
		{"the client", func(p *pair) *peer { return p.a }, 10 * time.Second, 2 * rtt},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2)
			late := tt.late(p)
			if late == p.b {
				p.a.start(Active, fingerprint(t, p.b.cert))
			} else {
				p.b.start(Passive, fingerprint(t, p.a.cert))
			}
			time.Sleep(tt.first)
			begin := time.Now()
			if late == p.b {
				p.b.start(Passive, fingerprint(t, p.a.cert))
			} else {
				p.a.start(Active, fingerprint(t, p.b.cert))
			}
			p.wantConnected(tt.after+2*time.Millisecond, "after the late Start")
			t.Logf("connected %v after the late Start", time.Since(begin))
			p.wantExchange("after the late Start")
		})
	}
}

func TestWhatComesEarlyIsBounded(t *testing.T) {
	hello := make([]byte, recordHeaderLen+handshakeHeaderLen+500)
	hello[0], hello[1], hello[2] = typeHandshake, 0xfe, 0xfd
	hello[11], hello[12] = byte((len(hello)-recordHeaderLen)>>8), byte(len(hello)-recordHeaderLen)
	hello[recordHeaderLen] = 1
	hello[recordHeaderLen+2], hello[recordHeaderLen+3] = 500>>8, 500&255
	hello[recordHeaderLen+10], hello[recordHeaderLen+11] = 500>>8, 500&255

	bubble(t, "many datagrams", func(t *testing.T) {
		p := newPair(t, rtt/2)
		for range 10000 {
			p.a.HandleDatagram(hello)
		}
		n, bytes := p.a.path.in.size()
		if n != earlyPackets || bytes > earlyBytes {
			t.Errorf("%d datagrams with %d bytes are kept, want %d, at most %d", n, bytes, earlyPackets, earlyBytes)
		}
		if s := p.a.Stats(); s.Dropped.QueueFull != 10000-earlyPackets || s.DatagramsReceived != 10000 {
			t.Errorf("counted %+v", s)
		}
	})
	bubble(t, "large datagrams", func(t *testing.T) {
		p := newPair(t, rtt/2)
		var large []byte
		for range 10 {
			large = append(large, hello...)
		}
		for range 100 {
			p.a.HandleDatagram(large)
		}
		if _, bytes := p.a.path.in.size(); bytes > earlyBytes || bytes == 0 {
			t.Errorf("%d bytes are kept, want at most %d", bytes, earlyBytes)
		}
	})
}
