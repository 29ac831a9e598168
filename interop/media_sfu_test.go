package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// sfuWidths are the widths of the sizes that the forwarding unit of examples/sfu
// publishes, and of a browser's camera.
var (
	sfuWidths    = map[string]float64{"q": 320, "h": 640, "f": 1280}
	cameraWidths = simulcastWidths
)

// TestSFU has browsers in the room of examples/sfu: they see a clip in the size
// that they choose, and one of them the other's camera.
func TestSFU(t *testing.T) {
	address := startSFU(t)
	for _, name := range everyBrowser {
		t.Run(name+" views", func(t *testing.T) {
			v := joinSFU(t, address, name)
			v.seesSizes("clip", sfuWidths)
			v.waitFor("sound", func() bool { return v.inbound("clip", "audio").TotalAudioEnergy > 0 })
		})
	}
	t.Run("one publishes to the other", func(t *testing.T) {
		publisher, viewer := joinSFU(t, address, "chromium"), joinSFU(t, address, "firefox")
		camera := simulcastCamera()
		camera["audio"] = true
		if err := publisher.peer.call(nil, "sendMedia", camera); err != nil {
			t.Fatal(err)
		}
		viewer.seesSizes("chromium", cameraWidths)
		viewer.waitFor("sound", func() bool { return viewer.inbound("chromium", "audio").TotalAudioEnergy > 0 })
	})
}

// startSFU builds and runs the example and returns where it listens.
func startSFU(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sfu")
	build := exec.Command("go", "build", "-o", program, "./sfu")
	build.Dir = filepath.Join("..", "examples")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	clips := filepath.Join("..", "testdata", "media")
	cmd := exec.Command(program, "-listen", "127.0.0.1:0",
		"-publish", filepath.Join(clips, "simulcast-*.ivf"), "-publish", filepath.Join(clips, "opus.ogg"))
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = startProcess(cmd)
	}
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(stdout)
	line, err := said.ReadString('\n')
	address := regexp.MustCompile(`http://[0-9.:]+/`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("%q, %v: want the page's address", line, err)
	}
	logged := make(chan string, 1)
	go func() {
		log, _ := io.ReadAll(said)
		logged <- string(log)
	}()
	t.Cleanup(func() { // before the program ends: it has to, for the log to
		endProcess(cmd)
		if log := <-logged; t.Failed() {
			t.Log(log)
		}
	})
	return address
}

// An sfuGuest is a browser in the room.
type sfuGuest struct {
	*testing.T
	name, address string
	peer          peer
}

// sfuMessage is what goes over the room's signal channel.
type sfuMessage struct {
	Description json.RawMessage `json:"description,omitempty"`
	Candidate   json.RawMessage `json:"candidate,omitempty"`
}

// joinSFU has a browser join the room under its name. The room's signal channel
// takes no page but its own, so that the test carries the messages.
func joinSFU(t *testing.T, address, name string) *sfuGuest {
	t.Helper()
	g := &sfuGuest{T: t, name: name, address: address, peer: thePeer(t, name+" with camera")}
	conn, _, err := websocket.Dial(t.Context(), address+"session?name="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	session := fmt.Sprint(sessions.Add(1))
	send := func(m sfuMessage) {
		if err := wsjson.Write(t.Context(), conn, m); err != nil && t.Context().Err() == nil {
			t.Errorf("to the room: %v", err)
		}
	}
	messages := make(chan sfuMessage, 1000) // the browser's, in order
	g.peer.listen(session, func(candidate json.RawMessage) {
		if string(candidate) != "null" {
			messages <- sfuMessage{Candidate: candidate}
		}
	}, func(event, detail string) {
		switch event {
		case "description":
			messages <- sfuMessage{Description: json.RawMessage(detail)}
		case "failure":
			t.Errorf("%s: %s", name, detail)
		}
	})
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for m := range messages {
			send(m)
		}
	}()
	if err := g.peer.call(nil, "start", map[string]any{}, session); err != nil {
		t.Fatal(err)
	}
	if err := g.peer.call(nil, "negotiates", false); err != nil { // the room is polite
		t.Fatal(err)
	}
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			var m sfuMessage
			if wsjson.Read(t.Context(), conn, &m) != nil {
				return
			}
			if err := g.take(m); err != nil && t.Context().Err() == nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			g.report()
		}
		g.peer.listen("", nil, nil)
		close(messages)
		_ = g.peer.call(nil, "close")
		_ = conn.CloseNow()
		<-done
		<-done
	})
	return g
}

