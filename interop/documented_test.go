package interop

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// A pageChannel is the signal channel to a page that stands for its WebSocket.
type pageChannel struct {
	peer peer
	in   chan string
}

func (c pageChannel) Send(_ context.Context, s webrtc.Signal) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return c.peer.call(nil, "eval", `deliver(args[0])`, []any{string(data)})
}

func (c pageChannel) Receive(ctx context.Context) (s webrtc.Signal, err error) {
	select {
	case data := <-c.in:
		return s, json.Unmarshal([]byte(data), &s)
	case <-ctx.Done():
		return s, ctx.Err()
	}
}

// TestDocumentedPage runs the page's side of docs/negotiation.md against Negotiate:
// both sides want to offer at once, and again later.
func TestDocumentedPage(t *testing.T) {
	page, err := os.ReadFile("../docs/negotiation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(page), "```js\n")
	code, _, found := strings.Cut(code, "```")
	if !found {
		t.Fatal("the document has no script")
	}
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			s := startSession(t, thePeer(t, name), nil)
			channel := pageChannel{s.peer, make(chan string, 1000)}
			s.hear("signal", func(data string) { channel.in <- data })
			s.eval(nil, `
				const name = session, socket = {send: (data) => event('signal', data, name)};
				self.deliver = (data) => socket.onmessage({data});`+code)
			s.opens("ours", nil)
			s.theyOpen("theirs", nil)
			ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- webrtc.Negotiate(ctx, s.pc, channel, webrtc.Polite) }()
			s.exchange("ours")
			s.exchange("theirs")
			before := *s.pc.CurrentLocalDescription()
			s.pc.RestartICE()
			s.must(s.peer.call(nil, "restart"))
			s.eventually("another exchange", func() bool {
				now := s.pc.CurrentLocalDescription()
				return now != nil && now.SDP != before.SDP && s.pc.SignalingState() == webrtc.SignalingStateStable
			})
			s.opens("later", nil)
			s.exchange("later")
			cancel()
			select {
			case err := <-ended:
				if ctx.Err() == nil || err != ctx.Err() {
					t.Errorf("Negotiate ends with %v", err)
				}
			case <-time.After(patience):
				t.Error("Negotiate does not end")
			}
		})
	}
}
