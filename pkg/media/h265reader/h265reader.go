package h265reader

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/annexb"
)

// headerSize is that of a NAL unit.
const headerSize = 2

// A NAL is a NAL unit.
type NAL struct {
	// PictureOrderCount is always zero: it stands in no header of a unit.
	PictureOrderCount uint32

	// ForbiddenZeroBit says that the unit has errors.
	ForbiddenZeroBit bool
	// NalUnitType is the type.
	NalUnitType NalUnitType
	// LayerID is zero for the base layer.
	LayerID uint8
	// TemporalIDPlus1 is the number of the temporal layer, from 1.
	TemporalIDPlus1 uint8

	// Data is the unit, its header of two bytes included, as it stands in the
	// stream: with emulation prevention bytes, without start code. It belongs to
	// the caller.
	Data []byte
}

// An AccessUnit is the NAL units of one picture.
type AccessUnit struct {
	// Data is the units in the byte stream format, each behind a start code of
	// four bytes: what TrackLocalStaticSample.WriteSample takes.
	Data []byte
	// KeyFrame says that decoding can begin here: the picture is a random access
	// point (IDR, BLA or CRA).
	KeyFrame bool
}

// An Option configures an H265Reader.
type Option func(*H265Reader) error

// WithIncludeSEI says whether supplemental enhancement information is read too.
// By default it is skipped.
func WithIncludeSEI(include bool) Option {
	return func(r *H265Reader) error {
		r.includeSEI = include
		return nil
	}
}

// An H265Reader reads a byte stream. It is not safe for concurrent use.
type H265Reader struct {
	scanner    *annexb.Scanner
	includeSEI bool
	next       *NAL // has been read, and not returned
}

// NewReader makes a reader of a byte stream, which skips supplemental
// enhancement information.
func NewReader(in io.Reader) (*H265Reader, error) { return NewReaderWithOptions(in) }

// NewReaderWithOptions makes a reader of a byte stream.
func NewReaderWithOptions(in io.Reader, options ...Option) (*H265Reader, error) {
	if in == nil {
		return nil, media.ErrNilStream
	}
	r := &H265Reader{scanner: annexb.NewScanner("H.265", in)}
	for _, o := range options {
		if err := o(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// NextNAL returns the next NAL unit. After the last one the error is io.EOF. A
// stream that does not begin with a start code, and a unit of more than 64 MiB,
// are a *media.FormatError, and so is a unit of one
// byte.
func (reader *H265Reader) NextNAL() (*NAL, error) {
	if n := reader.next; n != nil {
		reader.next = nil
		return n, nil
	}
	for {
		data, err := reader.scanner.Next()
		if err != nil {
			return nil, err
		}
		if len(data) < headerSize {
			return nil, &media.FormatError{Format: "H.265", Offset: -1, Reason: fmt.Sprintf("NAL unit of %d byte, its header has %d", len(data), headerSize)}
		}
		// H.265 §7.3.1.2: forbidden_zero_bit, nal_unit_type (6 bits),
		// nuh_layer_id (6), nuh_temporal_id_plus1 (3).
		n := &NAL{
			ForbiddenZeroBit: data[0]&0x80 != 0,
			NalUnitType:      NalUnitType(data[0] >> 1 & 0x3f),
			LayerID:          data[0]&1<<5 | data[1]>>3,
			TemporalIDPlus1:  data[1] & 7,
			Data:             data,
		}
		if reader.includeSEI || n.NalUnitType != NalUnitTypePrefixSei && n.NalUnitType != NalUnitTypeSuffixSei {
			return n, nil
		}
	}
}

// NextAccessUnit returns the NAL units up to the end of the next picture. After
// the last one the error is io.EOF. Units after the last picture are returned
// as an access unit of their own. More than 64 MiB are a *media.FormatError.
func (reader *H265Reader) NextAccessUnit() (*AccessUnit, error) {
	unit, picture := &AccessUnit{}, false
	for {
		n, err := reader.NextNAL()
		if err == io.EOF && len(unit.Data) > 0 {
			return unit, nil
		}
		if err != nil {
			return nil, err
		}
		if picture && n.begins() {
			reader.next = n
			return unit, nil
		}
		picture = picture || n.slice()
		unit.KeyFrame = unit.KeyFrame || n.randomAccess()
		if len(unit.Data)+len(n.Data) > annexb.MaxUnitSize {
			return nil, &media.FormatError{Format: "H.265", Offset: -1, Reason: fmt.Sprintf("access unit of more than %d bytes", annexb.MaxUnitSize)}
		}
		unit.Data = append(append(unit.Data, 0, 0, 0, 1), n.Data...)
	}
}

// slice reports whether the unit is a slice segment: H.265 §7.4.2.2, the types
// below 32 are those of the video coding layer.
func (n *NAL) slice() bool { return n.NalUnitType < NalUnitTypeVps }

// randomAccess reports whether the unit is of a picture with which decoding can
// begin: H.265 §3, "intra random access point (IRAP) picture: A coded picture for
// which each VCL NAL unit has nal_unit_type in the range of BLA_W_LP to
// RSV_IRAP_VCL23, inclusive".
func (n *NAL) randomAccess() bool {
	return n.NalUnitType >= NalUnitTypeBlaWLp && n.NalUnitType <= 23
}

// begins reports whether the unit, if it comes after a slice segment, is the
// first of another access unit: H.265 §7.4.2.4.4. A picture begins with a segment
// whose first_slice_segment_in_pic_flag, its first bit, is set; those of upper
// layers belong to the access unit of the base layer.
func (n *NAL) begins() bool {
	if n.LayerID != 0 {
		return false
	}
	switch t := n.NalUnitType; {
	case t >= NalUnitTypeVps && t <= NalUnitTypeAud, t == NalUnitTypePrefixSei, t >= 41 && t <= 44, t >= 48 && t <= 55:
		return true
	case n.slice():
		return len(n.Data) > headerSize && n.Data[headerSize]&0x80 != 0
	}
	return false
}

// Samples returns an iterator over the access units that remain, as samples of
// the given duration: the stream itself has no times. An error ends it, and is
// the last pair; the end of the stream is none.
func (reader *H265Reader) Samples(duration time.Duration) iter.Seq2[media.Sample, error] {
	return func(yield func(media.Sample, error) bool) {
		for {
			unit, err := reader.NextAccessUnit()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(media.Sample{}, err)
				return
			}
			if !yield(media.Sample{Data: unit.Data, Duration: duration}, nil) {
				return
			}
		}
	}
}
