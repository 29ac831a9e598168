package extension

// DependencyParser reads dependency descriptors of one stream. It keeps the
// dependency structure that arrived last, to which descriptors refer, and which
// decode targets are active. The zero value is ready for use.
type DependencyParser struct {
	structure *DependencyStructure
	active    uint32
}

// Structure returns the dependency structure that arrived last, nil for none.
func (p *DependencyParser) Structure() *DependencyStructure { return p.structure }

// Parse reads the data of [DependencyDescriptor] into d. It returns
// [ErrNoStructure] if that refers to a structure that p does not know. After an
// error p is unchanged, and d is not to be used. It allocates only if the packet
// brings a structure.
func (p *DependencyParser) Parse(d *Dependency, data []byte) error {
	header, err := ParseDependencyHeader(data)
	if err != nil {
		return err
	}
	d.DependencyHeader = header
	d.Structure, d.Attached, d.Active, d.HasActive = p.structure, false, p.active, false
	r := bitReader{data: data, at: 8 * dependencyHeaderSize}
	var customIndications, customFrames, customChains bool
	if len(data) > dependencyHeaderSize {
		d.Attached, d.HasActive = r.flag(), r.flag()
		customIndications, customFrames, customChains = r.flag(), r.flag(), r.flag()
		if d.Attached {
			if d.Structure = readStructure(&r); d.Structure == nil {
				return ErrMalformed
			}
			d.Active = d.Structure.all()
		}
	}
	s := d.Structure
	if s == nil {
		return ErrNoStructure
	}
	if d.HasActive {
		d.Active = uint32(r.bits(s.Targets))
	}
	// A.8.2: the index is the difference to the offset, modulo 64.
	index := int(header.Template-s.Offset) & (maxTemplates - 1)
	if index >= len(s.Templates) {
		return ErrNoStructure
	}
	t := &s.Templates[index]
	d.Spatial, d.Temporal = t.Spatial, t.Temporal
	d.Indications, d.FrameDiffs, d.ChainDiffs = t.Indications, t.FrameDiffs, t.ChainDiffs
	if customIndications {
		d.indications = readIndications(&r, d.indications[:0], s.Targets)
		d.Indications = d.indications
	}
	if customFrames {
		d.frameDiffs = readFrameDiffs(&r, d.frameDiffs[:0])
		d.FrameDiffs = d.frameDiffs
	}
	if customChains {
		d.chainDiffs = d.chainDiffs[:0]
		for range s.Chains {
			d.chainDiffs = append(d.chainDiffs, uint8(r.bits(8)))
		}
		d.ChainDiffs = d.chainDiffs
	}
	if r.short {
		return ErrMalformed
	}
	p.structure, p.active = s, d.Active
	return nil
}

func readIndications(r *bitReader, dst []Indication, n int) []Indication {
	for range n {
		dst = append(dst, Indication(r.bits(2)))
	}
	return dst
}

// readFrameDiffs reads frame_fdiffs(): each with its size in front.
func readFrameDiffs(r *bitReader, dst []uint16) []uint16 {
	for size := r.bits(2); size != 0 && !r.short; size = r.bits(2) {
		dst = append(dst, uint16(r.bits(4*size)+1))
	}
	return dst
}

// readStructure reads template_dependency_structure(), and returns nil if that
// is malformed.
func readStructure(r *bitReader) *DependencyStructure {
	s := &DependencyStructure{Offset: uint8(r.bits(6)), Targets: r.bits(5) + 1}
	if !readLayers(r, s) {
		return nil
	}
	for i := range s.Templates {
		if r.left() < 2*s.Targets {
			return nil
		}
		s.Templates[i].Indications = readIndications(r, make([]Indication, 0, s.Targets), s.Targets)
	}
	for i := range s.Templates {
		for r.flag() {
			s.Templates[i].FrameDiffs = append(s.Templates[i].FrameDiffs, uint16(r.bits(4)+1))
		}
	}
	s.Chains = r.symmetric(s.Targets + 1)
	if s.Chains > 0 {
		for range s.Targets {
			s.ProtectedBy = append(s.ProtectedBy, uint8(r.symmetric(s.Chains)))
		}
		for i := range s.Templates {
			for range s.Chains {
				s.Templates[i].ChainDiffs = append(s.Templates[i].ChainDiffs, uint8(r.bits(4)))
			}
		}
	}
	if r.flag() {
		for range s.Templates[len(s.Templates)-1].Spatial + 1 {
			s.Resolutions = append(s.Resolutions, Resolution{Width: uint32(r.bits(16) + 1), Height: uint32(r.bits(16) + 1)})
		}
	}
	if r.short {
		return nil
	}
	return s
}

// The values of next_layer_idc.
const (
	layerSame = iota
	layerNextTemporal
	layerNextSpatial
	layerEnd
)

// readLayers reads template_layers(), and reports whether it keeps the limits.
func readLayers(r *bitReader, s *DependencyStructure) bool {
	var t DependencyTemplate
	for {
		if len(s.Templates) == maxTemplates || t.Spatial > maxSpatial || t.Temporal > maxTemporal {
			return false
		}
		s.Templates = append(s.Templates, t)
		switch r.bits(2) {
		case layerNextTemporal:
			t.Temporal++
		case layerNextSpatial:
			t.Spatial, t.Temporal = t.Spatial+1, 0
		case layerEnd:
			return !r.short
		}
	}
}

// bitReader reads bits, highest first.
type bitReader struct {
	data  []byte
	at    int  // in bits
	short bool // more was read than there is; those bits were 0
}

func (r *bitReader) left() int { return 8*len(r.data) - r.at }

// bits reads an unsigned number of n bits, f(n) in the specification.
func (r *bitReader) bits(n int) int {
	if r.left() < n {
		r.short, r.at = true, 8*len(r.data)
		return 0
	}
	v := 0
	for n > 0 {
		have := 8 - r.at%8
		take := min(have, n)
		v = v<<take | int(r.data[r.at/8])>>(have-take)&(1<<take-1)
		r.at += take
		n -= take
	}
	return v
}

func (r *bitReader) flag() bool { return r.bits(1) != 0 }

// symmetric reads a number from 0 to n-1, ns(n) in the specification.
func (r *bitReader) symmetric(n int) int {
	w, m := symmetricSize(n)
	v := r.bits(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.bits(1)
}
