package udp

import (
	"testing"
	"time"
)

// A reader is held back where wake-ups would come faster than one in busyGap, and
// only there.
func TestModeration(t *testing.T) {
	entry := func(n int, age time.Duration) Datagram { return Datagram{N: n, Age: age} }
	some := func(k, n int) (out []Datagram) {
		for range k {
			out = append(out, entry(n, 1))
		}
		return out
	}
	type step struct {
		after time.Duration // the read before
		read  []Datagram
		want  bool
	}
	us := time.Microsecond
	tests := map[string][]step{
		"frames far apart":                   {{time.Hour, some(3, 1200), false}, {33 * time.Millisecond, some(8, 1200), false}, {33 * time.Millisecond, some(8, 1200), false}},
		"a frame that comes one by one":      {{33 * time.Millisecond, some(1, 1200), false}, {20 * us, some(1, 1200), true}, {1100 * us, some(6, 1200), true}, {32 * time.Millisecond, some(1, 1200), false}},
		"a steady rate":                      {{400 * us, some(1, 9600), true}, {1100 * us, some(3, 9600), true}, {1100 * us, some(2, 9600), false}, {400 * us, some(1, 9600), true}},
		"a full batch may leave some behind": {{time.Hour, some(16, 1200), false}, {10 * us, some(16, 1200), false}, {10 * us, some(2, 1200), false}, {10 * us, some(16, 1200), false}, {10 * us, some(2, 1200), true}},
		"as much as a socket should hold":    {{10 * us, some(2, maxGathered/2), true}, {10 * us, some(2, maxGathered/2+1), false}, {10 * us, some(1, 1200), true}},
		"no age":                             {{10 * us, []Datagram{entry(1200, 0)}, false}},
		"nothing":                            {{10 * us, nil, false}},
	}
	for name, steps := range tests {
		m, now := Moderator{}, time.Unix(1000, 0)
		for i, s := range steps {
			now = now.Add(s.after)
			if i == 0 {
				m.last = now.Add(-s.after)
			}
			if got := m.busy(now, s.read, 16); got != s.want {
				t.Errorf("%s, read %d: held back %v, want %v", name, i, got, s.want)
			}
		}
	}
}
