package datachannel

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// peer is a session with its association, and what happened to it.
type peer struct {
	t     *testing.T
	s     *Session
	pipe  *pipe
	cfg   sctptransport.Config
	assoc *sctptransport.Association

	mu      sync.Mutex
	opened  []*Channel
	channel func(*Channel) // called by OnChannel; may be nil
}

func newPeer(t *testing.T, p *pipe, cfg SessionConfig) *peer {
	x := &peer{t: t, pipe: p, cfg: sctptransport.Config{Conn: p, MaxMessageSize: cfg.MaxMessageSize}}
	cfg.OnChannel = func(c *Channel) {
		x.mu.Lock()
		x.opened = append(x.opened, c)
		x.mu.Unlock()
		if x.channel != nil {
			x.channel(c)
		}
	}
	x.s = NewSession(cfg)
	return x
}

func (x *peer) dial() {
	a, err := sctptransport.Dial(x.t.Context(), x.cfg)
	if err != nil {
		x.t.Errorf("association: %v", err)
		return
	}
	x.assoc = a
}

func (x *peer) start(client bool) {
	if err := x.s.Start(SCTP(x.assoc), client, 0, x.assoc.MaxChannels()); err != nil {
		x.t.Error(err)
	}
}

// open creates a channel that records its events.
func (x *peer) open(p Params) (*Channel, *record) {
	x.t.Helper()
	c, err := x.s.Open(p)
	if err != nil {
		x.t.Fatal(err)
	}
	return c, recordOf(c)
}

// theChannel returns the only channel that the peer has opened.
func (x *peer) theChannel() *Channel {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.opened) != 1 {
		x.t.Fatalf("%d channels were opened, want one", len(x.opened))
	}
	return x.opened[0]
}

// dial brings the associations of both up.
func dial(t *testing.T, a, b *peer, delay time.Duration) {
	go a.dial()
	go b.dial()
	time.Sleep(4*delay + time.Millisecond)
	synctest.Wait()
	if a.assoc == nil || b.assoc == nil {
		t.Fatal("no association after two round trips")
	}
}

// connect returns two peers over a path of the given delay, a as DTLS client.
func connect(t *testing.T, delay time.Duration, cfg SessionConfig) (a, b *peer) {
	pa, pb := newPipe(delay)
	a, b = newPeer(t, pa, cfg), newPeer(t, pb, cfg)
	dial(t, a, b, delay)
	a.start(true)
	b.start(false)
	t.Cleanup(func() {
		a.s.Close(nil)
		b.s.Close(nil)
		pa.cut()
		time.Sleep(time.Second)
	})
	return a, b
}

// connectRaw returns a peer that is DTLS server and an association that says
// what it likes.
func connectRaw(t *testing.T, delay time.Duration, cfg SessionConfig) (a *peer, raw *sctptransport.Association) {
	pa, pb := newPipe(delay)
	a, b := newPeer(t, pa, cfg), newPeer(t, pb, SessionConfig{})
	dial(t, a, b, delay)
	a.start(false)
	t.Cleanup(func() {
		a.s.Close(nil)
		b.assoc.Abort("")
		pa.cut()
		time.Sleep(time.Second)
	})
	return a, b.assoc
}

// settle lets everything happen that is under way.
func settle() {
	time.Sleep(5 * time.Second)
	synctest.Wait()
}

// record is the events of a channel, in words.
type record struct {
	mu     sync.Mutex
	events []string
	datas  [][]byte
	c      *Channel
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *record) handlers() Events {
	return Events{
		OnOpen: func() { r.add("open") },
		OnMessage: func(d []byte, isString bool) {
			kind := "binary"
			if isString {
				kind = "string"
			}
			r.mu.Lock()
			r.datas = append(r.datas, d)
			r.mu.Unlock()
			if len(d) > 40 {
				r.add("%s of %d", kind, len(d))
			} else {
				r.add("%s %q", kind, d)
			}
		},
		OnBufferedAmountLow: func() { r.add("low") },
		OnClosing:           func() { r.add("closing") },
		OnError:             func(err error) { r.add("error") },
		OnClose:             func() { r.add("close in state %v", r.c.State()) },
	}
}

