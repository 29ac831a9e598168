package extension

import "errors"

var (
	// ErrNoStructure is returned for a dependency descriptor whose template is
	// not of the dependency structure that arrived last: the packet that brought
	// its structure is missing, or it is late.
	ErrNoStructure = errors.New("extension: the dependency descriptor refers to a structure that is not known")
	// ErrDependency is returned when a dependency descriptor is to be written
	// that the format cannot express.
	ErrDependency = errors.New("extension: the dependency descriptor cannot be written")
)

// Limits of dependency structures: the widths of the fields in A.8.2 of the AV1 RTP
// specification, and of spatial_id and temporal_id in AV1 itself.
const (
	maxTemplates     = 64
	maxSpatial       = 3
	maxTemporal      = 7
	maxTargets       = 32
	maxTemplateDiff  = 16
	maxTemplateChain = 15
	maxFrameDiff     = 1 << 12

	// dependencyHeaderSize is the length of the mandatory fields, and of a
	// descriptor without others.
	dependencyHeaderSize = 3
)

// Indication is what a frame is to a decode target.
type Indication uint8

// The decode target indications (AV1 RTP specification, A.8.3).
const (
	// NotPresent: the frame does not belong to the decode target.
	NotPresent Indication = iota
	// Discardable: it does, and no other frame of the decode target needs it.
	Discardable
	// Switch: it does, and all later frames of the decode target can be decoded
	// if it can.
	Switch
	// Required: it does, with neither property.
	Required
)

// DependencyStructure describes a coded video sequence: its decode targets, its
// chains, and the templates that frames refer to. One that was parsed is never
// changed.
type DependencyStructure struct {
	// Offset is the identifier of the first template, 0 to 63; the others count
	// on from there, modulo 64.
	Offset uint8
	// Targets is the number of decode targets, 1 to 32.
	Targets int
	// Chains is the number of chains, 0 to Targets. ProtectedBy has for each
	// decode target the chain that protects it; it is empty without chains.
	Chains      int
	ProtectedBy []uint8
	Templates   []DependencyTemplate
	// Resolutions has the largest size of frames for each spatial layer, or is
	// empty.
	Resolutions []Resolution
}

// DependencyTemplate is what many frames have in common.
type DependencyTemplate struct {
	// Spatial is 0 to 3, Temporal 0 to 7.
	Spatial, Temporal uint8
	// Indications has one for each decode target.
	Indications []Indication
	// FrameDiffs are the distances to the frames that are referred to, 1 to 16
	// here.
	FrameDiffs []uint16
	// ChainDiffs has for each chain the distance to its last frame, 0 to 15 here.
	ChainDiffs []uint8
}

// Resolution is the size of a picture in pixels, 1 to 65536 each way.
type Resolution struct {
	Width, Height uint32
}

// Target returns the highest layers that a decode target has.
func (s *DependencyStructure) Target(i int) (spatial, temporal uint8) {
	for t := range s.Templates {
		if template := &s.Templates[t]; template.Indications[i] != NotPresent {
			spatial, temporal = max(spatial, template.Spatial), max(temporal, template.Temporal)
		}
	}
	return spatial, temporal
}

// Resolution returns the largest size of frames of a spatial layer; false if
// that is not told.
func (s *DependencyStructure) Resolution(spatial uint8) (Resolution, bool) {
	if int(spatial) >= len(s.Resolutions) {
		return Resolution{}, false
	}
	return s.Resolutions[spatial], true
}

// all returns the mask of all decode targets.
func (s *DependencyStructure) all() uint32 { return uint32(1<<s.Targets - 1) }

// DependencyHeader is what every dependency descriptor begins with. It can be
// read without a dependency structure.
type DependencyHeader struct {
	// Start and End tell that the packet is the first and the last of its frame.
	Start, End bool
	// Template identifies the frame's template, 0 to 63.
	Template uint8
	// Frame is the frame's number, which wraps.
	Frame uint16
}

// ParseDependencyHeader reads the beginning of the data of
// [DependencyDescriptor].
func ParseDependencyHeader(data []byte) (DependencyHeader, error) {
	if len(data) < dependencyHeaderSize {
		return DependencyHeader{}, ErrMalformed
	}
	return DependencyHeader{
		Start:    data[0]&0x80 != 0,
		End:      data[0]&0x40 != 0,
		Template: data[0] & 0x3f,
		Frame:    uint16(data[1])<<8 | uint16(data[2]),
	}, nil
}

// Dependency is the data of [DependencyDescriptor] together with what it refers
// to.
type Dependency struct {
	DependencyHeader
	// Structure is the dependency structure of the frame. Attached tells that
	// the packet brings it.
	Structure *DependencyStructure
	Attached  bool
	// Active has bit i set if decode target i can be decoded; HasActive tells
	// that the packet says so.
	Active    uint32
	HasActive bool

	// What follows is about the frame and means the same as in its template,
	// from which it is taken where the packet says nothing else. The slices must
	// not be written to; they are valid until the next Parse into the struct.
	// Frame differences go up to 4096, chain differences to 255.
	Spatial, Temporal uint8
	Indications       []Indication
	FrameDiffs        []uint16
	ChainDiffs        []uint8

	// What the packet itself says is kept here, to be used again.
	indications []Indication
	frameDiffs  []uint16
	chainDiffs  []uint8
}

// Resolution returns the largest size of frames of the frame's layer; false if
// that is not told.
func (d *Dependency) Resolution() (Resolution, bool) { return d.Structure.Resolution(d.Spatial) }
