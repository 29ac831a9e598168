package webrtc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A burstWriter is a TrackLocalWriter of this package's. It takes all packets of a
// frame at once, with payloads that other writers send as well, without a copy.
type burstWriter interface {
	// writeBurst sends packets as WriteRTP does one; it goes on after an error and
	// returns the first. The headers are lent until it returns; the caller releases
	// its use of the payloads.
	writeBurst(now time.Time, headers []rtp.Header, payloads []*transceiver.Payload) error
}

// A localBinding is one sender of a track. It is not changed.
type localBinding struct {
	id          string
	ssrc        SSRC
	payloadType PayloadType
	writer      TrackLocalWriter
	burst       burstWriter // the writer, if it is one of ours
	// moves says under which identifiers the header extensions of the track's
	// packets are sent. moved is false if they stay as they are.
	moves []extensionMove
	moved bool
}

// An extensionMove is a header extension that packets have under one identifier
// and are sent with under another.
type extensionMove struct{ from, to uint8 }

// extensionMoves finds what packets have among what was negotiated. Other header
// extensions are not sent.
func extensionMoves(have, negotiated []RTPHeaderExtensionParameter) []extensionMove {
	var moves []extensionMove
	for _, h := range have {
		for _, n := range negotiated {
			if h.URI == n.URI && validExtensionID(h.ID) && validExtensionID(n.ID) {
				moves = append(moves, extensionMove{uint8(h.ID), uint8(n.ID)})
			}
		}
	}
	return moves
}

func validExtensionID(id int) bool { return id > 0 && id < 256 }

// A trackBurst is what a track sends at once: a packet, or those of a frame. It is
// kept in a pool, with the memory for what bindings do with it.
type trackBurst struct {
	headers  []rtp.Header
	payloads [][]byte

	shared []*transceiver.Payload
	out    []rtp.Header      // as one binding sends the headers
	moved  [][]rtp.Extension // their extensions, where identifiers differ
	parsed rtp.Packet        // of TrackLocalStaticRTP.Write
}

var trackBursts = sync.Pool{New: func() any { return &trackBurst{} }}

func newTrackBurst() *trackBurst { return trackBursts.Get().(*trackBurst) }

// release gives a burst back. It must not keep the program's memory alive.
func (b *trackBurst) release() {
	clear(b.headers)
	clear(b.payloads)
	clear(b.out)
	for _, e := range b.moved {
		clear(e[:cap(e)])
	}
	clear(b.parsed.Extensions[:cap(b.parsed.Extensions)])
	b.parsed.Payload = nil
	b.headers, b.payloads, b.out = b.headers[:0], b.payloads[:0], b.out[:0]
	trackBursts.Put(b)
}

// add puts a packet behind the others.
func (b *trackBurst) add(h rtp.Header, payload []byte) {
	b.headers, b.payloads = append(b.headers, h), append(b.payloads, payload)
}

// send writes the burst to all bindings, to each of the others if one fails.
func (b *trackBurst) send(bindings []localBinding) error {
	var failures []error
	now := time.Now()
	for i := range bindings {
		if err := b.sendTo(&bindings[i], now); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", bindings[i].id, asClosedPipe(err)))
		}
	}
	for i, p := range b.shared {
		p.Release()
		b.shared[i] = nil
	}
	b.shared = b.shared[:0]
	return errors.Join(failures...)
}

// asClosedPipe lets programs for the pion API find out that a connection is
// closed in the way that they are used to.
func asClosedPipe(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return rtcerr.Because(io.ErrClosedPipe, err)
	}
	return err
}

// sendTo writes the burst to a binding. After an error it goes on with the next
// packet, which may be one that can be sent.
func (b *trackBurst) sendTo(binding *localBinding, now time.Time) error {
	b.out = b.out[:0]
	for i := range b.headers {
		b.out = append(b.out, b.headers[i])
		h := &b.out[i]
		h.SSRC, h.PayloadType = uint32(binding.ssrc), uint8(binding.payloadType)
		if binding.moved && h.Extension {
			if err := b.move(i, binding.moves); err != nil {
				return err
			}
		}
	}
	if binding.burst != nil {
		for i := len(b.shared); i < len(b.payloads); i++ {
			b.shared = append(b.shared, transceiver.NewPayload(b.payloads[i]))
		}
		return binding.burst.writeBurst(now, b.out, b.shared)
	}
	var first error
	for i := range b.out {
		if _, err := binding.writer.WriteRTP(&b.out[i], b.payloads[i]); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// move gives the header extensions of b.out[i] the identifiers of a binding. The
// packet's own list is not touched.
func (b *trackBurst) move(i int, moves []extensionMove) error {
	for len(b.moved) <= i {
		b.moved = append(b.moved, nil)
	}
	h, packet := &b.out[i], &b.headers[i]
	h.Extension, h.ExtensionProfile, h.Extensions = false, 0, b.moved[i][:0]
	for _, m := range moves {
		// RFC 8285 §4.2: one-byte headers have identifiers from 1 to 14, and
		// elements of 1 to 16 bytes.
		if data := packet.GetExtension(m.from); data != nil && (m.to > 14 || len(data) == 0 || len(data) > 16) {
			h.Extension, h.ExtensionProfile = true, rtp.ExtensionProfileTwoByte
		}
	}
	for _, m := range moves {
		if data := packet.GetExtension(m.from); data != nil {
			if err := h.SetExtension(m.to, data); err != nil {
				return err
			}
		}
	}
	b.moved[i] = h.Extensions
	return nil
}
