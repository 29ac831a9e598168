package websocketsignal_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/websocketsignal"
)

// pair returns the two ends of a WebSocket connection.
func pair(t *testing.T) (server, client *websocket.Conn) {
	t.Helper()
	accepted, over := make(chan *websocket.Conn), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		accepted <- conn
		<-over
	}))
	t.Cleanup(func() { close(over); s.Close() })
	client, _, err := websocket.Dial(t.Context(), s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { _ = server.CloseNow(); _ = client.CloseNow() })
	return server, client
}

// Two connections negotiate over WebSocket, and both sides see its end.
func TestNegotiateOverWebSocket(t *testing.T) {
	server, client := pair(t)
	open := make(chan struct{})
	var ends []chan error
	for i, conn := range []*websocket.Conn{server, client} {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		if i == 0 {
			d, err := pc.CreateDataChannel("chat", nil)
			if err != nil {
				t.Fatal(err)
			}
			d.OnOpen(func() { close(open) })
		}
		end := make(chan error, 1)
		ends = append(ends, end)
		go func() {
			end <- webrtc.Negotiate(context.Background(), pc, websocketsignal.New(conn), webrtc.Politeness(i == 0))
		}()
	}
	select {
	case <-open:
	case <-time.After(20 * time.Second):
		t.Fatal("the channel does not open")
	}
	go client.Close(websocket.StatusNormalClosure, "")
	if err := <-ends[0]; err != nil {
		t.Errorf("Negotiate ends with %v", err)
	}
}

// What is too long or no signal is an error.
func TestBadMessages(t *testing.T) {
	server, client := pair(t)
	s := websocketsignal.New(server)
	if err := s.Send(t.Context(), webrtc.Signal{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: strings.Repeat("x", webrtc.MaxSignalSize)}}); !errors.Is(err, webrtc.ErrSignalTooLong) {
		t.Errorf("a long signal: %v", err)
	}
	go func() { _ = client.Write(t.Context(), websocket.MessageText, []byte("nonsense")) }()
	if _, err := s.Receive(t.Context()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("nonsense: %v", err)
	}
	go func() { _ = client.Write(t.Context(), websocket.MessageText, make([]byte, webrtc.MaxSignalSize+1)) }()
	if _, err := s.Receive(t.Context()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a long message: %v", err)
	}
}
