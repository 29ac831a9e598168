package datachannel

import (
	"testing"
	"time"
)

// waitFor waits, outside a bubble, until ok.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.After(5 * time.Second); !ok(); {
		select {
		case <-deadline:
			t.Fatal("it did not happen in 5 s")
		case <-time.After(time.Millisecond):
		}
	}
}
