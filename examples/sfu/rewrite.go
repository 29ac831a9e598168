package main

import (
	"time"

	"github.com/pion/rtp"
)

// A rewriter makes one stream of packets that come from several: the layers of a
// picture, of which a viewer is sent one after the other. Each layer numbers its
// packets, frames and time from a beginning of its own; what the viewer gets
// goes on without a gap, as if one encoder had changed the size of its picture.
//
// It adds an offset to each number, and chooses new ones when the layer changes.
// Within a layer what is missing stays missing and what comes late keeps its
// place, so that the viewer's own feedback stays right.
type rewriter struct {
	clockRate uint32
	running   bool

	// Offsets from the layer's numbers to the viewer's.
	sequence  uint16
	timestamp uint32
	picture   uint16
	tl0       uint8

	// The newest of what the viewer was sent.
	last struct {
		sequence  uint16
		timestamp uint32
		picture   uint16
		tl0       uint8
		at        time.Time // when the packet that began the frame arrived
	}

	// boundary is the last sequence number before those of this layer. What
	// comes late from before it is not sent.
	boundary uint16
}

// begin chooses the offsets so that the packet, the first of a layer, follows
// what was sent before.
func (r *rewriter) begin(h *rtp.Header, v vp8, now time.Time) {
	if r.running {
		r.sequence = r.last.sequence + 1 - h.SequenceNumber
		// The layers' clocks have nothing to do with each other: by how much time
		// has gone on, their arrivals tell. A large frame arrives later than a
		// small one of the same moment, so that there is a small error, which the
		// way back takes back.
		passed := max(1, uint32(max(0, now.Sub(r.last.at))*time.Duration(r.clockRate)/time.Second))
		r.timestamp = r.last.timestamp + passed - h.Timestamp
		r.picture = r.last.picture + 1 - v.picture
		r.tl0 = r.last.tl0 + 1 - v.tl0
	}
	r.boundary = h.SequenceNumber + r.sequence - 1
	r.last.sequence = r.boundary
	r.last.timestamp = h.Timestamp + r.timestamp
	r.last.picture, r.last.tl0 = v.picture+r.picture, v.tl0+r.tl0
	r.last.at = now
	r.running = true
}

// rewrite gives a packet of the layer the viewer's numbers, in its header and
// its payload. It reports false for one that belongs to the layer before.
func (r *rewriter) rewrite(h *rtp.Header, payload []byte, v vp8, now time.Time) bool {
	h.SequenceNumber += r.sequence
	h.Timestamp += r.timestamp
	if !after(h.SequenceNumber, r.boundary) {
		return false
	}
	picture, tl0 := v.picture+r.picture, v.tl0+r.tl0
	if after(h.SequenceNumber, r.last.sequence) {
		if h.Timestamp != r.last.timestamp {
			r.last.at = now
		}
		r.last.sequence, r.last.timestamp = h.SequenceNumber, h.Timestamp
		if v.pictureAt > 0 {
			r.last.picture = picture
		}
		if v.tl0At > 0 {
			r.last.tl0 = tl0
		}
		// Sequence numbers wrap: the boundary follows at a distance.
		const far = 1 << 14
		if h.SequenceNumber-r.boundary > far {
			r.boundary = h.SequenceNumber - far
		}
	}
	v.setPicture(payload, picture)
	v.setTL0(payload, tl0)
	return true
}

// after tells whether a sequence number comes after another (RFC 1982).
func after(a, b uint16) bool { return int16(a-b) > 0 }
