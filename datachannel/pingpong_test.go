package datachannel

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoneMessagesWaitForNothing: a message that nothing follows, and its echo, take
// as long as the path and no longer, whatever acknowledgements are due.
func TestLoneMessagesWaitForNothing(t *testing.T) {
	for _, size := range []int{0, 1, 100, 600, 1100, 2500} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const delay = time.Millisecond
				a, b := connect(t, delay, SessionConfig{})
				b.channel = func(c *Channel) {
					c.SetEvents(Events{OnMessage: func(d []byte, isString bool) { c.Send(d, isString) }})
				}
				c, _ := a.s.Open(Params{Ordered: true})
				echo := make(chan struct{}, 1)
				c.SetEvents(Events{OnMessage: func([]byte, bool) { echo <- struct{}{} }})
				settle()
				for i := range 100 {
					time.Sleep(time.Duration(i%7) * 50 * time.Millisecond)
					sent := time.Now()
					c.Send(make([]byte, size), false)
					<-echo
					if took := time.Since(sent); took != 2*delay {
						t.Errorf("round trip %d took %v, want %v", i, took, 2*delay)
					}
				}
			})
		})
	}
}
