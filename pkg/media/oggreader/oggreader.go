package oggreader

import (
	"bytes"
	"fmt"
	"io"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/ogg"
	"github.com/parleyrtc/webrtc/pkg/media/internal/stream"
)

// An Option configures an OggReader.
type Option func(*OggReader) error

// WithDoChecksum says whether the checksums of pages are checked, as they are by
// default.
func WithDoChecksum(doChecksum bool) Option {
	return func(o *OggReader) error {
		o.unchecked = !doChecksum
		return nil
	}
}

// An OggReader reads an Ogg file. It is not safe for concurrent use.
type OggReader struct {
	in        *stream.Reader
	unchecked bool

	streams map[uint32]*logical // by serial number
	found   []found             // on the last page, and not returned
}

// An OggPageHeader is the header of a page.
type OggPageHeader struct {
	// GranulePosition is how many samples at 48 kHz the stream has up to the last
	// packet that ends on the page, RFC 7845 §4, and 1<<64-1 if none does.
	GranulePosition uint64
	// Serial tells the logical bitstreams of a file apart.
	Serial uint32

	flags  uint8
	index  uint32
	offset int64 // of the page in the file
	// segments are the sizes of the page's segments: a packet ends with one of
	// less than 255 bytes.
	segments []byte
}

// NewWith reads the first page, which has the Opus header, and returns it with a
// reader of the pages that follow: the next one has the comments. A file whose
// first stream is not Opus is a *media.FormatError, an empty one io.EOF.
func NewWith(in io.Reader) (*OggReader, *OggHeader, error) {
	o, err := NewWithOptions(in)
	if err != nil {
		return nil, nil, err
	}
	payload, page, err := o.ParseNextPage()
	if err != nil {
		return nil, nil, err
	}
	if page.flags&ogg.First == 0 {
		return nil, nil, page.errorf("the first page does not begin a stream")
	}
	header, err := ParseOpusHead(payload)
	if err != nil {
		return nil, nil, err
	}
	o.streams[page.Serial] = &logical{opus: true, limit: maxPacketSize * max(int(header.StreamCount), 1), next: page.index + 1}
	return o, header, nil
}

// NewWithOptions makes a reader, and reads nothing.
func NewWithOptions(in io.Reader, options ...Option) (*OggReader, error) {
	if in == nil {
		return nil, media.ErrNilStream
	}
	o := &OggReader{in: stream.NewReader("Ogg", in), streams: map[uint32]*logical{}}
	for _, option := range options {
		if err := option(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// ParseNextPage returns the payload of the next page, which belongs to the
// caller, and its header. After the last one the error is io.EOF. Pages that are
// read with it are not seen by NextPacket.
func (o *OggReader) ParseNextPage() ([]byte, *OggPageHeader, error) {
	var b [ogg.HeaderSize + ogg.MaxSegments]byte
	if err := o.in.Full(b[:ogg.HeaderSize], "page header"); err != nil {
		return nil, nil, err
	}
	if string(b[:len(ogg.Signature)]) != ogg.Signature {
		return nil, nil, o.in.Errorf("page signature %q, want %q", b[:len(ogg.Signature)], ogg.Signature)
	}
	var h ogg.Header
	h.Parse(b[:])
	if h.Version != 0 {
		return nil, nil, o.in.Errorf("page version %d, want 0", h.Version)
	}
	segments := b[ogg.HeaderSize : ogg.HeaderSize+h.Segments]
	if err := o.in.Full(segments, "segment table"); err != nil {
		return nil, nil, err
	}
	size := 0
	for _, s := range segments {
		size += int(s)
	}
	payload, err := o.in.Append(make([]byte, 0, size), size, "page")
	if err != nil {
		return nil, nil, err
	}
	if !o.unchecked {
		// RFC 3533 §6: the checksum is that "of the page (including header with
		// zero CRC field and page content)".
		clear(b[22:26])
		if sum := ogg.Checksum(ogg.Checksum(0, b[:ogg.HeaderSize+h.Segments]), payload); sum != h.Checksum {
			return nil, nil, o.in.Errorf("page checksum %#08x, its bytes have %#08x", h.Checksum, sum)
		}
	}
	page := &OggPageHeader{
		GranulePosition: h.Granule, Serial: h.Serial,
		flags: h.Flags, index: h.Index, offset: o.in.Offset(), segments: bytes.Clone(segments),
	}
	o.in.Unit()
	return payload, page, nil
}

// errorf is an error about what is on the page.
func (p *OggPageHeader) errorf(format string, args ...any) error {
	return &media.FormatError{Format: "Ogg", Offset: p.offset, Reason: fmt.Sprintf(format, args...)}
}

// ResetReader goes on with the stream that reset returns, given how many bytes
// of whole pages have been read. It is for a file that is still growing: once
// ParseNextPage has met its end, perhaps within a page, the file is opened again
// at that place.
func (o *OggReader) ResetReader(reset func(bytesRead int64) io.Reader) { o.in.Reset(reset) }
