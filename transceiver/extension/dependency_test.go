package extension

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// indications reads a row of the specification's examples: - D S R.
func indications(s string) (out []Indication) {
	for _, c := range s {
		out = append(out, Indication(strings.IndexRune("-DSR", c)))
	}
	return out
}

// l1t3 is the example of appendix A with one spatial and three temporal layers.
func l1t3() *DependencyStructure {
	return &DependencyStructure{
		Targets: 3, Chains: 1, ProtectedBy: []uint8{0, 0, 0},
		Templates: []DependencyTemplate{
			{0, 0, indications("SSS"), nil, []uint8{0}},
			{0, 0, indications("SSS"), []uint16{4}, []uint8{4}},
			{0, 1, indications("SD-"), []uint16{2}, []uint8{2}},
			{0, 2, indications("D--"), []uint16{1}, []uint8{1}},
			{0, 2, indications("D--"), []uint16{1}, []uint8{3}},
		},
		Resolutions: []Resolution{{1280, 720}},
	}
}

// l2t1 is that with two spatial layers and two chains.
func l2t1() *DependencyStructure {
	return &DependencyStructure{
		Offset: 62, Targets: 2, Chains: 2, ProtectedBy: []uint8{1, 0},
		Templates: []DependencyTemplate{
			{0, 0, indications("SS"), nil, []uint8{0, 0}},
			{0, 0, indications("RS"), []uint16{2}, []uint8{2, 1}},
			{0, 0, indications("SS"), []uint16{2}, []uint8{2, 1}},
			{1, 0, indications("S-"), []uint16{1}, []uint8{1, 1}},
			{1, 0, indications("R-"), []uint16{2, 1}, []uint8{1, 1}},
		},
	}
}

// frame returns the descriptor of a frame that is all of a template.
func frame(s *DependencyStructure, index int) Dependency {
	t := s.Templates[index]
	return Dependency{
		DependencyHeader: DependencyHeader{Start: true, Frame: 0x1234},
		Structure:        s, Active: s.all(),
		Spatial: t.Spatial, Temporal: t.Temporal, Indications: t.Indications, FrameDiffs: t.FrameDiffs, ChainDiffs: t.ChainDiffs,
	}
}

func write(t testing.TB, d *Dependency) []byte {
	t.Helper()
	b, err := d.Append(nil)
	if err != nil {
		t.Fatalf("%+v: %v", d, err)
	}
	return b
}

// same compares what a descriptor says.
func same(a, b *Dependency) bool {
	return a.Start == b.Start && a.End == b.End && a.Frame == b.Frame && a.Active == b.Active && a.Attached == b.Attached && a.HasActive == b.HasActive &&
		a.Spatial == b.Spatial && a.Temporal == b.Temporal && slices.Equal(a.Indications, b.Indications) &&
		slices.Equal(a.FrameDiffs, b.FrameDiffs) && slices.Equal(a.ChainDiffs, b.ChainDiffs) && reflect.DeepEqual(a.Structure, b.Structure)
}

// TestDependencyBits has the bits of a small descriptor, put together by hand
// from A.8.2.
func TestDependencyBits(t *testing.T) {
	s := &DependencyStructure{
		Targets: 1, Chains: 1, ProtectedBy: []uint8{0},
		Templates: []DependencyTemplate{
			{0, 0, indications("S"), nil, []uint8{0}},
			{0, 0, indications("R"), []uint16{1}, []uint8{1}},
		},
	}
	d := frame(s, 0)
	d.End, d.Attached, d.Frame = true, true, 7
	bits := "1 1 000000 0000000000000111" + // start, end, template, frame
		"1 0 0 0 0" + // structure, no active targets, nothing custom
		"000000 00000" + // offset, one decode target
		"00 11" + // the second template has the same layers, then the end
		"10 11" + // template_dtis: switch, required
		"0 1 0000 0" + // template_fdiffs: none; one, of 1
		"1" + // chain_cnt: ns(2) of 1
		"" + // decode_target_protected_by: ns(1) takes no bit
		"0000 0001" + // template_chain_fdiff
		"0" // no resolutions
	want := []byte{}
	for i, c := range strings.ReplaceAll(bits, " ", "") {
		if i%8 == 0 {
			want = append(want, 0)
		}
		want[len(want)-1] |= byte(c-'0') << (7 - i%8)
	}
	if got := write(t, &d); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	var p DependencyParser
	var got Dependency
	if err := p.Parse(&got, want); err != nil || !same(&got, &d) || got.Template != 0 {
		t.Errorf("error %v, got %+v", err, got)
	}
}

