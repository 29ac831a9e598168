package interop

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// exchange sends a text both ways on a channel.
func (s *session) exchange(label string) {
	s.Helper()
	s.waitOpen(label)
	s.must(s.channel(label).SendText("to " + label))
	s.must(s.peer.call(nil, "sendText", label, "to "+label))
	want := []description{describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("to " + label)})}
	s.theyGot(label, want)
	s.weGot(label, want)
}

// TestMulticastDNS keeps our candidates from a browser that hides its
// addresses: only the name in its candidate leads to a path.
func TestMulticastDNS(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			// Chromium announces and answers one name a second, in turn: those of
			// earlier tests would be first.
			p, stop, err := startBrowser(name)
			if err != nil {
				missing(t, name, err)
			}
			t.Cleanup(stop)
			s := startSession(t, p, nil)
			s.secret = true
			s.opens("hidden", nil)
			s.offers()
			s.repeatsCandidates()
			s.exchange("hidden")
			s.mu.Lock()
			defer s.mu.Unlock()
			names := 0
			for _, c := range s.candidates {
				if c.Candidate == "" {
					continue
				}
				if fields := strings.Fields(c.Candidate); len(fields) < 5 || !strings.HasSuffix(fields[4], ".local") {
					s.Errorf("the browser does not hide its address: %s", c.Candidate)
				}
				names++
			}
			pair, err := s.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			s.must(err)
			if names == 0 || pair == nil || pair.Remote.Typ != webrtc.ICECandidateTypeHost {
				s.Errorf("%d names, the selected pair is %v, want a host candidate of the browser's", names, pair)
			}
			s.Logf("%d candidates with names, selected %v", names, pair)
		})
	}
}

// repeatsCandidates adds the peer's candidates again until its channel is open:
// whoever asks for Chromium's name too late for its announcement may have to
// wait for longer than a name is asked for.
func (s *session) repeatsCandidates() {
	stop := make(chan struct{})
	s.Cleanup(func() { close(stop) })
	go func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			s.mu.Lock()
			candidates := slices.Clone(s.candidates)
			s.mu.Unlock()
			for _, c := range candidates {
				if c.Candidate != "" && s.pc.ICEConnectionState() == webrtc.ICEConnectionStateNew {
					s.theirs <- c
				}
			}
		}
	}()
}

// TestGlare has both sides offer at once; one takes its offer back by taking
// the other's (RFC 9429 §4.1.10.2).
func TestGlare(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			p := thePeer(t, name)
			start := func(t *testing.T) (s *session, offer webrtc.SessionDescription) {
				s = startSession(t, p, nil)
				s.opens("ours", nil)
				s.theyOpen("theirs", nil)
				s.must(p.call(&offer, "offer"))
				s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
				return s, offer
			}
			t.Run("we yield", func(t *testing.T) {
				s, offer := start(t)
				s.must(s.pc.SetRemoteDescription(offer))
				s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
				s.must(p.call(nil, "accept", s.local()))
				s.exchange("ours")
				s.exchange("theirs")
			})
			t.Run("they yield", func(t *testing.T) {
				s, _ := start(t)
				var answer webrtc.SessionDescription
				s.must(p.call(&answer, "answer", s.local()))
				s.must(s.pc.SetRemoteDescription(answer))
				s.exchange("ours")
				s.exchange("theirs")
			})
			t.Run("we roll back", func(t *testing.T) {
				s, offer := start(t)
				s.must(s.pc.Rollback())
				s.must(s.pc.SetRemoteDescription(offer))
				s.must(s.pc.Rollback())
				s.must(s.pc.SetRemoteDescription(offer))
				s.must(s.pc.SetLocalDescription(webrtc.SessionDescription{}))
				s.must(p.call(nil, "accept", s.local()))
				s.exchange("ours")
				s.exchange("theirs")
			})
		})
	}
}

// TestRenegotiation adds channels to a connection that is up and exchanges
// descriptions again in both directions.
func TestRenegotiation(t *testing.T) {
	forEach(t, everyBrowser, func(s *session, negotiate func()) {
		s.opens("first", nil)
		negotiate()
		s.exchange("first")
		s.opens("second", nil)
		s.exchange("second")
		s.offers()
		s.theyOpen("third", nil)
		s.exchange("third")
		s.answers()
		s.opens("fourth", nil)
		s.exchange("fourth")
		s.eventually("one association all along", func() bool {
			return s.closed["first"] == 0 && s.channels["first"].ReadyState() == webrtc.DataChannelStateOpen
		})
	})
}

// TestMediaIsRejected takes a browser's offer of audio, video and data, first
// and last of the three, where no codec is registered: data works.
func TestMediaIsRejected(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			p := thePeer(t, name)
			noCodecs := webrtc.WithMediaEngine(&webrtc.MediaEngine{})
			t.Run("at first", func(t *testing.T) {
				s := startSession(t, p, nil, noCodecs)
				s.eval(nil, "pc.addTransceiver('audio'); pc.addTransceiver('video')")
				s.theyOpen("data", nil)
				s.answers()
				s.exchange("data")
				s.wantNoMedia()
			})
			t.Run("later", func(t *testing.T) {
				s := startSession(t, p, nil, noCodecs)
				s.theyOpen("data", nil)
				s.answers()
				s.waitOpen("data")
				s.eval(nil, "pc.addTransceiver('audio'); pc.addTransceiver('video')")
				s.answers()
				s.exchange("data")
				s.wantNoMedia()
			})
		})
	}
}

func (s *session) wantNoMedia() {
	s.Helper()
	d := s.local().SDP
	if !strings.Contains(d, "m=audio 0 ") || !strings.Contains(d, "m=video 0 ") {
		s.Errorf("audio and video are not rejected:\n%s", d)
	}
	var directions []string
	s.eval(&directions, "return pc.getTransceivers().map((t) => String(t.currentDirection))")
	for _, direction := range directions {
		if direction != "null" && direction != "stopped" && direction != "inactive" {
			s.Errorf("the browser's transceivers are %v", directions)
		}
	}
}

// TestLoopbackCandidates gathers from loopback too, where a browser answers but
// Firefox sends nothing of its own: a pair of addresses that both may use is
// selected.
func TestLoopbackCandidates(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			s := startSession(t, thePeer(t, name), func(_ *webrtc.Configuration, settings *webrtc.SettingEngine) {
				settings.SetIncludeLoopbackCandidate(true)
			})
			s.opens("near", nil)
			s.offers()
			s.exchange("near")
		})
	}
}
