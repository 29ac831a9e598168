package main

import (
	"slices"
	"time"

	"github.com/pion/rtp"
)

// An rtpWriter takes what a viewer is sent; a *webrtc.TrackLocalStaticRTP is
// one. It does not keep the packet.
type rtpWriter interface{ WriteRTP(*rtp.Packet) error }

// A subscription is one viewer of one source. Of a picture it forwards one layer
// at a time, and goes over to another with a key frame of that one: only there
// can a decoder begin.
//
// All of it is guarded by the source's mu.
type subscription struct {
	source *source
	to     rtpWriter

	started  bool   // the viewer can be sent something
	wanted   string // the RID of a layer, or "" for the largest
	current  *layer // the one that is forwarded, nil at first
	rewriter rewriter
	out      rtp.Packet // the packet being forwarded

	switches uint64
	requests uint64
	packets  uint64
	failures uint64
}

// packet forwards a packet if it is of the right layer. Begins says that a
// decoder can begin with it.
func (sub *subscription) packet(l *layer, p *rtp.Packet, v vp8, begins bool, now time.Time) {
	if !sub.started {
		return
	}
	if l != sub.current {
		if l != sub.source.pick(sub.wanted, now) {
			return
		}
		if !begins {
			l.requestKeyFrame(now)
			return
		}
		if sub.current != nil {
			sub.switches++
		}
		sub.current = l
		sub.rewriter.begin(&p.Header, v, now)
	}
	// The viewer gets a header of its own. The extensions are the publisher's
	// business: the library writes those that the viewer has agreed to.
	sub.out.Header = rtp.Header{
		Version: 2, Marker: p.Marker, SequenceNumber: p.SequenceNumber, Timestamp: p.Timestamp,
	}
	sub.out.Payload = append(sub.out.Payload[:0], p.Payload...)
	if !sub.rewriter.rewrite(&sub.out.Header, sub.out.Payload, v, now) {
		return
	}
	sub.packets++
	if err := sub.to.WriteRTP(&sub.out); err != nil {
		sub.failures++
	}
}

// start begins forwarding, once the viewer's connection is there: what is sent
// earlier would be lost, and a key frame with it.
func (sub *subscription) start() {
	sub.source.mu.Lock()
	defer sub.source.mu.Unlock()
	sub.started = true
}

// prefer chooses another layer, by its RID, or "" for the largest. What is
// forwarded changes with the next key frame.
func (sub *subscription) prefer(rid string, now time.Time) {
	s := sub.source
	s.mu.Lock()
	defer s.mu.Unlock()
	sub.wanted = rid
	if l := s.pick(rid, now); l != nil && l != sub.current {
		l.requestKeyFrame(now)
	}
}

// keyFrameWanted passes on that the viewer needs a key frame.
func (sub *subscription) keyFrameWanted(now time.Time) {
	s := sub.source
	s.mu.Lock()
	defer s.mu.Unlock()
	sub.requests++
	if sub.current != nil {
		sub.current.requestKeyFrame(now)
	}
}

// end stops forwarding.
func (sub *subscription) end() {
	s := sub.source
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(other *subscription) bool { return other == sub })
}

// A viewState is what the page shows of a subscription.
type viewState struct {
	Source string `json:"source"`
	// Mid names the section of the viewer's connection that carries it.
	Mid string `json:"mid"`
	// Wanted is the RID that was asked for, "" for the largest; Current is that
	// of what is forwarded, if Playing.
	Wanted           string `json:"wanted"`
	Current          string `json:"current"`
	Playing          bool   `json:"playing"`
	Switches         uint64 `json:"switches"`
	KeyFrameRequests uint64 `json:"keyFrameRequests"`
	Packets          uint64 `json:"packets"`
	Failures         uint64 `json:"failures"`
}

func (sub *subscription) state() viewState {
	s := sub.source
	s.mu.Lock()
	defer s.mu.Unlock()
	state := viewState{
		Source: s.id, Wanted: sub.wanted, Playing: sub.current != nil, Switches: sub.switches,
		KeyFrameRequests: sub.requests, Packets: sub.packets, Failures: sub.failures,
	}
	if sub.current != nil {
		state.Current = sub.current.rid
	}
	return state
}
