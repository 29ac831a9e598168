package udp

import (
	"testing"
	"time"
)

// A reader is held back where entries come faster than one in busyGap, for as long
// as the socket has room for what comes meanwhile.
func TestModeration(t *testing.T) {
	const room = 100 << 10
	us, ms := time.Microsecond, time.Millisecond
	type step struct {
		after   time.Duration // the read before
		n, size int
		want    time.Duration
	}
	tests := map[string][]step{
		"frames far apart":                    {{time.Hour, 3, 1200, 0}, {33 * ms, 8, 1200, 0}, {33 * ms, 8, 1200, 0}},
		"a frame that comes one by one":       {{33 * ms, 1, 1200, 0}, {20 * us, 1, 1200, 2 * ms}, {2100 * us, 6, 1200, 2 * ms}, {31 * ms, 1, 1200, 0}},
		"a steady rate of joined datagrams":   {{400 * us, 1, 9600, 2 * ms}, {2100 * us, 5, 9600, 2 * ms}, {2100 * us, 4, 9600, 0}, {400 * us, 1, 9600, 2 * ms}},
		"a full batch may leave some behind":  {{time.Hour, 16, 1200, 0}, {10 * us, 16, 1200, 0}, {10 * us, 2, 1200, 0}, {990 * us, 16, 1200, 0}, {10 * us, 2, 1200, 2 * ms}},
		"twice as fast as there is room":      {{ms, 10, room / 10, 1 * ms}, {1100 * us, 10, room / 10, ms}, {1100 * us, 15, room / 10, 0}, {100 * us, 1, 1200, 2 * ms}},
		"small datagrams take more than that": {{ms, 70, 100, 2 * ms}, {ms, 150, 100, ms}, {ms, 200, 100, 0}},
		"nothing":                             {{10 * us, 0, 0, 0}},
	}
	for name, steps := range tests {
		m, now := Moderator{Limit: 2 * ms}, time.Unix(1000, 0)
		for i, s := range steps {
			if i == 0 {
				m.last = now
			}
			now = now.Add(s.after)
			batch := make([]Datagram, 16)
			if s.n > len(batch) {
				batch = make([]Datagram, s.n+1)
			}
			for k := range batch[:s.n] {
				batch[k] = Datagram{N: s.size, Age: 1}
			}
			if got := m.pause(now, batch, s.n, room); got != s.want {
				t.Errorf("%s, read %d: %v, want %v", name, i, got, s.want)
			}
		}
	}
}

// Nobody is held back with the limit 0, nor where nothing tells when datagrams came.
func TestNoModeration(t *testing.T) {
	now := time.Unix(1000, 0)
	batch := []Datagram{{N: 100, Age: 1}, {}}
	off, on := Moderator{last: now}, Moderator{last: now, Limit: time.Hour}
	if d := off.pause(now, batch, 1, 1000); d != 0 {
		t.Errorf("the limit 0 gives %v", d)
	}
	batch[0].Age = 0
	if d := on.pause(now, batch, 1, 1000); d != 0 {
		t.Errorf("without ages: %v", d)
	}
	on.Hold(nil, now, batch, 1) // no Conn of ours
}
