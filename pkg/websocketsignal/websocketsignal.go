// Package websocketsignal carries the signals of webrtc.Negotiate over WebSocket,
// such as those of a page in a browser: a text message of JSON for each, as the
// examples of webrtc-pc §10.7 have them.
//
//	http.HandleFunc("/signal", func(w http.ResponseWriter, r *http.Request) {
//		conn, err := websocket.Accept(w, r, nil)
//		if err != nil {
//			return
//		}
//		defer conn.CloseNow()
//		_ = webrtc.Negotiate(r.Context(), pc, websocketsignal.New(conn), webrtc.Impolite)
//	})
//
// It is a Go module of its own, so that programs that signal in other ways do not
// depend on a WebSocket library. It starts no goroutine.
package websocketsignal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/coder/websocket"

	"github.com/parleyrtc/webrtc"
)

// New returns a signal channel over a WebSocket connection. Messages of more than
// webrtc.MaxSignalSize bytes close the connection. A context that ends during a
// call closes it too. The peer's closing it in order is the channel's end.
func New(conn *websocket.Conn) webrtc.SignalChannel {
	conn.SetReadLimit(webrtc.MaxSignalSize)
	return channel{conn}
}

type channel struct{ conn *websocket.Conn }

func (c channel) Send(ctx context.Context, s webrtc.Signal) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if len(b) > webrtc.MaxSignalSize {
		return webrtc.ErrSignalTooLong
	}
	return c.conn.Write(ctx, websocket.MessageText, b)
}

func (c channel) Receive(ctx context.Context) (s webrtc.Signal, err error) {
	_, b, err := c.conn.Read(ctx)
	switch websocket.CloseStatus(err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway:
		return s, io.EOF
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("a message is no signal: %w", err)
	}
	return s, nil
}