func recordOf(c *Channel) *record {
	r := &record{c: c}
	c.SetEvents(r.handlers())
	return r
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// want checks the events, of which "low" is left out.
func (r *record) want(t *testing.T, who string, want ...string) {
	t.Helper()
	got := slices.DeleteFunc(r.all(), func(e string) bool { return e == "low" })
	if !slices.Equal(got, want) {
		t.Errorf("%s saw %q, want %q", who, got, want)
	}
}

func num(v uint16) *uint16 { return &v }

func TestOpenAndTalk(t *testing.T) {
	for _, params := range []Params{
		{Label: "ordered", Ordered: true},
		{Label: "unordered", Protocol: "proto", Priority: PriorityHigh},
		{Label: "no retransmission", MaxRetransmits: num(0)},
		{Label: "500 ms", MaxPacketLifeTime: num(500)},
		{Label: ""},
	} {
		t.Run(params.Label, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, 10*time.Millisecond, SessionConfig{})
				var there *record
				b.channel = func(c *Channel) { there = recordOf(c) }
				c, here := a.open(params)
				if c.State() != Open {
					t.Fatalf("the channel is %v when there is an association", c.State())
				}
				for _, m := range []string{"text", "", "ünï"} {
					c.Send([]byte(m), true)
				}
				c.Send([]byte{0, 1}, false)
				c.Send(nil, false)
				settle()
				d := b.theChannel()
				if d.Label() != params.Label || d.Protocol() != params.Protocol || d.Ordered() != params.Ordered ||
					fmt.Sprint(d.MaxRetransmits() == nil, d.MaxPacketLifeTime() == nil) != fmt.Sprint(c.MaxRetransmits() == nil, c.MaxPacketLifeTime() == nil) ||
					d.Priority() != c.Priority() || !d.Remote() || d.Negotiated() {
					t.Errorf("opened as %+v", d.params)
				}
				there.want(t, "the peer", "open", `string "text"`, `string ""`, `string "ünï"`, `binary "\x00\x01"`, `binary ""`)
				d.Send([]byte("back"), true)
				settle()
				here.want(t, "the opener", "open", `string "back"`)
				if n := c.BufferedAmount(); n != 0 {
					t.Errorf("%d bytes are buffered in the end", n)
				}
				if st := c.Stats(); st.MessagesSent != 5 || st.BytesSent != 11 || st.MessagesReceived != 1 || st.BytesReceived != 4 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// TestOpenBeforeAssociation: channels wait for the association and open in the
// order in which they were created.
func TestOpenBeforeAssociation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pa, pb := newPipe(10 * time.Millisecond)
		a, b := newPeer(t, pa, SessionConfig{}), newPeer(t, pb, SessionConfig{})
		first, ra := a.open(Params{Label: "first", Ordered: true})
		gone, rg := a.open(Params{Label: "closed before"})
		_, rn := a.open(Params{Label: "negotiated", Ordered: true, Negotiated: true, ID: num(1)})
		neg, rb := b.open(Params{Label: "other name", Ordered: true, Negotiated: true, ID: num(1)})
		if err := first.Send([]byte("early"), true); err == nil {
			t.Error("a connecting channel sends")
		}
		gone.Close()
		second, _ := a.open(Params{Label: "second", Ordered: true})
		synctest.Wait()
		rg.want(t, "the closed channel", "close in state closed")

		dial(t, a, b, 10*time.Millisecond)
		b.start(false)
		a.start(true)
		defer func() { a.s.Close(nil); b.s.Close(nil); pa.cut(); time.Sleep(time.Second) }()
		if first.State() != Open || second.State() != Open || neg.State() != Open {
			t.Errorf("states %v %v %v", first.State(), second.State(), neg.State())
		}
		neg.Send([]byte("hello"), true)
		settle()
		ra.want(t, "the first channel", "open")
		rn.want(t, "the negotiated channel", "open", `string "hello"`)
		rb.want(t, "its peer", "open")
		if len(b.opened) != 2 || b.opened[0].Label() != "first" || b.opened[1].Label() != "second" {
			t.Errorf("the peer saw %d channels", len(b.opened))
		}
		if err := a.s.Start(SCTP(a.assoc), true, 0, 0); err == nil {
			t.Error("started twice")
		}
	})
}

// TestNegotiatedLate: what arrives for a negotiated channel before the program
// has created it is kept for it.
func TestNegotiatedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		ca, _ := a.open(Params{Negotiated: true, ID: num(5), Ordered: true})
		ca.Send([]byte("one"), true)
		ca.Send(nil, false)
		settle()
		cb, rb := b.open(Params{Negotiated: true, ID: num(5), Ordered: true})
		ca.Send([]byte("three"), true)
		cb.Send([]byte("answer"), true)
		settle()
		rb.want(t, "the late one", "open", `string "one"`, `binary ""`, `string "three"`)
		if n := len(b.opened); n != 0 {
			t.Errorf("%d channels announced", n)
		}
		ca.Close()
		settle()
		rb.want(t, "the late one", "open", `string "one"`, `binary ""`, `string "three"`, "closing", "close in state closed")
	})
}

// TestManyChannels opens, uses and closes 500 channels; their ids are free
// afterwards.
func TestManyChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		b.channel = func(c *Channel) {
			c.SetEvents(Events{OnMessage: func(d []byte, s bool) { c.Send(d, s) }})
		}
		var channels []*Channel
		var records []*record
		for i := range 500 {
			c, r := a.open(Params{Label: fmt.Sprint(i), Ordered: i%2 == 0})
			c.Send([]byte(c.Label()), true)
			channels, records = append(channels, c), append(records, r)
		}
		settle()
		for i, c := range b.opened {
			if c.Label() != fmt.Sprint(i) {
				t.Fatalf("channel %d is announced as number %s", i, c.Label())
			}
		}
		for i, c := range channels {
			if i%2 == 0 {
				c.Close()
			} else {
				b.opened[i].Close()
			}
		}
		settle()
		for i, r := range records {
			want := []string{"open", fmt.Sprintf("string %q", fmt.Sprint(i)), "close in state closed"}
			if i%2 == 1 {
				want = slices.Insert(want, 2, "closing")
			}
			r.want(t, "channel "+fmt.Sprint(i), want...)
		}
		if len(a.s.channels) != 0 || len(b.s.channels) != 0 {
			t.Errorf("%d and %d channels are left", len(a.s.channels), len(b.s.channels))
		}
		if st := a.s.Stats(); st != (Stats{Opened: 500, Closed: 500}) {
			t.Errorf("%+v", st)
		}
	})
}
