package sdp

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// draftInit is the example of draft-hancke-tsvwg-snap-00 §4.1.
const draftInit = "AQAAHols3R0AUAAA/////+B5ZR3AAAAEgAgABoLA"

func TestInitChunk(t *testing.T) {
	for value, want := range map[string]string{
		draftInit: "0100001e896cdd1d00500000ffffffffe079651dc000000480080006" + "82c0",
		// Without parameters, with padding in base64 and out of it, with flags.
		encoded("01000014000000010000ffff0001000100000000"):                      "01000014000000010000ffff0001000100000000",
		encoded("01ff0014000000010000ffff0001000100000000"):                      "01000014000000010000ffff0001000100000000",
		encoded("01000019000000010000ffff000100010000000080080005c0" + "000000"): "01000019000000010000ffff000100010000000080080005c0",
		"AQAAFAAAAAEAAP//AAEAAQAAAAA":                                            "01000014000000010000ffff0001000100000000",
	} {
		m := &Media{SCTPInit: value}
		if got, ok := m.InitChunk(); !ok || hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x, %t, want %s", value, got, ok, want)
		}
	}
	for what, value := range map[string]string{
		"nothing":               "",
		"no base64":             "####",
		"cut base64":            draftInit[:5],
		"another alphabet":      "AQAAFAAAAAEAAP__AAEAAQAAAAA",
		"an INIT ACK":           encoded("02000014000000010000ffff0001000100000000"),
		"a cut chunk":           encoded("0100001e896cdd1d00500000ffffffffe079651d"),
		"a short chunk":         encoded("01000010000000010000ffff00010001"),
		"a length too small":    encoded("01000010000000010000ffff0001000100000000"),
		"another chunk behind":  encoded("01000014000000010000ffff0001000100000000" + "00000004"),
		"padding of ones":       encoded("01000014000000010000ffff0001000100000000" + "01"),
		"tag 0":                 encoded("01000014000000000000ffff0001000100000000"),
		"no streams out":        encoded("01000014000000010000ffff0000000100000000"),
		"no streams in":         encoded("01000014000000010000ffff0001000000000000"),
		"a window below 1500":   encoded("0100001400000001000005db0001000100000000"),
		"a parameter too long":  encoded("01000018000000010000ffff000100010000000080080005"),
		"one that is too short": encoded("01000018000000010000ffff000100010000000080080003"),
		"one that forbids":      encoded("01000018000000010000ffff000100010000000040000004"),
		"a kilobyte of it":      encoded("01000014000000010000ffff0001000100000000") + string(make([]byte, 2000)),
	} {
		m := &Media{SCTPInit: value}
		if got, ok := m.InitChunk(); ok {
			t.Errorf("%s: got %x", what, got)
		}
	}
}

func encoded(digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// FuzzInitChunk reads anything: what is taken is taken again, unchanged.
func FuzzInitChunk(f *testing.F) {
	f.Add(draftInit)
	f.Add(encoded("01ff0019000000010000ffff000100010000000080080005c0000000"))
	f.Fuzz(func(t *testing.T, value string) {
		m := &Media{SCTPInit: value}
		chunk, ok := m.InitChunk()
		if !ok {
			return
		}
		m.SCTPInit = FormatSCTPInit(chunk)
		if again, ok := m.InitChunk(); !ok || string(again) != string(chunk) {
			t.Errorf("%x was read as %x, %t", chunk, again, ok)
		}
	})
}
