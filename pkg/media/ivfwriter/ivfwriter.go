package ivfwriter

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/reorder"
)

const (
	// clockRate is that of every video payload format here, in Hz: RFC 7741 §4.1
	// for VP8, RFC 9628 §4.1 for VP9, and the AV1 RTP payload format.
	clockRate = 90000

	fileHeaderSize  = 32
	frameHeaderSize = 12
	numFramesAt     = 24

	// maxFrameSize is how large a frame may grow.
	maxFrameSize = 64 << 20

	// stepBack is how far timestamps may go back and still belong to the same
	// clock.
	stepBack = 10 * clockRate
)

// An IVFWriter writes one video to an IVF file. It is safe for concurrent use.
type IVFWriter struct {
	mu     sync.Mutex
	out    io.Writer // nil once closed
	seeker io.WriteSeeker
	start  int64 // where in the output the file begins

	codec                  codec
	width, height          uint16
	sizeGiven              bool
	numerator, denominator uint32
	direct                 bool

	queue   *reorder.Queue
	started bool // the file header and a key frame have been written
	frames  uint32
	dropped uint64

	// The frame that is being put together: room for its header, then its bytes.
	open      bool
	frame     []byte
	layers    []int // where in the bytes its layers begin
	size      int   // of the media in it
	packets   uint64
	timestamp uint32 // of its packets

	// Time, in ticks of clockRate.
	timed    bool  // a frame has been written
	last     int64 // timestamp or time of the last frame
	elapsed  int64 // from the first frame to the last one
	interval int64 // between the last two
	restart  bool  // timestamps have begun anew since the last frame
}

// New creates a file, or empties the one that is there, and makes a writer for
// it. Close closes it.
func New(fileName string, opts ...Option) (*IVFWriter, error) {
	i, err := configure(opts)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(fileName)
	if err != nil {
		return nil, err
	}
	i.setOutput(f)
	return i, nil
}

// NewWith makes a writer to a stream. If the stream is an io.Closer, Close closes
// it. If it is an io.WriteSeeker that can seek, Close puts the number of frames
// into the file's header; otherwise that is zero, which means unknown.
func NewWith(out io.Writer, opts ...Option) (*IVFWriter, error) {
	if out == nil {
		return nil, media.ErrNilStream
	}
	i, err := configure(opts)
	if err != nil {
		return nil, err
	}
	i.setOutput(out)
	return i, nil
}

func configure(opts []Option) (*IVFWriter, error) {
	i := &IVFWriter{codec: new(vp8), numerator: 1, denominator: 30}
	for _, o := range opts {
		if err := o(i); err != nil {
			return nil, err
		}
	}
	i.queue = reorder.NewQueue(i.packet)
	return i, nil
}

func (i *IVFWriter) setOutput(out io.Writer) {
	i.out = out
	if s, ok := out.(io.WriteSeeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe has the method, and fails
			i.seeker, i.start = s, start
		}
	}
}

// WriteRTP adds a packet, which it does not keep. Errors are those of the output,
// media.ErrNilPacket, and media.ErrWriterClosed.
func (i *IVFWriter) WriteRTP(packet *rtp.Packet) error {
	if packet == nil {
		return media.ErrNilPacket
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.out == nil {
		return media.ErrWriterClosed
	}
	return i.queue.Push(packet)
}

// WriteFrame adds a frame: a VP8 or VP9 frame or an AV1 temporal unit, of which
// it keeps nothing. at is its time since the start of the video; one that is not
// after that of the frame before counts as the same. Frames before the first key
// frame are dropped. A writer is given either frames or packets.
func (i *IVFWriter) WriteFrame(frame []byte, at time.Duration) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.out == nil {
		return media.ErrWriterClosed
	}
	if len(frame) == 0 || len(frame) > maxFrameSize {
		return &media.FormatError{Format: "IVF", Offset: -1, Reason: fmt.Sprintf("frame of %d bytes", len(frame))}
	}
	i.begin(frame)
	i.frame = append(i.frame, frame...)
	i.size, i.packets = len(frame), 1
	seconds, rest := int64(at/time.Second), int64(at%time.Second)
	return i.finish(seconds*clockRate + rest*clockRate/int64(time.Second))
}

// Dropped is how many of the packets or frames that the writer was given are not
// in the file: they came twice or too late, were malformed, belonged to a frame
// that lacked a packet, or came before the first key frame.
func (i *IVFWriter) Dropped() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.dropped + i.queue.Dropped()
}

// Close writes what is complete, completes the file header and closes the output
// if it is an io.Closer. Calls after the first return nil.
func (i *IVFWriter) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.out == nil {
		return nil
	}
	err := i.queue.Flush()
	if err == nil && !i.started {
		err = i.writeFileHeader(640, 480)
	}
	if err == nil && i.seeker != nil {
		err = i.writeNumFrames()
	}
	if c, ok := i.out.(io.Closer); ok {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	i.out, i.seeker, i.frame = nil, nil, nil
	return err
}

