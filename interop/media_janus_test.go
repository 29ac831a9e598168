package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// janusAddress is where Janus takes requests, in the namespace.
const janusAddress = "127.0.0.1:8088"

// janusConfiguration are the files of a Janus that has the echo test alone and
// gathers before it answers.
var janusConfiguration = map[string]string{
	"janus.jcfg": `
general: { debug_level = 3 }
nat: { ice_enforce_list = "parley0" }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`,
	"janus.transport.http.jcfg": `
general: { json = "compact" base_path = "/janus" http = true port = 8088 ip = "127.0.0.1" https = false }
admin: { admin_http = false }
`,
}

// A janusPeer is the echo test of a Janus server, driven by its HTTP interface.
type janusPeer struct {
	transactions atomic.Int64

	mu      sync.Mutex // guards all below
	session string     // addresses
	handle  string
}

func startJanus(string) (peer, func(), error) {
	path, err := exec.LookPath("janus")
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "parley-janus")
	if err != nil {
		return nil, nil, err
	}
	for name, text := range janusConfiguration {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, nil, err
		}
	}
	cmd := exec.Command(path, "--configs-folder="+dir, "--disable-colors")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := startProcess(cmd); err != nil {
		return nil, nil, err
	}
	stop := func() {
		endProcess(cmd)
		_ = log.Close()
		_ = os.RemoveAll(dir)
	}
	j := &janusPeer{}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := j.start()
		if err == nil {
			return j, stop, nil
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log.Name())
			stop()
			return nil, nil, fmt.Errorf("Janus takes no session within %v: %w\n%s", patience, err, said)
		}
	}
}

func (j *janusPeer) listen(string, func(json.RawMessage), func(name, detail string)) {}

func (j *janusPeer) call(result any, method string, args ...any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.dispatch(result, method, args)
	if err != nil {
		return fmt.Errorf("janus: %s: %w", method, err)
	}
	return nil
}

func (j *janusPeer) dispatch(result any, method string, args arguments) error {
	switch method {
	case "start":
		return j.start()
	case "answer":
		var offer map[string]any
		if err := args.read(0, &offer); err != nil {
			return err
		}
		body := map[string]any{"audio": true, "video": true}
		if _, err := j.post(j.handle, map[string]any{"janus": "message", "body": body, "jsep": offer}); err != nil {
			return err
		}
		return j.wait(result)
	case "addCandidate":
		var candidate map[string]any
		if err := args.read(0, &candidate); err != nil {
			return err
		}
		if candidate["candidate"] == "" {
			candidate = map[string]any{"completed": true}
		}
		_, err := j.post(j.handle, map[string]any{"janus": "trickle", "candidate": candidate})
		return err
	case "inbound", "outbound":
		return nil // it has no counters
	}
	return fmt.Errorf("no method %q", method)
}

func (j *janusPeer) start() error {
	id, err := j.post("http://"+janusAddress+"/janus", map[string]any{"janus": "create"})
	if err != nil {
		return err
	}
	j.session = fmt.Sprintf("http://%s/janus/%d", janusAddress, id)
	id, err = j.post(j.session, map[string]any{"janus": "attach", "plugin": "janus.plugin.echotest"})
	j.handle = fmt.Sprintf("%s/%d", j.session, id)
	return err
}

// janusEvent is an answer or an event of Janus.
type janusEvent struct {
	Janus string
	Data  struct{ ID int64 }
	Error struct{ Reason string }
	JSEP  json.RawMessage
}

// post sends a request and returns the id in the answer, if there is one.
func (j *janusPeer) post(url string, request map[string]any) (id int64, err error) {
	request["transaction"] = fmt.Sprint(j.transactions.Add(1))
	data, err := json.Marshal(request)
	if err != nil {
		return 0, err
	}
	event, err := j.exchange(http.MethodPost, url, data)
	if err == nil && event.Janus == "error" {
		err = fmt.Errorf("%s: %s", request["janus"], event.Error.Reason)
	}
	return event.Data.ID, err
}

func (j *janusPeer) exchange(method, url string, data []byte) (event janusEvent, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(data))
	if err != nil {
		return event, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return event, err
	}
	defer response.Body.Close()
	return event, json.NewDecoder(response.Body).Decode(&event)
}

// wait waits for the event with a description.
func (j *janusPeer) wait(description any) error {
	for {
		event, err := j.exchange(http.MethodGet, j.session+"?maxev=1", nil)
		if err != nil {
			return err
		}
		if event.JSEP != nil {
			return json.Unmarshal(event.JSEP, description)
		}
	}
}

// TestJanusEcho sends clips to Janus, which sends them back.
func TestJanusEcho(t *testing.T) {
	for _, mime := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeVP9, webrtc.MimeTypeH264} {
		t.Run(strings.TrimPrefix(mime, "video/"), func(t *testing.T) {
			c := startCall(t, thePeer(t, "janus"), nil)
			video, audio := c.sends(loadClip(t, mime)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
			c.prefers(video.sender, mime)
			c.offers()
			c.waitConnected()
			video.play(90)
			audio.play(150)
			c.waitArrived(mime)
			c.waitReceived("video", "90 % of our frames", func(a arrivals) bool { return a.frames > 81 })
			c.waitReceived("audio", "90 % of our packets", func(a arrivals) bool { return a.packets > 135 })
		})
	}
}
