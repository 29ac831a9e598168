package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/clips"
	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/player"
)

// pageSignal is the signal channel of somebody who does what the page does.
type pageSignal struct {
	conn  *websocket.Conn
	plots chan string
}

// Send writes a message as the page does.
func (s pageSignal) Send(ctx context.Context, m webrtc.Signal) error {
	return wsjson.Write(ctx, s.conn, request{Signal: &m})
}

// Receive reads until there is something signaled.
func (s pageSignal) Receive(ctx context.Context) (webrtc.Signal, error) {
	for {
		var r struct {
			Hello  *hello         `json:"hello"`
			Signal *webrtc.Signal `json:"signal"`
		}
		_, data, err := s.conn.Read(ctx)
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			return webrtc.Signal{}, err
		}
		if r.Hello != nil {
			s.plots <- r.Hello.Plots
		}
		if r.Signal != nil {
			return *r.Signal, nil
		}
	}
}

// What is sent comes back, packet by packet, and whoever lacks a picture of the
// echo is asked for one itself.
func TestEcho(t *testing.T) {
	url := startServer(t)
	conn, err := dial(t, url, "")
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(maxMessage)
	channel := pageSignal{conn, make(chan string, 1)}
	p, err := peer.New(peer.Config{Party: diagram.PeerA, Signal: channel})
	if err != nil {
		t.Fatal(err)
	}
	track, err := webrtc.NewTrackLocalStaticSample(codecs.VP8, "camera", "me")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := p.AddTrack(track)
	if err != nil {
		t.Fatal(err)
	}
	asked, came := make(chan struct{}, 64), make(chan []byte, 1024)
	sender.OnKeyFrameRequest(func(string) { asked <- struct{}{} })
	echoes := make(chan *webrtc.TrackRemote, 1)
	p.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		echoes <- track
		for packet, err := range track.Packets() {
			if err != nil {
				t.Error(err)
				return
			}
			came <- packet.Payload
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	defer func() { <-done; <-done }()
	defer p.Close()
	defer cancel()
	go func() { _ = p.Run(ctx); done <- struct{}{} }()
	go func() {
		_ = player.Play(ctx, player.Loop(func() (player.Samples, error) {
			samples, _, err := player.IVF(clips.Video())
			return samples, err
		}, time.Hour), track.WriteSample)
		done <- struct{}{}
	}()

	deadline := time.After(patience)
	var echo *webrtc.TrackRemote
	for n := 0; n < 20; {
		select {
		case echo = <-echoes:
		case payload := <-came:
			if n++; len(payload) == 0 {
				t.Error("an empty packet came back")
			}
		case <-deadline:
			t.Fatalf("%d packets came back", n)
		}
	}
	if echo.StreamID() != "echo" {
		t.Errorf("the stream is %q", echo.StreamID())
	}
	echo.RequestKeyFrame()
	select {
	case <-asked:
	case <-deadline:
		t.Fatal("nobody was asked for a key frame")
	}
	plotted(t, url, <-channel.plots)
}

// plotted looks for the echo in the plots of a session.
func plotted(t *testing.T, url, plots string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		response, drawn := get(t, url+plots+"bitrate", "127.0.0.1")
		if response.StatusCode == http.StatusOK && response.Header.Get("Content-Type") == "image/svg+xml" && strings.Contains(drawn, "video, browser to Go") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", response.Status, drawn)
		}
	}
	for _, path := range []string{plots + "nothing", "plot/x/bitrate"} {
		if response, _ := get(t, url+path, "127.0.0.1"); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}

// Whatever a page claims to have measured can be drawn.
func TestStatistics(t *testing.T) {
	s := newStatistics()
	huge, negative := 1e308, -1e308
	for _, r := range []report{
		{},
		{Kinds: []kindReport{{Kind: "video", At: 1, BytesReceived: 1000}, {Kind: "audio", At: 1}, {Kind: "video"}}, RoundTrip: &huge},
		{Kinds: []kindReport{{Kind: "video", At: 2, BytesReceived: 126000, PacketsReceived: 90, PacketsLost: 10, RoundTrip: &negative}, {Kind: "smell"}}},
		{Kinds: []kindReport{{Kind: "video", At: huge, BytesReceived: negative, PacketsReceived: huge, PacketsLost: negative}}},
	} {
		s.told(r)
	}
	for _, name := range []string{"bitrate", "loss", "round-trip"} {
		var out strings.Builder
		if err := s.chart(name).SVG(&out, plotTheme("dark")); err != nil || !strings.HasPrefix(out.String(), "<svg") {
			t.Errorf("%s: %v, %s", name, err, out.String())
		}
	}
	if s.chart("nothing") != nil {
		t.Error("there is a chart of nothing")
	}
}

// A recording that cannot be made is an error; one that is too large ends.
func TestRecording(t *testing.T) {
	if _, err := newRecording(t.TempDir()+"/nowhere", time.Now()); err == nil {
		t.Error("a recording in no folder")
	}
	dir, now := t.TempDir(), time.Now()
	r, err := newRecording(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newRecording(dir, now); err == nil {
		t.Error("a recording over another")
	}
	if st := r.state(); !st.On || st.Folder != dir || len(st.Files) != 2 {
		t.Errorf("the state is %+v", st)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
	if st := r.state(); st.On || !strings.Contains(st.String(), ".ivf") {
		t.Errorf("the state is %v", st)
	}
}
