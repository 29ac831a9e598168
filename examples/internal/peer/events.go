package peer

import (
	"fmt"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/observe"
)

func (p *Peer) signalingState(s webrtc.SignalingState) {
	p.note(diagram.KindState, fmt.Sprintf("signaling: %s", s))
	for mine, description := range map[bool]*webrtc.SessionDescription{true: p.LocalDescription(), false: p.RemoteDescription()} {
		if description != nil {
			p.learnFormats(*description, mine)
		}
	}
	switch s {
	case webrtc.SignalingStateStable:
		p.transports.Do(p.watchTransports)
	case webrtc.SignalingStateHaveLocalOffer, webrtc.SignalingStateHaveRemoteOffer:
		p.forgetChecks()
	}
	p.changed()
}

// watchTransports sets the handlers of the transports, which are there once
// the first exchange of descriptions is over and before anything comes of it.
func (p *Peer) watchTransports() {
	sctp := p.SCTP()
	if sctp == nil {
		return
	}
	dtls := sctp.Transport()
	ice := dtls.ICETransport()
	ice.OnConnectionStateChange(func(s webrtc.ICETransportState) {
		p.note(diagram.KindCheck, fmt.Sprintf("ICE: %s", s))
		if s == webrtc.ICETransportStateCompleted {
			p.once.Do(func() { close(p.completed) })
		}
	})
	ice.OnSelectedCandidatePairChange(func(pair *webrtc.ICECandidatePair) {
		p.note(diagram.KindCheck, "selected pair: "+PairText(pair))
	})
	dtls.OnStateChange(func(s webrtc.DTLSTransportState) {
		p.note(diagram.KindDTLS, fmt.Sprintf("DTLS: %s", s))
	})
	sctp.OnStateChange(func(s webrtc.SCTPTransportState) {
		p.note(diagram.KindData, fmt.Sprintf("SCTP: %s", s))
	})
}

// PairText describes a candidate pair in a few words.
func PairText(pair *webrtc.ICECandidatePair) string {
	return hostPort(pair.Local.Address, pair.Local.Port) + " <-> " + hostPort(pair.Remote.Address, pair.Remote.Port)
}

// Watch notes the events of a data channel in the diagram. Opened, unless nil,
// is called when it opens.
func (p *Peer) Watch(channel *webrtc.DataChannel, opened func()) {
	name := fmt.Sprintf("channel %q", channel.Label())
	channel.OnOpen(func() {
		p.note(diagram.KindData, name+" open")
		if opened != nil {
			opened()
		}
	})
	channel.OnClose(func() { p.note(diagram.KindData, name+" closed") })
}

// shown is how many messages of one sort on one path are drawn: consent checks
// go on for as long as the connection does (RFC 7675).
const shown = 2

// packet takes what passes the peer's sockets.
func (p *Peer) packet(packet observe.Packet) {
	if !packet.Sent && !p.config.BothWays {
		return
	}
	kind := diagram.KindDTLS
	text := packet.Description
	switch packet.Protocol {
	case observe.SRTP, observe.SRTCP:
		if !p.firstOfMedia(packet) {
			return
		}
		kind, text = diagram.KindMedia, p.mediaText(packet)
	case observe.STUN:
		if p.isServer(packet) {
			return // the server tells of it
		}
		kind = diagram.KindCheck
		if p.seen(packet) > shown {
			return
		}
	}
	from, to := p.config.Party, p.other()
	if !packet.Sent {
		from, to = to, from
	}
	p.config.Log.Arrow(from, to, kind, text)
}

// isServer tells whether the packet is from or to a STUN server, which is whom
// a question without credentials went to.
func (p *Peer) isServer(packet observe.Packet) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if packet.ToServer {
		p.servers[packet.Remote] = true
	}
	return p.servers[packet.Remote]
}

// seen counts a message of its sort on its path.
func (p *Peer) seen(packet observe.Packet) int {
	key := pairKey{local: packet.Local, remote: packet.Remote, sent: packet.Sent, description: packet.Description}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks[key]++
	return p.checks[key]
}

// forgetChecks has the checks drawn again that a new offer may cause.
func (p *Peer) forgetChecks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.checks)
}
