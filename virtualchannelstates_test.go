package webrtc

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §6.2, announcing a data channel as open and as closed: both are tasks, so
// that the calls that bring them about return before.
func TestVirtualChannelStatesChangeAfterTheCall(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		var j journal
		notes := func(name string, d *DataChannel) {
			d.OnOpen(func() { j.note("%s open %s", name, d.ReadyState()) })
			d.OnClosing(func() { j.note("%s closing %s", name, d.ReadyState()) })
			d.OnError(func(error) { j.note("%s error %s", name, d.ReadyState()) })
			d.OnClose(func() { j.note("%s close %s", name, d.ReadyState()) })
		}
		want := func(d *DataChannel, state DataChannelState, when string) {
			t.Helper()
			if s := d.ReadyState(); s != state {
				t.Errorf("the channel is %s %s, want %s", s, when, state)
			}
		}
		early := a.channel("early", nil)
		notes("early", early)
		a.must(early.Close(), "Close")
		want(early, DataChannelStateClosing, "after Close before there is an association")
		w.within(time.Second, "it closes", func() bool { return early.ReadyState() == DataChannelStateClosed })

		w.connectedPair(a, b)
		late := a.channel("late", nil)
		want(late, DataChannelStateConnecting, "after CreateDataChannel on a running association")
		a.must(late.SendText("at once"), "Send")
		notes("late", late)
		w.within(time.Second, "it opens", func() bool { return late.ReadyState() == DataChannelStateOpen })
		w.within(time.Second, "the message arrives", func() bool { return slices.Contains(b.received, "at once") })
		quiet := a.channel("without a handler", nil)
		want(quiet, DataChannelStateConnecting, "after CreateDataChannel")
		w.within(time.Second, "it opens too", func() bool { return quiet.ReadyState() == DataChannelStateOpen })
		a.must(late.Close(), "Close")
		want(late, DataChannelStateClosing, "after Close")
		w.within(time.Second, "it closes", func() bool { return late.ReadyState() == DataChannelStateClosed })
		time.Sleep(10 * time.Millisecond)
		wantJournal(t, "a", j.read(), []string{"early close closed", "late open open", "late close closed"})
	})
}

// "If the channel's [[ReadyState]] is still "open", announce the data channel as
// open" (webrtc-pc §6.2): not after a Close in the handler of OnDataChannel.
func TestVirtualChannelClosedInOnDataChannelDoesNotOpen(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		var j journal
		b.OnDataChannel(func(d *DataChannel) {
			j.note("channel %s", d.ReadyState())
			d.OnOpen(func() { j.note("open") })
			d.OnClose(func() { j.note("close") })
			b.must(d.SendText("bye"), "Send")
			b.must(d.Close(), "Close")
		})
		d := a.channel("data", nil)
		var got string
		d.OnMessage(func(m DataChannelMessage) { got = string(m.Data) })
		w.signal(a, b, func() time.Duration { return 0 })
		a.negotiates(b, 0)
		w.within(5*time.Second, "both close", func() bool { return d.ReadyState() == DataChannelStateClosed && len(j.read()) == 2 })
		if got != "bye" {
			t.Errorf("a received %q", got)
		}
		wantJournal(t, "b", j.read(), []string{"channel open", "close"})
	})
}

// The end of the peer's connection is an error and then a close; of a channel that
// has closed it is nothing (webrtc-pc §6.2, announcing a data channel as closed).
func TestVirtualChannelsOfAPeerThatCloses(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		id := uint16(100)
		yes := true
		negotiated := DataChannelInit{Negotiated: &yes, ID: &id}
		mine, theirs := a.channel("negotiated", &negotiated), b.channel("negotiated", &negotiated)
		var j journal
		for name, c := range map[string]*DataChannel{"a": mine, "b": theirs, "a's first": d} {
			c.OnError(func(err error) {
				var failed *rtcerr.RTCError
				j.note("%s error %v %s", name, errors.As(err, &failed), c.ReadyState())
			})
			c.OnClose(func() { j.note("%s close %s", name, c.ReadyState()) })
		}
		a.must(d.Close(), "Close")
		w.within(time.Second, "it closes", func() bool { return slices.Contains(j.read(), "a's first close closed") })
		a.must(mine.SendText("hello"), "Send")
		a.must(a.Close(), "Close")
		if n, s := mine.BufferedAmount(), mine.ReadyState(); n != 5 || s != DataChannelStateClosed {
			t.Errorf("after Close %d bytes are buffered in a channel that is %s", n, s)
		}
		w.within(30*time.Second, "b's closes", func() bool { return slices.Contains(j.read(), "b close closed") })
		wantJournal(t, "both", j.read(), []string{"a's first close closed", "b error true closed", "b close closed"})
	})
}

