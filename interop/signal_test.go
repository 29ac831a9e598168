package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// patience is how long a test waits for what it expects.
const patience = 20 * time.Second

// A session is a connection of ours with a peer's, and the signal channel
// between them: candidates trickle both ways.
type session struct {
	*testing.T
	peer peer
	pc   *webrtc.PeerConnection
	// secret keeps our candidates from the peer.
	secret bool

	ours, theirs chan webrtc.ICECandidateInit

	mu         sync.Mutex // guards all below
	channels   map[string]*webrtc.DataChannel
	received   map[string][]webrtc.DataChannelMessage
	events     map[string]int // the peer's, as "name label"
	closing    map[string]int // our channels' closing events
	closed     map[string]int // our channels' close events
	candidates []webrtc.ICECandidateInit
	hearing    map[string]func(detail string) // of an event by its name
	over       bool
}

// sessions numbers the sessions, so that no event is taken for a later one's.
var sessions atomic.Int64

// startSession makes a fresh pair of connections; change, if not nil, and the
// options change what ours is made with.
func startSession(t *testing.T, p peer, change func(*webrtc.Configuration, *webrtc.SettingEngine), options ...func(*webrtc.API)) *session {
	t.Helper()
	s := &session{
		T: t, peer: p, ours: make(chan webrtc.ICECandidateInit, 1000), theirs: make(chan webrtc.ICECandidateInit, 1000),
		channels: map[string]*webrtc.DataChannel{}, received: map[string][]webrtc.DataChannelMessage{},
		events: map[string]int{}, closing: map[string]int{}, closed: map[string]int{}, hearing: map[string]func(string){},
	}
	var config webrtc.Configuration
	var settings webrtc.SettingEngine
	if change != nil {
		change(&config, &settings)
	}
	pc, err := webrtc.NewAPI(append(options, webrtc.WithSettingEngine(settings))...).NewPeerConnection(config)
	s.must(err)
	s.pc = pc
	pc.OnDataChannel(func(d *webrtc.DataChannel) { s.adopt(d) })
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil && !s.secret {
			s.ours <- c.ToJSON()
		}
	})
	name := fmt.Sprint(sessions.Add(1))
	p.listen(name, s.theirCandidate, s.theirEvent)
	stop := make(chan struct{})
	done := s.trickles(stop)
	t.Cleanup(func() {
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		p.listen("", nil, nil)
		within(t, 10*time.Second, "Close", func() { _ = pc.Close() })
		close(stop)
		within(t, callLimit+5*time.Second, "the end of trickling", done.Wait)
	})
	s.must(p.call(nil, "start", map[string]any{}, name))
	return s
}

func (s *session) theirEvent(name, detail string) {
	s.mu.Lock()
	hear := s.hearing[name]
	if hear == nil {
		s.events[name+" "+detail]++
	}
	s.mu.Unlock()
	if hear != nil {
		hear(detail)
	}
}

// hear sets who hears of the peer's events of a name.
func (s *session) hear(name string, f func(detail string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hearing[name] = f
}

func (s *session) theirCandidate(raw json.RawMessage) {
	var init *webrtc.ICECandidateInit
	err := json.Unmarshal(raw, &init)
	if err == nil && init == nil {
		return // gathering is complete
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if err != nil {
		s.Errorf("candidate %s: %v", raw, err)
		return
	}
	s.candidates = append(s.candidates, *init)
	s.theirs <- *init
}

// adopt records what happens on a channel of ours.
func (s *session) adopt(d *webrtc.DataChannel) *webrtc.DataChannel {
	label := d.Label()
	s.mu.Lock()
	s.channels[label] = d
	s.mu.Unlock()
	count := func(of map[string]int) func() {
		return func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			of[label]++
		}
	}
	d.OnClosing(count(s.closing))
	d.OnClose(count(s.closed))
	d.OnMessage(func(m webrtc.DataChannelMessage) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.received[label] = append(s.received[label], m)
	})
	return d
}

