package ice

import (
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// lastAnswer is when s was last answered on the pair in use.
func (s *side) lastAnswer() time.Time { return s.selected.answered() }

// sinceAnswer returns how long after from s came into the state.
func (s *side) sinceAnswer(from time.Time, state ConnectionState) time.Duration {
	s.w.t.Helper()
	for i, e := range s.events {
		if e == (StateChanged{State: state}) && s.times[i].After(from) {
			return s.times[i].Sub(from)
		}
	}
	s.w.t.Fatalf("%s is not %v after %v", s.name, state, from.Sub(epoch))
	return 0
}

// "Consent expires after 30 seconds" (RFC 7675 §5.1), counted from the last
// answer, to the instant; before that the state says that answers are missing.
func TestConsentExpires(t *testing.T) {
	w := newWire(t)
	w.delay = 30 * time.Millisecond
	a, _ := connected(w)
	w.run(time.Minute)
	last := a.lastAnswer()
	w.pass = func(*flying) bool { return false }
	w.run(last.Add(30*time.Second - time.Nanosecond).Sub(w.now))
	if _, ok := a.SelectedPair(); !ok {
		t.Error("the pair is given up before its time")
	}
	w.run(2 * time.Second)
	a.wantState(ConnectionStateFailed, "after 30 s")
	if got := a.sinceAnswer(last, ConnectionStateFailed); got != 30*time.Second {
		t.Errorf("failed %v after the last answer, want 30s", got)
	}
	// A check is due 4 to 6 s after the one before, and is followed by two more.
	if got := a.sinceAnswer(last, ConnectionStateDisconnected); got < 5*time.Second || got > 7600*time.Millisecond {
		t.Errorf("disconnected %v after the last answer, want 5 to 7.6 s", got)
	}
	if e, ok := a.events[len(a.events)-2].(SelectedPairChanged); !ok || !e.Pair.IsZero() {
		t.Errorf("before the state, a says %+v, want that no pair is in use", a.events[len(a.events)-2])
	}
	sent := w.sent
	w.pass = func(*flying) bool { t.Error("something is sent without consent"); return false }
	w.run(time.Hour)
	if w.sent != sent || !a.NextTimeout().IsZero() {
		t.Error("a failed agent goes on")
	}
	if s := a.Stats(); s[0].ConsentExpiredTimestamp != last.Add(30*time.Second) {
		t.Errorf("the statistics say %v", s[0].ConsentExpiredTimestamp)
	}
}

// The limits of SettingEngine: shorter ones hold, and never means the 30 s of
// consent alone.
func TestConsentLimits(t *testing.T) {
	for _, c := range []struct {
		name         string
		timing       Timing
		disconnected bool
		failed       time.Duration
	}{
		{"shorter", Timing{Keepalive: 200 * time.Millisecond, Disconnected: time.Second, Failed: 2 * time.Second}, true, 3 * time.Second},
		{"longer", Timing{Disconnected: 10 * time.Second, Failed: time.Minute}, true, 30 * time.Second},
		{"never", Timing{Disconnected: -1, Failed: -1}, false, 30 * time.Second},
		{"never failed", Timing{Failed: -1}, true, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t)
			a := w.agent("a", AgentConfig{Controlling: true, Timing: c.timing})
			b := w.agent("b", AgentConfig{})
			ca, cb := a.host(1, addrA), b.host(1, addrB)
			a.credentialsOf(b)
			b.credentialsOf(a)
			a.learnOf(cb)
			b.learnOf(ca)
			w.run(20 * time.Second)
			last := a.lastAnswer()
			w.pass = func(*flying) bool { return false }
			w.run(time.Minute)
			if got := a.sinceAnswer(last, ConnectionStateFailed); got != c.failed {
				t.Errorf("failed after %v, want %v", got, c.failed)
			}
			if slices.Contains(a.states, ConnectionStateDisconnected) != c.disconnected {
				t.Errorf("states %v", a.states)
			}
		})
	}
}

// A cut of ten seconds: disconnected, and back within two seconds of its end.
func TestCutAndReturn(t *testing.T) {
	w := newWire(t)
	w.delay = 50 * time.Millisecond
	a, b := connected(w)
	w.run(time.Minute)
	w.pass = func(*flying) bool { return false }
	w.run(10 * time.Second)
	a.wantState(ConnectionStateDisconnected, "after ten seconds of silence")
	b.wantState(ConnectionStateDisconnected, "after ten seconds of silence")
	w.pass = nil
	w.run(2 * time.Second)
	a.wantState(ConnectionStateCompleted, "when the path is back")
	b.wantState(ConnectionStateCompleted, "when the path is back")
	selections := 0
	for _, e := range a.events {
		if _, ok := e.(SelectedPairChanged); ok {
			selections++
		}
	}
	if selections != 1 {
		t.Errorf("the pair in use changed %d times, want 1", selections)
	}
}

// A single lost consent check is asked again at once, and changes nothing.
func TestOneLostConsentCheck(t *testing.T) {
	w := newWire(t)
	w.delay = 30 * time.Millisecond
	a, _ := connected(w)
	lost := 0
	w.pass = func(d *flying) bool {
		if d.by == a && d.data[0] == 0 && lost == 0 {
			lost++
			return false
		}
		return true
	}
	w.run(10 * time.Second)
	if lost != 1 || slices.Contains(a.states, ConnectionStateDisconnected) {
		t.Errorf("%d lost, states %v", lost, a.states)
	}
}

