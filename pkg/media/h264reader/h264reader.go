package h264reader

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/annexb"
)

// A NAL is a NAL unit.
type NAL struct {
	// PictureOrderCount is always zero: it stands in no header of a unit.
	PictureOrderCount uint32

	// ForbiddenZeroBit says that the unit has errors.
	ForbiddenZeroBit bool
	// RefIdc is zero for units of pictures that no other depends on.
	RefIdc uint8
	// UnitType is the type.
	UnitType NalUnitType

	// Data is the unit, its header of one byte included, as it stands in the
	// stream: with emulation prevention bytes, without start code. It belongs to
	// the caller.
	Data []byte
}

// An AccessUnit is the NAL units of one picture.
type AccessUnit struct {
	// Data is the units in the byte stream format, each behind a start code of
	// four bytes: what TrackLocalStaticSample.WriteSample takes.
	Data []byte
	// KeyFrame says that decoding can begin here: the picture is an IDR picture.
	KeyFrame bool
}

// An Option configures an H264Reader.
type Option func(*H264Reader) error

// WithIncludeSEI says whether supplemental enhancement information is read too.
// By default it is skipped.
func WithIncludeSEI(include bool) Option {
	return func(r *H264Reader) error {
		r.includeSEI = include
		return nil
	}
}

// An H264Reader reads a byte stream. It is not safe for concurrent use.
type H264Reader struct {
	scanner    *annexb.Scanner
	includeSEI bool
	next       *NAL // has been read, and not returned
}

// NewReader makes a reader of a byte stream, which skips supplemental
// enhancement information.
func NewReader(in io.Reader) (*H264Reader, error) { return NewReaderWithOptions(in) }

// NewReaderWithOptions makes a reader of a byte stream.
func NewReaderWithOptions(in io.Reader, options ...Option) (*H264Reader, error) {
	if in == nil {
		return nil, media.ErrNilStream
	}
	r := &H264Reader{scanner: annexb.NewScanner("H.264", in)}
	for _, o := range options {
		if err := o(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// NextNAL returns the next NAL unit. After the last one the error is io.EOF. A
// stream that does not begin with a start code, and a unit of more than 64 MiB,
// are a *media.FormatError.
func (reader *H264Reader) NextNAL() (*NAL, error) {
	if n := reader.next; n != nil {
		reader.next = nil
		return n, nil
	}
	for {
		data, err := reader.scanner.Next()
		if err != nil {
			return nil, err
		}
		// H.264 §7.3.1: forbidden_zero_bit, nal_ref_idc (2 bits), nal_unit_type (5).
		n := &NAL{ForbiddenZeroBit: data[0]&0x80 != 0, RefIdc: data[0] >> 5 & 3, UnitType: NalUnitType(data[0] & 0x1f), Data: data}
		if reader.includeSEI || n.UnitType != NalUnitTypeSEI {
			return n, nil
		}
	}
}

// NextAccessUnit returns the NAL units up to the end of the next picture. After
// the last one the error is io.EOF. Units after the last picture are returned
// as an access unit of their own. More than 64 MiB are a *media.FormatError.
func (reader *H264Reader) NextAccessUnit() (*AccessUnit, error) {
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
		unit.KeyFrame = unit.KeyFrame || n.UnitType == NalUnitTypeCodedSliceIdr
		if len(unit.Data)+len(n.Data) > annexb.MaxUnitSize {
			return nil, &media.FormatError{Format: "H.264", Offset: -1, Reason: fmt.Sprintf("access unit of more than %d bytes", annexb.MaxUnitSize)}
		}
		unit.Data = append(append(unit.Data, 0, 0, 0, 1), n.Data...)
	}
}

// slice reports whether the unit is a slice of a primary coded picture.
func (n *NAL) slice() bool {
	return n.UnitType >= NalUnitTypeCodedSliceNonIdr && n.UnitType <= NalUnitTypeCodedSliceIdr
}

// begins reports whether the unit, if it comes after a slice, is the first of
// another access unit: H.264 §7.4.1.2.3. Of two pictures, the second begins with
// a slice whose first_mb_in_slice is zero, which is a single bit, set; slices may
// come in another order only with arbitrary slice order, which the constrained
// baseline, main and high profiles exclude.
func (n *NAL) begins() bool {
	switch t := n.UnitType; {
	case t == NalUnitTypeAUD, t == NalUnitTypeSPS, t == NalUnitTypePPS, t == NalUnitTypeSEI, t >= 14 && t <= 18:
		return true
	case t == NalUnitTypeCodedSliceNonIdr, t == NalUnitTypeCodedSliceDataPartitionA, t == NalUnitTypeCodedSliceIdr:
		return len(n.Data) > 1 && n.Data[1]&0x80 != 0
	}
	return false
}

// Samples returns an iterator over the access units that remain, as samples of
// the given duration: the stream itself has no times. An error ends it, and is
// the last pair; the end of the stream is none.
func (reader *H264Reader) Samples(duration time.Duration) iter.Seq2[media.Sample, error] {
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