// packet takes the packets in order.
func (i *IVFWriter) packet(p reorder.Packet) error {
	i.restart = i.restart || p.Restart
	if p.Gap || p.Restart {
		i.discard()
		i.codec.reset()
	}
	if i.open && p.Timestamp != i.timestamp {
		// RFC 3550 §5.1: packets of one timestamp are "logically generated at
		// once". The sender has not marked the last one of the frame.
		if err := i.finish(i.ticks(i.timestamp)); err != nil {
			return err
		}
	}
	data, where, err := i.codec.unpack(p.Payload)
	if err != nil || !i.open && where != beginsFrame || len(i.frame)+len(data) > maxFrameSize {
		i.packets++
		i.discard()
		return nil
	}
	if !i.open {
		i.begin(data)
		i.timestamp = p.Timestamp
	}
	if where != within {
		i.layers = append(i.layers, len(i.frame))
	}
	i.frame = append(i.frame, data...)
	i.size += len(data)
	i.packets++
	if p.Marker {
		return i.finish(i.ticks(i.timestamp))
	}
	return nil
}

// discard drops the frame that is being put together.
func (i *IVFWriter) discard() {
	i.dropped += i.packets
	i.open, i.packets = false, 0
}

func (i *IVFWriter) begin(data []byte) {
	i.open = true
	i.frame = append(i.frame[:0], make([]byte, frameHeaderSize)...)
	i.frame = append(i.frame, i.codec.begin(data)...)
	i.layers, i.size = i.layers[:0], 0
}

// ticks is an RTP timestamp in a form that goes on where the 32 bits wrap.
func (i *IVFWriter) ticks(timestamp uint32) int64 {
	return i.last + int64(int32(timestamp-uint32(i.last)))
}

// finish writes the frame that has been put together, whose time is at.
func (i *IVFWriter) finish(at int64) error {
	if i.size == 0 {
		i.discard()
		return nil
	}
	if !i.started {
		width, height, key := i.codec.keyFrame(i.frame[frameHeaderSize:])
		if !key {
			i.discard()
			return nil
		}
		if err := i.writeFileHeader(width, height); err != nil {
			return err
		}
	}
	i.advance(at)
	i.frame = i.codec.appendEnd(i.frame, i.layers)
	binary.LittleEndian.PutUint32(i.frame, uint32(len(i.frame)-frameHeaderSize))
	binary.LittleEndian.PutUint64(i.frame[4:], i.pts())
	i.open, i.packets = false, 0
	if _, err := i.out.Write(i.frame); err != nil {
		return err
	}
	i.frames++
	return nil
}

// advance moves the time of the file on to that of a frame. It does not go back:
// a frame that is a little before the last one counts as of the same time, and
// where the clock has begun anew, a frame takes as long as the one before.
func (i *IVFWriter) advance(at int64) {
	step := at - i.last
	switch {
	case !i.timed:
		i.timed = true
	case i.restart || step < -stepBack:
		i.elapsed += i.interval
	case step < 0:
		return
	default:
		i.interval = step
		i.elapsed += step
	}
	i.last, i.restart = at, false
}

// pts is the time of the last frame in units of the file, the nearest one.
func (i *IVFWriter) pts() uint64 {
	if i.direct {
		return uint64(i.elapsed)
	}
	unit := uint64(clockRate) * uint64(i.numerator)
	high, low := bits.Mul64(uint64(i.elapsed), uint64(i.denominator))
	low, carry := bits.Add64(low, unit/2, 0)
	if high += carry; high >= unit {
		return math.MaxUint64 // it takes some thousand years
	}
	quotient, _ := bits.Div64(high, low, unit)
	return quotient
}

func (i *IVFWriter) writeFileHeader(width, height int) error {
	if !i.sizeGiven {
		i.width, i.height = uint16(min(width, math.MaxUint16)), uint16(min(height, math.MaxUint16))
	}
	b := make([]byte, 0, fileHeaderSize)
	b = append(b, "DKIF"...)
	b = binary.LittleEndian.AppendUint16(b, 0) // version
	b = binary.LittleEndian.AppendUint16(b, fileHeaderSize)
	b = append(b, i.codec.fourCC()...)
	b = binary.LittleEndian.AppendUint16(b, i.width)
	b = binary.LittleEndian.AppendUint16(b, i.height)
	b = binary.LittleEndian.AppendUint32(b, i.denominator)
	b = binary.LittleEndian.AppendUint32(b, i.numerator)
	b = append(b, make([]byte, 8)...) // number of frames, unused
	if _, err := i.out.Write(b); err != nil {
		return err
	}
	i.started = true
	return nil
}

func (i *IVFWriter) writeNumFrames() error {
	if _, err := i.seeker.Seek(i.start+numFramesAt, io.SeekStart); err != nil {
		return err
	}
	if _, err := i.seeker.Write(binary.LittleEndian.AppendUint32(nil, i.frames)); err != nil {
		return err
	}
	_, err := i.seeker.Seek(0, io.SeekEnd)
	return err
}
