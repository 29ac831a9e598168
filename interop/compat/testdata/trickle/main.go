// A peer that takes offers over HTTP, trickles its candidates, and echoes what
// it is sent at the pace of the network.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"sync"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/rtcerr"
)

type signal struct {
	Description *webrtc.SessionDescription `json:"description,omitempty"`
	Candidate   *webrtc.ICECandidateInit   `json:"candidate,omitempty"`
}

type server struct {
	mu         sync.Mutex
	pc         *webrtc.PeerConnection
	candidates []*webrtc.ICECandidate
}

func newServer() (*server, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{
		ICEServers: []webrtc.ICEServer{
			{URLs: []string{"stun:stun.example.org:3478"}},
			{
				URLs:           []string{"turn:turn.example.org?transport=udp"},
				Username:       "someone",
				Credential:     "secret",
				CredentialType: webrtc.ICECredentialTypePassword,
			},
		},
	})
	if err != nil {
		return nil, err
	}
	s := &server{pc: pc}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.candidates = append(s.candidates, c)
	})
	pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) { log.Println("ice:", state) })
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			pair, err := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			log.Println("connected by", pair, err)
		case webrtc.PeerConnectionStateFailed:
			log.Println("closing:", pc.Close())
		}
	})
	pc.OnDataChannel(echo)
	return s, nil
}

func echo(d *webrtc.DataChannel) {
	const high, low = 1 << 20, 256 << 10
	more := make(chan struct{}, 1)
	d.SetBufferedAmountLowThreshold(low)
	d.OnBufferedAmountLow(func() {
		select {
		case more <- struct{}{}:
		default:
		}
	})
	d.OnOpen(func() { log.Printf("%s (%d) is %s", d.Label(), *d.ID(), d.ReadyState()) })
	d.OnClose(func() { log.Println(d.Label(), "closed") })
	d.OnError(func(err error) { log.Println(d.Label(), err) })
	d.OnMessage(func(msg webrtc.DataChannelMessage) {
		err := d.Send(msg.Data)
		var state *rtcerr.InvalidStateError
		if errors.Is(err, webrtc.ErrDataChannelNotOpen) || errors.As(err, &state) {
			return
		}
		if d.BufferedAmount() > high {
			<-more
		}
	})
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in signal
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var err error
	switch {
	case in.Candidate != nil:
		err = s.pc.AddICECandidate(*in.Candidate)
		if errors.Is(err, webrtc.ErrNoRemoteDescription) {
			http.Error(w, "too early", http.StatusTooEarly)
			return
		}
	case in.Description != nil && in.Description.Type == webrtc.SDPTypeOffer:
		err = s.answer(w, *in.Description)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *server) answer(w http.ResponseWriter, offer webrtc.SessionDescription) error {
	if err := s.pc.SetRemoteDescription(offer); err != nil {
		return err
	}
	answer, err := s.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := s.pc.SetLocalDescription(answer); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []signal{{Description: s.pc.LocalDescription()}}
	for _, c := range s.candidates {
		init := c.ToJSON()
		out = append(out, signal{Candidate: &init})
	}
	return json.NewEncoder(w).Encode(out)
}

func main() {
	s, err := newServer()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", s))
}