// trickles carries candidates both ways until stop is closed. Each waits for
// the description of its generation, as a signal channel that keeps the order
// of messages would have it.
func (s *session) trickles(stop <-chan struct{}) *sync.WaitGroup {
	var done sync.WaitGroup
	carry := func(from <-chan webrtc.ICECandidateInit, add func(webrtc.ICECandidateInit) error) {
		done.Go(func() {
			for {
				select {
				case <-stop:
					return
				case c := <-from:
					select {
					case <-stop: // what is still queued goes nowhere
						return
					default:
					}
					if err := add(c); err != nil {
						s.complain(err)
					}
				}
			}
		})
	}
	carry(s.ours, func(c webrtc.ICECandidateInit) error { return s.peer.call(nil, "addCandidate", c) })
	carry(s.theirs, func(c webrtc.ICECandidateInit) error {
		s.waitForGeneration(c, stop)
		if err := s.pc.AddICECandidate(c); err != nil && !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("candidate %q: %w", c.Candidate, err)
		}
		return nil
	})
	return &done
}

// complain fails the test unless it is over.
func (s *session) complain(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.Error(err)
	}
}

func (s *session) waitForGeneration(c webrtc.ICECandidateInit, stop <-chan struct{}) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		d := s.pc.RemoteDescription()
		if d != nil && hasLine(d, "a=ice-ufrag:", c.UsernameFragment) && hasLine(d, "a=mid:", c.SDPMid) {
			return
		}
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// hasLine tells whether a description has a line of that beginning and value,
// if there is a value.
func hasLine(d *webrtc.SessionDescription, beginning string, value *string) bool {
	return value == nil || strings.Contains(d.SDP, beginning+*value+"\r\n")
}

// local returns our description for the peer.
func (s *session) local() webrtc.SessionDescription {
	d := *s.pc.LocalDescription()
	if s.secret {
		var kept []string
		for line := range strings.Lines(d.SDP) {
			if !strings.HasPrefix(line, "a=candidate:") {
				kept = append(kept, line)
			}
		}
		d.SDP = strings.Join(kept, "")
	}
	return d
}

// offers has us offer and the peer answer.
func (s *session) offers() {
	s.Helper()
	s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
	var answer webrtc.SessionDescription
	s.must(s.peer.call(&answer, "answer", s.local()))
	s.must(s.pc.SetRemoteDescription(answer))
}

// answers has the peer offer and us answer.
func (s *session) answers() {
	s.Helper()
	var offer webrtc.SessionDescription
	s.must(s.peer.call(&offer, "offer"))
	s.must(s.pc.SetRemoteDescription(offer))
	s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
	s.must(s.peer.call(nil, "accept", s.local()))
}

// opens makes a channel of ours.
func (s *session) opens(label string, options *webrtc.DataChannelInit) *webrtc.DataChannel {
	s.Helper()
	d, err := s.pc.CreateDataChannel(label, options)
	s.must(err)
	return s.adopt(d)
}

// theyOpen makes a channel of the peer's.
func (s *session) theyOpen(label string, options map[string]any) {
	s.Helper()
	if options == nil {
		options = map[string]any{}
	}
	s.must(s.peer.call(nil, "open", label, options))
}

// eval runs the body of an async function in a peer that speaks JavaScript.
func (s *session) eval(result any, code string, args ...any) {
	s.Helper()
	if args == nil {
		args = []any{}
	}
	s.must(s.peer.call(result, "eval", code, args))
}

// waitOpen waits until a channel is open on both sides, and returns ours.
func (s *session) waitOpen(labels ...string) {
	s.Helper()
	for _, label := range labels {
		s.eventually(label+" is open on both sides", func() bool {
			d := s.channels[label]
			return d != nil && d.ReadyState() == webrtc.DataChannelStateOpen && s.events["open "+label] > 0
		})
	}
}

func (s *session) channel(label string) *webrtc.DataChannel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channels[label]
}

func (s *session) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// eventually waits until the condition, which s.mu guards, holds.
func (s *session) eventually(what string, condition func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		ok := condition()
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.Fatalf("not within %v: %s\nconnection %s, ICE %s, the peer's events %v, our channels closed %v, received %v",
				patience, what, s.pc.ConnectionState(), s.pc.ICEConnectionState(), s.events, s.closed, counts(s.received))
		}
	}
}

func counts(of map[string][]webrtc.DataChannelMessage) map[string]int {
	n := map[string]int{}
	for label, messages := range of {
		n[label] = len(messages)
	}
	return n
}
