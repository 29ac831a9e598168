// Package localhttp serves the pages of examples to browsers on this machine
// and keeps other pages away from them.
//
// A host name that is made to point here (DNS rebinding) is refused, and so are
// requests that a page of another origin makes to change something. What is
// served may load nothing from anywhere else, and nobody may frame it.
//
// Serve starts a goroutine for each HTTP connection; they end with it.
package localhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// contentSecurityPolicy allows what a page is made of and nothing else.
// Pictures may also be made by its scripts.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
	"media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Serve serves a handler, guarded, on a listener until the context ends, with
// which every request's does. It returns when the handlers have, those that
// have taken over their connection too.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	all := &handlers{next: Guard(handler)}
	server := &http.Server{
		Handler:           all,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err := server.Serve(listener)
	server.Close()
	all.wait()
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

// handlers counts those that run.
type handlers struct {
	next http.Handler

	mu      sync.Mutex // guards all below
	closed  bool
	running sync.WaitGroup // Add under mu, before closed
}

// ServeHTTP handles a request, unless it comes too late.
func (h *handlers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.running.Add(1)
	h.mu.Unlock()
	defer h.running.Done()
	h.next.ServeHTTP(w, r)
}

func (h *handlers) wait() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.running.Wait()
}

// Guard returns a handler that refuses requests by a host name other than
// localhost: with a name of its own that resolves to this address, a foreign
// page would be of the same origin. It sets the headers that confine the page.
func Guard(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
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
