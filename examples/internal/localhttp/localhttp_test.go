package localhttp

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// Only this machine's names are answered, and only pages of this origin may
// change something.
func TestGuard(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) }()
	client := &http.Client{}
	for _, tt := range []struct {
		method, host, origin string
		want                 int
	}{
		{"GET", "localhost:8080", "", http.StatusOK},
		{"GET", "127.0.0.1", "", http.StatusOK},
		{"GET", "[::1]:8080", "", http.StatusOK},
		{"GET", "evil.example", "", http.StatusMisdirectedRequest},
		{"GET", "evil.example:8080", "", http.StatusMisdirectedRequest},
		{"GET", "localhost.evil", "", http.StatusMisdirectedRequest},
		{"POST", "localhost:8080", "", http.StatusOK}, // no browser
		{"POST", "localhost:8080", "http://localhost:8080", http.StatusOK},
		{"POST", "localhost:8080", "http://localhost:8081", http.StatusForbidden},
		{"POST", "localhost:8080", "null", http.StatusForbidden},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+listener.Addr().String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = tt.host
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s to %s from %q: %s, want %d", tt.method, tt.host, tt.origin, response.Status, tt.want)
		}
		if p := response.Header.Get("Content-Security-Policy"); (p != "") != (tt.want != http.StatusMisdirectedRequest) {
			t.Errorf("%s to %s: the policy is %q", tt.method, tt.host, p)
		}
	}
	client.CloseIdleConnections()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}
