package oggwriter

import (
	"encoding/binary"
	"fmt"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/ogg"
	"github.com/parleyrtc/webrtc/pkg/media/internal/opus"
	"github.com/parleyrtc/webrtc/pkg/media/internal/reorder"
)

const (
	// preSkip is how many samples players leave out at the start. RFC 7845 §4.2:
	// "When cropping the beginning of existing Ogg Opus streams, a pre-skip of at
	// least 3,840 samples (80 ms) is RECOMMENDED to ensure complete convergence in
	// the decoder", and a recording begins anywhere in what the peer has coded.
	preSkip = 3840

	// maxGap is the longest gap that is filled, and maxOverlap how far timestamps
	// may be behind what has been written, in samples.
	maxGap     = 60 * opus.SampleRate
	maxOverlap = opus.SampleRate

	// maxPacketSize is RFC 7845 §6: "Demuxers SHOULD treat audio data packets as
	// invalid […] if they are larger than 61,440 octets per Opus stream".
	maxPacketSize = 61440
)

// A Track is one Opus stream of a file. Its methods are safe for concurrent use.
type Track struct {
	w     *Writer
	ssrc  uint32
	any   bool // takes packets of every SSRC
	queue *reorder.Queue

	config
	index   uint32 // of the next page
	written uint64 // samples in the file and in the page that is held
	toc     byte   // of the last packet
	dropped uint64

	timed    bool
	expected uint32 // timestamp of a packet that would follow without a gap

	held     []byte // the packet whose page has not been written
	holding  bool
	granule  uint64 // of that page
	pageRoom []byte
}

// WriteRTP adds a packet, which it does not keep. Errors are those of the output,
// media.ErrNilPacket, media.ErrWriterClosed, and ErrSSRC.
func (t *Track) WriteRTP(packet *rtp.Packet) error {
	if packet == nil {
		return media.ErrNilPacket
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if t.w.out == nil {
		return media.ErrWriterClosed
	}
	if packet.SSRC != t.ssrc && !t.any {
		return fmt.Errorf("%w: %d, want %d", ErrSSRC, packet.SSRC, t.ssrc)
	}
	if err := t.w.start(); err != nil {
		return err
	}
	return t.queue.Push(packet)
}

// WritePacket adds an Opus packet, of which it keeps nothing, right after the one
// before it. One that is malformed is a *media.FormatError. A track is given
// either Opus packets or RTP packets.
func (t *Track) WritePacket(packet []byte) error {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if t.w.out == nil {
		return media.ErrWriterClosed
	}
	duration, ok := opus.Duration(packet)
	if !ok || len(packet) > maxPacketSize {
		return &media.FormatError{Format: "Opus", Offset: -1, Reason: fmt.Sprintf("packet of %d bytes that begins with % x", len(packet), packet[:min(2, len(packet))])}
	}
	if err := t.w.start(); err != nil {
		return err
	}
	return t.add(packet, duration)
}

// Dropped is how many RTP packets of the track are not in the file: they came
// twice or too late, or were malformed.
func (t *Track) Dropped() uint64 {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	return t.dropped + t.queue.Dropped()
}

// packet takes the packets in order.
func (t *Track) packet(p reorder.Packet) error {
	duration, ok := opus.Duration(p.Payload)
	if !ok || len(p.Payload) > maxPacketSize {
		t.dropped++
		return nil
	}
	if t.timed && !p.Restart {
		// RFC 7587 §4.1: "The RTP timestamp is incremented with a 48000 Hz clock
		// rate for all modes of Opus and all sampling rates."
		gap := int(int32(p.Timestamp - t.expected))
		switch {
		case gap >= opus.Quantum && gap <= maxGap:
			filled, err := opus.Conceal(t.toc, gap, t.add)
			if err != nil {
				return err
			}
			// What can not be filled stays to be made up for.
			t.expected += uint32(filled)
		case gap > maxGap, gap < -maxOverlap:
			t.expected = p.Timestamp
		}
	} else {
		t.timed, t.expected = true, p.Timestamp
	}
	t.expected += uint32(duration)
	return t.add(p.Payload, duration)
}

// add writes the page that is held, and holds one of the packet.
func (t *Track) add(packet []byte, duration int) error {
	err := t.release(0)
	t.held, t.holding = append(t.held[:0], packet...), true
	t.written += uint64(duration)
	t.granule, t.toc = t.written, packet[0]
	return err
}

// release writes the page that is held, with flags.
func (t *Track) release(flags uint8) error {
	if !t.holding {
		return nil
	}
	t.holding = false
	return t.writePages(t.held, t.granule, flags)
}

// finish writes the last page of the track.
func (t *Track) finish() error {
	if err := t.queue.Flush(); err != nil {
		return err
	}
	if t.holding {
		return t.release(ogg.Last)
	}
	// No packet was written: RFC 3533 §6 lets the last page have no segments.
	page := ogg.AppendEmptyPage(t.pageRoom[:0], ogg.Header{Flags: ogg.Last, Serial: t.serial, Index: t.index})
	_, err := t.w.out.Write(page)
	return err
}

// writePages writes a packet on a page of its own, or on several if it is large.
func (t *Track) writePages(packet []byte, granule uint64, flags uint8) error {
	begun := flags & ogg.First
	for rest, continued := packet, uint8(0); rest != nil; continued = ogg.Continued {
		h := ogg.Header{Flags: begun | continued, Granule: granule, Serial: t.serial, Index: t.index}
		if ogg.Fits(rest) {
			h.Flags |= flags & ogg.Last
		}
		t.pageRoom, rest = ogg.AppendPage(t.pageRoom[:0], h, rest)
		if _, err := t.w.out.Write(t.pageRoom); err != nil {
			return err
		}
		t.index++
	}
	return nil
}

// head is the identification header, RFC 7845 §5.1.
func (t *Track) head() []byte {
	b := append([]byte("OpusHead"), 1, t.channels) // version
	b = binary.LittleEndian.AppendUint16(b, preSkip)
	b = binary.LittleEndian.AppendUint32(b, t.sampleRate)
	b = append(b, 0, 0, t.family) // output gain
	if t.family != 0 {
		b = append(b, 1, t.coupled)
		b = append(b, t.mapping...)
	}
	return b
}

// comments is the comment header, RFC 7845 §5.2.
func (t *Track) comments() []byte {
	b := []byte("OpusTags")
	text := func(s string) {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	text(t.tags.Vendor)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.tags.UserComments)))
	for _, c := range t.tags.UserComments {
		text(c.Comment + "=" + c.Value)
	}
	return b
}
