package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parleyrtc/webrtc/examples/internal/exampletest"
)

var simulcast = []string{"-publish", "../../testdata/media/simulcast-*.ivf", "-publish", "../../testdata/media/opus.ogg"}

// A viewer is sent the largest layer, then those that it chooses, as one stream;
// one that comes later sees the same source.
func TestLayers(t *testing.T) {
	address := start(t, simulcast...)
	v := watch(t, address, "ann")
	sees := func(v *viewer, want ...int) {
		t.Helper()
		exampletest.Eventually(t, "the sizes", func() bool { return slices.Equal(v.sizes(), want) }, v.String)
	}
	sees(v, 1280)
	var picture sourceState
	for _, s := range state(t, address).Sources {
		if len(s.Layers) == 3 {
			picture = s
		}
	}
	if l := picture.Layers; len(l) != 3 || l[0].RID != "q" || l[1].RID != "h" || l[2].RID != "f" || l[1].Width != 640 || l[1].Height != 360 {
		t.Fatalf("the layers are %+v", l)
	}
	choose(t, address, "ann", picture.ID, "q")
	sees(v, 1280, 320)
	choose(t, address, "ann", picture.ID, "h")
	sees(v, 1280, 320, 640)
	w := watch(t, address, "bob")
	sees(w, 1280)
	choose(t, address, "ann", picture.ID, "")
	sees(v, 1280, 320, 640, 1280)
	v.continuous()
	w.continuous()
	for _, p := range state(t, address).Viewers {
		for _, one := range p.Views {
			if p.Name == "ann" && one.Source == picture.ID && (one.Switches != 3 || one.Current != "f" || one.Wanted != "" || one.Failures != 0) {
				t.Errorf("ann's view is %+v", one)
			}
		}
	}
	if v.heard() == 0 || w.heard() == 0 {
		t.Errorf("%d and %d packets of sound", v.heard(), w.heard())
	}
}

// What cannot be published or served is an error that says why.
func TestBadArguments(t *testing.T) {
	const clips = "../../testdata/media/"
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"an argument":         {[]string{"fast"}, `unexpected argument "fast"`},
		"no such flag":        {[]string{"-fast"}, "-fast"},
		"no such file":        {[]string{"-publish", "nowhere.ivf"}, "nowhere.ivf"},
		"no clip":             {[]string{"-publish", "main.go"}, "main.go"},
		"another codec":       {[]string{"-publish", clips + "vp9.ivf"}, "video/VP9"},
		"one RID twice":       {[]string{"-publish", clips + "simulcast-q.ivf", clips + "simulcast-q.ivf"}, `"q"`},
		"four sizes":          {[]string{"-publish", clips + "simulcast-*.ivf", clips + "vp8.ivf"}, "3 sizes"},
		"two sounds":          {[]string{"-publish", clips + "opus*.ogg"}, "sound already"},
		"a page at no place":  {[]string{"-listen", "nowhere"}, "nowhere"},
		"a page at a foreign": {[]string{"-listen", "192.0.2.77:1"}, "-listen 127.0.0.1:0"},
	} {
		if err := run(t.Context(), tt.args, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want %q in it", name, err, tt.want)
		}
	}
}

// Requests that make no sense are refused, and harm nobody.
func TestBadRequests(t *testing.T) {
	address := start(t)
	for path, want := range map[string]int{
		"session":                 http.StatusBadRequest,
		"session?name=a%20b":      http.StatusBadRequest,
		"session?name=no-upgrade": http.StatusUpgradeRequired,
		"nowhere":                 http.StatusNotFound,
	} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, response.Status, want)
		}
	}
	response, err := http.Post(address+"layer?viewer=nobody", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("a layer for nobody: %s", response.Status)
	}
	for text, want := range map[string]websocket.StatusCode{
		"nonsense": websocket.StatusInvalidFramePayloadData,
		`{"description":{"type":"offer","sdp":"nonsense"}}`: websocket.StatusPolicyViolation,
	} {
		conn, _, err := websocket.Dial(t.Context(), fmt.Sprintf("%ssession?name=eve-%d", address, want), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != want {
			t.Errorf("%s: the WebSocket ends with %v", text, err)
		}
		cancel()
	}
}

// A name is taken while its participant is there.
func TestNameTaken(t *testing.T) {
	address := start(t)
	watch(t, address, "ann")
	exampletest.Eventually(t, "ann", func() bool { return len(state(t, address).Viewers) == 1 }, func() string { return "" })
	conn, _, err := websocket.Dial(t.Context(), address+"session?name=ann", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("the WebSocket ends with %v", err)
	}
}
