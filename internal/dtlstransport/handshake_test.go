package dtlstransport

import (
	"testing"
	"time"
)

func TestTwoTransportsConnect(t *testing.T) {
	bubble(t, "and exchange data", func(t *testing.T) {
		p := newPair(t, 50*time.Millisecond)
		p.start()
		p.wantConnected(10*time.Second, "after Start")
		p.wantExchange("after the handshake")
	})
}
