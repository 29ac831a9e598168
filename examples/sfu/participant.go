package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
)

// A participant is one connection: a browser, or the program's own publisher.
type participant struct {
	room  *room
	name  string
	views bool // whether it sees the others
	peer  *peer.Peer
	// wake holds a value if there may be something new for the participant.
	wake chan struct{}

	mu        sync.Mutex // guards all below
	published map[*webrtc.RTPTransceiver]*source
	viewing   []*view
	lastID    int
}

// A view is a subscription with the transceiver that carries it.
type view struct {
	*subscription
	transceiver *webrtc.RTPTransceiver
}

// attend is the life of a participant in the room, until the context or the
// signal channel ends or the connection fails.
func attend(ctx context.Context, r *room, name string, views bool, channel webrtc.SignalChannel) error {
	p := &participant{
		room: r, name: name, views: views, wake: make(chan struct{}, 1),
		published: map[*webrtc.RTPTransceiver]*source{},
	}
	engine, err := codecs.MediaEngine()
	if err != nil {
		return err
	}
	p.peer, err = peer.New(peer.Config{
		Party: diagram.PeerB, Polite: true, Signal: channel, MediaEngine: engine,
		OnConnection:   func(webrtc.PeerConnectionState) { p.look() },
		OnDescriptions: func(*webrtc.PeerConnection) { p.look() },
	})
	if err != nil {
		return err
	}
	defer p.peer.Close()
	p.peer.OnTrack(p.receive)
	if err := r.join(p); err != nil {
		return err
	}
	defer r.leave(p)
	defer p.endViews()
	r.logf("%s is here", name)
	defer r.logf("%s has gone", name)
	p.look()

	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { p.keepViewing(ctx) })
	return p.peer.Run(ctx)
}

// receive publishes a track that the participant sends. With simulcast each
// layer is a track; those of one transceiver are one source.
func (p *participant) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	transceiver := receiver.RTPTransceiver()
	p.mu.Lock()
	s := p.published[transceiver]
	first := s == nil
	if first {
		p.lastID++
		id := fmt.Sprintf("%s-%s-%d", p.name, track.Kind(), p.lastID)
		s = newSource(id, p.name, track.Codec().RTPCodecCapability, track.Kind() == webrtc.RTPCodecTypeVideo)
		p.published[transceiver] = s
	}
	l := s.addLayer(track.RID(), track.RequestKeyFrame)
	p.mu.Unlock()
	track.OnEnded(func() {
		if s.removeLayer(l) == 0 {
			p.withdraw(transceiver, s)
		}
	})
	// From here on packets are forwarded on the goroutine that reads them.
	track.OnPacketPush(func(packet *webrtc.InboundPacket) { s.packet(l, &packet.Packet, packet.Arrival) })
	if first {
		p.room.publish(s)
	}
}

// withdraw takes a source back whose tracks have ended.
func (p *participant) withdraw(transceiver *webrtc.RTPTransceiver, s *source) {
	p.mu.Lock()
	delete(p.published, transceiver)
	p.mu.Unlock()
	p.room.unpublish(s)
}

// look has keepViewing see what is new.
func (p *participant) look() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// keepViewing has the participant sent what the others publish, no more and no
// less, for as long as the context lasts.
func (p *participant) keepViewing(ctx context.Context) {
	for {
		select {
		case <-p.wake:
			p.update(p.room.sourcesFor(p))
		case <-ctx.Done():
			return
		}
	}
}

// update makes and ends transceivers, each change of which makes a negotiation
// necessary, and starts what has been negotiated.
func (p *participant) update(sources []*source) {
	p.mu.Lock()
	before := slices.Clone(p.viewing)
	p.mu.Unlock()
	var after []*view
	for _, v := range before {
		if slices.Contains(sources, v.source) {
			after = append(after, v)
			continue
		}
		v.end()
		_ = v.transceiver.Stop() // fails after Close, which has stopped it
	}
	for _, s := range sources {
		if slices.ContainsFunc(after, func(v *view) bool { return v.source == s }) {
			continue
		}
		v, err := p.watch(s)
		if err != nil {
			p.room.logf("%s cannot be sent %s: %v", p.name, s.id, err)
			continue
		}
		after = append(after, v)
	}
	p.mu.Lock()
	p.viewing = after
	p.mu.Unlock()
	if p.peer.ConnectionState() != webrtc.PeerConnectionStateConnected {
		return
	}
	for _, v := range after {
		if v.transceiver.CurrentDirection() == webrtc.RTPTransceiverDirectionSendonly {
			v.start()
		}
	}
}

// watch has a source sent to the participant.
func (p *participant) watch(s *source) (*view, error) {
	// The stream's name ties the publisher's picture and sound together.
	track, err := webrtc.NewTrackLocalStaticRTP(s.codec, s.id, s.publisher)
	if err != nil {
		return nil, err
	}
	transceiver, err := p.peer.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{
		Direction: webrtc.RTPTransceiverDirectionSendonly,
	})
	if err != nil {
		return nil, err
	}
	v := &view{s.subscribe(track), transceiver}
	transceiver.Sender().OnKeyFrameRequest(func(string) { v.keyFrameWanted(time.Now()) })
	return v, nil
}

// endViews ends what the participant is sent.
func (p *participant) endViews() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.viewing {
		v.end()
	}
	p.viewing = nil
}

// prefer has the participant sent another layer of a source.
func (p *participant) prefer(source, rid string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.viewing {
		if v.source.id == source {
			v.prefer(rid, time.Now())
			return nil
		}
	}
	return fmt.Errorf("%q is not sent %q", p.name, source)
}

// A participantState is what the page shows of a participant.
type participantState struct {
	Name       string      `json:"name"`
	Connection string      `json:"connection"`
	Views      []viewState `json:"views"`
}

func (p *participant) state() participantState {
	state := participantState{Name: p.name, Connection: p.peer.ConnectionState().String(), Views: []viewState{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.viewing {
		one := v.state()
		one.Mid = v.transceiver.Mid()
		state.Views = append(state.Views, one)
	}
	return state
}