func TestDependencyExamples(t *testing.T) {
	for name, s := range map[string]*DependencyStructure{"L1T3": l1t3(), "L2T1": l2t1()} {
		var p DependencyParser
		var got Dependency
		d := frame(s, 0)
		d.Attached = true
		if err := p.Parse(&got, write(t, &d)); err != nil || !same(&got, &d) || !reflect.DeepEqual(p.Structure(), s) {
			t.Fatalf("%s: error %v\n got %+v\nwant %+v", name, err, got.Structure, s)
		}
		for i := range s.Templates {
			d := frame(s, i)
			b := write(t, &d)
			if len(b) != 3 {
				t.Errorf("%s: template %d takes %d bytes", name, i, len(b))
			}
			if err := p.Parse(&got, b); err != nil || !same(&got, &d) || int(got.Template) != (int(s.Offset)+i)%64 {
				t.Errorf("%s, template %d: error %v, got %+v", name, i, err, got)
			}
		}
	}
	s := l1t3()
	for i, want := range []uint8{2, 1, 0} {
		if spatial, temporal := s.Target(i); spatial != 0 || temporal != want {
			t.Errorf("decode target %d is of layers %d and %d", i, spatial, temporal)
		}
	}
	d := frame(s, 3)
	if r, ok := d.Resolution(); !ok || r != (Resolution{1280, 720}) {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := l2t1().Resolution(1); ok {
		t.Error("a resolution out of nothing")
	}
}

// TestCustomFields: what differs from all templates is said by the frame.
func TestCustomFields(t *testing.T) {
	s := l2t1()
	var p DependencyParser
	var got Dependency
	key := frame(s, 0)
	key.Attached = true
	if err := p.Parse(&got, write(t, &key)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(d *Dependency){
		"indications":    func(d *Dependency) { d.Indications = indications("DR") },
		"frame diffs":    func(d *Dependency) { d.FrameDiffs = []uint16{1, 16, 17, 256, 257, 4096} },
		"no frame diffs": func(d *Dependency) { d.FrameDiffs, d.Indications = nil, indications("RS") },
		"chain diffs":    func(d *Dependency) { d.ChainDiffs = []uint8{255, 16} },
		"active targets": func(d *Dependency) { d.HasActive, d.Active = true, 2 },
		"all of them": func(d *Dependency) {
			d.Indications, d.FrameDiffs, d.ChainDiffs = indications("--"), []uint16{7}, []uint8{9, 8}
		},
		"with the key":    func(d *Dependency) { d.Attached, d.HasActive, d.Active, d.FrameDiffs = true, true, 1, []uint16{300} },
		"the last packet": func(d *Dependency) { d.Start, d.End = false, true },
	} {
		d := frame(s, 2)
		change(&d)
		if !d.Attached && !d.HasActive {
			d.Active = p.active
		}
		if err := p.Parse(&got, write(t, &d)); err != nil || !same(&got, &d) {
			t.Errorf("%s: error %v\n got %+v\nwant %+v", name, err, got, d)
		}
		if p.active != d.Active {
			t.Errorf("%s: active targets %b, want %b", name, p.active, d.Active)
		}
	}
}

// TestStructureIsKept: a descriptor without a structure is read by the last one,
// and a malformed one changes nothing.
func TestStructureIsKept(t *testing.T) {
	var p DependencyParser
	var got Dependency
	d := frame(l1t3(), 2)
	b := write(t, &d)
	if err := p.Parse(&got, b); err != ErrNoStructure {
		t.Errorf("without structure: %v", err)
	}
	if h, err := ParseDependencyHeader(b); err != nil || !h.Start || h.End || h.Frame != 0x1234 || h.Template != 2 {
		t.Errorf("its header: %+v, %v", h, err)
	}
	d.Attached = true
	whole := write(t, &d)
	for n := range whole {
		if err := p.Parse(&got, whole[:n]); err == nil || p.Structure() != nil {
			t.Fatalf("%d bytes of %d: %v", n, len(whole), err)
		}
	}
	if err := p.Parse(&got, whole); err != nil {
		t.Fatal(err)
	}
	kept := p.Structure()
	// A structure with other templates.
	next := l2t1()
	next.Offset = 20
	n := frame(next, 1)
	if err := p.Parse(&got, write(t, &n)); err != ErrNoStructure || p.Structure() != kept {
		t.Errorf("a template of the next structure: %v", err)
	}
	n.Attached = true
	if err := p.Parse(&got, write(t, &n)); err != nil || p.Structure() == kept || got.Structure != p.Structure() {
		t.Errorf("the next structure: %v", err)
	}
	if err := p.Parse(&got, b); err != ErrNoStructure {
		t.Errorf("a late frame of the old structure: %v", err)
	}
}

func TestStructureLimits(t *testing.T) {
	layers := func(steps ...byte) string {
		s := "100000000000000000000000" + "10000" + "000000" + "00000"
		for _, c := range steps {
			s += []string{"00", "01", "10", "11"}[c]
		}
		for len(s)%8 != 0 {
			s += "0"
		}
		return s
	}
	for name, bits := range map[string]string{
		"a fifth spatial layer":  layers(2, 2, 2, 2, 3),
		"a ninth temporal layer": layers(1, 1, 1, 1, 1, 1, 1, 1, 3),
		"65 templates":           layers(append(bytes.Repeat([]byte{0}, 64), 3)...),
		"templates without end":  layers(),
	} {
		data := []byte{}
		for i, c := range bits {
			if i%8 == 0 {
				data = append(data, 0)
			}
			data[len(data)-1] |= byte(c-'0') << (7 - i%8)
		}
		var p DependencyParser
		if err := p.Parse(new(Dependency), append(data, make([]byte, 200)...)); err != ErrMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDependencyAppendRefuses(t *testing.T) {
	for name, change := range map[string]func(d *Dependency, s *DependencyStructure){
		"no structure":               func(d *Dependency, _ *DependencyStructure) { d.Structure = nil },
		"offset":                     func(_ *Dependency, s *DependencyStructure) { s.Offset = 64 },
		"no templates":               func(_ *Dependency, s *DependencyStructure) { s.Templates = nil },
		"targets":                    func(_ *Dependency, s *DependencyStructure) { s.Targets = 33 },
		"more chains than targets":   func(_ *Dependency, s *DependencyStructure) { s.Chains = 3 },
		"a template of other layers": func(_ *Dependency, s *DependencyStructure) { s.Templates[4].Spatial = 3 },
		"the first one of layer 1":   func(_ *Dependency, s *DependencyStructure) { s.Templates[0].Temporal = 1 },
		"no protection":              func(_ *Dependency, s *DependencyStructure) { s.ProtectedBy = nil },
		"protection by no chain":     func(_ *Dependency, s *DependencyStructure) { s.ProtectedBy[0] = 2 },
		"resolutions":                func(_ *Dependency, s *DependencyStructure) { s.Resolutions = []Resolution{{1, 1}} },
		"a picture of nothing":       func(_ *Dependency, s *DependencyStructure) { s.Resolutions = []Resolution{{0, 1}, {1, 1}} },
		"template indication":        func(_ *Dependency, s *DependencyStructure) { s.Templates[1].Indications[0] = 4 },
		"template frame diff":        func(_ *Dependency, s *DependencyStructure) { s.Templates[1].FrameDiffs[0] = 17 },
		"template chain diff":        func(_ *Dependency, s *DependencyStructure) { s.Templates[1].ChainDiffs[0] = 16 },
		"indications":                func(d *Dependency, _ *DependencyStructure) { d.Indications = indications("S") },
		"indication":                 func(d *Dependency, _ *DependencyStructure) { d.Indications = []Indication{4, 0} },
		"chain diffs":                func(d *Dependency, _ *DependencyStructure) { d.ChainDiffs = nil },
		"frame diff 0":               func(d *Dependency, _ *DependencyStructure) { d.FrameDiffs = []uint16{0} },
		"frame diff 4097":            func(d *Dependency, _ *DependencyStructure) { d.FrameDiffs = []uint16{4097} },
		"active targets":             func(d *Dependency, _ *DependencyStructure) { d.HasActive, d.Active = true, 4 },
		"layers of no template":      func(d *Dependency, _ *DependencyStructure) { d.Temporal = 1 },
	} {
		s := l2t1()
		d := frame(s, 3)
		change(&d, s)
		if b, err := d.Append([]byte{1}); err != ErrDependency || len(b) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// randomStructure makes a structure that the format can express.
func randomStructure(r *rand.Rand) *DependencyStructure {
	s := &DependencyStructure{Offset: uint8(r.IntN(64)), Targets: 1 + r.IntN(32)}
	s.Chains = r.IntN(s.Targets + 1)
	if s.Chains > 0 {
		for range s.Targets {
			s.ProtectedBy = append(s.ProtectedBy, uint8(r.IntN(s.Chains)))
		}
	}
	var t DependencyTemplate
	for range 1 + r.IntN(10) {
		t := DependencyTemplate{Spatial: t.Spatial, Temporal: t.Temporal}
		for range s.Targets {
			t.Indications = append(t.Indications, Indication(r.IntN(4)))
		}
		for range r.IntN(4) {
			t.FrameDiffs = append(t.FrameDiffs, uint16(1+r.IntN(16)))
		}
		for range s.Chains {
			t.ChainDiffs = append(t.ChainDiffs, uint8(r.IntN(16)))
		}
		s.Templates = append(s.Templates, t)
	}
	for i := range s.Templates {
		s.Templates[i].Spatial, s.Templates[i].Temporal = t.Spatial, t.Temporal
		switch r.IntN(3) {
		case 0:
			t.Temporal = min(t.Temporal+1, maxTemporal)
		case 1:
			if t.Spatial < maxSpatial {
				t.Spatial, t.Temporal = t.Spatial+1, 0
			}
		}
	}
	if r.IntN(2) == 0 {
		for range s.Templates[len(s.Templates)-1].Spatial + 1 {
			s.Resolutions = append(s.Resolutions, Resolution{uint32(1 + r.IntN(1<<16)), uint32(1 + r.IntN(1<<16))})
		}
	}
	return s
}

func TestRandomDependencies(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		s := randomStructure(r)
		var p DependencyParser
		var got Dependency
		for i := range 10 {
			d := frame(s, r.IntN(len(s.Templates)))
			d.Frame, d.Attached, d.HasActive = uint16(r.Uint32()), i == 0 || r.IntN(4) == 0, r.IntN(4) == 0
			d.Active = p.active
			if d.Attached {
				d.Active = s.all()
			}
			if d.HasActive {
				d.Active = r.Uint32() & s.all()
			}
			if r.IntN(3) == 0 {
				d.FrameDiffs = []uint16{uint16(1 + r.IntN(4096))}
			}
			if r.IntN(3) == 0 && s.Chains > 0 {
				d.ChainDiffs = slices.Clone(d.ChainDiffs)
				d.ChainDiffs[0] = uint8(r.IntN(256))
			}
			b := write(t, &d)
			if err := p.Parse(&got, b); err != nil || !same(&got, &d) {
				t.Fatalf("seed %d: error %v\n got %+v\nwant %+v", seed, err, got, d)
			}
		}
	}
}
