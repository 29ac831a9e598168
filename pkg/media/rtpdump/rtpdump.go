package rtpdump

import (
	"bufio"
	"encoding/binary"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/stream"
)

// maxLine is how long the first line of a file may be.
const maxLine = 256

// A Reader reads a file. It is not safe for concurrent use.
type Reader struct {
	in     *stream.Reader
	packet []byte // room for one
}

// NewReader reads the header of a file. An empty one is io.EOF, one of another
// format a *media.FormatError. The reader may read more of r than it returns.
func NewReader(r io.Reader) (*Reader, Header, error) {
	if r == nil {
		return nil, Header{}, media.ErrNilStream
	}
	d := &Reader{in: stream.NewReader("rtpdump", bufio.NewReader(r))}
	var line []byte
	for !strings.HasSuffix(string(line), "\n") {
		var err error
		if line, err = d.in.Append(line, 1, "first line"); err != nil {
			return nil, Header{}, err
		}
		if n := min(len(line), len(preamble)); string(line[:n]) != preamble[:n] || len(line) > maxLine {
			return nil, Header{}, d.in.Errorf("first line %q, want %q and an address", line, preamble)
		}
	}
	var b [headerSize]byte
	if err := d.in.Full(b[:], "header"); err != nil {
		return nil, Header{}, err
	}
	d.in.Unit()
	var h Header
	if err := h.Unmarshal(b[:]); err != nil {
		return nil, Header{}, err
	}
	h.complete(string(line))
	return d, h, nil
}

// Next returns the next packet, whose bytes belong to the caller. After the last
// one the error is io.EOF.
func (r *Reader) Next() (Packet, error) {
	var b [packetHeaderSize]byte
	if err := r.in.Full(b[:], "packet header"); err != nil {
		return Packet{}, err
	}
	size := int(binary.BigEndian.Uint16(b[:]))
	if size < packetHeaderSize {
		return Packet{}, r.in.Errorf("packet of size %d, header included", size)
	}
	var err error
	if r.packet, err = r.in.Append(append(r.packet[:0], b[:]...), size-packetHeaderSize, "packet"); err != nil {
		return Packet{}, err
	}
	r.in.Unit()
	var p Packet
	err = p.Unmarshal(r.packet)
	return p, err
}

// Packets returns an iterator over the packets that remain. An error ends it, and
// is the last pair; the end of the file is none.
func (r *Reader) Packets() iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		for {
			p, err := r.Next()
			if err == io.EOF || !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// A Writer writes a file. It is safe for concurrent use.
type Writer struct {
	mu  sync.Mutex
	out io.Writer
}

// NewWriter writes the header of a file. One that a file can not hold is a
// *media.FormatError, in which case nothing is written.
func NewWriter(w io.Writer, hdr Header) (*Writer, error) {
	if w == nil {
		return nil, media.ErrNilStream
	}
	b, err := hdr.Marshal()
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(append([]byte(hdr.line()), b...)); err != nil {
		return nil, err
	}
	return &Writer{out: w}, nil
}

// WritePacket writes a packet, of which it keeps nothing. One that a file can not
// hold is a *media.FormatError, in which case nothing is written.
func (w *Writer) WritePacket(p Packet) error {
	b, err := p.Marshal()
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err = w.out.Write(b)
	return err
}