func (g *sfuGuest) take(m sfuMessage) error {
	if m.Description != nil {
		return g.peer.call(nil, "takeDescription", m.Description)
	}
	return g.peer.call(nil, "addCandidate", m.Candidate)
}

// seesSizes chooses one size after the other of what somebody publishes: each
// is decoded.
func (g *sfuGuest) seesSizes(publisher string, widths map[string]float64) {
	g.Helper()
	for _, rid := range []string{"q", "f", "h"} {
		g.waitFor("a choice of "+rid, func() bool { return g.choose(publisher, rid) })
		decoded := 0.0
		g.waitFor(fmt.Sprintf("frames of %s, %.0f wide, from %s", rid, widths[rid], publisher), func() bool {
			in := g.inbound(publisher, "video")
			if in.FrameWidth != widths[rid] {
				return false
			}
			if decoded == 0 {
				decoded = in.FramesDecoded
			}
			return in.FramesDecoded >= decoded+20
		})
	}
	if in := g.inbound(publisher, "video"); in.PacketsLost > 0 {
		g.Errorf("%v, want no gap where sizes change", in)
	}
}

// sfuState is what the room says of itself.
type sfuState struct {
	Sources []struct{ ID, Publisher, Codec string }
	Viewers []struct {
		Name, Connection string
		Views            []struct{ Source, Mid string }
	}
}

func (g *sfuGuest) state() (s sfuState) {
	g.Helper()
	response, err := http.Get(g.address + "state")
	if err != nil {
		g.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		g.Fatal(err)
	}
	return s
}

// source returns the id of what somebody publishes of a kind, and the mid under
// which the guest gets it, "" if it does not.
func (g *sfuGuest) source(publisher, kind string) (id, mid string) {
	g.Helper()
	s := g.state()
	for _, source := range s.Sources {
		if source.Publisher == publisher && strings.HasPrefix(source.Codec, kind+"/") {
			id = source.ID
		}
	}
	for _, viewer := range s.Viewers {
		for _, view := range viewer.Views {
			if viewer.Name == g.name && view.Source == id {
				mid = view.Mid
			}
		}
	}
	return id, mid
}

// choose asks for a size and tells whether there is one to be had.
func (g *sfuGuest) choose(publisher, rid string) bool {
	g.Helper()
	id, _ := g.source(publisher, "video")
	q := url.Values{"viewer": {g.name}, "source": {id}, "rid": {rid}}
	response, err := http.Post(g.address+"layer?"+q.Encode(), "", nil)
	if err != nil {
		g.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusNoContent
}

// inbound returns the browser's statistics of what somebody publishes.
func (g *sfuGuest) inbound(publisher, kind string) rtpStats {
	g.Helper()
	_, mid := g.source(publisher, kind)
	var all []rtpStats
	if err := g.peer.call(&all, "inbound"); err != nil {
		g.Fatal(err)
	}
	for _, s := range all {
		if s.Mid == mid && s.Kind == kind {
			return s
		}
	}
	return rtpStats{}
}

func (g *sfuGuest) waitFor(what string, condition func() bool) {
	g.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			g.Fatalf("%s: not within %v: %s", g.name, patience, what)
		}
	}
}

func (g *sfuGuest) report() {
	state, _ := json.Marshal(g.state())
	g.Logf("the room: %s", state)
	for _, method := range []string{"inbound", "outbound"} {
		var all []rtpStats
		if err := g.peer.call(&all, method); err != nil {
			g.Log(err)
		}
		for _, s := range all {
			g.Logf("%s, %s %v", g.name, method, s)
		}
	}
}
