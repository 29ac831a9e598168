package extension

import (
	"math/bits"
	"slices"
)

// Append appends the data of [DependencyDescriptor] for d: its Structure if it
// is Attached, Active if HasActive, and the frame by the template of its layers
// that says most of it. Template is not looked at. It returns dst and
// [ErrDependency] if the format cannot express d.
func (d *Dependency) Append(dst []byte) ([]byte, error) {
	s := d.Structure
	if s == nil || !s.valid() || len(d.Indications) != s.Targets || len(d.ChainDiffs) != s.Chains || d.HasActive && d.Active&^s.all() != 0 {
		return dst, ErrDependency
	}
	for _, diff := range d.FrameDiffs {
		if diff < 1 || diff > maxFrameDiff {
			return dst, ErrDependency
		}
	}
	for _, i := range d.Indications {
		if i > Required {
			return dst, ErrDependency
		}
	}
	index, c := d.template()
	if index < 0 {
		return dst, ErrDependency
	}
	w := bitWriter{dst: dst}
	w.flag(d.Start)
	w.flag(d.End)
	w.bits(int(s.Offset+uint8(index))&(maxTemplates-1), 6)
	w.bits(int(d.Frame), 16)
	if !d.Attached && !d.HasActive && c == (custom{}) {
		return w.dst, nil
	}
	w.flag(d.Attached)
	w.flag(d.HasActive)
	w.flag(c.indications)
	w.flag(c.frameDiffs)
	w.flag(c.chainDiffs)
	if d.Attached {
		s.write(&w)
	}
	if d.HasActive {
		w.bits(int(d.Active), s.Targets)
	}
	if c.indications {
		for _, i := range d.Indications {
			w.bits(int(i), 2)
		}
	}
	if c.frameDiffs {
		for _, diff := range d.FrameDiffs {
			size := frameDiffSize(diff)
			w.bits(size, 2)
			w.bits(int(diff-1), 4*size)
		}
		w.bits(0, 2)
	}
	if c.chainDiffs {
		for _, diff := range d.ChainDiffs {
			w.bits(int(diff), 8)
		}
	}
	return w.dst, nil
}

// custom tells what of a frame differs from its template.
type custom struct{ indications, frameDiffs, chainDiffs bool }

// template returns the index of the template for the frame, -1 if none has its
// layers, and what differs from it.
func (d *Dependency) template() (index int, c custom) {
	index = -1
	best := 0
	for i := range d.Structure.Templates {
		t := &d.Structure.Templates[i]
		if t.Spatial != d.Spatial || t.Temporal != d.Temporal {
			continue
		}
		differs := custom{
			indications: !slices.Equal(t.Indications, d.Indications),
			frameDiffs:  !slices.Equal(t.FrameDiffs, d.FrameDiffs),
			chainDiffs:  !slices.Equal(t.ChainDiffs, d.ChainDiffs),
		}
		cost := 0
		if differs.indications {
			cost += 2 * len(d.Indications)
		}
		if differs.frameDiffs {
			cost += 2
			for _, diff := range d.FrameDiffs {
				cost += 2 + 4*frameDiffSize(diff)
			}
		}
		if differs.chainDiffs {
			cost += 8 * len(d.ChainDiffs)
		}
		if index < 0 || cost < best {
			index, best, c = i, cost, differs
		}
	}
	return index, c
}

// frameDiffSize returns how many times four bits a frame difference takes.
func frameDiffSize(diff uint16) int { return max(1, (bits.Len16(diff-1)+3)/4) }

