package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// pattern fills a buffer as the peers' functions of the same name do.
func pattern(length int, seed uint32) []byte {
	out := make([]byte, length)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = byte(seed >> 24)
	}
	return out
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// description is what a peer says of a message.
type description struct {
	Text   *string
	Length int
	SHA256 string
}

func describe(m webrtc.DataChannelMessage) description {
	if m.IsString {
		text := string(m.Data)
		return description{Text: &text}
	}
	return description{Length: len(m.Data), SHA256: digest(m.Data)}
}

func describeAll(messages []webrtc.DataChannelMessage) []description {
	var all []description
	for _, m := range messages {
		all = append(all, describe(m))
	}
	return all
}

func (d description) String() string {
	if d.Text != nil {
		return fmt.Sprintf("text %q", *d.Text)
	}
	return fmt.Sprintf("%d bytes, SHA-256 %s", d.Length, d.SHA256)
}

// everyPeer and everyBrowser are the names of those that a test runs with.
var (
	everyBrowser = []string{"chromium", "firefox"}
	everyPeer    = append(slices.Clone(everyBrowser), "aiortc", "libdatachannel", "pion", "werift", "wrtc")
)

// lacking is what peers cannot do.
var lacking = map[string][]string{
	// It sends the user message of an empty message without a byte, which SCTP
	// has no place for (RFC 8831 §6.6).
	"werift": {"sending empty messages"},
	// Its API says "ordered" of every channel that it did not make, has no
	// limits of those, and 65535 for the id of its own. It drops what it has not
	// delivered yet when the stream is reset, and ends without a close_notify.
	"libdatachannel": {"channel parameters", "messages before the end", "DTLS close_notify"},
	// Limits that are not set read as 65535.
	"wrtc": {"channel parameters"},
}

// lacks tells whether the peer cannot do something.
func (s *session) lacks(what string) bool {
	for name, whats := range lacking {
		if s.peerIs(name) && slices.Contains(whats, what) {
			return true
		}
	}
	return false
}

// peerIs tells whether the test's peer is one of those named.
func (s *session) peerIs(names ...string) bool {
	return slices.ContainsFunc(strings.Split(s.Name(), "/"), func(part string) bool { return slices.Contains(names, part) })
}

// forEach runs a test with every named peer, once with us as offerer and once
// as answerer.
func forEach(t *testing.T, names []string, test func(s *session, negotiate func())) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p := thePeer(t, name)
			t.Run("offerer", func(t *testing.T) {
				s := startSession(t, p, nil)
				test(s, s.offers)
			})
			t.Run("answerer", func(t *testing.T) {
				s := startSession(t, p, nil)
				s.theyOpen("lead", nil) // who has no channel offers none
				test(s, s.answers)
			})
		})
	}
}

// TestMessages sends text, binary and empty messages both ways, on channels
// that either side has made.
func TestMessages(t *testing.T) {
	forEach(t, everyPeer, func(s *session, negotiate func()) {
		s.opens("ours", nil)
		s.theyOpen("theirs", nil)
		negotiate()
		s.waitOpen("ours", "theirs")
		binary := pattern(1000, 1)
		want := []description{
			describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("grüße")}),
			describe(webrtc.DataChannelMessage{Data: binary}),
			describe(webrtc.DataChannelMessage{IsString: true}),
			describe(webrtc.DataChannelMessage{}),
		}
		for _, label := range []string{"ours", "theirs"} {
			d := s.channel(label)
			s.must(d.SendText("grüße"))
			s.must(d.Send(binary))
			s.must(d.SendText(""))
			s.must(d.Send(nil))
			s.must(s.peer.call(nil, "sendText", label, "grüße"))
			s.must(s.peer.call(nil, "sendPattern", label, 1000, 1))
			if !s.lacks("sending empty messages") {
				s.must(s.peer.call(nil, "sendText", label, ""))
				s.must(s.peer.call(nil, "sendPattern", label, 0, 1))
			}
		}
		for _, label := range []string{"ours", "theirs"} {
			s.theyGot(label, want)
			if s.lacks("sending empty messages") {
				s.weGot(label, want[:2])
			} else {
				s.weGot(label, want)
			}
		}
	})
}

// theyGot checks the messages that the peer has received on a channel.
func (s *session) theyGot(label string, want []description) {
	s.Helper()
	var got []description
	s.must(s.peer.call(&got, "received", label, len(want)))
	s.compare(label+": the peer got", got, want)
}

// weGot checks the messages that we have received on a channel.
func (s *session) weGot(label string, want []description) {
	s.Helper()
	s.eventually(fmt.Sprintf("%d messages on %s", len(want), label), func() bool {
		return len(s.received[label]) >= len(want)
	})
	s.mu.Lock()
	got := describeAll(s.received[label])
	s.mu.Unlock()
	s.compare(label+": we got", got, want)
}

func (s *session) compare(what string, got, want []description) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("%s %v, want %v", what, got, want)
	}
}
