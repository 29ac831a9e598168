package datachannel

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// peer is a session with its association, and what happened to it.
type peer struct {
	t       *testing.T
	s       *Session
	pipe    *pipe
	assoc   *sctptransport.Association
	opened  []*Channel
	channel func(*Channel) // called by OnChannel
}

func newPeer(t *testing.T, p *pipe, cfg SessionConfig) *peer {
	x := &peer{t: t, pipe: p}
	cfg.OnChannel = func(c *Channel) {
		x.opened = append(x.opened, c)
		if x.channel != nil {
			x.channel(c)
		}
	}
	x.s = NewSession(cfg)
	return x
}

func (x *peer) start(client bool) {
	a, err := sctptransport.Dial(x.t.Context(), sctptransport.Config{Conn: x.pipe})
	if err != nil {
		x.t.Errorf("association: %v", err)
		return
	}
	x.assoc = a
	if err := x.s.Start(SCTP(a), client, 0, 0); err != nil {
		x.t.Error(err)
	}
}

func (x *peer) close() {
	if x.assoc != nil {
		x.assoc.Close()
	}
	x.s.Close(nil)
}

// connect returns two peers over a path of the given delay, a as DTLS client.
func connect(t *testing.T, delay time.Duration, cfg SessionConfig) (a, b *peer) {
	pa, pb := newPipe(delay)
	a, b = newPeer(t, pa, cfg), newPeer(t, pb, cfg)
	go a.start(true)
	go b.start(false)
	time.Sleep(4*delay + time.Millisecond)
	synctest.Wait()
	if a.assoc == nil || b.assoc == nil {
		t.Fatal("no association after two round trips")
	}
	t.Cleanup(func() {
		a.close()
		b.close()
		pa.cut()
		time.Sleep(time.Second)
	})
	return a, b
}

func TestMessagesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		var got []string
		b.channel = func(c *Channel) {
			c.SetEvents(Events{OnMessage: func(d []byte, isString bool) {
				got = append(got, string(d))
				c.Send([]byte("re: "+string(d)), isString)
			}})
		}
		c, err := a.s.Open(Params{Label: "chat", Ordered: true})
		if err != nil {
			t.Fatal(err)
		}
		var back []string
		c.SetEvents(Events{OnMessage: func(d []byte, _ bool) { back = append(back, string(d)) }})
		if err := c.Send([]byte("hello"), true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if len(got) != 1 || got[0] != "hello" || len(back) != 1 || back[0] != "re: hello" {
			t.Fatalf("got %q and back %q", got, back)
		}
		if len(b.opened) != 1 || b.opened[0].Label() != "chat" {
			t.Fatalf("channels %v", b.opened)
		}
	})
}
