package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// callLimit bounds the wait for a peer's answer. The peers' own waits are
// shorter, so that what was missed is told by the one who waited for it.
const callLimit = 30 * time.Second

// A peer is another WebRTC implementation that a test drives. page/peer.js has
// the list of methods; what a peer cannot do is an error.
type peer interface {
	// call calls a method and stores what it returns in result, unless that is
	// nil.
	call(result any, method string, args ...any) error
	// listen sets who hears of the candidates and events of a session.
	listen(session string, onCandidate func(json.RawMessage), onEvent func(name, detail string))
}

// A wire is the messages between a test and a peer outside this process.
type wire struct {
	name  string
	write func([]byte) error

	mu          sync.Mutex // guards all below
	next        int
	waiting     map[int]chan reply
	gone        error // why there will be no more answers
	session     string
	onCandidate func(json.RawMessage)
	onEvent     func(name, detail string)
}

// reply is a message of the peer's: an answer with an id, a candidate or an
// event.
type reply struct {
	ID        int             `json:"id"`
	Value     json.RawMessage `json:"value"`
	Error     string          `json:"error"`
	Session   string          `json:"session"`
	Candidate json.RawMessage `json:"candidate"`
	Event     string          `json:"event"`
	Detail    string          `json:"detail"`
}

func newWire(name string, write func([]byte) error) *wire {
	return &wire{name: name, write: write, waiting: map[int]chan reply{}}
}

// deliver hands a message of the peer's to whoever waits for it.
func (w *wire) deliver(data []byte) {
	var r reply
	if json.Unmarshal(data, &r) != nil {
		return
	}
	w.mu.Lock()
	onCandidate, onEvent, waiting := w.onCandidate, w.onEvent, w.waiting[r.ID]
	delete(w.waiting, r.ID)
	current := r.Session == w.session
	w.mu.Unlock()
	switch {
	case r.ID != 0:
		if waiting != nil {
			waiting <- r
		}
	case !current: // a connection of an earlier test
	case r.Event != "":
		if onEvent != nil {
			onEvent(r.Event, r.Detail)
		}
	case onCandidate != nil:
		onCandidate(r.Candidate)
	}
}

// end says that the peer is gone.
func (w *wire) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = fmt.Errorf("%s is gone: %w", w.name, err)
	for id, waiting := range w.waiting {
		waiting <- reply{ID: id, Error: w.gone.Error()}
		delete(w.waiting, id)
	}
}

func (w *wire) listen(session string, onCandidate func(json.RawMessage), onEvent func(name, detail string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session, w.onCandidate, w.onEvent = session, onCandidate, onEvent
}

func (w *wire) call(result any, method string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	answer := make(chan reply, 1)
	w.mu.Lock()
	if err := w.gone; err != nil {
		w.mu.Unlock()
		return err
	}
	w.next++
	id := w.next
	w.waiting[id] = answer
	w.mu.Unlock()
	request, err := json.Marshal(map[string]any{"id": id, "method": method, "args": args})
	if err != nil {
		return err
	}
	if err := w.write(request); err != nil {
		return fmt.Errorf("%s: %s: %w", w.name, method, err)
	}
	select {
	case r := <-answer:
		if r.Error != "" {
			return fmt.Errorf("%s: %s: %s", w.name, method, r.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Value, result)
	case <-time.After(callLimit):
		return fmt.Errorf("%s: no answer within %v to %s %.200s", w.name, callLimit, method, request)
	}
}

// running are the peers that have been started; tests share them, since a
// browser takes seconds to start.
var running struct {
	sync.Mutex
	peers map[string]peer
	stops []func()
}

// starters start peers by their name. A peer's stop function ends it.
var starters = map[string]func(name string) (p peer, stop func(), err error){
	"chromium": startBrowser,
	"firefox":  startBrowser,

	"chromium with camera": startBrowser,
	"firefox with camera":  startBrowser,

	"chromium without UDP": startBehindNAT,
	"chromium with SNAP":   startBrowser,
	"pion with SNAP":       startPion,
	"chromium with SPED":   startBrowser,

	"aiortc":         startAIORTC,
	"gstreamer":      startGStreamer,
	"janus":          startJanus,
	"libdatachannel": startNode,
	"pion":           startPion,
	"werift":         startNode,
	"wrtc":           startNode,
}

// thePeer returns the peer of a name, or skips the test if it is missing.
func thePeer(t *testing.T, name string) peer {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	if p := running.peers[name]; p != nil {
		return p
	}
	p, stop, err := starters[name](name)
	if err != nil {
		missing(t, name, err)
	}
	if running.peers == nil {
		running.peers = map[string]peer{}
	}
	running.peers[name] = p
	running.stops = append(running.stops, stop)
	return p
}

// stopPeers ends all peers.
func stopPeers() {
	running.Lock()
	defer running.Unlock()
	for _, stop := range running.stops {
		stop()
	}
	running.peers, running.stops = nil, nil
}

// missing skips a test whose peer is not there, or fails it where all peers are
// required.
func missing(t *testing.T, peer string, err error) {
	t.Helper()
	if required() {
		t.Fatalf("%s is required: %v", peer, err)
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not installed: %v", peer, err)
	}
	t.Fatalf("%s: %v", peer, err)
}

// within fails the test, with all goroutines' stacks, unless f returns in time.
func within(t *testing.T, limit time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		stacks := make([]byte, 1<<20)
		t.Errorf("not within %v: %s\n%s", limit, what, stacks[:runtime.Stack(stacks, true)])
	}
}