// webrtc-pc §6.1, createDataChannel, one row for each rule.
func TestCreateDataChannelArguments(t *testing.T) {
	number := func(n uint16) *uint16 { return &n }
	text := func(s string) *string { return &s }
	yes, no := true, false
	long, longer := strings.Repeat("l", 65535), strings.Repeat("l", 65536)
	two := strings.Repeat("\u00b5", 32768)
	for _, c := range []struct {
		name, label string
		init        DataChannelInit
		reason      error // nil where the channel is made
		id          *uint16
	}{
		{name: "nothing"},
		{name: "longest label and protocol", label: long, init: DataChannelInit{Protocol: &long}},
		{name: "label too long", label: longer, reason: ErrStringSizeLimit},
		{name: "label too long in bytes", label: two, reason: ErrStringSizeLimit},
		{name: "label too long, negotiated", label: longer, init: DataChannelInit{Negotiated: &yes, ID: number(42)}, reason: ErrStringSizeLimit},
		{name: "protocol too long", init: DataChannelInit{Protocol: &longer}, reason: ErrProtocolTooLarge},
		{name: "protocol too long in bytes", init: DataChannelInit{Protocol: &two}, reason: ErrProtocolTooLarge},
		{name: "both limits", init: DataChannelInit{MaxRetransmits: number(0), MaxPacketLifeTime: number(0)}, reason: ErrRetransmitsOrPacketLifeTime},
		{name: "no retransmission", init: DataChannelInit{MaxRetransmits: number(0)}},
		{name: "no time", init: DataChannelInit{MaxPacketLifeTime: number(0)}},
		{name: "negotiated without ID", init: DataChannelInit{Negotiated: &yes}, reason: ErrNegotiatedWithoutID},
		{name: "negotiated with the reserved ID", init: DataChannelInit{Negotiated: &yes, ID: number(65535)}, reason: ErrMaxDataChannelID},
		{name: "negotiated with the largest ID", init: DataChannelInit{Negotiated: &yes, ID: number(65534)}, id: number(65534)},
		{name: "negotiated with ID 0", init: DataChannelInit{Negotiated: &yes, ID: number(0)}, id: number(0)},
		{name: "an ID that is ignored", init: DataChannelInit{Negotiated: &no, ID: number(42)}},
		{name: "the reserved ID, ignored", init: DataChannelInit{ID: number(65535)}},
		{name: "all", label: "a", init: DataChannelInit{Ordered: &no, MaxRetransmits: number(1), Protocol: text("p"), Negotiated: &yes, ID: number(3)}, id: number(3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc, err := NewPeerConnection(Configuration{})
			if err != nil {
				t.Fatal(err)
			}
			defer pc.Close()
			d, err := pc.CreateDataChannel(c.label, &c.init)
			var typeError *rtcerr.TypeError
			if c.reason != nil {
				if !errors.As(err, &typeError) || !errors.Is(err, c.reason) || d != nil {
					t.Fatalf("%v, want a TypeError that matches %v", err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			protocol, ordered := "", true
			if c.init.Protocol != nil {
				protocol = *c.init.Protocol
			}
			if c.init.Ordered != nil {
				ordered = *c.init.Ordered
			}
			if d.Label() != c.label || d.Protocol() != protocol || d.Ordered() != ordered || d.ReadyState() != DataChannelStateConnecting ||
				d.BufferedAmount() != 0 || d.BufferedAmountLowThreshold() != 0 || d.Negotiated() != (c.init.Negotiated == &yes) {
				t.Error("the attributes are not those that were asked for")
			}
			for what, pair := range map[string][2]*uint16{
				"ID": {d.ID(), c.id}, "MaxRetransmits": {d.MaxRetransmits(), c.init.MaxRetransmits},
				"MaxPacketLifeTime": {d.MaxPacketLifeTime(), c.init.MaxPacketLifeTime},
			} {
				if got, want := pair[0], pair[1]; (got == nil) != (want == nil) || got != nil && *got != *want {
					t.Errorf("%s is another one than was asked for", what)
				}
			}
			// "If … the value … is being used by an existing RTCDataChannel, throw an
			// OperationError."
			var operation *rtcerr.OperationError
			if c.id != nil {
				if _, err := pc.CreateDataChannel("again", &c.init); !errors.As(err, &operation) {
					t.Errorf("the same ID again: %v, want an OperationError", err)
				}
			}
		})
	}
}
