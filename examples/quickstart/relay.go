package main

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/observe"
	"github.com/parleyrtc/webrtc/examples/internal/turnserver"
)

// relay is a TURN server of this process, whose messages are drawn.
type relay struct {
	server *turnserver.Server
	log    *diagram.Log
	owner  func(netip.AddrPort) diagram.Party

	mu    sync.Mutex // guards drawn
	drawn map[drawnKey]bool
}

// drawnKey is a sort of packet in one direction, of which the first one is drawn.
type drawnKey struct {
	client netip.AddrPort
	sent   bool
	text   string
}

// The user and the password of the one who may relay.
const (
	relayUser     = "quickstart"
	relayPassword = "only on loopback"
)

func newRelay(log *diagram.Log, owner func(netip.AddrPort) diagram.Party) (*relay, error) {
	r := &relay{log: log, owner: owner, drawn: map[drawnKey]bool{}}
	var err error
	r.server, err = turnserver.Listen(turnserver.Config{
		UDP: "127.0.0.1:0", Relay: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Peers: turnserver.AnyPeers,
		Users: map[string]string{relayUser: relayPassword}, Observer: r.passed,
	})
	return r, err
}

func (r *relay) iceServer() webrtc.ICEServer {
	return webrtc.ICEServer{URLs: r.server.URLs(""), Username: relayUser, Credential: relayPassword}
}

// passed draws a message between the server and a peer.
func (r *relay) passed(m turnserver.Message) {
	kind, text := relayText(m)
	if text == "" {
		return
	}
	key := drawnKey{m.Client, m.Sent, text}
	r.mu.Lock()
	again := r.drawn[key]
	r.drawn[key] = true
	r.mu.Unlock()
	if again {
		return
	}
	from, to := r.owner(m.Client), diagram.TURN
	if m.Sent {
		from, to = to, from
	}
	r.log.Arrow(from, to, kind, text)
}

// relayText says in a few words what a message is for; nothing for what a transfer
// consists of.
func relayText(m turnserver.Message) (diagram.Kind, string) {
	if m.Payload != nil {
		inside, ok := observe.Classify(m.Payload)
		switch {
		case !ok:
			return "", ""
		case inside.Protocol == observe.STUN:
			return diagram.KindCheck, inside.Description
		case inside.Protocol == observe.DTLS:
			return diagram.KindDTLS, inside.Description
		}
		return diagram.KindMedia, fmt.Sprintf("%s, SSRC %08x", inside.Description, inside.SSRC)
	}
	method := m.Type.Method.String()
	switch {
	case m.ErrorCode != 0:
		return diagram.KindSTUN, fmt.Sprintf("%s refused: %d", method, m.ErrorCode)
	case m.Type.Class == stun.ClassRequest && m.Peer.IsValid() && m.Peer.Port() == 0: // a permission has no port
		return diagram.KindSTUN, fmt.Sprintf("%s %s", method, m.Peer.Addr())
	case m.Type.Class == stun.ClassRequest && m.Peer.IsValid():
		return diagram.KindSTUN, fmt.Sprintf("%s %s", method, m.Peer)
	case m.Type.Class == stun.ClassSuccessResponse && m.Relayed.IsValid():
		return diagram.KindSTUN, fmt.Sprintf("you relay at %s", m.Relayed)
	case m.Type.Class == stun.ClassSuccessResponse:
		return diagram.KindSTUN, method + " done"
	}
	return diagram.KindSTUN, method
}
