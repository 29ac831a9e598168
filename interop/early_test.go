package interop

import (
	"testing"
	"time"
)

// TestCloseEarly closes connections at every stage of coming up. The session's
// cleanup fails the test if Close does not return.
func TestCloseEarly(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			p := thePeer(t, name)
			for _, delay := range []time.Duration{0, 1, 2, 5, 10, 20, 30, 50, 80, 120} {
				for role, negotiate := range map[string]func(*session){"offerer": (*session).offers, "answerer": (*session).answers} {
					t.Run(role+"/"+(delay*time.Millisecond).String(), func(t *testing.T) {
						s := startSession(t, p, nil)
						s.opens("ours", nil)
						s.theyOpen("theirs", nil)
						negotiate(s)
						time.Sleep(delay * time.Millisecond)
					})
				}
			}
		})
	}
}
