package annexb

import (
	"fmt"
	"io"
	"sync"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/reorder"
)

// A Format knows how NAL units are put into RTP packets.
type Format interface {
	// Name is that of the format, for errors.
	Name() string
	// Split gives the units, or the parts of one, that a payload has to w, and
	// reports whether it is well-formed.
	Split(w *Writer, payload []byte) bool
	// Begins reports whether a decoder can begin with a unit, as it can with a
	// parameter set.
	Begins(unit []byte) bool
}

// A Writer writes one video as a byte stream. It is safe for concurrent use.
type Writer struct {
	mu      sync.Mutex
	format  Format
	out     io.Writer // nil once closed
	queue   *reorder.Queue
	begun   bool
	dropped uint64

	unit  []byte // behind a start code: room to write a unit in one piece
	part  bool   // unit is the beginning of one that goes on in the next packet
	parts uint64 // how many packets it has come in

	// Of the packet or frame that is being written: an error of the output, and
	// whether a unit was left out because no decoder could begin with it.
	err  error
	left bool
}

// NewWriter makes a writer.
func NewWriter(format Format, out io.Writer) *Writer {
	w := &Writer{format: format, out: out}
	w.queue = reorder.NewQueue(w.packet)
	return w
}

// WriteRTP adds a packet.
func (w *Writer) WriteRTP(packet *rtp.Packet) error {
	if packet == nil {
		return media.ErrNilPacket
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.out == nil {
		return media.ErrWriterClosed
	}
	return w.queue.Push(packet)
}

// WriteFrame adds an access unit in the byte stream format.
func (w *Writer) WriteFrame(frame []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.out == nil {
		return media.ErrWriterClosed
	}
	units := 0
	w.err, w.left = nil, false
	for unit := range Units(frame) {
		units++
		w.Whole(unit)
	}
	if units == 0 {
		return &media.FormatError{Format: w.format.Name(), Offset: -1, Reason: fmt.Sprintf("no start code in a frame of %d bytes", len(frame))}
	}
	if w.left {
		w.dropped++
	}
	return w.err
}

// Dropped is how many packets or frames are not in the output, or not all of it.
func (w *Writer) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped + w.queue.Dropped()
}

// Close writes what is complete and closes the output if it is an io.Closer.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.out == nil {
		return nil
	}
	err := w.queue.Flush()
	if c, ok := w.out.(io.Closer); ok {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	w.out, w.unit = nil, nil
	return err
}

// packet takes the packets in order.
func (w *Writer) packet(p reorder.Packet) error {
	if p.Gap || p.Restart {
		w.discard()
	}
	w.err, w.left = nil, false
	ok := w.format.Split(w, p.Payload)
	if !ok {
		w.discard()
	}
	if !ok || w.left {
		w.dropped++
	}
	return w.err
}

// Whole writes a unit.
func (w *Writer) Whole(unit []byte) {
	w.discard()
	w.start(unit)
	w.write()
}

// Part adds a part of a unit. header is that of the unit, which its parts lack.
// It reports whether the part has its place.
func (w *Writer) Part(header, part []byte, first, last bool) bool {
	switch {
	case first:
		w.discard()
		w.start(header)
		w.part = true
	case !w.part:
		return false
	}
	if len(w.unit)+len(part) > MaxUnitSize {
		return false
	}
	w.unit = append(w.unit, part...)
	if !last {
		w.parts++
		return true
	}
	if !w.write() {
		w.dropped += w.parts
	}
	w.part, w.parts = false, 0
	return true
}

// start puts the first bytes of a unit behind a start code. Of the two forms of
// one it is the longer, which parameter sets and the first unit of a picture
// must have: H.264 and H.265 §B.1.2.
func (w *Writer) start(b []byte) {
	w.unit = append(append(w.unit[:0], 0, 0, 0, 1), b...)
}

// write writes the unit, if a decoder can make use of it, and reports whether it
// can.
func (w *Writer) write() bool {
	if !w.begun && !w.format.Begins(w.unit[4:]) {
		w.left = true
		return false
	}
	w.begun = true
	if _, err := w.out.Write(w.unit); err != nil && w.err == nil {
		w.err = err
	}
	return true
}

// discard drops the beginning of a unit that does not go on.
func (w *Writer) discard() {
	w.dropped += w.parts
	w.part, w.parts = false, 0
}
