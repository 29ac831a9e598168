package signal

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const (
	// maxMessage bounds what a WebSocket takes: descriptions are the largest.
	maxMessage = 256 << 10
	// sendTimeout is how long a peer that does not read holds things up.
	sendTimeout = 10 * time.Second
)

// WebSocket returns a signal channel over a WebSocket: each message is a text
// frame of JSON.
func WebSocket(conn *websocket.Conn) Channel {
	conn.SetReadLimit(maxMessage)
	return socket{conn}
}

type socket struct{ conn *websocket.Conn }

// Send writes the message.
func (s socket) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return wsjson.Write(ctx, s.conn, m)
}

// Receive reads the next message.
func (s socket) Receive(ctx context.Context) (Message, error) {
	var m Message
	err := wsjson.Read(ctx, s.conn, &m)
	var closed websocket.CloseError
	if errors.As(err, &closed) && (closed.Code == websocket.StatusNormalClosure || closed.Code == websocket.StatusGoingAway) {
		return m, io.EOF
	}
	return m, err
}

// Close says goodbye to the other end.
func (s socket) Close() error { return s.conn.Close(websocket.StatusNormalClosure, "") }
