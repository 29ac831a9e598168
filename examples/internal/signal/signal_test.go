package signal

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"

	"github.com/parleyrtc/webrtc"
)

// Messages arrive at the other end, in order.
func TestPipe(t *testing.T) {
	a, b := Pipe()
	for _, text := range []string{"first", "second"} {
		if err := a.Send(t.Context(), Message{Description: &webrtc.SessionDescription{SDP: text}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"first", "second"} {
		m, err := b.Receive(t.Context())
		if err != nil || m.Description.SDP != want {
			t.Fatalf("%+v, %v, want %q", m, err, want)
		}
	}
	if err := b.Send(t.Context(), Message{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Either end's Close ends both.
func TestPipeCloses(t *testing.T) {
	a, b := Pipe()
	if err := errors.Join(a.Close(), a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("Receive after Close: %v", err)
	}
	for range queueLength + 1 { // one of them finds no room at the latest
		if err := b.Send(t.Context(), Message{}); errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
	t.Error("Send works after Close")
}

func TestPipeWaitsForNoLongerThanTheContext(t *testing.T) {
	a, _ := Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Receive: %v", err)
	}
	for {
		if err := a.Send(ctx, Message{}); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Send: %v", err)
			}
			return
		}
	}
}

// The JSON form is the browsers'.
func TestMessageJSON(t *testing.T) {
	got, err := json.Marshal(Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "v=0"}})
	if want := `{"description":{"type":"offer","sdp":"v=0"}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	var m Message
	err = json.Unmarshal([]byte(`{"candidate":{"candidate":"","sdpMid":"0"}}`), &m)
	if err != nil || m.Candidate == nil || *m.Candidate.SDPMid != "0" || m.Description != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

// Messages go both ways over a WebSocket, and either end's Close ends both.
func TestWebSocket(t *testing.T) {
	accepted := make(chan Channel, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		accepted <- WebSocket(conn)
	}))
	defer server.Close()
	conn, _, err := websocket.Dial(t.Context(), server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := WebSocket(conn), <-accepted
	for _, way := range [][2]Channel{{a, b}, {b, a}} {
		want := Message{Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:1"}}
		if err := way[0].Send(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := way[1].Receive(t.Context()); err != nil || got.Candidate == nil || got.Candidate.Candidate != "candidate:1" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	received := make(chan error, 1)
	go func() {
		_, err := b.Receive(context.Background())
		received <- err
	}()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := <-received; !errors.Is(err, io.EOF) {
		t.Errorf("Receive after Close: %v", err)
	}
	if err := b.Send(t.Context(), Message{}); err == nil {
		t.Error("Send works after Close")
	}
}
