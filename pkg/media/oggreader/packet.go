package oggreader

import (
	"io"
	"iter"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/ogg"
	"github.com/parleyrtc/webrtc/pkg/media/internal/opus"
)

const (
	// maxPacketSize is RFC 7845 §6: "Demuxers SHOULD treat audio data packets as
	// invalid […] if they are larger than 61,440 octets per Opus stream".
	maxPacketSize = 61440

	// maxStreams is how many logical bitstreams are told apart.
	maxStreams = 64
)

// A Packet is an Opus packet of an Ogg file.
type Packet struct {
	// Data is the packet. It belongs to the caller.
	Data []byte
	// Serial is that of the logical bitstream that the packet belongs to.
	Serial uint32
	// Duration is how long the packet plays.
	Duration time.Duration
}

// A found is a packet on a page, or what is wrong with it.
type found struct {
	packet *Packet
	err    error
}

// A logical is what is known of a logical bitstream.
type logical struct {
	opus    bool
	limit   int    // how large a packet may be
	next    uint32 // index of the next page
	open    bool   // a packet goes on on the next page
	partial []byte // what there is of it
	size    int    // how much that would be, were it not too large
}

// NextPacket returns the next Opus packet of any stream, without the header
// packets, which ParseOpusHead and ParseOpusTags are for. After the last one the
// error is io.EOF.
func (o *OggReader) NextPacket() (*Packet, error) {
	for len(o.found) == 0 {
		payload, page, err := o.ParseNextPage()
		if err != nil {
			return nil, err
		}
		if err := o.split(payload, page); err != nil {
			return nil, err
		}
	}
	f := o.found[0]
	o.found = o.found[1:]
	return f.packet, f.err
}

// Packets returns an iterator over the Opus packets that remain. An error ends
// it, and is the last pair; the end of the file is none.
func (o *OggReader) Packets() iter.Seq2[*Packet, error] {
	return func(yield func(*Packet, error) bool) {
		for {
			p, err := o.NextPacket()
			if err == io.EOF || !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// Samples is Packets, with the packets as samples.
func (o *OggReader) Samples() iter.Seq2[media.Sample, error] {
	return func(yield func(media.Sample, error) bool) {
		for p, err := range o.Packets() {
			if err != nil {
				yield(media.Sample{}, err)
				return
			}
			if !yield(media.Sample{Data: p.Data, Duration: p.Duration}, nil) {
				return
			}
		}
	}
}

// split finds the packets that end on a page.
func (o *OggReader) split(payload []byte, page *OggPageHeader) error {
	l, err := o.logical(payload, page)
	if err != nil {
		return err
	}
	continued := page.flags&ogg.Continued != 0
	if l.open && (!continued || page.index != l.next) {
		l.open = false // the rest of the packet is missing
	}
	headless := continued && !l.open // the page begins with the rest of a packet whose start is missing
	l.next = page.index + 1
	size := 0
	for i, s := range page.segments {
		size += int(s)
		ends := s < ogg.MaxSegmentSize
		if !ends && i+1 < len(page.segments) {
			continue
		}
		piece := payload[:size:size]
		payload, size = payload[size:], 0
		if !headless {
			o.piece(l, page, piece, ends)
		}
		headless = headless && !ends
	}
	if page.flags&ogg.Last != 0 {
		delete(o.streams, page.Serial)
	}
	return nil
}

// logical returns what is known of the page's logical bitstream, which the page
// may begin. One whose beginning has not been seen is taken for Opus.
func (o *OggReader) logical(payload []byte, page *OggPageHeader) (*logical, error) {
	l := o.streams[page.Serial]
	if l != nil && page.flags&ogg.First == 0 {
		return l, nil
	}
	if l == nil && len(o.streams) == maxStreams {
		return nil, page.errorf("more than %d logical bitstreams at once", maxStreams)
	}
	l = &logical{opus: true, limit: maxPacketSize, next: page.index}
	if page.flags&ogg.First != 0 {
		var kind HeaderType
		if kind, l.opus = page.HeaderType(payload); l.opus {
			head, err := ParseOpusHead(payload)
			if kind != HeaderOpusID || err != nil {
				return nil, page.errorf("a stream that begins with %q: %v", kind, err)
			}
			l.limit *= max(int(head.StreamCount), 1)
		}
	}
	o.streams[page.Serial] = l
	return l, nil
}

// piece takes a piece of a packet, perhaps its last one.
func (o *OggReader) piece(l *logical, page *OggPageHeader, piece []byte, ends bool) {
	if !l.opus {
		return
	}
	packet, size := piece, len(piece)
	if l.open || !ends {
		if !l.open {
			l.open, l.partial, l.size = true, nil, 0
		}
		l.size += len(piece)
		if l.size <= l.limit {
			l.partial = append(l.partial, piece...)
		} else if l.partial == nil {
			l.partial = piece[:min(signatureSize, len(piece))]
		}
		if !ends {
			return
		}
		l.open = false
		packet, size = l.partial, l.size
		l.partial = nil
	}
	if isHeader(packet) {
		return
	}
	if size > l.limit {
		o.found = append(o.found, found{err: page.errorf("packet of %d bytes, %d at most are allowed", size, l.limit)})
		return
	}
	samples, ok := opus.Duration(packet)
	if !ok {
		o.found = append(o.found, found{err: page.errorf("Opus packet of %d bytes whose table of contents is % x", size, packet[:min(2, len(packet))])})
		return
	}
	o.found = append(o.found, found{packet: &Packet{
		Data: packet, Serial: page.Serial, Duration: time.Duration(samples) * time.Second / opus.SampleRate,
	}})
}
