package ice

import "testing"

// webrtc-pc §5.6.4 defines each state; the first rule that fits decides.
func TestDeriveState(t *testing.T) {
	for _, c := range []struct {
		name string
		f    stateFacts
		want ConnectionState
	}{
		{"nothing known", stateFacts{}, ConnectionStateNew},
		{"waiting for the peer's candidates", stateFacts{remote: false}, ConnectionStateNew},
		{"a remote candidate", stateFacts{remote: true}, ConnectionStateChecking},
		{"a pair in use", stateFacts{remote: true, selected: true, had: true}, ConnectionStateConnected},
		{"a pair in use, search over", stateFacts{remote: true, selected: true, had: true, finished: true}, ConnectionStateCompleted},
		{"no answers", stateFacts{remote: true, selected: true, had: true, lost: true}, ConnectionStateDisconnected},
		{"no answers after the search was over", stateFacts{remote: true, selected: true, had: true, lost: true, finished: true}, ConnectionStateDisconnected},
		{"the pair in use is gone", stateFacts{remote: true, had: true}, ConnectionStateDisconnected},
		{"consent lost", stateFacts{remote: true, had: true, failed: true}, ConnectionStateFailed},
		{"no pair ever worked", stateFacts{remote: true, failed: true}, ConnectionStateFailed},
		{"no candidates on either side", stateFacts{failed: true}, ConnectionStateFailed},
		{"restart of a completed session", stateFacts{selected: true, old: true, restarted: true}, ConnectionStateConnected},
		{"restart whose old pair is finished", stateFacts{selected: true, old: true, restarted: true, finished: true}, ConnectionStateConnected},
		{"restart of a disconnected session", stateFacts{selected: true, old: true, restarted: true, lost: true}, ConnectionStateChecking},
		{"restart of a failed session", stateFacts{restarted: true}, ConnectionStateChecking},
		{"restart that failed while the old pair lives", stateFacts{selected: true, old: true, restarted: true, failed: true, remote: true}, ConnectionStateConnected},
		{"restart that failed, and the old pair is gone", stateFacts{restarted: true, failed: true, remote: true}, ConnectionStateFailed},
		{"restarted, connected, lost", stateFacts{restarted: true, had: true, selected: true, lost: true, remote: true}, ConnectionStateDisconnected},
		{"restarted, connected, gone", stateFacts{restarted: true, had: true, remote: true}, ConnectionStateDisconnected},
		{"closed", stateFacts{closed: true, selected: true, finished: true}, ConnectionStateClosed},
		{"closed after failure", stateFacts{closed: true, failed: true}, ConnectionStateClosed},
	} {
		if got := deriveState(c.f); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Every combination of facts obeys what the states promise.
func TestDeriveStateInvariants(t *testing.T) {
	for bits := range 1 << 9 {
		bit := func(i int) bool { return bits&(1<<i) != 0 }
		f := stateFacts{bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7), bit(8)}
		s := deriveState(f)
		usable := f.selected && !f.lost
		switch {
		case f.closed != (s == ConnectionStateClosed):
			t.Errorf("%+v: %v", f, s)
		case f.closed:
		case usable != (s == ConnectionStateConnected || s == ConnectionStateCompleted):
			t.Errorf("%+v: %v, but usable is %v", f, s, usable)
		case s == ConnectionStateCompleted && (!f.finished || f.old):
			t.Errorf("%+v: completed before the end", f)
		case s == ConnectionStateFailed && (f.selected || !f.failed):
			t.Errorf("%+v: failed with a pair in use", f)
		case s == ConnectionStateNew && (f.remote || f.restarted || f.had):
			t.Errorf("%+v: new again", f)
		case s == ConnectionStateUnknown:
			t.Errorf("%+v: unknown", f)
		}
	}
}

func TestStateNames(t *testing.T) {
	names := map[string]bool{}
	for s := ConnectionStateUnknown; s <= ConnectionStateClosed+1; s++ {
		names[s.String()] = true
	}
	for s := CandidatePairStateWaiting - 1; s <= CandidatePairStateFrozen+1; s++ {
		names[s.String()] = true
	}
	if len(names) != 9+7 {
		t.Errorf("%d names for 16 values: %v", len(names), names)
	}
}
