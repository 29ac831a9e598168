package srtptransport

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// RFC 3711 §3.3.2.
func TestReplaysAreRefused(t *testing.T) {
	for _, p := range profiles {
		x := newPair(t, p, Config{})
		var packets, reports [][]byte
		for n := range uint16(600) {
			packets = append(packets, x.sealed(1, 65300+n))
			reports = append(reports, x.sealedRTCP(1))
		}
		for _, i := range []int{0, 40, 30, 599} {
			x.wantRTP(packets[i], nil, "a packet")
			x.wantRTP(packets[i], ErrReplayed, "the packet again")
			x.wantRTCP(reports[i], nil, "a report")
			x.wantRTCP(reports[i], ErrReplayed, "the report again")
		}
		x.wantRTP(packets[599-511], nil, "the last of the window")
		x.wantRTP(packets[599-512], ErrReplayed, "one that is too old")
		x.wantRTCP(reports[599-511], nil, "the last of the window")
		x.wantRTCP(reports[599-512], ErrReplayed, "one that is too old")
		if c := x.o.Counters(); c != (Counters{Replayed: 10}) {
			t.Errorf("%v: %+v", p, c)
		}
	}
}

func TestReplayWindowSizes(t *testing.T) {
	for n, want := range map[int]int{0: 512, -5: 64, 1: 64, 64: 64, 65: 128, 512: 512, 1 << 20: maxReplayWindow} {
		if got := replayWindow(n); got != want {
			t.Errorf("a window of %d is %d, want %d", n, got, want)
		}
	}
}

// A packet that is not authentic changes nothing: neither what is kept of its
// stream nor, for a stream that nobody knows, that there is one.
func TestForgedPacketsLeaveNoTrace(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, p := range profiles {
		x := newPair(t, p, Config{})
		x.wantRTP(x.sealed(1, 100), nil, "a packet")
		x.wantRTCP(x.sealedRTCP(1), nil, "a report")
		for range 2000 {
			b := x.sealedForged(r, 1+uint32(r.IntN(2))*r.Uint32(), uint16(r.Uint32()))
			want := ErrAuthentication
			if b[11] == 1 && b[8] == 0 && b[9] == 0 && b[10] == 0 && x.o.sources.live[1].rtp.used(estimate(101, uint16(b[2])<<8|uint16(b[3]))) {
				want = ErrReplayed
			}
			x.wantRTP(b, want, "a forged packet")
			c := rtcpPacket(r.Uint32()|2, "forged, and long enough for any tag")
			x.wantRTCP(c, ErrAuthentication, "a forged report")
		}
		if n := len(x.o.sources.live); n != 1 {
			t.Errorf("%v: %d streams are kept", p, n)
		}
		if _, known := x.o.engine.context.ROC(2); known {
			t.Error("the engine keeps streams that it should not")
		}
		if src := x.o.sources.live[1]; src.rtp.next != 101 || src.rtcp.next != 2 {
			t.Errorf("%v: the stream moved to %d and %d", p, src.rtp.next, src.rtcp.next)
		}
		x.wantRTP(x.sealed(1, 101), nil, "the next packet")
		x.wantRTCP(x.sealedRTCP(1), nil, "the next report")
	}
}

// sealedForged returns a packet that somebody without keys made.
func (p *pair) sealedForged(r *rand.Rand, ssrc uint32, sequence uint16) []byte {
	b := rtpPacket(ssrc, sequence, "a payload that is long enough for any tag")
	for i := rtpHeaderLen; i < len(b); i++ {
		b[i] = byte(r.Uint32())
	}
	return b
}

// The engine keeps nothing either: not one of a flood of SSRCs, whatever its
// versions do with what was not authentic.
func TestFloodsOfSSRCsAreNotKept(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	for ssrc := range uint32(20000) {
		if _, err := x.o.OpenRTP(rtpPacket(ssrc, 1, "a payload that is long enough for any tag")); err != ErrAuthentication {
			t.Fatal(err)
		}
		if _, known := x.o.engine.context.ROC(ssrc); known {
			t.Fatal("the engine keeps the state of a forged SSRC")
		}
		if _, known := x.o.engine.context.Index(ssrc); known {
			t.Fatal("the engine keeps the state of a forged SSRC")
		}
	}
	if c := x.o.Counters(); c != (Counters{Forged: 20000}) || len(x.o.sources.live) != 0 {
		t.Errorf("%+v, %d streams", c, len(x.o.sources.live))
	}
}

// A peer with the keys may send from any number of SSRCs.
func TestStreamsAreBounded(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	for ssrc := range uint32(openSources) {
		x.wantRTP(x.sealed(ssrc, 1), nil, "a packet")
	}
	x.wantRTP(x.sealed(openSources, 1), ErrTooManySources, "one stream too many")
	x.wantRTCP(x.sealedRTCP(openSources), ErrTooManySources, "one stream too many")
	x.wantRTP(x.sealed(7, 2), nil, "one that is known")
	x.o.Forget(9)
	x.wantRTP(x.sealed(openSources, 2), nil, "where another was forgotten")
	if c := x.o.Counters(); c.Crowded != 2 {
		t.Errorf("%+v", c)
	}
}

