package main

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"regexp"

	"github.com/coder/websocket"

	"github.com/parleyrtc/webrtc/pkg/websocketsignal"
)

//go:embed page
var page embed.FS

// names are what a participant may be called: what fits a URL and a stream's
// identifier in a description.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// handler is the room's interface to browsers:
//
//	GET  /                                  the page
//	GET  /session?name=NAME[&view=no]       a WebSocket: signaling, as JSON messages
//	                                        {"description": …} and {"candidate": …}
//	GET  /state                             what is published and viewed, as JSON
//	POST /layer?viewer=&source=&rid=        chooses a layer; without rid, the largest
//
// Either side may offer at any time: the server is the polite one (webrtc-pc
// §10.7).
func handler(r *room) http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /session", func(w http.ResponseWriter, request *http.Request) { session(r, w, request) })
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.state()) // fails if the client has gone
	})
	mux.HandleFunc("POST /layer", func(w http.ResponseWriter, request *http.Request) {
		q := request.URL.Query()
		if err := r.prefer(q.Get("viewer"), q.Get("source"), q.Get("rid")); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// session is the life of a browser in the room.
func session(r *room, w http.ResponseWriter, request *http.Request) {
	q := request.URL.Query()
	name := q.Get("name")
	if !names.MatchString(name) {
		http.Error(w, "name: 1 to 32 letters, digits, - and _", http.StatusBadRequest)
		return
	}
	conn, err := websocket.Accept(w, request, nil) // refuses pages of another origin
	if err != nil {
		return // Accept has answered
	}
	err = attend(request.Context(), r, name, q.Get("view") != "no", websocketsignal.New(conn))
	if err == nil {
		_ = conn.Close(websocket.StatusNormalClosure, "")
		return
	}
	r.logf("%s: %v", name, err)
	reason := err.Error()
	_ = conn.Close(websocket.StatusPolicyViolation, reason[:min(len(reason), 120)]) // RFC 6455 §5.5: 125 bytes at most
}
