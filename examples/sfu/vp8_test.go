package main

import (
	"bytes"
	"testing"
)

// keyFrame is the header of a key frame of 640x360 (RFC 6386 §9.1), delta the
// beginning of another frame.
var (
	keyFrame = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}
	delta    = []byte{0x11, 0, 0, 1, 2, 3, 4, 5, 6, 7}
)

func payload(descriptor []byte, data []byte) []byte {
	return append(bytes.Clone(descriptor), data...)
}

func TestParseVP8(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want vp8
		ok   bool
	}{
		{"nothing", nil, vp8{}, false},
		{"no data", []byte{0x10}, vp8{}, false},
		{"a key frame", payload([]byte{0x10}, keyFrame), vp8{keyFrame: true, width: 640, height: 360}, true},
		{"another frame", payload([]byte{0x10}, delta), vp8{}, true},
		{"the middle of a frame", payload([]byte{0x00}, keyFrame), vp8{}, true},
		{"another partition", payload([]byte{0x11}, keyFrame), vp8{}, true},
		{"a cut key frame", payload([]byte{0x10}, keyFrame[:9]), vp8{}, true},
		{
			"a picture ID of 7 bits", payload([]byte{0x90, 0x80, 0x7f}, keyFrame),
			vp8{keyFrame: true, width: 640, height: 360, pictureAt: 2, pictureBits: 7, picture: 127}, true,
		},
		{
			"one of 15 bits", payload([]byte{0x90, 0x80, 0x81, 0x02}, delta),
			vp8{pictureAt: 2, pictureBits: 15, picture: 0x102}, true,
		},
		{
			"all there can be", payload([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x20}, keyFrame),
			vp8{keyFrame: true, width: 640, height: 360, pictureAt: 2, pictureBits: 15, picture: 0x102, tl0At: 4, tl0: 0x33}, true,
		},
		{"TL0PICIDX alone", payload([]byte{0x90, 0x40, 0x33}, delta), vp8{tl0At: 2, tl0: 0x33}, true},
		{"a cut extension", []byte{0x90}, vp8{}, false},
		{"a cut picture ID", []byte{0x90, 0x80, 0x81}, vp8{}, false},
		{"a cut TL0PICIDX", []byte{0x90, 0xc0, 0x01}, vp8{}, false},
		{"an extension without data", []byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x20}, vp8{}, false},
	} {
		got, ok := parseVP8(tt.b)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

// What is written over is where it was read, and nothing else.
func TestSetVP8(t *testing.T) {
	for _, tt := range []struct{ before, after []byte }{
		{[]byte{0x90, 0x80, 0x7f, 1}, []byte{0x90, 0x80, 0x05, 1}},
		{[]byte{0x90, 0xc0, 0xff, 0xff, 9, 1}, []byte{0x90, 0xc0, 0xc1, 0x05, 7, 1}},
		{[]byte{0x90, 0x40, 9, 1}, []byte{0x90, 0x40, 7, 1}},
		{[]byte{0x10, 1}, []byte{0x10, 1}},
	} {
		b := bytes.Clone(tt.before)
		v, ok := parseVP8(b)
		v.setPicture(b, 0xc105)
		v.setTL0(b, 7)
		if !ok || !bytes.Equal(b, tt.after) {
			t.Errorf("%x became %x, want %x", tt.before, b, tt.after)
		}
	}
}

// No payload does harm, and writing what was read changes nothing.
func FuzzVP8(f *testing.F) {
	f.Add(payload([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x20}, keyFrame))
	f.Add(payload([]byte{0x90, 0x80, 0x7f}, delta))
	f.Add([]byte{0x90, 0xc0, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ok := parseVP8(b[:len(b):len(b)])
		if !ok {
			return
		}
		c := bytes.Clone(b)
		v.setPicture(c, v.picture)
		v.setTL0(c, v.tl0)
		if !bytes.Equal(b, c) {
			t.Errorf("%x became %x", b, c)
		}
	})
}
