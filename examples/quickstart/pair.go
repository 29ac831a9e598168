package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/turnserver"
)

// A pair is two peers in this process, with the servers that they need.
type pair struct {
	a, b   *peer.Peer
	log    *diagram.Log
	stun   *turnserver.Server // nil with a relay
	relay  *relay             // nil without
	signal *webrtc.MemorySignalChannel

	// channels are those that A has opened, as B sees them.
	channels chan *webrtc.DataChannel
	failed   chan error
	running  sync.WaitGroup

	mu    sync.Mutex // guards all below
	owner map[netip.AddrPort]diagram.Party
}

// newPair starts the server and makes both peers.
func newPair(log *diagram.Log, relayed bool) (*pair, error) {
	p := &pair{
		log:      log,
		channels: make(chan *webrtc.DataChannel, 4),
		failed:   make(chan error, 2),
		owner:    map[netip.AddrPort]diagram.Party{},
	}
	var err error
	if relayed {
		p.relay, err = newRelay(log, p.ownerOf)
	} else {
		p.stun, err = turnserver.Listen(turnserver.Config{UDP: "127.0.0.1:0", Observer: p.asked})
	}
	if err != nil {
		return nil, err
	}
	endA, endB := webrtc.NewSignalPair()
	p.signal = endA
	if p.a, err = p.newPeer(diagram.PeerA, endA); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if p.b, err = p.newPeer(diagram.PeerB, endB); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.b.OnDataChannel(func(channel *webrtc.DataChannel) {
		p.log.Note(diagram.PeerB, diagram.KindData, fmt.Sprintf("channel %q open", channel.Label()))
		p.channels <- channel
	})
	return p, nil
}

func (p *pair) newPeer(party diagram.Party, end webrtc.SignalChannel) (*peer.Peer, error) {
	server := webrtc.ICEServer{}
	if p.relay != nil {
		server = p.relay.iceServer()
	} else {
		server.URLs = p.stun.URLs("")
	}
	return peer.New(peer.Config{
		Party:        party,
		Polite:       webrtc.Politeness(party == diagram.PeerB),
		Signal:       end,
		ICEServers:   []webrtc.ICEServer{server},
		RelayOnly:    p.relay != nil,
		LoopbackOnly: true,
		Log:          p.log,
		OnSocket: func(address netip.AddrPort) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.owner[address] = party
		},
	})
}

// asked draws what the STUN server is asked and answers.
func (p *pair) asked(m turnserver.Message) {
	party := p.ownerOf(m.Client)
	switch m.Type {
	case stun.BindingRequest:
		p.log.Arrow(party, diagram.STUN, diagram.KindSTUN, "who am I?")
	case stun.BindingSuccess:
		p.log.Arrow(diagram.STUN, party, diagram.KindSTUN, fmt.Sprintf("you are %s", m.Mapped))
	}
}

// ownerOf returns whose socket has an address.
func (p *pair) ownerOf(address netip.AddrPort) diagram.Party {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owner[address]
}

// relayNote says in the diagram what the relay was good for.
func (p *pair) relayNote() string {
	if p.relay != nil {
		return "everything between the peers went through here"
	}
	return "not needed: there is a direct path"
}

// start lets signaling run.
func (p *pair) start(ctx context.Context) {
	for _, one := range []*peer.Peer{p.a, p.b} {
		p.running.Go(func() {
			if err := one.Run(ctx); err != nil {
				p.failed <- err
			}
		})
	}
}

// await waits for what a channel brings, a failure of a peer's, or the
// context's end.
func await[T any](ctx context.Context, p *pair, what string, c <-chan T) (T, error) {
	var none T
	select {
	case v := <-c:
		return v, nil
	case err := <-p.failed:
		return none, fmt.Errorf("waiting for %s: %w", what, err)
	case <-ctx.Done():
		return none, fmt.Errorf("waiting for %s: %w", what, ctx.Err())
	}
}

// Close ends everything and returns when it has ended.
func (p *pair) Close() error {
	var errs []error
	for _, one := range []*peer.Peer{p.a, p.b} {
		if one != nil {
			errs = append(errs, one.Close())
		}
	}
	if p.signal != nil {
		errs = append(errs, p.signal.Close())
	}
	if p.stun != nil {
		errs = append(errs, p.stun.Close())
	}
	if p.relay != nil {
		errs = append(errs, p.relay.server.Close())
	}
	p.running.Wait()
	return errors.Join(errs...)
}
