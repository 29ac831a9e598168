package web

import (
	"context"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/parleyrtc/webrtc/examples/internal/localhttp"
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

// Config is what a Server needs.
type Config struct {
	// Logf is told what happens, a line at a time; nil drops it. It may be
	// called from several goroutines.
	Logf func(format string, args ...any)
	// Recordings is the folder in which calls are recorded. It is made when it is
	// needed; "" means a new one among the system's temporary files.
	Recordings string
}

// A Server serves the page and one peer for each browser that shows it.
type Server struct {
	logf func(format string, args ...any)

	mu       sync.Mutex // guards all below
	sessions map[*session]bool
	folder   string // of recordings, "" before the first
}

// NewServer returns a server without sessions.
func NewServer(config Config) *Server {
	s := &Server{logf: config.Logf, folder: config.Recordings, sessions: map[*session]bool{}}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	return s
}

// Serve serves HTTP on a listener until the context ends, and returns when every
// session has ended.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return localhttp.Serve(ctx, listener, s.handler())
}

// handler returns the page and its WebSocket.
func (s *Server) handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /session", s.serveSession)
	mux.HandleFunc("GET /plot/{token}/{chart}", s.servePlot)
	return mux
}

// begin registers a session, unless there are too many.
func (s *Server) begin(one *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sessions) >= maxSessions {
		return false
	}
	s.sessions[one] = true
	return true
}

func (s *Server) end(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, one)
}

// session returns the session whose charts have a token, nil if there is none.
func (s *Server) session(token string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.sessions {
		if one.statistics.token == token {
			return one
		}
	}
	return nil
}

// recordings returns the folder of recordings, which is there then.
func (s *Server) recordings() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == "" {
		dir, err := os.MkdirTemp("", "parley-calls-")
		s.folder = dir
		return dir, err
	}
	return s.folder, os.MkdirAll(s.folder, 0o700)
}