// valid reports whether the format can express s.
func (s *DependencyStructure) valid() bool {
	if s.Offset >= maxTemplates || s.Targets < 1 || s.Targets > maxTargets || s.Chains < 0 || s.Chains > s.Targets {
		return false
	}
	if len(s.Templates) < 1 || len(s.Templates) > maxTemplates || s.Templates[0].Spatial != 0 || s.Templates[0].Temporal != 0 {
		return false
	}
	for i := range s.Templates {
		if !s.Templates[i].valid(s) || i > 0 && s.Templates[i-1].step(&s.Templates[i]) == layerEnd {
			return false
		}
	}
	if s.Chains > 0 && len(s.ProtectedBy) != s.Targets || s.Chains == 0 && len(s.ProtectedBy) > 0 {
		return false
	}
	for _, chain := range s.ProtectedBy {
		if int(chain) >= s.Chains {
			return false
		}
	}
	for _, r := range s.Resolutions {
		if r.Width < 1 || r.Width > 1<<16 || r.Height < 1 || r.Height > 1<<16 {
			return false
		}
	}
	return len(s.Resolutions) == 0 || len(s.Resolutions) == int(s.Templates[len(s.Templates)-1].Spatial)+1
}

func (t *DependencyTemplate) valid(s *DependencyStructure) bool {
	if t.Spatial > maxSpatial || t.Temporal > maxTemporal || len(t.Indications) != s.Targets || len(t.ChainDiffs) != s.Chains {
		return false
	}
	for _, i := range t.Indications {
		if i > Required {
			return false
		}
	}
	for _, diff := range t.FrameDiffs {
		if diff < 1 || diff > maxTemplateDiff {
			return false
		}
	}
	for _, diff := range t.ChainDiffs {
		if diff > maxTemplateChain {
			return false
		}
	}
	return true
}

// step returns the next_layer_idc that leads from t to next, layerEnd for none.
func (t *DependencyTemplate) step(next *DependencyTemplate) int {
	switch {
	case next.Spatial == t.Spatial && next.Temporal == t.Temporal:
		return layerSame
	case next.Spatial == t.Spatial && next.Temporal == t.Temporal+1:
		return layerNextTemporal
	case next.Spatial == t.Spatial+1 && next.Temporal == 0:
		return layerNextSpatial
	}
	return layerEnd
}

// write writes template_dependency_structure().
func (s *DependencyStructure) write(w *bitWriter) {
	w.bits(int(s.Offset), 6)
	w.bits(s.Targets-1, 5)
	for i := range s.Templates[1:] {
		w.bits(s.Templates[i].step(&s.Templates[i+1]), 2)
	}
	w.bits(layerEnd, 2)
	for i := range s.Templates {
		for _, indication := range s.Templates[i].Indications {
			w.bits(int(indication), 2)
		}
	}
	for i := range s.Templates {
		for _, diff := range s.Templates[i].FrameDiffs {
			w.flag(true)
			w.bits(int(diff-1), 4)
		}
		w.flag(false)
	}
	w.symmetric(s.Chains, s.Targets+1)
	for _, chain := range s.ProtectedBy {
		w.symmetric(int(chain), s.Chains)
	}
	for i := range s.Templates {
		for _, diff := range s.Templates[i].ChainDiffs {
			w.bits(int(diff), 4)
		}
	}
	w.flag(len(s.Resolutions) > 0)
	for _, r := range s.Resolutions {
		w.bits(int(r.Width-1), 16)
		w.bits(int(r.Height-1), 16)
	}
}

// bitWriter appends bits, highest first; the last byte is filled with zeros.
type bitWriter struct {
	dst  []byte
	free int // bits of the last byte that are not written yet
}

// bits writes an unsigned number of n bits.
func (w *bitWriter) bits(v, n int) {
	for n > 0 {
		if w.free == 0 {
			w.dst, w.free = append(w.dst, 0), 8
		}
		take := min(w.free, n)
		w.free -= take
		n -= take
		w.dst[len(w.dst)-1] |= uint8(v>>n&(1<<take-1)) << w.free
	}
}

func (w *bitWriter) flag(v bool) {
	if v {
		w.bits(1, 1)
	} else {
		w.bits(0, 1)
	}
}

// symmetric writes v, from 0 to n-1, as ns(n).
func (w *bitWriter) symmetric(v, n int) {
	size, m := symmetricSize(n)
	if v < m {
		w.bits(v, size-1)
	} else {
		w.bits(v+m, size)
	}
}

// symmetricSize returns how many bits the large values of ns(n) take, and how
// many small ones there are that take one less.
func symmetricSize(n int) (size, small int) {
	size = bits.Len(uint(n))
	return size, 1<<size - n
}
