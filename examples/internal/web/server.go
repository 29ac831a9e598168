package web

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

//go:embed page
var page embed.FS

const (
	// maxSessions is how many browsers can be connected at once.
	maxSessions = 8
	// MaxFile is the size in bytes of the largest file either way, and of all
	// that a session keeps.
	MaxFile = 64 << 20
)

// contentSecurityPolicy allows what the page is made of and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Config is what a Server needs.
type Config struct {
	// Logf is told what happens, a line at a time; nil drops it. It may be
	// called from several goroutines.
	Logf func(format string, args ...any)
}

// A Server serves the page and one peer for each browser that shows it.
type Server struct {
	logf func(format string, args ...any)

	mu       sync.Mutex // guards all below
	closed   bool
	sessions map[*session]bool
	running  sync.WaitGroup // the sessions' goroutines; Add under mu
}

// NewServer returns a server without sessions. Close it when done.
func NewServer(config Config) *Server {
	s := &Server{logf: config.Logf, sessions: map[*session]bool{}}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	return s
}

// Serve serves HTTP on a listener until the context ends, then closes every
// session.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err := server.Serve(listener)
	s.Close()
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

// Close ends every session and returns when their goroutines have ended.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for one := range s.sessions {
		one.cancel(errors.New("the server stops"))
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Handler returns the page and its WebSocket.
func (s *Server) Handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /session", s.serveSession)
	return guard(mux)
}

// guard refuses requests by a host name other than localhost: with a name of
// its own that resolves to this address, a foreign page would be of the same
// origin. It sets the headers that confine the page.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !literal(r.Host) {
			http.Error(w, "use an IP address or localhost", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// literal tells whether a Host header names localhost or an IP address.
func literal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "localhost" {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// begin registers a session, unless there are too many.
func (s *Server) begin(one *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.sessions) >= maxSessions {
		return false
	}
	s.sessions[one] = true
	s.running.Add(1)
	return true
}

func (s *Server) end(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, one)
	s.running.Done()
}
