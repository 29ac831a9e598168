// Package chromium drives a headless Chromium in tests, over its debugging
// protocol.
//
//	page := chromium.Open(t, url, "1200,800")
//	page.WaitFor("the connection", `document.querySelector("#state").textContent === "connected"`)
//	page.Click("#call")
//
// Its camera and microphone are simulated: a green picture with a moving
// figure, and a beep every second. A test is skipped where Chromium is not
// installed, and in the short mode. The goroutine that reads what the browser
// says ends with the test, as the browser does.
package chromium

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Patience bounds each step of a test with a browser.
const Patience = 30 * time.Second

// flags are what every browser is started with.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
	"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
	"--allow-loopback-in-peer-connection", // there may be no other interface
	"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
	"--autoplay-policy=no-user-gesture-required",
	"--remote-debugging-port=0",
}

// A Page is a headless Chromium that shows one page.
type Page struct {
	*testing.T
	conn *websocket.Conn

	mu      sync.Mutex // guards all below
	nextID  int
	waiting map[int]chan json.RawMessage
	console []string
}

// Open shows a page in a window of a size, "width,height"; the browser is gone
// when the test is over.
func Open(t *testing.T, url string, size string) *Page {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser is slow to start")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	dir, err := os.MkdirTemp("", "examples-chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(flags, "--window-size="+size, "--user-data-dir="+dir, url)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	opened := false
	t.Cleanup(func() {
		// It has been asked to close, and takes its children with it. One that
		// does not is killed.
		patience := Patience
		if !opened {
			patience = 0 // nobody could ask
		}
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	p := &Page{T: t, waiting: map[int]chan json.RawMessage{}}
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if p.conn, _, err = websocket.Dial(ctx, debugger(t, dir), nil); err != nil {
		t.Fatal(err)
	}
	opened = true
	p.conn.SetReadLimit(1 << 26)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.read()
	}()
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		_ = p.conn.Write(closing, websocket.MessageText, []byte(`{"id":0,"method":"Browser.close"}`))
		select {
		case <-done: // the browser has hung up
		case <-closing.Done():
		}
		_ = p.conn.CloseNow()
		<-done
	})
	p.Call("Runtime.enable", nil, nil)
	p.Call("Log.enable", nil, nil)
	return p
}

// debugger returns the address at which the page can be driven.
func debugger(t *testing.T, dir string) string {
	t.Helper()
	var client http.Client
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		file, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		if err != nil {
			continue
		}
		port, _, _ := strings.Cut(string(file), "\n")
		response, err := client.Get("http://127.0.0.1:" + port + "/json/list")
		if err != nil {
			continue
		}
		var targets []struct {
			Type string `json:"type"`
			URL  string `json:"webSocketDebuggerUrl"`
		}
		err = json.NewDecoder(response.Body).Decode(&targets)
		response.Body.Close()
		for _, target := range targets {
			if err == nil && target.Type == "page" {
				return target.URL
			}
		}
	}
	t.Fatal("the browser has no page")
	return ""
}

func (p *Page) read() {
	for {
		_, data, err := p.conn.Read(context.Background())
		if err != nil {
			return
		}
		var m struct {
			ID     int             `json:"id"`
			Method string          `json:"method"`
			Result json.RawMessage `json:"result"`
			Error  json.RawMessage `json:"error"`
		}
		if json.Unmarshal(data, &m) != nil {
			continue
		}
		p.mu.Lock()
		switch m.Method {
		case "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled":
			p.console = append(p.console, string(data))
		}
		if c := p.waiting[m.ID]; c != nil {
			delete(p.waiting, m.ID)
			c <- append(m.Result, m.Error...)
		}
		p.mu.Unlock()
	}
}

// Call runs a command of the debugging protocol. Params and result may be nil.
func (p *Page) Call(method string, params, result any) {
	p.Helper()
	answer := make(chan json.RawMessage, 1)
	p.mu.Lock()
	p.nextID++
	id := p.nextID
	p.waiting[id] = answer
	p.mu.Unlock()
	request := map[string]any{"id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	data, err := json.Marshal(request)
	if err != nil {
		p.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.Context(), Patience)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, data); err != nil {
		p.Fatalf("%s: %v", method, err)
	}
	select {
	case data := <-answer:
		if result != nil {
			if err := json.Unmarshal(data, result); err != nil {
				p.Fatalf("%s: %v: %s", method, err, data)
			}
		}
	case <-ctx.Done():
		p.Fatalf("%s: no answer", method)
	}
}

// Eval returns the value of a JavaScript expression as text, of a promise what
// it brings.
func (p *Page) Eval(expression string) string {
	p.Helper()
	var result struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.Call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &result)
	if e := result.Exception; e != nil {
		p.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return fmt.Sprint(result.Result.Value)
}

// WaitFor waits until an expression, which may be a promise, is true, and can be
// evaluated at all.
func (p *Page) WaitFor(what, expression string) {
	p.Helper()
	for deadline := time.Now().Add(Patience); ; <-time.After(20 * time.Millisecond) {
		if p.Eval("(async () => { try { return Boolean(await ("+expression+")) } catch { return false } })()") == "true" {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("%s: not within %v; the page says %q, the console %q",
				what, Patience, p.Eval("document.body.innerText"), p.Said())
		}
	}
}

// Said returns what the page has written to the console, exceptions and
// violations of its content security policy among them.
func (p *Page) Said() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.console
}

// Click clicks on an element.
func (p *Page) Click(selector string) {
	p.Helper()
	p.Eval(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// Choose puts files into a file input.
func (p *Page) Choose(selector string, paths ...string) {
	p.Helper()
	var document struct {
		Root struct {
			NodeID int `json:"nodeId"`
		} `json:"root"`
	}
	p.Call("DOM.getDocument", nil, &document)
	var node struct {
		NodeID int `json:"nodeId"`
	}
	p.Call("DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": selector}, &node)
	p.Call("DOM.setFileInputFiles", map[string]any{"nodeId": node.NodeID, "files": paths}, nil)
}

// Picture saves a picture of the whole page into the directory that
// PARLEY_SCREENSHOTS names, if it does.
func (p *Page) Picture(name string) {
	p.Helper()
	dir := os.Getenv("PARLEY_SCREENSHOTS")
	if dir == "" {
		return
	}
	var result struct {
		Data string `json:"data"`
	}
	p.Call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &result)
	png, err := base64.StdEncoding.DecodeString(result.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
		p.Fatalf("a picture of %d bytes: %v", len(png), err)
	}
}
