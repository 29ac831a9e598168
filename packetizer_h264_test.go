package webrtc

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp/codecs"
)

// nalUnit returns a NAL unit of a type, with n bytes behind its first. There is no
// start code in it and no zero at its end.
func nalUnit(nri, kind byte, n int) []byte {
	b := []byte{nri<<5 | kind}
	for i := range n {
		b = append(b, 1+byte(i*7+int(kind))%250)
	}
	return b
}

// annexB puts NAL units behind start codes, of both lengths in turn.
func annexB(units ...[]byte) (b []byte) {
	for i, u := range units {
		b = append(b, []byte{0, 0, 0, 1}[i%2:]...)
		b = append(b, u...)
	}
	return b
}

// unitsOf gives payloads to pion's depacketizer and returns the NAL units.
func unitsOf(t *testing.T, payloads [][]byte) (units [][]byte) {
	t.Helper()
	var v codecs.H264Packet
	for i, p := range payloads {
		b, err := v.Unmarshal(p)
		if err != nil {
			t.Fatalf("payload %d: %v", i, err)
		}
		for _, u := range bytes.Split(b, []byte{0, 0, 0, 1}) {
			if len(u) > 0 {
				units = append(units, u)
			}
		}
	}
	return units
}

func wantUnits(t *testing.T, what string, payloads [][]byte, want ...[]byte) {
	t.Helper()
	got := unitsOf(t, payloads)
	if len(got) != len(want) {
		t.Fatalf("%s: %d NAL units, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s: NAL unit %d is\n%x, want\n%x", what, i, got[i], want[i])
		}
	}
}

// wantKinds checks the types of payloads (RFC 6184 §5.2).
func wantKinds(t *testing.T, what string, payloads [][]byte, want ...byte) {
	t.Helper()
	var got []byte
	for _, p := range payloads {
		if len(p) > payloadLimit {
			t.Errorf("%s: a payload of %d bytes", what, len(p))
		}
		got = append(got, p[0]&h264Type)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: payloads of types %d, want %d", what, got, want)
	}
}

func TestH264Payloads(t *testing.T) {
	const slice, idr, sei = 1, 5, 6
	sps, pps := nalUnit(3, h264SPS, 20), nalUnit(2, h264PPS, 4)
	p := &h264Payloader{}

	small := nalUnit(2, slice, 500)
	got := p.Payload(payloadLimit, small)
	wantKinds(t, "without a start code", got, slice)
	wantUnits(t, "without a start code", got, small)

	key := nalUnit(3, idr, 20000)
	delimiter, filler := nalUnit(0, h264Delimiter, 1), nalUnit(0, h264Filler, 50)
	got = p.Payload(payloadLimit, annexB(delimiter, sps, pps, filler, nalUnit(0, sei, 9), key))
	kinds := []byte{h264STAPA, sei}
	for range 18 {
		kinds = append(kinds, h264FUA)
	}
	wantKinds(t, "a key frame", got, kinds...)
	wantUnits(t, "a key frame", got, sps, pps, nalUnit(0, sei, 9), key)
	if got[0][0] != 3<<5|h264STAPA {
		t.Errorf("the aggregation packet begins with %#x; its NRI is to be the greatest (RFC 6184 §5.7)", got[0][0])
	}
	for i, f := range got[2:] {
		if i < 17 && len(f) != len(got[2]) || len(f) > len(got[2]) {
			t.Errorf("fragment %d has %d bytes, the first %d", i, len(f), len(got[2]))
		}
		if start, end := f[1]&h264FragmentStart != 0, f[1]&h264FragmentEnd != 0; start != (i == 0) || end != (i == 17) || f[0]&h264NRI != 3<<5 {
			t.Errorf("fragment %d is marked %#x behind %#x", i, f[1], f[0])
		}
	}

	// Parameter sets in samples of their own wait for the next unit.
	if n := len(p.Payload(payloadLimit, annexB(sps))) + len(p.Payload(payloadLimit, annexB(pps))); n != 0 {
		t.Errorf("parameter sets alone make %d packets", n)
	}
	got = p.Payload(payloadLimit, annexB(small))
	wantKinds(t, "in samples of their own", got, h264STAPA, slice)
	wantUnits(t, "in samples of their own", got, sps, pps, small)

	got = p.Payload(payloadLimit, annexB(pps, small))
	wantKinds(t, "a lone parameter set", got, h264PPS, slice)
	wantUnits(t, "a lone parameter set", got, pps, small)

	// Those that do not fit one packet take several.
	large := nalUnit(3, h264SPS, 1000)
	got = p.Payload(payloadLimit, annexB(large, pps, large, nalUnit(3, h264SPS, 3000), small))
	wantKinds(t, "large parameter sets", got, h264STAPA, h264SPS, h264FUA, h264FUA, h264FUA, slice)
	wantUnits(t, "large parameter sets", got, large, pps, large, nalUnit(3, h264SPS, 3000), small)

	// RFC 6184 §6.2: no aggregation with packetization-mode 0.
	single := &h264Payloader{single: true}
	got = single.Payload(payloadLimit, annexB(sps, pps, small))
	wantKinds(t, "mode 0", got, h264SPS, h264PPS, slice)
	wantUnits(t, "mode 0", got, sps, pps, small)
	for fmtp, want := range map[string]bool{"packetization-mode=1;profile-level-id=42e01f": false, "packetization-mode=0": true, "": true} {
		made, err := defaultPayloader(RTPCodecCapability{MimeType: MimeTypeH264, SDPFmtpLine: fmtp})
		if h, ok := made.(*h264Payloader); err != nil || !ok || h.single != want {
			t.Errorf("%q: %T, %v", fmtp, made, err)
		}
	}

	for _, nothing := range []string{"", "\x00\x00\x01", "\x00\x00\x00\x01\x00\x00\x00\x01"} {
		if got := p.Payload(payloadLimit, []byte(nothing)); len(got) != 0 {
			t.Errorf("%x makes %d payloads", nothing, len(got))
		}
	}
	if got := p.Payload(3, small); got != nil {
		t.Error("payloads without room")
	}
}

// Whatever is written, no payload is empty or larger than a packet, and units of
// any content come out as they went in.
func FuzzH264Payloads(f *testing.F) {
	f.Add(annexB(nalUnit(3, h264SPS, 20), nalUnit(3, h264PPS, 4), nalUnit(3, 5, 3000)), uint16(payloadLimit))
	f.Add([]byte{0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65}, uint16(4))
	f.Fuzz(func(t *testing.T, frame []byte, mtu uint16) {
		p := &h264Payloader{single: len(frame)%2 == 0}
		for range 2 {
			for _, payload := range p.Payload(mtu, frame) {
				if len(payload) == 0 || len(payload) > int(mtu) {
					t.Fatalf("a payload of %d bytes, limit %d", len(payload), mtu)
				}
			}
		}
	})
}

func TestH264PayloadsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	r := rand.New(rand.NewPCG(2, 64))
	p := &h264Payloader{}
	frame := annexB(nalUnit(3, h264SPS, 20), nalUnit(2, h264PPS, 4), nalUnit(3, 5, 30000+r.IntN(100)))
	if n := testing.AllocsPerRun(100, func() { p.Payload(payloadLimit, frame) }); n != 0 {
		t.Errorf("%v allocations for a frame", n)
	}
}
