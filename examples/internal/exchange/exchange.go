// Package exchange is the smallest way for a page to connect to a program: the
// offer is the body of one HTTP request, the answer that of its response.
//
//	POST /offer    {"type": "offer", "sdp": …}  ->  {"type": "answer", "sdp": …}
//
// There is no way to send candidates later, so that each side waits until it has
// all, and puts them into its description.
package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc"
)

const (
	// maxOffer is the size of the largest offer, in bytes.
	maxOffer = 256 << 10
	// patience is how long candidates are gathered.
	patience = 10 * time.Second
)

// Handler serves the files of a page, and what answer makes of its offers.
func Handler(page fs.FS, answer func(context.Context, webrtc.SessionDescription) (*webrtc.SessionDescription, error)) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.HandleFunc("POST /offer", func(w http.ResponseWriter, r *http.Request) {
		var offer webrtc.SessionDescription
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOffer)).Decode(&offer); err != nil {
			http.Error(w, "that is no offer: "+err.Error(), http.StatusBadRequest)
			return
		}
		description, err := answer(r.Context(), offer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(description) // fails if the page has gone
	})
	return mux
}

// Events are what a program wants to know of a connection. Each is called once at
// most, and may be nil.
type Events struct {
	// Connected is called when media can be sent.
	Connected func()
	// Ended is called when the other side has closed the connection, or it has
	// failed.
	Ended func()
}

// Answer applies an offer to a connection and returns the answer, which has all
// candidates.
func Answer(
	ctx context.Context, pc *webrtc.PeerConnection, offer webrtc.SessionDescription, e Events,
) (*webrtc.SessionDescription, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	connected, ended := once(e.Connected), once(e.Ended)
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			connected()
		case webrtc.PeerConnectionStateFailed:
			ended()
		}
	})
	if err := pc.SetRemoteDescription(offer); err != nil {
		return nil, err
	}
	complete := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		return nil, err
	}
	// A side that closes says so with DTLS (RFC 5246 §7.2.1), long before ICE
	// misses it.
	for _, transceiver := range pc.GetTransceivers() {
		if transport := transceiver.Receiver().Transport(); transport != nil {
			transport.OnStateChange(func(s webrtc.DTLSTransportState) {
				if s == webrtc.DTLSTransportStateClosed {
					ended()
				}
			})
		}
	}
	select {
	case <-complete:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if description := pc.LocalDescription(); description != nil {
		return description, nil
	}
	return nil, errors.New("the connection was closed")
}

func once(f func()) func() {
	if f == nil {
		return func() {}
	}
	return sync.OnceFunc(f)
}
