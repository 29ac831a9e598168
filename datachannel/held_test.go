package datachannel

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCloseComesLast: an event that was due before the channel closed comes before.
func TestCloseComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := connect(t, time.Millisecond, SessionConfig{})
		c, _ := a.s.Open(Params{Ordered: true})
		var got []string
		c.SetEvents(Events{
			OnOpen: func() {
				c.Send([]byte("x"), true)
				c.Close()
				time.Sleep(longRunning / 2)
				got = append(got, "open")
			},
			OnBufferedAmountLow: func() { got = append(got, "low") },
			OnClose:             func() { got = append(got, "close") },
		})
		settle()
		if s := strings.Join(got, " "); s != "open low close" {
			t.Errorf("the handlers saw %q", s)
		}
	})
}

// TestFailedChannelKeepsNothing: what a channel that has failed has not sent is
// given up, and still counts (webrtc-pc §6.2, bufferedAmount).
func TestFailedChannelKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{MaxMessageSize: 1000})
		ca, cb, ra, _ := pair(t, a, b, Params{Ordered: true})
		b.s.SetRemoteMaxMessageSize(0)
		cb.Send(make([]byte, 1001), false)
		for range 100 {
			ca.Send(make([]byte, 60000), false)
		}
		queued := ca.BufferedAmount()
		for ca.State() != Closed {
			queued = ca.BufferedAmount()
			time.Sleep(100 * time.Microsecond)
		}
		a.s.mu.Lock()
		n := ca.out.len()
		a.s.mu.Unlock()
		if got := ca.BufferedAmount(); n > 0 || got == 0 || got > queued {
			t.Errorf("%d messages are held, %d bytes are queued, before %d", n, got, queued)
		}
		settle()
		ra.want(t, "who failed", "open", "error", "close in state closed")
		if got := ra.all(); got[len(got)-1] == "low" {
			t.Errorf("the handlers saw %q", got)
		}
	})
}

// TestClosedSessionKeepsNothing: the messages that a session has not sent, and
// those that it keeps for channels to come, go with it.
func TestClosedSessionKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		ca, _, _, _ := pair(t, a, b, Params{Ordered: true})
		negotiated, err := b.s.Open(Params{Negotiated: true, ID: num(100)})
		if err != nil {
			t.Fatal(err)
		}
		negotiated.Send([]byte("for whom?"), true)
		settle()
		for range 100 {
			ca.Send(make([]byte, 60000), false)
		}
		queued := ca.BufferedAmount()
		a.s.Close(nil)
		a.s.mu.Lock()
		defer a.s.mu.Unlock()
		if n := ca.out.len(); n > 0 || queued == 0 || len(a.s.greetings) > 0 {
			t.Errorf("%d messages and %d streams are held, %d bytes were queued", n, len(a.s.greetings), queued)
		}
	})
}

// TestStrangersMemory: what is kept for channels that nobody has opened is bounded
// for all of them together.
func TestStrangersMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, raw := connectRaw(t, time.Millisecond, SessionConfig{})
		h := hostile{t, raw}
		for id := range uint16(100) {
			h.send(2*id, ppidBinary, make([]byte, 60000)...)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		held := func() (n int) {
			a.s.mu.Lock()
			defer a.s.mu.Unlock()
			for _, g := range a.s.greetings {
				for _, m := range g.held {
					n += len(m.data)
				}
			}
			return n
		}
		if n := held(); n == 0 || n > 1<<20 || a.s.Stats().DataBeforeOpen == 0 {
			t.Errorf("%d bytes are held, %d streams were refused", n, a.s.Stats().DataBeforeOpen)
		}
		// A stream that gets its channel makes room for others.
		for id := range uint16(10) {
			if _, err := a.s.Open(Params{Negotiated: true, ID: num(2 * id)}); err != nil {
				t.Error(err)
			}
		}
		before := held()
		h.send(1000, ppidBinary, make([]byte, 60000)...)
		settle()
		if n := held(); n != before+60000 {
			t.Errorf("%d bytes are held, want %d more than %d", n, 60000, before)
		}
	})
}

// TestClosedBeforeStart: channels that are closed before there is an association are
// forgotten.
func TestClosedBeforeStart(t *testing.T) {
	for name, knows := range map[string]bool{"without a role": false, "with a role": true} {
		t.Run(name, func(t *testing.T) {
			s := NewSession(SessionConfig{})
			defer s.Close(nil)
			if knows {
				s.SetRole(true)
			}
			kept, _ := s.Open(Params{})
			for range 100 {
				c, err := s.Open(Params{})
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
			if all := s.Channels(); len(all) != 1 || all[0] != kept || len(s.waiting)+len(s.order) != 1 {
				t.Errorf("%d channels, %d wait and %d more", len(all), len(s.waiting), len(s.order))
			}
		})
	}
}
