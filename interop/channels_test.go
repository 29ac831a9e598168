package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

func ref[T any](v T) *T { return &v }

// parameters are a channel's as a side sees them.
type parameters struct {
	ID                *uint16 `json:"id"`
	Ordered           bool    `json:"ordered"`
	Protocol          string  `json:"protocol"`
	MaxRetransmits    *uint16 `json:"maxRetransmits"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
	Negotiated        bool    `json:"negotiated"`
}

func (p parameters) String() string {
	number := func(n *uint16) string {
		if n == nil {
			return "none"
		}
		return fmt.Sprint(*n)
	}
	return fmt.Sprintf("id %s, ordered %t, protocol %q, max. retransmits %s, max. packet life time %s, negotiated %t",
		number(p.ID), p.Ordered, p.Protocol, number(p.MaxRetransmits), number(p.MaxPacketLifeTime), p.Negotiated)
}

func parametersOf(d *webrtc.DataChannel) parameters {
	return parameters{d.ID(), d.Ordered(), d.Protocol(), d.MaxRetransmits(), d.MaxPacketLifeTime(), d.Negotiated()}
}

// TestChannelParameters opens channels of every kind from both sides: each
// side sees what the other asked for, and messages flow.
func TestChannelParameters(t *testing.T) {
	kinds := map[string]parameters{
		"ordered":    {Ordered: true, Protocol: "chat"},
		"unordered":  {},
		"once":       {MaxRetransmits: ref(uint16(0))},
		"retried":    {Ordered: true, MaxRetransmits: ref(uint16(5))},
		"short-life": {MaxPacketLifeTime: ref(uint16(500)), Protocol: "game"},
	}
	// werift announces its partially reliable channels as ordered.
	forEach(t, []string{"chromium", "firefox", "aiortc", "libdatachannel", "pion", "wrtc"}, func(s *session, negotiate func()) {
		for name, p := range kinds {
			s.opens("ours-"+name, &webrtc.DataChannelInit{
				Ordered: &p.Ordered, Protocol: &p.Protocol, MaxRetransmits: p.MaxRetransmits, MaxPacketLifeTime: p.MaxPacketLifeTime,
			})
			options := map[string]any{"ordered": p.Ordered, "protocol": p.Protocol}
			if p.MaxRetransmits != nil {
				options["maxRetransmits"] = *p.MaxRetransmits
			}
			if p.MaxPacketLifeTime != nil {
				options["maxPacketLifeTime"] = *p.MaxPacketLifeTime
			}
			s.theyOpen("theirs-"+name, options)
		}
		negotiate()
		for name, want := range kinds {
			for _, label := range []string{"ours-" + name, "theirs-" + name} {
				s.waitOpen(label)
				d := s.channel(label)
				want.ID = d.ID()
				if got := parametersOf(d); got.String() != want.String() {
					s.Errorf("%s: we see %v, want %v", label, got, want)
				}
				var got parameters
				s.must(s.peer.call(&got, "describeChannel", label))
				if got.String() != want.String() && !s.lacks("channel parameters") {
					s.Errorf("%s: the peer sees %v, want %v", label, got, want)
				}
				data := pattern(5000, 9)
				s.must(d.Send(data))
				s.must(s.peer.call(nil, "sendPattern", label, 5000, 9))
				s.theyGot(label, []description{{Length: len(data), SHA256: digest(data)}})
				s.weGot(label, []description{{Length: len(data), SHA256: digest(data)}})
			}
		}
	})
}

// closers are the peers which close a channel that the other side has closed
// and say so.
var closers = []string{"chromium", "firefox", "aiortc", "libdatachannel", "pion", "wrtc"}

// TestCloseChannel closes one channel from each side: both sides hear of it
// once, and the stream is free for another channel.
func TestCloseChannel(t *testing.T) {
	forEach(t, closers, func(s *session, negotiate func()) {
		s.opens("by-us", nil)
		s.opens("by-them", nil)
		s.opens("stays", nil)
		negotiate()
		s.waitOpen("by-us", "by-them", "stays")
		id := *s.channel("by-us").ID()
		s.must(s.channel("by-us").SendText("last"))
		s.must(s.channel("by-us").Close())
		s.must(s.peer.call(nil, "sendText", "by-them", "last"))
		s.must(s.peer.call(nil, "closeChannel", "by-them"))
		for _, label := range []string{"by-us", "by-them"} {
			s.eventually(label+" is closed on both sides", func() bool {
				return s.closed[label] > 0 && s.events["close "+label] > 0
			})
		}
		last := []description{describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("last")})}
		if !s.lacks("messages before the end") {
			s.theyGot("by-us", last)
		}
		s.weGot("by-them", last)

		if !s.lacks("reusing a stream") {
			negotiated := map[string]any{"negotiated": true, "id": id}
			s.theyOpen("again", negotiated)
			s.opens("again", &webrtc.DataChannelInit{Negotiated: ref(true), ID: &id})
			s.waitOpen("again")
			s.must(s.channel("again").SendText("hello"))
			s.must(s.peer.call(nil, "sendText", "again", "hello"))
			hello := []description{describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("hello")})}
			s.theyGot("again", hello)
			s.weGot("again", hello)
		}
		s.closedOnce()
	})
}

// closedOnce checks the count of every event after a while in which late ones
// would come.
func (s *session) closedOnce() {
	s.Helper()
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, label := range []string{"by-us", "by-them"} {
		if s.closed[label] != 1 || s.events["close "+label] != 1 {
			s.Errorf("%s: we heard of the end %d times, the peer %d times, want once", label, s.closed[label], s.events["close "+label])
		}
		if d := s.channels[label]; d.ReadyState() != webrtc.DataChannelStateClosed {
			s.Errorf("%s is %s", label, d.ReadyState())
		}
	}
	// Only the side that is told announces that the channel is closing.
	if s.closing["by-us"] != 0 || s.closing["by-them"] != 1 {
		s.Errorf("closing events %v, want one for by-them", s.closing)
	}
	if s.closed["stays"] != 0 || s.events["close stays"] != 0 {
		s.Error("a channel that nobody has closed is closed")
	}
	if s.peerIs("chromium") && s.events["closing by-us"] != 1 {
		s.Errorf("the browser's closing events %v, want one for by-us", s.events)
	}
}

// TestNegotiatedChannels makes the same channels on both sides, before and
// after the connection is up.
func TestNegotiatedChannels(t *testing.T) {
	forEach(t, []string{"chromium", "firefox", "libdatachannel", "pion", "wrtc"}, func(s *session, negotiate func()) {
		make := func(label string, id uint16) {
			s.opens(label, &webrtc.DataChannelInit{Negotiated: ref(true), ID: &id})
			s.theyOpen(label, map[string]any{"negotiated": true, "id": id})
		}
		check := func(label string) {
			s.waitOpen(label)
			s.must(s.channel(label).SendText("hello " + label))
			s.must(s.peer.call(nil, "sendText", label, "hello "+label))
			want := []description{describe(webrtc.DataChannelMessage{IsString: true, Data: []byte("hello " + label)})}
			s.theyGot(label, want)
			s.weGot(label, want)
		}
		make("early", 100)
		negotiate()
		check("early")
		make("late", 101)
		check("late")
	})
}

// TestPeerCloses ends the peer's connection: our channels close, and the
// connection's state tells.
func TestPeerCloses(t *testing.T) {
	forEach(t, []string{"chromium", "firefox", "aiortc", "libdatachannel", "pion", "wrtc"}, func(s *session, negotiate func()) {
		d := s.opens("one", nil)
		s.opens("two", nil)
		negotiate()
		s.waitOpen("one", "two")
		s.must(s.peer.call(nil, "close"))
		s.eventually("our channels have closed", func() bool { return s.closed["one"] > 0 && s.closed["two"] > 0 })
		sctp := s.pc.SCTP()
		if sctp.State() != webrtc.SCTPTransportStateClosed {
			s.Errorf("SCTP is %s", sctp.State())
		}
		if !s.lacks("DTLS close_notify") {
			s.eventually("DTLS is closed", func() bool {
				return sctp.Transport().State() == webrtc.DTLSTransportStateClosed
			})
		}
		if s.peerIs(everyBrowser...) {
			// The state follows ICE, which misses the peer after five seconds.
			s.eventually("the connection is disconnected", func() bool {
				return s.pc.ConnectionState() == webrtc.PeerConnectionStateDisconnected
			})
		}
		if err := d.SendText("too late"); err == nil {
			s.Error("a closed channel takes messages")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed["one"] != 1 || s.closed["two"] != 1 {
			s.Errorf("close events %v, want one for each channel", s.closed)
		}
	})
}