// What a stream sent before it was forgotten stays refused.
func TestForgottenStreamsAreNotReplayed(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	var packets, reports [][]byte
	for n := range uint16(3) {
		packets = append(packets, x.sealed(1, 65534+n)) // over the wrap
		reports = append(reports, x.sealedRTCP(1))
		x.wantRTP(packets[n], nil, "a packet")
		x.wantRTCP(reports[n], nil, "a report")
	}
	x.o.Forget(1)
	for i := range packets {
		x.wantRTP(packets[i], ErrReplayed, "an old packet")
		x.wantRTCP(reports[i], ErrReplayed, "an old report")
	}
	forged := bytes.Clone(x.sealed(1, 1))
	forged[len(forged)-1]++
	x.wantRTP(forged, ErrAuthentication, "a forged packet")
	x.wantRTP(x.sealed(1, 2), nil, "a packet with which it goes on")
	x.wantRTCP(x.sealedRTCP(1), nil, "a report with which it goes on")
	x.wantRTP(packets[2], ErrReplayed, "an old packet")

	// The oldest that was forgotten is forgotten for good.
	x.o.Forget(1)
	for ssrc := uint32(100); ssrc < 100+openRemnants; ssrc++ {
		x.wantRTP(x.sealed(ssrc, 1), nil, "a packet")
		x.o.Forget(ssrc)
	}
	if n := len(x.o.sources.gone); n != openRemnants {
		t.Errorf("%d forgotten streams are kept", n)
	}
	if _, known := x.o.sources.gone[1]; known {
		t.Error("the oldest is still there")
	}
}

// The bytes of a packet that fails are lost with AES-GCM, which the
// documentation says; the packets after it are not.
func TestFailedPacketsAreLost(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	good := x.sealed(1, 1)
	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1
	if _, err := x.o.OpenRTP(bad); err != ErrAuthentication {
		t.Fatal(err)
	}
	bad[len(bad)-1] ^= 1
	if bytes.Equal(bad, good) {
		t.Error("the packet is still there: the documentation may say so")
	}
	x.wantRTP(good, nil, "the packet itself")
}

// Any bytes are refused without a trace; those of a packet, changed, too.
func FuzzOpenRTP(f *testing.F) {
	x := newPair(f, AEADAES128GCM, Config{})
	f.Add(x.sealed(1, 1), uint8(0))
	f.Add(x.sealed(1, 2), uint8(0x83))
	f.Add(rtpPacket(1, 3, "\xC0\xDE\x00\x01payload that is long enough"), uint8(1))
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xC0, 0xDE, 0xFF, 0xFF}, uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, profile uint8) {
		x := newPair(t, profiles[profile%4], Config{CryptexRequired: profile&0x80 != 0})
		authentic := profile%4 == 0 // the seeds' profile and keys
		n := len(b)
		out, err := x.o.OpenRTP(b[:n:n])
		if err == nil && (!authentic || len(out) >= n) {
			t.Fatalf("%d bytes opened to %d", n, len(out))
		}
		if err != nil && len(x.o.sources.live) != 0 {
			t.Fatal("a refused packet is kept")
		}
	})
}

func FuzzOpenRTCP(f *testing.F) {
	x := newPair(f, AEADAES128GCM, Config{})
	f.Add(x.sealedRTCP(1), uint8(0))
	f.Add(x.sealedRTCP(1), uint8(3))
	// The E bit is not set: not encrypted, but authenticated.
	clear := x.sealedRTCP(1)
	clear[len(clear)-4] &^= 0x80
	f.Add(clear, uint8(0))
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, profile uint8) {
		x := newPair(t, profiles[profile%4], Config{})
		n := len(b)
		out, err := x.o.OpenRTCP(b[:n:n])
		if err == nil && (profile%4 != 0 || len(out) >= n) {
			t.Fatalf("%d bytes opened to %d", n, len(out))
		}
		if err != nil && len(x.o.sources.live) != 0 {
			t.Fatal("a refused packet is kept")
		}
	})
}

// What a program seals may be anything, too.
func FuzzSealRTP(f *testing.F) {
	f.Add(rtpPacket(1, 1, "payload"), false)
	f.Add(rtpPacket(1, 1, "\xBE\xDE\x00\x01\x10A\x00\x00payload"), true)
	f.Add([]byte{0x91, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9, 0x10, 0, 0, 1, 5, 2, 0, 0}, true)
	f.Fuzz(func(t *testing.T, b []byte, cryptex bool) {
		x := newPair(t, AEADAES256GCM, Config{CryptexSend: cryptex})
		plain := bytes.Clone(b)
		sealed, err := x.s.SealRTP(withRoom(b))
		if err != nil {
			return
		}
		if len(sealed) > len(b)+Overhead {
			t.Fatalf("%d bytes became %d", len(b), len(sealed))
		}
		if out, err := x.o.OpenRTP(sealed); err != nil || !cryptex && !bytes.Equal(out, plain) {
			t.Fatalf("%x opened is %x, %v", plain, out, err)
		}
	})
}
