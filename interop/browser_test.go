package interop

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

//go:embed page
var pageFiles embed.FS

// A browser is a real browser that shows our page, which evaluates what the
// tests send it.
type browser struct {
	name string
	conn *websocket.Conn

	mu      sync.Mutex // guards all below
	next    int
	waiting map[int]chan reply
	// onCandidate and onEvent receive what the page reports.
	onCandidate func(json.RawMessage)
	onEvent     func(name, detail string)
}

// reply is a message of the page's: an answer with an id, a candidate or an
// event.
type reply struct {
	ID        int             `json:"id"`
	Value     json.RawMessage `json:"value"`
	Error     string          `json:"error"`
	Candidate json.RawMessage `json:"candidate"`
	Event     string          `json:"event"`
	Detail    string          `json:"detail"`
}

// browsers are the commands that show a page without a window.
var browsers = map[string]func(dir, url string) (*exec.Cmd, error){
	"chromium": chromium,
	"firefox":  firefox,
}

// chromium hides addresses behind mDNS names, as it does for users who have
// not shared camera or microphone.
func chromium(dir, url string) (*exec.Cmd, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	return exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+dir, url), nil
}

// quiet are the preferences that keep Firefox from calling its makers.
const quiet = `
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.region.network.url", "");
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("captivedetect.canonicalURL", "");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.push.connection.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,none");
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.server", "data:,");
`

func firefox(dir, url string) (*exec.Cmd, error) {
	path, err := exec.LookPath("firefox-esr")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(quiet), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", dir, url)
	cmd.Env = append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1")
	return cmd, nil
}

// startBrowser shows the page in a browser of the given name; it is gone when
// the test is over.
func startBrowser(t *testing.T, name string) *browser {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "parley-browser")
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := browsers[name](dir, "http://"+listener.Addr().String()+"/")
	if err != nil {
		missing(t, name, err)
	}
	b := &browser{name: name, waiting: map[int]chan reply{}}
	connected := make(chan *websocket.Conn, 1)
	server := &http.Server{Handler: b.handler(connected)}
	go server.Serve(listener)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = server.Close()
		_ = os.RemoveAll(dir)
	})
	select {
	case b.conn = <-connected:
	case <-time.After(60 * time.Second):
		t.Fatalf("%s did not show the page within a minute", name)
	}
	return b
}

func (b *browser) handler(connected chan<- *websocket.Conn) http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // embedded
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/peer", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadLimit(1 << 24)
		connected <- conn
		b.read(conn)
	})
	return mux
}

// read hands the page's messages to whoever waits for them.
func (b *browser) read(conn *websocket.Conn) {
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(data, &r) != nil {
			continue
		}
		b.mu.Lock()
		onCandidate, onEvent, waiting := b.onCandidate, b.onEvent, b.waiting[r.ID]
		delete(b.waiting, r.ID)
		b.mu.Unlock()
		switch {
		case r.ID != 0:
			waiting <- r
		case r.Event != "":
			if onEvent != nil {
				onEvent(r.Event, r.Detail)
			}
		case onCandidate != nil:
			onCandidate(r.Candidate)
		}
	}
}

// eval runs the body of an async function in the page and stores what it
// returns in result, unless that is nil. args is there as "args".
func (b *browser) eval(result any, code string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	answer := make(chan reply, 1)
	b.mu.Lock()
	b.next++
	id := b.next
	b.waiting[id] = answer
	b.mu.Unlock()
	request, err := json.Marshal(map[string]any{"id": id, "code": code, "args": args})
	if err != nil {
		return err
	}
	if err := b.conn.Write(ctx, websocket.MessageText, request); err != nil {
		return err
	}
	select {
	case r := <-answer:
		if r.Error != "" {
			return fmt.Errorf("%s: %s", b.name, r.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Value, result)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w: %.80s", b.name, ctx.Err(), code)
	}
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
