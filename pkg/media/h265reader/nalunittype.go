package h265reader

import "fmt"

// A NalUnitType is the type of a NAL unit, of H.265 Table 7-1.
type NalUnitType uint8

// The types of the video coding layer: slice segments of pictures. The letter N
// stands for pictures that no other of their temporal layer depends on, R for
// those on which others do.
const (
	NalUnitTypeTrailN   NalUnitType = 0  // trailing picture that is neither TSA nor STSA
	NalUnitTypeTrailR   NalUnitType = 1  // the same
	NalUnitTypeTsaN     NalUnitType = 2  // temporal sub-layer access picture
	NalUnitTypeTsaR     NalUnitType = 3  // the same
	NalUnitTypeStsaN    NalUnitType = 4  // step-wise temporal sub-layer access picture
	NalUnitTypeStsaR    NalUnitType = 5  // the same
	NalUnitTypeRadlN    NalUnitType = 6  // random access decodable leading picture
	NalUnitTypeRadlR    NalUnitType = 7  // the same
	NalUnitTypeRaslN    NalUnitType = 8  // random access skipped leading picture
	NalUnitTypeRaslR    NalUnitType = 9  // the same
	NalUnitTypeBlaWLp   NalUnitType = 16 // broken link access picture, may have leading pictures
	NalUnitTypeBlaWRadl NalUnitType = 17 // broken link access picture, may have RADL pictures
	NalUnitTypeBlaNLp   NalUnitType = 18 // broken link access picture without leading pictures
	NalUnitTypeIdrWRadl NalUnitType = 19 // instantaneous decoding refresh picture, may have RADL pictures
	NalUnitTypeIdrNLp   NalUnitType = 20 // instantaneous decoding refresh picture without leading pictures
	NalUnitTypeCraNut   NalUnitType = 21 // clean random access picture
)

// The other types.
const (
	NalUnitTypeVps       NalUnitType = 32 // video parameter set
	NalUnitTypeSps       NalUnitType = 33 // sequence parameter set
	NalUnitTypePps       NalUnitType = 34 // picture parameter set
	NalUnitTypeAud       NalUnitType = 35 // access unit delimiter
	NalUnitTypeEos       NalUnitType = 36 // end of sequence
	NalUnitTypeEob       NalUnitType = 37 // end of bitstream
	NalUnitTypeFd        NalUnitType = 38 // filler data
	NalUnitTypePrefixSei NalUnitType = 39 // supplemental enhancement information before a picture
	NalUnitTypeSuffixSei NalUnitType = 40 // supplemental enhancement information after a picture

	NalUnitTypeReserved41 NalUnitType = 41 // the first of the reserved types
	NalUnitTypeReserved47 NalUnitType = 47 // the last of them
	NalUnitTypeUnspec48   NalUnitType = 48 // the first of the unspecified types
	NalUnitTypeUnspec63   NalUnitType = 63 // the last of them
)

var typeNames = map[NalUnitType]string{
	NalUnitTypeTrailN: "TrailN", NalUnitTypeTrailR: "TrailR",
	NalUnitTypeTsaN: "TsaN", NalUnitTypeTsaR: "TsaR",
	NalUnitTypeStsaN: "StsaN", NalUnitTypeStsaR: "StsaR",
	NalUnitTypeRadlN: "RadlN", NalUnitTypeRadlR: "RadlR",
	NalUnitTypeRaslN: "RaslN", NalUnitTypeRaslR: "RaslR",
	NalUnitTypeBlaWLp: "BlaWLp", NalUnitTypeBlaWRadl: "BlaWRadl", NalUnitTypeBlaNLp: "BlaNLp",
	NalUnitTypeIdrWRadl: "IdrWRadl", NalUnitTypeIdrNLp: "IdrNLp", NalUnitTypeCraNut: "CraNut",
	NalUnitTypeVps: "VPS", NalUnitTypeSps: "SPS", NalUnitTypePps: "PPS", NalUnitTypeAud: "AUD",
	NalUnitTypeEos: "EOS", NalUnitTypeEob: "EOB", NalUnitTypeFd: "FD",
	NalUnitTypePrefixSei: "PrefixSEI", NalUnitTypeSuffixSei: "SuffixSEI",
}

// String returns the name of the type and its number, "SPS(33)" for instance.
func (n *NalUnitType) String() string {
	name, known := typeNames[*n]
	switch {
	case known:
	case *n >= NalUnitTypeReserved41 && *n <= NalUnitTypeReserved47:
		name = "Reserved"
	case *n >= NalUnitTypeUnspec48 && *n <= NalUnitTypeUnspec63:
		name = "Unspecified"
	default:
		name = "Unknown"
	}
	return fmt.Sprintf("%s(%d)", name, uint8(*n))
}
