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

// What is too long or no signal is an error, and ends the connection with a reason.
func TestBadMessages(t *testing.T) {
	server, _ := pair(t)
	err := websocketsignal.New(server).Send(t.Context(), webrtc.Signal{
		Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: strings.Repeat("x", webrtc.MaxSignalSize)},
	})
	if !errors.Is(err, webrtc.ErrSignalTooLong) {
		t.Errorf("a long signal: %v", err)
	}
	for text, want := range map[string]websocket.StatusCode{
		"nonsense": websocket.StatusInvalidFramePayloadData,
		strings.Repeat("x", webrtc.MaxSignalSize+1): websocket.StatusMessageTooBig,
	} {
		server, client := pair(t)
		if err := client.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, _, err := client.Read(context.Background())
			ended <- err
		}()
		if _, err := websocketsignal.New(server).Receive(t.Context()); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%.10s: %v", text, err)
		}
		if err := <-ended; websocket.CloseStatus(err) != want {
			t.Errorf("%.10s: the peer sees %v, want status %d", text, err, want)
		}
	}
}

// A context that ends while nothing comes leaves the connection as it is, and what
// comes later to who asks next.
func TestContextLeavesTheConnection(t *testing.T) {
	server, client := pair(t)
	s := websocketsignal.New(server)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := s.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Receive: %v", err)
	}
	if err := client.Write(t.Context(), websocket.MessageText, []byte(`{"candidate":{"candidate":"","sdpMid":"1"}}`)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Receive(t.Context())
	if err != nil || got.Candidate == nil || *got.Candidate.SDPMid != "1" {
		t.Errorf("got %+v, %v", got, err)
	}
}
