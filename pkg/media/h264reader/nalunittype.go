package h264reader

import "fmt"

// A NalUnitType is the type of a NAL unit, of H.264 Table 7-1.
type NalUnitType uint8

// The types of NAL units.
const (
	NalUnitTypeUnspecified              NalUnitType = 0  // unspecified
	NalUnitTypeCodedSliceNonIdr         NalUnitType = 1  // coded slice of a non-IDR picture
	NalUnitTypeCodedSliceDataPartitionA NalUnitType = 2  // coded slice data partition A
	NalUnitTypeCodedSliceDataPartitionB NalUnitType = 3  // coded slice data partition B
	NalUnitTypeCodedSliceDataPartitionC NalUnitType = 4  // coded slice data partition C
	NalUnitTypeCodedSliceIdr            NalUnitType = 5  // coded slice of an IDR picture
	NalUnitTypeSEI                      NalUnitType = 6  // supplemental enhancement information
	NalUnitTypeSPS                      NalUnitType = 7  // sequence parameter set
	NalUnitTypePPS                      NalUnitType = 8  // picture parameter set
	NalUnitTypeAUD                      NalUnitType = 9  // access unit delimiter
	NalUnitTypeEndOfSequence            NalUnitType = 10 // end of sequence
	NalUnitTypeEndOfStream              NalUnitType = 11 // end of stream
	NalUnitTypeFiller                   NalUnitType = 12 // filler data
	NalUnitTypeSpsExt                   NalUnitType = 13 // sequence parameter set extension
	NalUnitTypeCodedSliceAux            NalUnitType = 19 // coded slice of an auxiliary coded picture without partitioning
)

var typeNames = map[NalUnitType]string{
	NalUnitTypeUnspecified:              "Unspecified",
	NalUnitTypeCodedSliceNonIdr:         "CodedSliceNonIdr",
	NalUnitTypeCodedSliceDataPartitionA: "CodedSliceDataPartitionA",
	NalUnitTypeCodedSliceDataPartitionB: "CodedSliceDataPartitionB",
	NalUnitTypeCodedSliceDataPartitionC: "CodedSliceDataPartitionC",
	NalUnitTypeCodedSliceIdr:            "CodedSliceIdr",
	NalUnitTypeSEI:                      "SEI",
	NalUnitTypeSPS:                      "SPS",
	NalUnitTypePPS:                      "PPS",
	NalUnitTypeAUD:                      "AUD",
	NalUnitTypeEndOfSequence:            "EndOfSequence",
	NalUnitTypeEndOfStream:              "EndOfStream",
	NalUnitTypeFiller:                   "Filler",
	NalUnitTypeSpsExt:                   "SpsExt",
	NalUnitTypeCodedSliceAux:            "CodedSliceAux",
}

// String returns the name of the type and its number, "SPS(7)" for instance.
func (n *NalUnitType) String() string {
	name, known := typeNames[*n]
	if !known {
		name = "Unknown"
	}
	return fmt.Sprintf("%s(%d)", name, uint8(*n))
}
