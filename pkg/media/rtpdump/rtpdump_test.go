package rtpdump

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
)

// file is one of the rtptools' form, with an RTP packet of which 4 bytes were
// recorded, and an RTCP packet.
const file = "#!rtpplay1.0 224.2.0.1/3456\n" +
	"\x3a\xde\x68\xb1\x00\x01\xe2\x40\xe0\x02\x00\x01\x0d\x80\x00\x00" +
	"\x00\x0c\x00\xac\x00\x00\x00\x00\x80\x00\x12\x34" +
	"\x00\x10\x00\x00\x00\x00\x05\xdc\x80\xc9\x00\x01\x01\x02\x03\x04"

func TestFile(t *testing.T) {
	r, h, err := NewReader(iotest.OneByteReader(strings.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	if !h.Start.Equal(time.Unix(987654321, 123456000)) || !h.Source.Equal(net.IPv4(224, 2, 0, 1)) || h.Port != 3456 {
		t.Errorf("header %+v", h)
	}
	var got []Packet
	for p, err := range r.Packets() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if len(got) != 2 || got[0].IsRTCP || got[0].Offset != 0 || string(got[0].Payload) != "\x80\x00\x12\x34" ||
		!got[1].IsRTCP || got[1].Offset != 1500*time.Millisecond || len(got[1].Payload) != 8 {
		t.Errorf("packets %+v", got)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, h := range []Header{
		{Start: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Source: net.IPv4(192, 0, 2, 1), Port: 5004},
		{Start: time.Unix(1<<32-1, 0).UTC(), Source: net.ParseIP("2001:db8::1"), Port: 65535},
		{Start: time.Unix(0, 0).UTC(), Source: net.IPv4zero},
	} {
		var b bytes.Buffer
		w, err := NewWriter(&b, h)
		if err != nil {
			t.Fatal(err)
		}
		want := []Packet{
			{Payload: []byte{0x80}},
			{Offset: (1<<32 - 1) * time.Millisecond, IsRTCP: true, Payload: make([]byte, 65527)},
			{Offset: 3 * time.Millisecond, IsRTCP: true},
		}
		for _, p := range want {
			if err := w.WritePacket(p); err != nil {
				t.Fatal(err)
			}
		}
		r, got, err := NewReader(&b)
		if err != nil || !got.Start.Equal(h.Start) || !got.Source.Equal(h.Source) || got.Port != h.Port {
			t.Errorf("header %+v, %v, want %+v", got, err, h)
		}
		for i, p := range want {
			got, err := r.Next()
			if err != nil || got.Offset != p.Offset || got.IsRTCP != p.IsRTCP || !bytes.Equal(got.Payload, p.Payload) {
				t.Errorf("packet %d: %+v, %v", i, got, err)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("error %v at the end, want io.EOF", err)
		}
	}
}

func TestUnknownHeader(t *testing.T) {
	var b bytes.Buffer
	if _, err := NewWriter(&b, Header{}); err != nil {
		t.Fatal(err)
	}
	if want := "#!rtpplay1.0 0.0.0.0/0\n" + strings.Repeat("\x00", 16); b.String() != want {
		t.Fatalf("header %q, want %q", b.String(), want)
	}
}

func TestWhatAFileCanNotHold(t *testing.T) {
	var format *media.FormatError
	var b bytes.Buffer
	for _, start := range []time.Time{time.Unix(-1, 0), time.Unix(1<<32, 0)} {
		if _, err := NewWriter(&b, Header{Start: start}); !errors.As(err, &format) {
			t.Errorf("start %v: %v", start, err)
		}
	}
	if b.Len() != 0 {
		t.Errorf("%d bytes were written in spite of the error", b.Len())
	}
	w, err := NewWriter(&b, Header{})
	if err != nil {
		t.Fatal(err)
	}
	n := b.Len()
	for _, p := range []Packet{
		{Payload: make([]byte, 65528)},
		{Payload: []byte{1}, Offset: -1},
		{Payload: []byte{1}, Offset: (1 << 32) * time.Millisecond},
		{},
	} {
		if err := w.WritePacket(p); !errors.As(err, &format) {
			t.Errorf("packet of %d bytes at %v: %v", len(p.Payload), p.Offset, err)
		}
	}
	if b.Len() != n {
		t.Errorf("%d bytes were written in spite of the errors", b.Len()-n)
	}
}

func TestHostileFiles(t *testing.T) {
	line := strings.Index(file, "\n") + 1
	for _, c := range []struct {
		name      string
		file      string
		offset    int64
		truncated bool
	}{
		{"another format", "#!rtpplay2.0 1/1\n", 0, false},
		{"no line", "#!rtpplay1.0 ", 0, true},
		{"an endless line", preamble + strings.Repeat("x", 1000), 0, false},
		{"no header", file[:line], 0, true},
		{"half a header", file[:line+8], 0, true},
		{"half a packet header", file[:line+16+4], int64(line + 16), true},
		{"half a packet", file[:line+16+10], int64(line + 16), true},
		{"a size below that of the header", file[:line+16] + "\x00\x07\x00\x00\x00\x00\x00\x00", int64(line + 16), false},
		{"a packet that is not there", file[:line+16] + "\xff\xff\x00\x00\x00\x00\x00\x00", int64(line + 16), true},
	} {
		r, _, err := NewReader(strings.NewReader(c.file))
		for err == nil {
			_, err = r.Next()
		}
		var format *media.FormatError
		if !errors.As(err, &format) || format.Offset != c.offset || errors.Is(err, io.ErrUnexpectedEOF) != c.truncated {
			t.Errorf("%s: error %v, want one about byte %d", c.name, err, c.offset)
		}
	}
	if _, _, err := NewReader(strings.NewReader("")); err != io.EOF {
		t.Errorf("error %v for an empty file, want io.EOF", err)
	}
	if _, _, err := NewReader(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("error %v for no stream", err)
	}
	if _, err := NewWriter(nil, Header{}); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("error %v for no stream", err)
	}
	failure := errors.New("disk on fire")
	r, _, err := NewReader(io.MultiReader(strings.NewReader(file[:line+16]), iotest.ErrReader(failure)))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Packets() {
		if err != failure {
			t.Errorf("error %v, want the stream's", err)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	p := Packet{Payload: []byte("as it was")}
	for _, b := range []string{"", "\x00\x08\x00\x00\x00\x00\x00", "\x00\x07\x00\x00\x00\x00\x00\x00", "\x00\x09\x00\x00\x00\x00\x00\x00"} {
		var format *media.FormatError
		if err := p.Unmarshal([]byte(b)); !errors.As(err, &format) || string(p.Payload) != "as it was" {
			t.Errorf("%q: %v, %+v", b, err, p)
		}
	}
	if err := p.Unmarshal([]byte("\x00\x0a\x00\x14\x00\x00\x00\x01abrest")); err != nil || string(p.Payload) != "ab" || p.IsRTCP || p.Offset != time.Millisecond {
		t.Errorf("packet %+v, %v", p, err)
	}
	var h Header
	if err := h.Unmarshal(make([]byte, 15)); err == nil {
		t.Error("a header of 15 bytes is no error")
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(file))
	f.Add([]byte(preamble + "2001:db8::1/1\n" + strings.Repeat("\x00", 16)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, h, err := NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := NewWriter(&again, h)
		if err != nil && h.Start.Unix() <= 1<<32-1 {
			t.Fatalf("header %+v can not be written: %v", h, err)
		}
		for p, err := range r.Packets() {
			if err != nil {
				return
			}
			if len(p.Payload) == 0 && !p.IsRTCP {
				continue
			}
			if w == nil {
				continue
			}
			if err := w.WritePacket(p); err != nil {
				t.Fatalf("packet %+v can not be written: %v", p, err)
			}
		}
	})
}
