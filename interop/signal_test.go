package interop

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// A session is a connection of ours with a browser's, and the signal channel
// between them: candidates trickle both ways.
type session struct {
	*testing.T
	browser *browser
	pc      *webrtc.PeerConnection

	mu       sync.Mutex // guards all below
	channels map[string]*webrtc.DataChannel
	received map[string][]webrtc.DataChannelMessage
	events   map[string]int // the browser's, as "name detail"
	closed   map[string]int // our channels' close events
}

// startSession makes a fresh pair of connections.
func startSession(t *testing.T, b *browser) *session {
	t.Helper()
	s := &session{
		T: t, browser: b, channels: map[string]*webrtc.DataChannel{}, received: map[string][]webrtc.DataChannelMessage{},
		events: map[string]int{}, closed: map[string]int{},
	}
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	s.must(err)
	s.pc = pc
	pc.OnDataChannel(func(d *webrtc.DataChannel) { s.adopt(d) })
	b.mu.Lock()
	b.onEvent = func(name, detail string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events[name+" "+detail]++
	}
	ours, theirs := make(chan webrtc.ICECandidateInit, 1000), make(chan webrtc.ICECandidateInit, 1000)
	b.onCandidate = func(raw json.RawMessage) {
		var init *webrtc.ICECandidateInit
		if err := json.Unmarshal(raw, &init); err != nil {
			t.Errorf("candidate %s: %v", raw, err)
		} else if init != nil {
			theirs <- *init
		}
	}
	b.mu.Unlock()
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			ours <- c.ToJSON()
		}
	})
	s.trickles(ours, theirs)
	t.Cleanup(func() {
		b.mu.Lock()
		b.onCandidate, b.onEvent = nil, nil
		b.mu.Unlock()
		s.check(pc.Close())
		close(ours)
		close(theirs)
	})
	s.must(b.eval(nil, "start(args[0])", map[string]any{}))
	return s
}

// adopt records what happens on a channel of ours.
func (s *session) adopt(d *webrtc.DataChannel) *webrtc.DataChannel {
	s.mu.Lock()
	s.channels[d.Label()] = d
	s.mu.Unlock()
	d.OnMessage(func(m webrtc.DataChannelMessage) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.received[d.Label()] = append(s.received[d.Label()], m)
	})
	d.OnClose(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed[d.Label()]++
	})
	return d
}

// trickles carries candidates both ways until the channels are closed. Each
// waits for the description of its generation, as a signal channel that keeps
// the order of messages would have it.
func (s *session) trickles(ours <-chan webrtc.ICECandidateInit, theirs <-chan webrtc.ICECandidateInit) {
	var done sync.WaitGroup
	done.Go(func() {
		for c := range ours {
			if s.Context().Err() != nil {
				continue // the test is over
			}
			if err := s.browser.eval(nil, "await addCandidate(args[0])", c); err != nil && s.Context().Err() == nil {
				s.Error(err)
			}
		}
	})
	done.Go(func() {
		for c := range theirs {
			s.waitForGeneration(c)
			if err := s.pc.AddICECandidate(c); err != nil && !errors.Is(err, net.ErrClosed) {
				s.Error(err)
			}
		}
	})
	s.Cleanup(done.Wait)
}

func (s *session) waitForGeneration(c webrtc.ICECandidateInit) {
	for range 5000 {
		d := s.pc.RemoteDescription()
		if d != nil && (c.UsernameFragment == nil || strings.Contains(d.SDP, "a=ice-ufrag:"+*c.UsernameFragment)) {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// offers has us offer and the browser answer.
func (s *session) offers() {
	s.Helper()
	s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
	var answer webrtc.SessionDescription
	s.must(s.browser.eval(&answer, `
		await pc.setRemoteDescription(args[0]);
		await pc.setLocalDescription();
		return pc.localDescription.toJSON();`, s.pc.LocalDescription()))
	s.must(s.pc.SetRemoteDescription(answer))
}

// answers has the browser offer and us answer.
func (s *session) answers() {
	s.Helper()
	var offer webrtc.SessionDescription
	s.must(s.browser.eval(&offer, `
		await pc.setLocalDescription();
		return pc.localDescription.toJSON();`))
	s.must(s.pc.SetRemoteDescription(offer))
	s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
	s.must(s.browser.eval(nil, "await pc.setRemoteDescription(args[0])", s.pc.LocalDescription()))
}

func (s *session) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *session) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// eventually waits until the condition, which s.mu guards, holds.
func (s *session) eventually(what string, condition func() bool) {
	s.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		ok := condition()
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("not within 30 s: %s", what)
		}
	}
}
