package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// get fetches a path, as a browser that has been told the given host name.
func get(t *testing.T, url, host string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		request.Host = host
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// The page is there and may load nothing from elsewhere.
func TestPage(t *testing.T) {
	url := startServer(t)
	response, body := get(t, url, "")
	if response.StatusCode != http.StatusOK || !strings.Contains(body, "<h1>Parley quickstart</h1>") {
		t.Errorf("%s: %.200s", response.Status, body)
	}
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the content security policy is %q", policy)
	}
	files, err := page.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		response, body := get(t, url+strings.TrimPrefix(f.Name(), "index.html"), "")
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", f.Name(), response.Status)
		}
		if s := strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""); strings.Contains(s, "http://") || strings.Contains(s, "https://") {
			t.Errorf("%s names something elsewhere", f.Name())
		}
	}
}

// A name that points here (DNS rebinding) gets nothing.
func TestForeignHost(t *testing.T) {
	url := startServer(t)
	for host, want := range map[string]int{
		"localhost:8080":    http.StatusOK,
		"127.0.0.1":         http.StatusOK,
		"[::1]:8080":        http.StatusOK,
		"evil.example":      http.StatusMisdirectedRequest,
		"evil.example:8080": http.StatusMisdirectedRequest,
		"localhost.evil":    http.StatusMisdirectedRequest,
	} {
		if response, _ := get(t, url, host); response.StatusCode != want {
			t.Errorf("%s: %s, want %d", host, response.Status, want)
		}
	}
}

// dial opens a session's WebSocket from a page of the given origin.
func dial(t *testing.T, url, origin string) (*websocket.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(ctx, url+"session", &websocket.DialOptions{HTTPHeader: header})
	if conn != nil {
		t.Cleanup(func() { conn.CloseNow() })
	}
	return conn, err
}

// next reads what the server tells.
func next(t *testing.T, conn *websocket.Conn) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var r struct {
		Hello *hello `json:"hello"`
		Error string `json:"error"`
	}
	if err := wsjson.Read(ctx, conn, &r); err != nil {
		t.Fatal(err)
	}
	return reply{Hello: r.Hello, Error: r.Error}
}

func TestForeignOrigin(t *testing.T) {
	url := startServer(t)
	for _, origin := range []string{"https://evil.example", "http://localhost:1", "null"} {
		if _, err := dial(t, url, origin); err == nil {
			t.Errorf("a page of %q has opened a session", origin)
		}
	}
	conn, err := dial(t, url, strings.TrimSuffix(url, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if r := next(t, conn); r.Hello == nil || !strings.HasPrefix(r.Hello.STUN, "stun:127.0.0.1:") || r.Hello.MaxFile != MaxFile {
		t.Errorf("the greeting is %+v", r)
	}
}

// Sessions are limited in number; one that ends makes room.
func TestTooManySessions(t *testing.T) {
	url := startServer(t)
	var first *websocket.Conn
	for range maxSessions {
		conn, err := dial(t, url, "")
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = conn
		}
	}
	if _, err := dial(t, url, ""); err == nil {
		t.Fatalf("there are more than %d sessions", maxSessions)
	}
	first.CloseNow()
	for deadline := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		if _, err := dial(t, url, ""); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a session that has ended makes no room")
		}
	}
}

// What the page should never send ends the session, or is answered.
func TestBadRequests(t *testing.T) {
	url := startServer(t)
	for name, message := range map[string]string{
		"no JSON":        "hello",
		"no description": `{"signal":{"description":{"type":"offer","sdp":"nonsense"}}}`,
		"too long":       `{"do":"` + strings.Repeat("x", maxMessage) + `"}`,
	} {
		conn, err := dial(t, url, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, err = conn.Read(ctx)
		}
		if ctx.Err() != nil {
			t.Errorf("%s: the session goes on", name)
		}
		cancel()
	}
	conn, err := dial(t, url, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"do":"a somersault"}`)); err != nil {
		t.Fatal(err)
	}
	r := next(t, conn)
	for r.Error == "" { // the greeting, and the descriptions, of which there are none
		r = next(t, conn)
	}
	if !strings.Contains(r.Error, `"a somersault"`) {
		t.Errorf("the reply is %+v", r)
	}
}
