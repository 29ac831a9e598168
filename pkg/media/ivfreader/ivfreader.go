package ivfreader

import (
	"encoding/binary"
	"io"
	"iter"
	"math/bits"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/stream"
)

const (
	signature       = "DKIF"
	fileHeaderSize  = 32
	frameHeaderSize = 12

	// maxFrameSize is how large a frame may claim to be.
	maxFrameSize = 64 << 20
)

// An IVFFileHeader is the header of an IVF file.
type IVFFileHeader struct {
	// FourCC names the codec: "VP80", "VP90" or "AV01".
	FourCC string
	// Width and Height are those of the picture in pixels.
	Width, Height uint16
	// TimebaseDenominator and TimebaseNumerator are the unit of time: a
	// timestamp t is at t*TimebaseNumerator/TimebaseDenominator seconds.
	TimebaseDenominator, TimebaseNumerator uint32
	// NumFrames is how many frames the file says it has. Programs that write to
	// a pipe can not know it, so it may be wrong; zero means unknown.
	NumFrames uint32
}

// An IVFFrameHeader is the header of a frame.
type IVFFrameHeader struct {
	// FrameSize is how many bytes the frame has.
	FrameSize uint32
	// Timestamp is when the frame is shown, in units of the file's time base.
	Timestamp uint64
}

// An IVFReader reads an IVF file. It is not safe for concurrent use.
type IVFReader struct {
	in     *stream.Reader
	header IVFFileHeader
}

// NewWith reads the file header and returns it with a reader of the frames that
// follow it. An empty stream is io.EOF, one that is no IVF file a
// *media.FormatError.
func NewWith(in io.Reader) (*IVFReader, *IVFFileHeader, error) {
	if in == nil {
		return nil, nil, media.ErrNilStream
	}
	r := &IVFReader{in: stream.NewReader("IVF", in)}
	header, err := r.readFileHeader()
	if err != nil {
		return nil, nil, err
	}
	r.header = *header
	return r, header, nil
}

func (i *IVFReader) readFileHeader() (*IVFFileHeader, error) {
	var b [fileHeaderSize]byte
	if err := i.in.Full(b[:], "file header"); err != nil {
		return nil, err
	}
	if string(b[:4]) != signature {
		return nil, i.in.Errorf("signature %q, want %q", b[:4], signature)
	}
	if version := binary.LittleEndian.Uint16(b[4:]); version != 0 {
		return nil, i.in.Errorf("version %d, want 0", version)
	}
	size := int(binary.LittleEndian.Uint16(b[6:]))
	if size < fileHeaderSize {
		return nil, i.in.Errorf("header size %d, want %d", size, fileHeaderSize)
	}
	// A longer header has fields at its end that came after this was written.
	if _, err := i.in.Append(nil, size-fileHeaderSize, "file header"); err != nil {
		return nil, err
	}
	i.in.Unit()
	return &IVFFileHeader{
		FourCC:              string(b[8:12]),
		Width:               binary.LittleEndian.Uint16(b[12:]),
		Height:              binary.LittleEndian.Uint16(b[14:]),
		TimebaseDenominator: binary.LittleEndian.Uint32(b[16:]),
		TimebaseNumerator:   binary.LittleEndian.Uint32(b[20:]),
		NumFrames:           binary.LittleEndian.Uint32(b[24:]),
	}, nil
}

// ParseNextFrame returns the next frame, whose bytes belong to the caller, and
// its header. After the last one the error is io.EOF.
func (i *IVFReader) ParseNextFrame() ([]byte, *IVFFrameHeader, error) {
	var b [frameHeaderSize]byte
	if err := i.in.Full(b[:], "frame header"); err != nil {
		return nil, nil, err
	}
	header := &IVFFrameHeader{FrameSize: binary.LittleEndian.Uint32(b[:]), Timestamp: binary.LittleEndian.Uint64(b[4:])}
	if header.FrameSize > maxFrameSize {
		return nil, nil, i.in.Errorf("frame of %d bytes, %d at most are allowed", header.FrameSize, maxFrameSize)
	}
	frame, err := i.in.Append(nil, int(header.FrameSize), "frame")
	if err != nil {
		return nil, nil, err
	}
	i.in.Unit()
	return frame, header, nil
}

// Samples returns an iterator over the frames that remain, each with its
// duration: the time to the next one, and for the last one that of the frame
// before it. An error ends it, and is the last pair; the end of the file is none.
func (i *IVFReader) Samples() iter.Seq2[media.Sample, error] {
	return func(yield func(media.Sample, error) bool) {
		frame, header, err := i.ParseNextFrame()
		var duration time.Duration
		for err == nil {
			next, nextHeader, nextErr := i.ParseNextFrame()
			if nextErr == nil {
				duration = i.duration(header.Timestamp, nextHeader.Timestamp)
			}
			if !yield(media.Sample{Data: frame, Duration: duration}, nil) {
				return
			}
			frame, header, err = next, nextHeader, nextErr
		}
		if err != io.EOF {
			yield(media.Sample{}, err)
		}
	}
}

// duration is the time between two timestamps, and zero if there is none, the
// file has no time base, or it is more than a time.Duration can hold.
func (i *IVFReader) duration(from, to uint64) time.Duration {
	if to <= from || i.header.TimebaseDenominator == 0 {
		return 0
	}
	high, ticks := bits.Mul64(to-from, uint64(i.header.TimebaseNumerator))
	if high != 0 {
		return 0
	}
	high, low := bits.Mul64(ticks, uint64(time.Second))
	if denominator := uint64(i.header.TimebaseDenominator); high<<1|low>>63 < denominator { // the quotient has 63 bits
		nanoseconds, _ := bits.Div64(high, low, denominator)
		return time.Duration(nanoseconds)
	}
	return 0
}

// ResetReader goes on with the stream that reset returns, given how many bytes
// of header and whole frames have been read. It is for a file that is still
// growing: once ParseNextFrame has met its end, perhaps within a frame, the file
// is opened again at that place.
func (i *IVFReader) ResetReader(reset func(bytesRead int64) io.Reader) { i.in.Reset(reset) }
