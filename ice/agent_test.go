package ice

import (
	"testing"
	"time"
)

func TestTwoHostsConnect(t *testing.T) {
	w := newWire(t)
	w.delay = 50 * time.Millisecond
	w.trace = testing.Verbose()
	a, b := pairOfHosts(w)
	a.ended()
	b.ended()
	w.run(2 * time.Second)
	a.wantStates(ConnectionStateChecking, ConnectionStateConnected, ConnectionStateCompleted)
	b.wantStates(ConnectionStateChecking, ConnectionStateConnected, ConnectionStateCompleted)
	a.wantPath(addrA, addrB, "after two seconds")
	b.wantPath(addrB, addrA, "after two seconds")
}
