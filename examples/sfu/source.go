package main

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
)

// A source is what one publisher sends in one section: sound, or a picture in
// one layer or several. It forwards each packet to those who watch, on the
// goroutine that brings it.
type source struct {
	id        string
	publisher string
	codec     webrtc.RTPCodecCapability
	video     bool

	mu            sync.Mutex // guards all below, and their fields
	layers        []*layer
	subscriptions []*subscription
}

// A layer is one size of a picture, sent as a stream of its own that has a RID
// for a name (RFC 8851). Without simulcast there is one, which has none.
type layer struct {
	rid string
	// askKeyFrame asks the publisher for one.
	askKeyFrame func()
	asked       limiter

	width, height int // 0 before the first key frame
	latest        time.Time
	packets       uint64
	bytes         uint64
	requests      uint64
}

// alive is how long after its latest packet a layer counts as being sent.
// Browsers stop the larger ones when the way is narrow.
const alive = 2 * time.Second

func newSource(id, publisher string, codec webrtc.RTPCodecCapability, video bool) *source {
	return &source{id: id, publisher: publisher, codec: codec, video: video}
}

// addLayer adds a layer that is about to be sent.
func (s *source) addLayer(rid string, askKeyFrame func()) *layer {
	l := &layer{rid: rid, askKeyFrame: askKeyFrame, asked: limiter{interval: keyFrameInterval}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.layers = append(s.layers, l)
	return l
}

// removeLayer removes one that is over. It returns how many are left.
func (s *source) removeLayer(l *layer) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.layers = slices.DeleteFunc(s.layers, func(other *layer) bool { return other == l })
	return len(s.layers)
}

// packet takes a packet of a layer, which is not kept, and when it arrived.
func (s *source) packet(l *layer, p *rtp.Packet, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.latest = now
	l.packets++
	l.bytes += uint64(len(p.Payload))
	var v vp8
	begins := true // sound can be joined anywhere
	if s.video {
		v, _ = parseVP8(p.Payload) // without payload it is padding, which is forwarded too
		begins = v.keyFrame
		if v.keyFrame {
			l.width, l.height = v.width, v.height
		}
		if l.width == 0 {
			l.requestKeyFrame(now) // to learn its size
		}
	}
	for _, sub := range s.subscriptions {
		sub.packet(l, p, v, begins, now)
	}
}

// requestKeyFrame asks for a key frame unless that was done just now. The
// source's mu is held.
func (l *layer) requestKeyFrame(now time.Time) {
	if l.asked.allow(now) {
		l.requests++
		l.askKeyFrame()
	}
}

// pick returns the layer for someone who wants the one of that name, or for ""
// the largest; nil if none is being sent. mu is held.
func (s *source) pick(rid string, now time.Time) *layer {
	var best *layer
	for _, l := range s.layers {
		if now.Sub(l.latest) > alive {
			continue
		}
		if rid != "" && l.rid == rid {
			return l
		}
		if best == nil || l.width*l.height > best.width*best.height {
			best = l
		}
	}
	return best
}

// subscribe has the source forward to a track, once the subscription is started.
func (s *source) subscribe(to rtpWriter) *subscription {
	sub := &subscription{source: s, to: to, rewriter: rewriter{clockRate: s.codec.ClockRate}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscriptions = append(s.subscriptions, sub)
	return sub
}

// A layerState is what the page shows of a layer.
type layerState struct {
	RID              string `json:"rid"`
	Width            int    `json:"width"`
	Height           int    `json:"height"`
	Alive            bool   `json:"alive"`
	Packets          uint64 `json:"packets"`
	Bytes            uint64 `json:"bytes"`
	KeyFrameRequests uint64 `json:"keyFrameRequests"`
}

// A sourceState is what the page shows of a source.
type sourceState struct {
	ID        string       `json:"id"`
	Publisher string       `json:"publisher"`
	Codec     string       `json:"codec"`
	Layers    []layerState `json:"layers"`
}

// state returns what is known of the source, the smallest layer first.
func (s *source) state(now time.Time) sourceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := sourceState{ID: s.id, Publisher: s.publisher, Codec: s.codec.MimeType, Layers: []layerState{}}
	for _, l := range s.layers {
		state.Layers = append(state.Layers, layerState{
			RID: l.rid, Width: l.width, Height: l.height, Alive: now.Sub(l.latest) <= alive,
			Packets: l.packets, Bytes: l.bytes, KeyFrameRequests: l.requests,
		})
	}
	slices.SortFunc(state.Layers, func(a, b layerState) int {
		return cmp.Or(cmp.Compare(a.Width, b.Width), cmp.Compare(a.RID, b.RID))
	})
	return state
}
