// Package h265writer writes H.265 as a byte stream of Annex B, of RTP packets or
// of frames. ffmpeg and most players read such files.
//
// This records a remote track:
//
//	writer, err := h265writer.New("out.h265")
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
// out, and so is everything before the first parameter set, without which
// no decoder can begin; where the sets are not sent with the video but in its
// description, write them first, with WriteFrame. What is left out is counted
// by Dropped and is no error, so that neither a lossy path nor a hostile peer ends
// a recording; errors are those of the file.
//
// The byte stream has no times: it plays at a fixed rate, whatever the rate of
// the packets was.
//
// The package starts no goroutine.
package h265writer

import (
	"encoding/binary"
	"io"
	"os"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/annexb"
)

// An H265Writer writes one video. It is safe for concurrent use.
//
// It takes packets of RFC 7798 §4.4 without decoding order numbers, as WebRTC
// sends them: single NAL unit packets, aggregation packets and fragmentation
// units.
type H265Writer struct{ w *annexb.Writer }

// New creates a file, or empties the one that is there, and makes a writer for
// it. Close closes it.
func New(filename string) (*H265Writer, error) {
	f, err := os.Create(filename)
	if err != nil {
		return nil, err
	}
	return NewWith(f), nil
}

// NewWith makes a writer to a stream. If it is an io.Closer, Close closes it.
func NewWith(w io.Writer) *H265Writer {
	if w == nil {
		w = missing{}
	}
	return &H265Writer{w: annexb.NewWriter(format{}, w)}
}

// missing stands for the stream that NewWith was not given.
type missing struct{}

func (missing) Write([]byte) (int, error) { return 0, media.ErrNilStream }

// WriteRTP adds a packet, which it does not keep. Errors are those of the output,
// media.ErrNilPacket, and media.ErrWriterClosed.
func (h *H265Writer) WriteRTP(packet *rtp.Packet) error { return h.w.WriteRTP(packet) }

// WriteFrame adds an access unit, or a part of one, in the byte stream format, of
// which it keeps nothing. One without a start code is a *media.FormatError. A
// writer is given either frames or packets, except for parameter sets.
func (h *H265Writer) WriteFrame(frame []byte) error { return h.w.WriteFrame(frame) }

// Dropped is how many of the packets or frames that the writer was given are not
// in the file, or only in part: they came twice or too late, were malformed,
// belonged to a NAL unit that lacked a packet, or came before the first
// parameter set.
func (h *H265Writer) Dropped() uint64 { return h.w.Dropped() }

// Close writes what is complete and closes the output if it is an io.Closer.
// Calls after the first return nil.
func (h *H265Writer) Close() error { return h.w.Close() }

// Types of NAL units, of H.265 Table 7-1 and RFC 7798 §4.4.
const (
	typeVPS = 32
	typePPS = 34
	typeAP  = 48
	typeFU  = 49
)

// headerSize is that of a NAL unit and of a payload: F, Type (6 bits), LayerId (6
// bits) and TID (3 bits), RFC 7798 §1.1.4.
const headerSize = 2

type format struct{}

func (format) Name() string { return "H.265" }

func (format) Begins(unit []byte) bool {
	kind := unit[0] >> 1 & 0x3f
	return kind >= typeVPS && kind <= typePPS
}

func (format) Split(w *annexb.Writer, payload []byte) bool {
	if len(payload) <= headerSize {
		return false
	}
	switch kind := payload[0] >> 1 & 0x3f; {
	case kind < typeAP:
		w.Whole(payload)
		return true
	case kind == typeAP:
		return aggregate(w, payload[headerSize:])
	case kind == typeFU && len(payload) > headerSize+1:
		// RFC 7798 §4.4.3: the payload header has F, LayerId and TID of the
		// unit, the FU header S, E and its type.
		header := payload[headerSize]
		first, last := header&0x80 != 0, header&0x40 != 0
		unit := [headerSize]byte{payload[0]&0x81 | header&0x3f<<1, payload[1]}
		return w.Part(unit[:], payload[headerSize+1:], first, last)
	}
	// What remains is PACI packets, RFC 7798 §4.4.4, which no browser sends, and
	// reserved types.
	return false
}

// aggregate writes the units of an aggregation packet, RFC 7798 §4.4.2, each
// behind its size of 16 bits. Those before a malformed one are good.
func aggregate(w *annexb.Writer, b []byte) bool {
	for len(b) > 0 {
		if len(b) < 2 {
			return false
		}
		size := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; size < headerSize || size > len(b) {
			return false
		}
		w.Whole(b[:size])
		b = b[size:]
	}
	return true
}
