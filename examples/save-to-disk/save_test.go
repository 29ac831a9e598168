package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/chromium"
	"github.com/parleyrtc/webrtc/examples/internal/clips"
	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/exampletest"
	"github.com/parleyrtc/webrtc/examples/internal/player"
)

// start runs the program until the test ends.
func start(t *testing.T, folder string) string {
	t.Helper()
	return exampletest.Start(t, func(ctx context.Context, stdout io.Writer) error {
		return run(ctx, "127.0.0.1:0", folder, stdout)
	})
}

// saved waits until there is one complete file of a kind and returns how many
// samples it has and how long it is.
func saved(t *testing.T, folder, pattern string) (n int, length time.Duration) {
	t.Helper()
	exampletest.Eventually(t, "a file "+pattern, func() bool {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(paths) != 1 {
			return false
		}
		f, err := os.Open(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var samples player.Samples
		if filepath.Ext(pattern) == ".ogg" {
			samples, err = player.Ogg(f)
		} else {
			samples, _, err = player.IVF(f)
		}
		if err != nil {
			return false // nothing is written yet
		}
		n, length = 0, 0
		for s, err := range samples {
			if err != nil {
				return false
			}
			n++
			length += s.Duration
		}
		return true
	}, func() string { return folder })
	return n, length
}

// A clip that is sent is in the files afterwards, frame by frame.
func TestSave(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "calls")
	address := start(t, folder)
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	video, err := webrtc.NewTrackLocalStaticSample(codecs.VP8, "video", "clip")
	if err != nil {
		t.Fatal(err)
	}
	sound, err := webrtc.NewTrackLocalStaticSample(codecs.Opus, "sound", "clip")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	post(t, address, pc, video, sound)
	<-connected
	frames, _, err := player.IVF(clips.Video())
	if err != nil {
		t.Fatal(err)
	}
	packets, err := player.Ogg(clips.Sound())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() { done <- player.Play(t.Context(), frames, video.WriteSample) }()
	go func() { done <- player.Play(t.Context(), packets, sound.WriteSample) }()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := pc.Close(); err != nil { // which the program learns at once
		t.Error(err)
	}
	exampletest.Eventually(t, "the video", func() bool {
		n, length := saved(t, folder, "*-video.ivf")
		return n == 120 && (length-4*time.Second).Abs() < 100*time.Millisecond
	}, func() string { return "not complete" })
	exampletest.Eventually(t, "the sound", func() bool {
		n, length := saved(t, folder, "*-audio.ogg")
		return n > 300 && length == time.Duration(n)*20*time.Millisecond
	}, func() string { return "not complete" })
}

// post connects as the page does.
func post(t *testing.T, address string, pc *webrtc.PeerConnection, tracks ...webrtc.TrackLocal) {
	t.Helper()
	for _, track := range tracks {
		if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	complete := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	<-complete
	offer, err := json.Marshal(pc.LocalDescription())
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(address+"offer", "application/json", bytes.NewReader(offer))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer webrtc.SessionDescription
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
	if err := pc.SetRemoteDescription(answer); err != nil {
		t.Fatal(err)
	}
}

// A browser's camera and microphone are saved.
func TestBrowser(t *testing.T) {
	folder := t.TempDir()
	p := chromium.Open(t, start(t, folder), "800,800")
	p.WaitFor("the page", `document.querySelector("#start").onclick`)
	p.Click("#start")
	p.WaitFor("the connection", `document.querySelector("#state").textContent.includes("connected")`)
	exampletest.Eventually(t, "some seconds", func() bool {
		_, length := saved(t, folder, "*-video.ivf")
		return length > 2*time.Second
	}, func() string { return "less" })
	p.Picture("save-to-disk")
	p.Click("#start")
	p.WaitFor("the end", `document.querySelector("#state").textContent.includes("complete")`)
	if _, length := saved(t, folder, "*-audio.ogg"); length < time.Second {
		t.Errorf("%v of sound", length)
	}
	if said := p.Said(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

func TestBadFolder(t *testing.T) {
	if err := run(t.Context(), "127.0.0.1:0", "main.go/folder", io.Discard); err == nil {
		t.Error("a file is a folder")
	}
	if err := run(t.Context(), "nowhere", t.TempDir(), io.Discard); err == nil {
		t.Error("the page is nowhere")
	}
}
