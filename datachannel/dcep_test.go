package datachannel

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestOpenMessage(t *testing.T) {
	n := func(v uint16) *uint16 { return &v }
	for _, test := range []struct {
		name   string
		params Params
		header []byte // RFC 8832 §5.1
	}{
		{"reliable", Params{Ordered: true, Priority: PriorityLow},
			[]byte{3, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"unordered", Params{Priority: PriorityHigh},
			[]byte{3, 0x80, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"three retransmissions", Params{Ordered: true, MaxRetransmits: n(3), Priority: PriorityVeryLow},
			[]byte{3, 0x01, 0, 128, 0, 0, 0, 3, 0, 0, 0, 0}},
		{"none, unordered", Params{MaxRetransmits: n(0), Priority: PriorityMedium},
			[]byte{3, 0x81, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"500 ms", Params{Ordered: true, MaxPacketLifeTime: n(500), Priority: PriorityLow},
			[]byte{3, 0x02, 1, 0, 0, 0, 1, 0xf4, 0, 0, 0, 0}},
		{"65535 ms, unordered", Params{MaxPacketLifeTime: n(65535), Priority: PriorityLow},
			[]byte{3, 0x82, 1, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}},
		{"label and protocol", Params{Ordered: true, Priority: PriorityLow, Label: "lä", Protocol: "p"},
			[]byte{3, 0x00, 1, 0, 0, 0, 0, 0, 0, 3, 0, 1}},
		{"the longest", Params{Ordered: true, Priority: PriorityLow, Label: strings.Repeat("l", 65535), Protocol: strings.Repeat("p", 65535)},
			[]byte{3, 0x00, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := marshalOpen(test.params)
			want := append(test.header, test.params.Label+test.params.Protocol...)
			if !bytes.Equal(got, want) {
				t.Fatalf("got % x\nwant % x", got[:min(40, len(got))], want[:min(40, len(want))])
			}
			back, err := parseOpen(got)
			if err != nil || !reflect.DeepEqual(back, test.params) {
				t.Fatalf("read back as %+v, %v", back, err)
			}
		})
	}
}

func TestOpenMessageMalformed(t *testing.T) {
	good := marshalOpen(Params{Label: "label", Protocol: "proto"})
	change := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":               nil,
		"an acknowledgement":    {dcepAck},
		"half a header":         good[:11],
		"less than it says":     good[:len(good)-1],
		"more than it says":     append(bytes.Clone(good), 0),
		"an unknown type":       change(1, 0x03),
		"an unknown type, 0x90": change(1, 0x90),
		"another message":       change(0, 0x01),
	} {
		if _, err := parseOpen(b); !errors.Is(err, errDCEP) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// A parameter that RFC 8832 §5.1 has ignored, and one beyond 16 bits.
	if p, err := parseOpen(change(4, 9)); err != nil || p.MaxRetransmits != nil {
		t.Errorf("reliable with a parameter: %+v, %v", p, err)
	}
	large := change(1, typeRexmit)
	large[4] = 1
	if p, err := parseOpen(large); err != nil || *p.MaxRetransmits != 65535 {
		t.Errorf("2^24 retransmissions: %+v, %v", p, err)
	}
	if p, err := parseOpen(change(12, 0xff)); err != nil || p.Label != "\uFFFDabel" {
		t.Errorf("a label that is not UTF-8: %q, %v", p.Label, err)
	}
}

func FuzzParseOpen(f *testing.F) {
	f.Add(marshalOpen(Params{Label: "label", Protocol: "protocol"}))
	f.Add([]byte{3, 0x82, 1, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0})
	f.Add([]byte{3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseOpen(b)
		if err != nil {
			return
		}
		again, err := parseOpen(marshalOpen(p))
		if len(p.Label) > maxText || len(p.Protocol) > maxText {
			return // mending made it longer
		}
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v was read back as %+v, %v", p, again, err)
		}
	})
}

// TestDecodeText holds decodeText to the UTF-8 decoder of the web (WHATWG
// Encoding §4.1.1, and Unicode's table 3-8).
func TestDecodeText(t *testing.T) {
	const r = "\uFFFD"
	for in, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"\uFFFD stays":             "\uFFFD stays",
		"a\xffb":                   "a" + r + "b",
		"\xe2\x82":                 r,
		"\xe2\x82x":                r + "x",
		"\xf0\x9f\x92!":            r + "!",
		"\xc0\xaf":                 r + r,
		"\xed\xa0\x80":             r + r + r,
		"\xe1\x80\xe2\xf0\x91\x92": r + r + r,
		"\xf4\x90\x80\x80":         r + r + r + r,
		"\x80\xbf":                 r + r,
	} {
		if got := string(decodeText([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
