package ice

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// When a session fails whose checks have come to nothing. While the PAC timer runs,
// an agent "MUST NOT update a checklist state from Running to Failed, even if there
// are no pairs left in the checklist to check" (RFC 8863 §4); after that the end of
// the peer's candidates spares the wait for more of them.
func TestWhenExhaustedChecksFail(t *testing.T) {
	const patience = 39500 * time.Millisecond
	refuse := func(p *puppet) {
		p.answer = func(r *binding, _ netip.AddrPort) []byte { return p.failure(r, 500) }
	}
	for _, c := range []struct {
		name string
		peer func(p *puppet)
		// late is when the peer's candidate comes, end that it says it was the last.
		late  time.Duration
		end   bool
		after time.Duration
		why   string
	}{
		{"refused, with the end of candidates", refuse, 0, true, patience, "error response 500"},
		{"refused, without", refuse, 0, false, patience, "error response 500"},
		{"refused late, with the end", refuse, 30 * time.Second, true, patience, "error response 500"},
		{"refused late, without", refuse, 30 * time.Second, false, 30*time.Second + patience, "error response 500"},
		{"refused after the timer, with the end", refuse, 50 * time.Second, true, 50 * time.Second, "error response 500"},
		{"silent, with the end", func(p *puppet) { p.mute = true }, 0, true, patience, "no answer"},
		// 0.5 + 1 + 2 + 4 + 8 + 16 + 8 s (RFC 8489 §6.2.1) from the first check on.
		{"silent and late, with the end", func(p *puppet) { p.mute = true }, 20 * time.Second, true, 20*time.Second + patience, "no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var logged bytes.Buffer
			w := newWire(t)
			a := w.agent("a", AgentConfig{Controlling: true, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			a.host(1, addrA)
			p := against(a)
			p.addrs = append(p.addrs, ap(addrB))
			c.peer(p)
			a.EndOfLocalCandidates(w.now)
			w.run(c.late)
			a.learnOf(hostCandidate(t, addrB))
			if c.end {
				a.EndOfRemoteCandidates(w.now)
			}
			a.flush()
			w.run(epoch.Add(c.after - time.Millisecond).Sub(w.now))
			if a.State() == ConnectionStateFailed {
				t.Errorf("failed before %v", c.after)
			}
			w.run(3 * time.Millisecond)
			a.wantState(ConnectionStateFailed, "in time")
			s := a.Stats()
			if len(s) != 1 || s[0].Pair.State != CandidatePairStateFailed || s[0].FailureReason != c.why {
				t.Errorf("the statistics say %v, %q", s[0].Pair, s[0].FailureReason)
			}
			if text := logged.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "map["+c.why+":1]") {
				t.Errorf("logged:\n%s", text)
			}
		})
	}
}

// The log tells of a pair in use that stops answering and of one that is given up,
// with nothing of the credentials.
func TestLogOfALostPair(t *testing.T) {
	var logged bytes.Buffer
	w := newWire(t)
	a := w.agent("a", AgentConfig{Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(10 * time.Second)
	p.mute = true
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "without answers")
	text := logged.String()
	for _, want := range []string{`level=INFO msg="selected pair does not answer"`, `level=INFO msg="selected pair given up"`, `why="consent expired"`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is not logged once:\n%s", want, text)
		}
	}
	_, pwd := a.LocalCredentials()
	if strings.Contains(text, pwd) || strings.Contains(text, puppetPassword) {
		t.Error("a password is logged")
	}
	if s := a.Stats(); s[0].FailureReason != "consent expired" {
		t.Errorf("the statistics say %q", s[0].FailureReason)
	}
}