// Only a matching, authenticated answer renews consent (RFC 7675 §5.1): not one
// replayed, not one signed by somebody else, not the peer's own checks.
func TestWhatDoesNotRenewConsent(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(20 * time.Second)
	a.wantState(ConnectionStateConnected, "with the puppet")

	last := a.lastAnswer()
	old := p.success(p.requests[len(p.requests)-1], netip.MustParseAddrPort(addrA))
	p.answer = func(r *binding, _ netip.AddrPort) []byte {
		return p.message(stun.ClassSuccessResponse, r.id, newIntegrityKey("another password, and long"), func(m *stun.Message) {
			addXORAddress(m, netip.MustParseAddrPort(addrA))
		})
	}
	for range 35 {
		w.run(time.Second)
		p.send(addrB, old)
		p.send(addrB, p.message(stun.ClassIndication, p.id(), nil, func(*stun.Message) {}))
		p.check(addrB, true)
	}
	if got := a.sinceAnswer(last, ConnectionStateFailed); got != 30*time.Second {
		t.Errorf("failed %v after the last answer, want 30s", got)
	}
	if c := a.Counters(); c.UnmatchedResponses < 30 || c.BadIntegrity == 0 || c.Indications != 35 {
		t.Errorf("counted %+v", c)
	}
}

// Consent checks come every 4 to 6 s (RFC 7675 §5.1), never at one fixed
// interval, each with an id of its own; nothing else wakes an idle agent.
func TestIdleAgent(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a, _ := connected(w)
	w.run(10 * time.Second)
	var at []time.Time
	ids := map[string]bool{}
	w.pass = func(d *flying) bool {
		if d.by == a && d.data[0] == 0 {
			at = append(at, w.now)
			ids[string(d.data[8:20])] = true
		}
		return true
	}
	w.wakes = 0
	w.run(10 * time.Minute)
	if len(ids) != len(at) {
		t.Errorf("%d requests with %d ids", len(at), len(ids))
	}
	least, most := time.Hour, time.Duration(0)
	for i := range at[1:] {
		d := at[i+1].Sub(at[i])
		least, most = min(least, d), max(most, d)
	}
	if least < 4*time.Second || most > 6*time.Second || most-least < time.Second {
		t.Errorf("intervals from %v to %v, want about 4 to 6 s", least, most)
	}
	if w.wakes > 2*len(at)+4 {
		t.Errorf("two agents woke %d times in ten minutes for %d consent checks each", w.wakes, len(at))
	}
}

// The path becomes slower, so that an answer counts as missing before it comes;
// the probe sent in the meantime is lost. The late answer settles the matter.
func TestLateAnswer(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a, _ := connected(w)
	w.run(20 * time.Second)
	w.delay = 300 * time.Millisecond
	requests := 0
	w.pass = func(d *flying) bool {
		if d.by == a && d.data[0] == 0 {
			requests++
			return requests != 2
		}
		return true
	}
	w.until("a request unanswered", 10*time.Second, a.suspect)
	w.until("an answer after all", time.Second, func() bool { return !a.suspect() })
	if requests != 2 {
		t.Fatalf("%d requests", requests)
	}
	w.run(700 * time.Millisecond)
	if a.suspect() || requests != 2 {
		t.Errorf("after the late answer the pair is in doubt: %v; %d requests", a.suspect(), requests)
	}
}

// An error is no answer that renews consent, and counts as a missing one: the
// state says so long before consent expires, and the peer cannot make the agent
// ask faster by refusing.
func TestRefusedConsent(t *testing.T) {
	for _, code := range []int{500, 487} {
		t.Run(strconv.Itoa(code), func(t *testing.T) { refuseConsent(t, code) })
	}
}

func refuseConsent(t *testing.T, code int) {
	w := newWire(t)
	w.delay = 5 * time.Millisecond
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(20 * time.Second)
	a.wantState(ConnectionStateConnected, "with the puppet")
	last := a.lastAnswer()
	p.answer = func(r *binding, _ netip.AddrPort) []byte { return p.failure(r, code) }
	before := len(p.requests)
	w.run(29 * time.Second)
	if got := a.sinceAnswer(last, ConnectionStateDisconnected); got < 5*time.Second || got > 7600*time.Millisecond {
		t.Errorf("disconnected %v after the last answer, want 5 to 7.6 s", got)
	}
	if n := len(p.requests) - before; n > 40 {
		t.Errorf("%d requests in 29 s", n)
	}
}

// An authenticated 403 (Forbidden) revokes consent at once (RFC 7675 §5.2).
func TestConsentRevoked(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(20 * time.Second)
	a.wantState(ConnectionStateConnected, "with the puppet")

	// One that is not authentic revokes nothing.
	p.answer = func(r *binding, _ netip.AddrPort) []byte {
		return p.message(stun.ClassErrorResponse, r.id, nil, func(m *stun.Message) { addErrorCode(m, 403) })
	}
	asked := len(p.requests)
	w.until("a consent check", 6*time.Second, func() bool { return len(p.requests) > asked })
	w.run(100 * time.Millisecond)
	if _, ok := a.SelectedPair(); !ok {
		t.Fatal("anybody can revoke the peer's consent")
	}

	p.answer = func(r *binding, _ netip.AddrPort) []byte { return p.failure(r, 403) }
	asked = len(p.requests)
	w.until("another one", 6*time.Second, func() bool { return len(p.requests) > asked })
	w.run(100 * time.Millisecond)
	if _, ok := a.SelectedPair(); ok {
		t.Error("packets go on after the peer has revoked its consent")
	}
	a.wantState(ConnectionStateFailed, "without consent")
	asked = len(p.requests)
	w.run(time.Minute)
	if len(p.requests) != asked {
		t.Error("the agent asks on")
	}
}
