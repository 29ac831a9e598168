package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/chromium"
	"github.com/parleyrtc/webrtc/examples/internal/exampletest"
)

const media = "../../testdata/media/"

// start runs the program with files until the test ends.
func start(t *testing.T, paths ...string) string {
	t.Helper()
	return exampletest.Start(t, func(ctx context.Context, stdout io.Writer) error {
		return run(ctx, "127.0.0.1:0", paths, stdout)
	})
}

// Every codec of the files arrives, from beginning to end, and the connection is
// closed after that.
func TestPlay(t *testing.T) {
	for _, tt := range []struct {
		paths []string
		want  []string
		least [2]int64
	}{
		{nil, []string{webrtc.MimeTypeVP8, webrtc.MimeTypeOpus}, [2]int64{120, 300}},
		{[]string{media + "vp9.ivf"}, []string{webrtc.MimeTypeVP9}, [2]int64{120}},
		{[]string{media + "av1.ivf", media + "opus-pages.ogg"}, []string{webrtc.MimeTypeAV1, webrtc.MimeTypeOpus}, [2]int64{120, 300}},
	} {
		t.Run(fmt.Sprint(tt.want), func(t *testing.T) {
			t.Parallel()
			pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
			if err != nil {
				t.Fatal(err)
			}
			defer pc.Close()
			var counts [2]atomic.Int64
			tracks, closed := make(chan string, 2), make(chan struct{})
			pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
				tracks <- track.Codec().MimeType
				for range track.Packets() {
					counts[track.Kind()-webrtc.RTPCodecTypeAudio].Add(1)
				}
			})
			post(t, start(t, tt.paths...), pc)
			pc.GetReceivers()[0].Transport().OnStateChange(func(s webrtc.DTLSTransportState) {
				if s == webrtc.DTLSTransportStateClosed {
					close(closed)
				}
			})
			for range tt.want {
				if mimeType := <-tracks; !strings.Contains(fmt.Sprint(tt.want), mimeType) {
					t.Errorf("a track of %s", mimeType)
				}
			}
			<-closed
			for i, least := range tt.least {
				n := counts[0].Load()
				if i == 0 {
					n = counts[1].Load()
				}
				if n < least {
					t.Errorf("%d packets, want %d at least", n, least)
				}
			}
		})
	}
}

// post connects as the page does.
func post(t *testing.T, address string, pc *webrtc.PeerConnection) {
	t.Helper()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
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

// A browser plays the file.
func TestBrowser(t *testing.T) {
	p := chromium.Open(t, start(t), "800,800")
	p.WaitFor("moving pictures", `document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 30 &&
		document.querySelector("video").videoWidth === 320`)
	p.Picture("play-from-disk")
	if said := p.Said(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

func TestBadFiles(t *testing.T) {
	for _, paths := range [][]string{{"nowhere.ivf"}, {"main.go"}, {media + "opus.ogg", media + "h264.h264"}} {
		if err := run(t.Context(), "127.0.0.1:0", paths, io.Discard); err == nil {
			t.Errorf("%q can be played", paths)
		}
	}
	if err := run(t.Context(), "nowhere", nil, io.Discard); err == nil {
		t.Error("the page is nowhere")
	}
}

// What is no offer is refused.
func TestBadOffers(t *testing.T) {
	address := start(t)
	for body, want := range map[string]int{
		"hello":                           http.StatusBadRequest,
		`{"type":"offer","sdp":"hello"}`:  http.StatusUnprocessableEntity,
		`{"type":"answer","sdp":"v=0\n"}`: http.StatusUnprocessableEntity,
	} {
		response, err := http.Post(address+"offer", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", body, response.Status, want)
		}
	}
}
