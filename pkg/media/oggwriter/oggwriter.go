package oggwriter

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/ogg"
	"github.com/parleyrtc/webrtc/pkg/media/internal/reorder"
)

// ErrSSRC is returned by Track.WriteRTP for a packet of another SSRC than its own.
var ErrSSRC = errors.New("oggwriter: packet of another SSRC")

// vendor is the default name of the program in comment headers.
const vendor = "Parley"

// A Writer writes one or more Opus streams to one file. Tracks are made before
// the first packet is written. It is safe for concurrent use.
type Writer struct {
	mu       sync.Mutex
	out      io.Writer // nil once closed
	defaults config
	tracks   []*Track
	started  bool // the headers have been written
}

// NewWriter makes a writer to a stream. If it is an io.Closer, Close closes it.
func NewWriter(out io.Writer, opts ...WriterOption) (*Writer, error) {
	if out == nil {
		return nil, media.ErrNilStream
	}
	w := &Writer{out: out, defaults: config{sampleRate: 48000, channels: 2, tags: OpusTags{Vendor: vendor}}}
	for _, o := range opts {
		if err := o.applyWriter(w); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// NewTrack adds a track for the packets of an SSRC. It fails once a packet has
// been written, for the headers of all tracks stand at the start of the file.
// Every track begins at the file's time zero.
func (w *Writer) NewTrack(ssrc uint32, opts ...TrackOption) (*Track, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.out == nil {
		return nil, media.ErrWriterClosed
	}
	if w.started {
		return nil, ErrStarted
	}
	t := &Track{w: w, ssrc: ssrc, config: w.defaults}
	for _, o := range opts {
		if err := o.applyTrack(&t.config); err != nil {
			return nil, err
		}
	}
	if !t.serialSet {
		for t.serial = rand.Uint32(); w.bySerial(t.serial) != nil; t.serial = rand.Uint32() {
		}
	}
	if w.bySerial(t.serial) != nil {
		return nil, fmt.Errorf("%w: serial number %d", ErrDuplicateTrack, t.serial)
	}
	for _, other := range w.tracks {
		if other.ssrc == ssrc {
			return nil, fmt.Errorf("%w: SSRC %d", ErrDuplicateTrack, ssrc)
		}
	}
	t.queue = reorder.NewQueue(t.packet)
	w.tracks = append(w.tracks, t)
	return t, nil
}

func (w *Writer) bySerial(serial uint32) *Track {
	for _, t := range w.tracks {
		if t.serial == serial {
			return t
		}
	}
	return nil
}

// start writes the headers, if that has not been done. RFC 3533 §4 has the first
// pages of all logical bitstreams of a file before any other page.
func (w *Writer) start() error {
	if w.started {
		return nil
	}
	w.started = true
	for _, t := range w.tracks {
		if err := t.writePages(t.head(), 0, ogg.First); err != nil {
			return err
		}
	}
	for _, t := range w.tracks {
		if err := t.writePages(t.comments(), 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is held back, ends every track and closes the output if it is
// an io.Closer. Calls after the first return nil.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.out == nil {
		return nil
	}
	err := w.start()
	for _, t := range w.tracks {
		if err == nil {
			err = t.finish()
		}
	}
	if c, ok := w.out.(io.Closer); ok {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	w.out = nil
	return err
}

// An OggWriter writes one Opus stream to a file. It is safe for concurrent use.
type OggWriter struct {
	w *Writer
	t *Track
}

// New creates a file, or empties the one that is there, and writes its headers.
// sampleRate is what rate in Hz the sound had before it was coded, which is only
// noted, and channelCount 1 or 2. Close closes the file.
func New(fileName string, sampleRate uint32, channelCount uint16) (*OggWriter, error) {
	if _, err := NewWriter(io.Discard, WithChannelCount(channelCount)); err != nil {
		return nil, err
	}
	f, err := os.Create(fileName)
	if err != nil {
		return nil, err
	}
	w, err := NewWith(f, sampleRate, channelCount)
	if err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// NewWith makes a writer to a stream and writes the headers. If the stream is an
// io.Closer, Close closes it.
func NewWith(out io.Writer, sampleRate uint32, channelCount uint16) (*OggWriter, error) {
	w, err := NewWriter(out, WithSampleRate(sampleRate), WithChannelCount(channelCount))
	if err != nil {
		return nil, err
	}
	t, err := w.NewTrack(0)
	if err != nil {
		return nil, err
	}
	t.any = true
	if err := w.start(); err != nil {
		return nil, err
	}
	return &OggWriter{w: w, t: t}, nil
}

// WriteRTP adds a packet, which it does not keep. A packet of another SSRC begins
// a recording of its own, which follows without a gap. Errors are those of the
// output, media.ErrNilPacket, and media.ErrWriterClosed.
func (w *OggWriter) WriteRTP(packet *rtp.Packet) error { return w.t.WriteRTP(packet) }

// WritePacket adds an Opus packet, of which it keeps nothing, right after the one
// before it. One that is malformed is a *media.FormatError. A writer is given
// either Opus packets or RTP packets.
func (w *OggWriter) WritePacket(packet []byte) error { return w.t.WritePacket(packet) }

// Dropped is how many RTP packets are not in the file: they came twice or too
// late, or were malformed.
func (w *OggWriter) Dropped() uint64 { return w.t.Dropped() }

// Close writes what is held back, ends the stream and closes the output if it is
// an io.Closer. Calls after the first return nil.
func (w *OggWriter) Close() error { return w.w.Close() }
