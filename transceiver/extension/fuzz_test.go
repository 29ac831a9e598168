package extension

import (
	"bytes"
	"testing"
	"time"
)

// FuzzFixed gives any bytes to all parsers but that of dependency descriptors;
// what they read is written again as it was, but for reserved bits.
func FuzzFixed(f *testing.F) {
	f.Add([]byte("mid"))
	f.Add([]byte{1, 2})
	f.Add([]byte{1, 2, 3})
	f.Add([]byte{1, 2, 3, 4})
	f.Add(bytes.Repeat([]byte{0x9a}, 8))
	f.Add(bytes.Repeat([]byte{0xa9}, 16))
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(name string, got []byte, err error) {
			if err == nil && !bytes.Equal(got, data) {
				t.Errorf("%s: %x became %x", name, data, got)
			}
		}
		text, err := ParseText(data)
		check("text", text, err)
		sequence, err := ParseTransportCC(data)
		if request, err := ParseFeedbackRequest(data); err == nil {
			if len(data) == 4 {
				check("transport-wide number 2", AppendTransportCC2(nil, sequence, request), nil)
			}
		} else if len(data) == 2 || len(data) == 4 {
			t.Errorf("no request in %d bytes", len(data))
		}
		if len(data) == 2 {
			check("transport-wide number", AppendTransportCC(nil, sequence), err)
		}
		at, err := ParseSendTime(data)
		check("send time", at.Append(nil), err)
		if now := time.Unix(1e9, 0); err == nil && at.Near(now).Sub(now).Abs() > 32*time.Second {
			t.Errorf("send time %x is read as %v away", data, at.Near(now).Sub(now))
		}
		delay, err := ParseDelay(data)
		check("playout delay", delay.Append(nil), err)
		captured, err := ParseCaptureTime(data)
		check("capture time", captured.Append(nil), err)
		if level, err := ParseLevel(data); err == nil {
			check("level", append(level.Append(nil), data[1:]...), nil)
		}
		if o, err := ParseOrientation(data); err == nil && o.Append(nil)[0] != data[0]&15 {
			t.Errorf("orientation %x became %x", data, o.Append(nil))
		}
		for i := range len(data) + 1 {
			if level, ok := MixerLevel(data, i); ok != (i < len(data)) || level > 127 {
				t.Errorf("level %d of %d: %d, %v", i, len(data), level, ok)
			}
		}
	})
}

// FuzzDependency gives two descriptors to a parser, the first to bring a
// structure; what it reads is written and read again.
func FuzzDependency(f *testing.F) {
	for _, s := range []*DependencyStructure{l1t3(), l2t1()} {
		key, delta := frame(s, 0), frame(s, 2)
		key.Attached = true
		f.Add(write(f, &key), write(f, &delta))
		delta.FrameDiffs, delta.HasActive, delta.Active = []uint16{3, 300}, true, 1
		f.Add(write(f, &key), write(f, &delta))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var p, q DependencyParser
		var d, e Dependency
		for _, data := range [][]byte{first[:min(len(first), 255)], second[:min(len(second), 255)]} {
			before := p
			if err := p.Parse(&d, data); err != nil {
				if p != before {
					t.Errorf("a descriptor that is not read changed the parser: %v", err)
				}
				continue
			}
			if len(d.Indications) != d.Structure.Targets || len(d.ChainDiffs) != d.Structure.Chains {
				t.Fatalf("%+v does not fit its structure", d)
			}
			for i := range d.Structure.Targets {
				d.Structure.Target(i)
			}
			b, err := d.Append(nil)
			if err != nil {
				t.Fatalf("%+v is not written: %v", d, err)
			}
			if len(b) > len(data) {
				t.Errorf("%d bytes became %d", len(data), len(b))
			}
			if err := q.Parse(&e, b); err != nil || !same(&d, &e) {
				t.Fatalf("error %v\n read %+v\nagain %+v", err, d, e)
			}
		}
	})
}
