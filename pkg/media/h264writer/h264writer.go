// Package h264writer writes H.264 as a byte stream of Annex B, of RTP packets or
// of frames. ffmpeg and most players read such files.
//
// This records a remote track:
//
//	writer, err := h264writer.New("out.h264")
//	if err != nil {
//		return err
//	}
//	defer writer.Close()
//	for {
//		packet, _, err := track.ReadRTP()
//		if err != nil {
//			return err
//		}
//		if err := writer.WriteRTP(packet); err != nil {
//			return err
//		}
//	}
//
// Packets may come out of order and twice. The writer waits for a missing one
// until 256 others have come after it. A NAL unit that lacks a packet is left
// out, and so is everything before the first sequence parameter set, without
// which no decoder can begin; where the sets are not sent with the video but in
// its description, write them first, with WriteFrame. What is left out is counted
// by Dropped and is no error, so that neither a lossy path nor a hostile peer ends
// a recording; errors are those of the file.
//
// The byte stream has no times: it plays at a fixed rate, whatever the rate of
// the packets was.
//
// The package starts no goroutine.
package h264writer

import (
	"encoding/binary"
	"io"
	"os"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/annexb"
)

// An H264Writer writes one video. It is safe for concurrent use.
//
// It takes the packets of the non-interleaved mode, RFC 6184 §5.2, which is the
// one that WebRTC uses (RFC 7742 §6.2): single NAL unit packets, STAP-A and FU-A.
type H264Writer struct{ w *annexb.Writer }

// New creates a file, or empties the one that is there, and makes a writer for
// it. Close closes it.
func New(filename string) (*H264Writer, error) {
	f, err := os.Create(filename)
	if err != nil {
		return nil, err
	}
	return NewWith(f), nil
}

// NewWith makes a writer to a stream. If it is an io.Closer, Close closes it.
func NewWith(w io.Writer) *H264Writer {
	if w == nil {
		w = missing{}
	}
	return &H264Writer{w: annexb.NewWriter(format{}, w)}
}

// missing stands for the stream that NewWith was not given.
type missing struct{}

func (missing) Write([]byte) (int, error) { return 0, media.ErrNilStream }

// WriteRTP adds a packet, which it does not keep. Errors are those of the output,
// media.ErrNilPacket, and media.ErrWriterClosed.
func (h *H264Writer) WriteRTP(packet *rtp.Packet) error { return h.w.WriteRTP(packet) }

// WriteFrame adds an access unit, or a part of one, in the byte stream format, of
// which it keeps nothing. One without a start code is a *media.FormatError. A
// writer is given either frames or packets, except for parameter sets.
func (h *H264Writer) WriteFrame(frame []byte) error { return h.w.WriteFrame(frame) }

// Dropped is how many of the packets or frames that the writer was given are not
// in the file, or only in part: they came twice or too late, were malformed,
// belonged to a NAL unit that lacked a packet, or came before the first sequence
// parameter set.
func (h *H264Writer) Dropped() uint64 { return h.w.Dropped() }

// Close writes what is complete and closes the output if it is an io.Closer.
// Calls after the first return nil.
func (h *H264Writer) Close() error { return h.w.Close() }

// Types of NAL units, of H.264 Table 7-1 and RFC 6184 §5.4.
const (
	typeSPS   = 7
	typeSTAPA = 24
	typeFUA   = 28
)

type format struct{}

func (format) Name() string { return "H.264" }

func (format) Begins(unit []byte) bool { return unit[0]&0x1f == typeSPS }

func (format) Split(w *annexb.Writer, payload []byte) bool {
	switch kind := payload[0] & 0x1f; {
	case kind >= 1 && kind < typeSTAPA:
		w.Whole(payload)
		return true
	case kind == typeSTAPA:
		return aggregate(w, payload[1:])
	case kind == typeFUA && len(payload) > 2:
		// RFC 6184 §5.8: the FU indicator has F and NRI of the unit, the FU
		// header S, E, R and its type.
		indicator, header := payload[0], payload[1]
		first, last := header&0x80 != 0, header&0x40 != 0
		unit := [1]byte{indicator&0xe0 | header&0x1f}
		return w.Part(unit[:], payload[2:], first, last)
	}
	// RFC 6184 §5.2: STAP-B, MTAP and FU-B belong to the interleaved mode.
	return false
}

// aggregate writes the units of a STAP-A, RFC 6184 §5.7.1, each behind its size
// of 16 bits. Those before a malformed one are good.
func aggregate(w *annexb.Writer, b []byte) bool {
	for len(b) > 0 {
		if len(b) < 2 {
			return false
		}
		size := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; size == 0 || size > len(b) {
			return false
		}
		w.Whole(b[:size])
		b = b[size:]
	}
	return true
}
