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
// depend on a WebSocket library. A goroutine reads each message; it ends with the
// message, or with the connection.
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
// webrtc.MaxSignalSize bytes and messages that are no signals close the connection, and
// so does a context that ends while one is sent. The peer's closing it in order is the
// channel's end. The connection stays the caller's, who may close it with a reason, or
// go on with it, once Negotiate has returned.
func New(conn *websocket.Conn) webrtc.SignalChannel {
	conn.SetReadLimit(webrtc.MaxSignalSize)
	return &channel{conn: conn}
}

type channel struct {
	conn *websocket.Conn
	// next is what a read under way will bring, nil if none is: a context that ends
	// during a read would close the connection.
	next chan message
}

type message struct {
	data []byte
	err  error
}

func (c *channel) Send(ctx context.Context, s webrtc.Signal) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if len(b) > webrtc.MaxSignalSize {
		return webrtc.ErrSignalTooLong
	}
	return c.conn.Write(ctx, websocket.MessageText, b)
}

func (c *channel) Receive(ctx context.Context) (s webrtc.Signal, err error) {
	if c.next == nil {
		next := make(chan message, 1)
		c.next = next
		go func() {
			_, data, err := c.conn.Read(context.Background())
			next <- message{data, err}
		}()
	}
	var m message
	select {
	case m = <-c.next:
		c.next = nil
	case <-ctx.Done():
		return s, ctx.Err()
	}
	switch websocket.CloseStatus(m.err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway:
		return s, io.EOF
	}
	if m.err != nil {
		return s, m.err
	}
	if err := json.Unmarshal(m.data, &s); err != nil {
		err = fmt.Errorf("a message is no signal: %w", err)
		_ = c.conn.Close(websocket.StatusInvalidFramePayloadData, "that is no signal")
		return s, err
	}
	return s, nil
}
