package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/websocketsignal"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/exampletest"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
)

// patience bounds each wait of a test.
const patience = exampletest.Patience

// start runs the program until the test ends and returns the address of its page.
func start(t *testing.T, args ...string) string {
	t.Helper()
	return exampletest.Start(t, func(ctx context.Context, stdout io.Writer) error {
		return run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), stdout)
	})
}

// state asks the program for its state.
func state(t *testing.T, address string) roomState {
	t.Helper()
	response, err := http.Get(address + "state")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var s roomState
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// choose asks for a layer as the page does.
func choose(t *testing.T, address, viewer, source, rid string) {
	t.Helper()
	q := url.Values{"viewer": {viewer}, "source": {source}, "rid": {rid}}
	response, err := http.Post(address+"layer?"+q.Encode(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("%s %s", response.Status, text)
	}
}

// A viewer is a participant in Go that keeps the headers and picture sizes of
// what it is sent.
type viewer struct {
	*testing.T
	name, address string
	peer          *peer.Peer

	mu     sync.Mutex // guards all below
	video  []seen
	sounds int
	ended  int
}

// seen is a packet of the picture.
type seen struct {
	rtp.Header
	vp8
}

// watch has a viewer join.
func watch(t *testing.T, address, name string) *viewer {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), address+"session?name="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &viewer{T: t, name: name, address: address}
	v.peer, err = peer.New(peer.Config{Party: diagram.PeerA, Signal: websocketsignal.New(conn)})
	if err != nil {
		t.Fatal(err)
	}
	v.peer.OnTrack(v.receive)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = v.peer.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := v.peer.Close(); err != nil {
			t.Error(err)
		}
		_ = conn.Close(websocket.StatusNormalClosure, "")
	})
	return v
}

func (v *viewer) receive(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	track.SetOrdered(time.Second)
	for p, err := range track.Packets() {
		if err != nil {
			v.Errorf("a packet: %v", err)
			break
		}
		v.mu.Lock()
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			v.sounds++
		} else {
			d, ok := parseVP8(p.Payload)
			if !ok {
				v.Errorf("packet %d has no VP8 in it: %x", p.SequenceNumber, p.Payload)
			}
			v.video = append(v.video, seen{p.Header, d})
		}
		v.mu.Unlock()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended++
}

// sizes returns the widths of the key frames, in order, each change once.
func (v *viewer) sizes() []int {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []int
	for _, s := range v.video {
		if s.keyFrame {
			all = append(all, s.width)
		}
	}
	return slices.Compact(all)
}

func (v *viewer) String() string {
	v.mu.Lock()
	n := len(v.video)
	v.mu.Unlock()
	return fmt.Sprintf("%d packets of the picture in sizes %v, %d of sound", n, v.sizes(), v.heard())
}

// heard returns how many packets of sound have come.
func (v *viewer) heard() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sounds
}

// continuous fails unless the picture was one stream without a gap: each packet
// the next in number, each frame the next in its picture ID and later in time,
// and a change of size only with a key frame.
func (v *viewer) continuous() {
	v.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, s := range v.video {
		if i == 0 {
			if !s.keyFrame {
				v.Error("the first packet does not begin a key frame")
			}
			continue
		}
		before := v.video[i-1]
		if s.SequenceNumber != before.SequenceNumber+1 {
			v.Errorf("packet %d: sequence number %d after %d", i, s.SequenceNumber, before.SequenceNumber)
		}
		if s.SSRC != before.SSRC {
			v.Errorf("packet %d: SSRC %d after %d", i, s.SSRC, before.SSRC)
		}
		if s.pictureBits != 15 || before.pictureBits != 15 {
			v.Fatalf("packet %d: picture IDs of %d and %d bits", i, s.pictureBits, before.pictureBits)
		}
		same := s.Timestamp == before.Timestamp
		if step := (s.picture - before.picture) & 0x7fff; same && step != 0 || !same && step != 1 {
			v.Errorf("packet %d: picture %d after %d, the same frame: %v", i, s.picture, before.picture, same)
		}
		if same == before.Marker {
			v.Errorf("packet %d: marker %v before it, the same frame: %v", i, before.Marker, same)
		}
		if step := int32(s.Timestamp - before.Timestamp); step < 0 || step > 90000 {
			v.Errorf("packet %d: timestamp %d after %d", i, s.Timestamp, before.Timestamp)
		}
	}
}
