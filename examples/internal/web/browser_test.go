package web

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

// patience bounds each step of a test with a browser.
const patience = 30 * time.Second

// A browser is a headless Chromium that shows one page, driven over its
// debugging protocol.
type browser struct {
	*testing.T
	conn *websocket.Conn

	mu      sync.Mutex // guards all below
	nextID  int
	waiting map[int]chan json.RawMessage
	console []string
}

// openBrowser shows a page; the browser is gone when the test is over.
func openBrowser(t *testing.T, url string, size string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	dir, err := os.MkdirTemp("", "quickstart-browser")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--allow-loopback-in-peer-connection", // there may be no other interface
		"--window-size="+size, "--remote-debugging-port=0", "--user-data-dir="+dir, url)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	b := &browser{T: t, waiting: map[int]chan json.RawMessage{}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if b.conn, _, err = websocket.Dial(ctx, debugger(t, dir), nil); err != nil {
		t.Fatal(err)
	}
	b.conn.SetReadLimit(1 << 26)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.read()
	}()
	t.Cleanup(func() {
		_ = b.conn.CloseNow()
		<-done
	})
	b.call("Runtime.enable", nil, nil)
	b.call("Log.enable", nil, nil)
	return b
}

// debugger returns the address at which the page can be driven.
func debugger(t *testing.T, dir string) string {
	t.Helper()
	var client http.Client
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
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

func (b *browser) read() {
	for {
		_, data, err := b.conn.Read(context.Background())
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
		b.mu.Lock()
		switch m.Method {
		case "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled":
			b.console = append(b.console, string(data))
		}
		if c := b.waiting[m.ID]; c != nil {
			delete(b.waiting, m.ID)
			c <- append(m.Result, m.Error...)
		}
		b.mu.Unlock()
	}
}

// call runs a command of the debugging protocol.
func (b *browser) call(method string, params, result any) {
	b.Helper()
	answer := make(chan json.RawMessage, 1)
	b.mu.Lock()
	b.nextID++
	id := b.nextID
	b.waiting[id] = answer
	b.mu.Unlock()
	request := map[string]any{"id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	data, err := json.Marshal(request)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if err := b.conn.Write(ctx, websocket.MessageText, data); err != nil {
		b.Fatalf("%s: %v", method, err)
	}
	select {
	case data := <-answer:
		if result != nil {
			if err := json.Unmarshal(data, result); err != nil {
				b.Fatalf("%s: %v: %s", method, err, data)
			}
		}
	case <-ctx.Done():
		b.Fatalf("%s: no answer", method)
	}
}

// eval returns the value of a JavaScript expression as text.
func (b *browser) eval(expression string) string {
	b.Helper()
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
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &result)
	if e := result.Exception; e != nil {
		b.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return fmt.Sprint(result.Result.Value)
}

// waitFor waits until an expression is true, and can be evaluated at all.
func (b *browser) waitFor(what, expression string) {
	b.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		if b.eval("(() => { try { return Boolean("+expression+") } catch { return false } })()") == "true" {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s: not within %v; the page says %q, the console %q",
				what, patience, b.eval("document.body.innerText"), b.said())
		}
	}
}

// said returns what the page has written to the console, exceptions and
// violations of its content security policy among them.
func (b *browser) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.console
}

func (b *browser) click(selector string) {
	b.Helper()
	b.eval(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// choose puts files into a file input.
func (b *browser) choose(selector string, paths ...string) {
	b.Helper()
	var document struct {
		Root struct {
			NodeID int `json:"nodeId"`
		} `json:"root"`
	}
	b.call("DOM.getDocument", nil, &document)
	var node struct {
		NodeID int `json:"nodeId"`
	}
	b.call("DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": selector}, &node)
	b.call("DOM.setFileInputFiles", map[string]any{"nodeId": node.NodeID, "files": paths}, nil)
}

// picture saves a picture of the whole page into the directory that
// PARLEY_SCREENSHOTS names, if it does.
func (b *browser) picture(name string) {
	b.Helper()
	dir := os.Getenv("PARLEY_SCREENSHOTS")
	if dir == "" {
		return
	}
	var result struct {
		Data string `json:"data"`
	}
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &result)
	png, err := base64.StdEncoding.DecodeString(result.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
		b.Fatalf("a picture of %d bytes: %v", len(png), err)
	}
}
