package datachannel

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// TestOpenArguments walks the checks of createDataChannel (webrtc-pc §6.1).
func TestOpenArguments(t *testing.T) {
	long := strings.Repeat("é", 65536/2) // 65536 bytes in 32768 characters
	n := func(v uint16) *uint16 { return &v }
	for _, test := range []struct {
		name   string
		params Params
		want   any // a pointer to the error type, nil for none
	}{
		{"nothing set", Params{}, nil},
		{"the longest label", Params{Label: long[:65535-1] + "x"}, nil},
		{"a label of 65536 bytes", Params{Label: long}, new(*rtcerr.TypeError)},
		{"the longest protocol", Params{Protocol: strings.Repeat("p", 65535)}, nil},
		{"a protocol of 65536 bytes", Params{Protocol: long}, new(*rtcerr.TypeError)},
		{"both limits", Params{MaxRetransmits: n(0), MaxPacketLifeTime: n(0)}, new(*rtcerr.TypeError)},
		{"negotiated without id", Params{Negotiated: true}, new(*rtcerr.TypeError)},
		{"negotiated with id 65535", Params{Negotiated: true, ID: n(65535)}, new(*rtcerr.TypeError)},
		{"negotiated with id 65534", Params{Negotiated: true, ID: n(65534)}, nil},
		{"an id that does not count", Params{ID: n(65535)}, nil},
		{"an id in use", Params{Negotiated: true, ID: n(7)}, new(*rtcerr.OperationError)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := NewSession(SessionConfig{})
			defer s.Close(nil)
			if _, err := s.Open(Params{Negotiated: true, ID: n(7)}); err != nil {
				t.Fatal(err)
			}
			c, err := s.Open(test.params)
			if test.want == nil {
				if err != nil || c.State() != Connecting {
					t.Fatalf("got %v, want a connecting channel", err)
				}
				return
			}
			if !errors.As(err, test.want) {
				t.Fatalf("got %v, want a %T", err, test.want)
			}
		})
	}
}

func TestOpenAfterClose(t *testing.T) {
	s := NewSession(SessionConfig{})
	s.Close(nil)
	_, err := s.Open(Params{Label: strings.Repeat("x", 70000)})
	var state *rtcerr.InvalidStateError
	if !errors.As(err, &state) {
		t.Fatalf("got %v, want an InvalidStateError before any TypeError", err)
	}
}

func TestParamsAreCopied(t *testing.T) {
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	id, limit := uint16(4), uint16(9)
	c, err := s.Open(Params{Negotiated: true, ID: &id, MaxRetransmits: &limit})
	if err != nil {
		t.Fatal(err)
	}
	id, limit = 5, 10
	*c.MaxRetransmits() = 11
	if got, ok := c.ID(); got != 4 || !ok || *c.MaxRetransmits() != 9 {
		t.Fatalf("id %d, maxRetransmits %d", got, *c.MaxRetransmits())
	}
	if c.Priority() != PriorityLow || c.MaxPacketLifeTime() != nil || c.Ordered() || !c.Negotiated() || c.Remote() {
		t.Fatalf("%+v", c.params)
	}
}

// TestIDsByRole: "the peer acting as the DTLS client uses even ids, the server odd
// ones" (RFC 8832 §6), from the moment at which the role is known.
func TestIDsByRole(t *testing.T) {
	for _, client := range []bool{true, false} {
		s := NewSession(SessionConfig{})
		n := uint16(2)
		s.Open(Params{Negotiated: true, ID: &n})
		early, _ := s.Open(Params{})
		if _, ok := early.ID(); ok {
			t.Fatal("an id before the role is known")
		}
		s.SetRole(client)
		late, _ := s.Open(Params{})
		a, _ := early.ID()
		b, _ := late.ID()
		want := [2]uint16{0, 4} // 2 is taken
		if !client {
			want = [2]uint16{1, 3}
		}
		if [2]uint16{a, b} != want {
			t.Errorf("client %v: ids %d and %d, want %v", client, a, b, want)
		}
		s.Close(nil)
	}
}

func TestIDsRunOut(t *testing.T) {
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	var waiting []*Channel
	for range 3 {
		c, err := s.Open(Params{})
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	var failure error
	waiting[2].SetEvents(Events{OnError: func(err error) { failure = err }})
	// All odd ids but 1 and 65533 are taken.
	for id := 3; id < 65533; id += 2 {
		n := uint16(id)
		if _, err := s.Open(Params{Negotiated: true, ID: &n}); err != nil {
			t.Fatal(err)
		}
	}
	s.SetRole(false)
	for i, want := range []State{Connecting, Connecting, Closed} {
		if got := waiting[i].State(); got != want {
			t.Errorf("channel %d is %v, want %v", i, got, want)
		}
	}
	if id, _ := waiting[1].ID(); id != 65533 {
		t.Errorf("the last id is %d, want 65533", id)
	}
	_, err := s.Open(Params{})
	var operation *rtcerr.OperationError
	if !errors.As(err, &operation) {
		t.Errorf("got %v, want an OperationError", err)
	}
	waitFor(t, func() bool {
		waiting[2].inbox.mu.Lock()
		defer waiting[2].inbox.mu.Unlock()
		return failure != nil
	})
	var rtc *rtcerr.RTCError
	if !errors.As(failure, &rtc) || rtc.Detail != rtcerr.DetailDataChannelFailure {
		t.Errorf("OnError got %v", failure)
	}
}

func TestIDsGoRound(t *testing.T) {
	var a ids
	used := map[uint16]bool{}
	take := func() (uint16, bool) { return a.take(true, 8, func(id uint16) bool { return used[id] }) }
	for want := uint16(0); want < 8; want += 2 {
		id, ok := take()
		if !ok || id != want {
			t.Fatalf("got %d, %v, want %d", id, ok, want)
		}
		used[id] = true
		delete(used, 0) // 0 is free again at once, and still used last
	}
	if id, ok := take(); !ok || id != 0 {
		t.Fatalf("got %d, %v, want 0", id, ok)
	}
	used[0] = true
	if id, ok := take(); ok {
		t.Fatalf("got %d of none", id)
	}
}
