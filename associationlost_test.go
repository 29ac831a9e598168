package webrtc

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// TestAssociationComesTooLate: an association that comes up when DTLS has ended is
// ended itself, and the transport stays closed.
func TestAssociationComesTooLate(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		a.channel("chat", nil)
		a.negotiates(b, time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		time.Sleep(time.Second)

		x, y := net.Pipe()
		other := make(chan *sctptransport.Association, 1)
		dial := func(c net.Conn) {
			association, err := sctptransport.Dial(context.Background(), sctptransport.Config{Conn: c})
			if err != nil {
				t.Error(err)
			}
			other <- association
		}
		go dial(x)
		go dial(y)
		late, far := <-other, <-other
		defer late.Close()
		defer far.Close()

		sctp := a.SCTP()
		errs := 0
		sctp.OnError(func(error) { errs++ })
		a.must(a.do(func(time.Time) {
			a.associationLost(nil)
			a.associationUp(sctp, late, nil)
		}), "do")
		time.Sleep(time.Second)
		if s := sctp.State(); s != SCTPTransportStateClosed || errs != 0 {
			t.Errorf("the transport is %s, %d errors", s, errs)
		}
		if late.Err() == nil {
			t.Error("the association lives")
		}
	})
}
