package rtpheader

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// withExtension returns a packet whose extension has the given profile and data,
// padded to whole words, and a payload of one byte.
func withExtension(profile uint16, data ...byte) []byte {
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	b, err := Append(nil, &Fields{SSRC: 1, Profile: profile, Raw: data})
	if err != nil {
		panic(err)
	}
	return append(b, 0xEE)
}

// list writes the elements of a packet as text.
func list(t *testing.T, b []byte) string {
	t.Helper()
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	out := ""
	for id, data := range h.Extensions(b) {
		out += fmt.Sprintf("%d:%x ", id, data)
	}
	return out
}

func TestExtensions(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"one-byte headers", withExtension(OneByte, 0x10, 0xAA, 0x22, 1, 2, 3), "1:aa 2:010203 "},
		{"padding between them", withExtension(OneByte, 0, 0x10, 0xAA, 0, 0, 0x20, 0xBB), "1:aa 2:bb "},
		{"identifier 15 ends", withExtension(OneByte, 0x10, 0xAA, 0xF0, 0xCC, 0x20, 0xBB), "1:aa "},
		{"identifier 0 with a length ends", withExtension(OneByte, 0x10, 0xAA, 0x01, 0xCC, 0xCC, 0x20, 0xBB), "1:aa "},
		{"an element past the end", withExtension(OneByte, 0x10, 0xAA, 0x2F, 0xBB), "1:aa "},
		{"two-byte headers", withExtension(TwoByte, 1, 1, 0xAA, 2, 0, 200, 3, 1, 2, 3), "1:aa 2: 200:010203 "},
		{"two-byte headers with appbits", withExtension(TwoByte|7, 15, 1, 0xAA), "15:aa "},
		{"padding in two-byte form", withExtension(TwoByte, 0, 0, 1, 1, 0xAA, 0, 2, 1, 0xBB), "1:aa 2:bb "},
		{"a two-byte element past the end", withExtension(TwoByte, 1, 1, 0xAA, 2, 200), "1:aa "},
		{"half a header", withExtension(TwoByte, 1, 1, 0xAA, 9), "1:aa "},
		{"another profile", withExtension(0xABAC, 0x10, 0xAA), ""},
		{"another profile that starts with zeros", withExtension(0xABAC, 0, 0, 0, 0), ""},
		{"an empty extension", withExtension(OneByte), ""},
	} {
		if got := list(t, c.b); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExtensionsStop(t *testing.T) {
	b := packet(t)
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	for id := range h.Extensions(b) {
		if id != 1 {
			t.Fatalf("went on to %d", id)
		}
		break
	}
}

// TestRawProfileIsKept: an extension of a profile that is not RFC 8285's is read
// and written as it is.
func TestRawProfileIsKept(t *testing.T) {
	b := withExtension(0xABAC, 1, 2, 3, 4, 5, 6, 7, 8)
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	if h.Profile != 0xABAC || !bytes.Equal(h.RawExtension(b), []byte{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("profile %x, data %x", h.Profile, h.RawExtension(b))
	}
	if h.Extension(b, 1) != nil {
		t.Error("an element was found in it")
	}
	if got := h.Payload(b); !bytes.Equal(got, []byte{0xEE}) {
		t.Errorf("payload %x", got)
	}
}

func TestAppendChoosesForm(t *testing.T) {
	for _, c := range []struct {
		name     string
		elements []Element
		want     uint16
	}{
		{"small ones", []Element{{1, []byte{1}}, {14, make([]byte, 16)}}, OneByte},
		{"an empty one", []Element{{1, []byte{1}}, {2, nil}}, TwoByte},
		{"a long one", []Element{{1, make([]byte, 17)}}, TwoByte},
		{"identifier 15", []Element{{15, []byte{1}}}, TwoByte},
		{"identifier 255, 255 bytes", []Element{{255, make([]byte, 255)}}, TwoByte},
	} {
		f := Fields{SSRC: 1, Elements: c.elements}
		b, err := Append(nil, &f)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var h Header
		if err := h.Parse(b); err != nil || h.Profile != c.want || h.Size() != f.Size() || len(b) != f.Size() {
			t.Errorf("%s: error %v, profile %x, want %x; %d bytes of %d", c.name, err, h.Profile, c.want, len(b), f.Size())
		}
		for _, e := range c.elements {
			if got := h.Extension(b, e.ID); got == nil || !bytes.Equal(got, e.Data) {
				t.Errorf("%s: element %d is %x", c.name, e.ID, got)
			}
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	for name, f := range map[string]Fields{
		"payload type 128":       {PayloadType: 128},
		"16 sources":             {CSRCs: make([]uint32, 16)},
		"identifier 0":           {Elements: []Element{{0, []byte{1}}}},
		"256 bytes":              {Elements: []Element{{1, make([]byte, 256)}}},
		"elements and a profile": {Profile: 1, Elements: []Element{{1, []byte{1}}}},
		"half a word":            {Profile: 1, Raw: []byte{1, 2}},
		"more than 65535 words":  {Profile: 1, Raw: make([]byte, 1<<18)},
		"elements without end":   {Elements: slices.Repeat([]Element{{1, make([]byte, 255)}}, 1024)},
	} {
		before := []byte("before")
		if got, err := Append(before, &f); err != ErrFields || string(got) != "before" {
			t.Errorf("%s: %v, %d bytes", name, err, len(got))
		}
	}
}

func TestChangesInPlace(t *testing.T) {
	b := packet(t)
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	SetPayloadType(b, 97)
	SetSequenceNumber(b, 7)
	SetSSRC(b, 9)
	copy(h.Extension(b, 5), []byte{9, 8, 7})
	size := h.Size()
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	if !h.Marker || h.PayloadType != 97 || h.SequenceNumber != 7 || h.Timestamp != 0x01020304 || h.SSRC != 9 || h.Size() != size || h.PaddingSize != 3 {
		t.Errorf("got %+v", h)
	}
	if got := list(t, b); got != "1:aa 14:07070707070707070707070707070707 5:090807 " {
		t.Errorf("elements %s", got)
	}
}

// TestPayloadOfAnotherPacket: a Header that is used with a packet that is too
// short gives nothing rather than panic.
func TestPayloadOfAnotherPacket(t *testing.T) {
	b := packet(t)
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	if h.Payload(b[:14]) != nil || h.Extension(b[:14], 1) != nil {
		t.Error("bytes out of a packet that ends before them")
	}
	if cap(h.Payload(b)) != 2 || cap(h.Extension(b, 1)) != 1 {
		t.Error("a view can grow into what follows it")
	}
}
