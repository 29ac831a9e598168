package srtptransport

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
)

// RFC 7714 §8.4: one index protects one content.
func TestNothingIsSealedTwice(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	want := func(sequence uint16, want error, why string) {
		t.Helper()
		b := rtpPacket(1, sequence, "payload")
		before := bytes.Clone(b)
		sealed := x.s.Sealed(1, sequence)
		if _, err := x.s.SealRTP(b); err != want {
			t.Errorf("%s: %v, want %v", why, err, want)
		} else if sealed != (err == ErrSealedBefore) {
			t.Errorf("%s: Sealed says %v", why, sealed)
		} else if err != nil && !bytes.Equal(b, before) {
			t.Errorf("%s: the packet was changed", why)
		}
	}
	want(1000, nil, "the first")
	want(1000, ErrSealedBefore, "the same")
	want(1005, nil, "a later one")
	want(1003, nil, "one that was left out")
	want(1003, ErrSealedBefore, "the same")
	want(20000, nil, "far ahead")
	want(20000-sealWindow, ErrSealedBefore, "just outside of the window")
	want(20001-sealWindow, nil, "just inside")
	want(1001, ErrSealedBefore, "long ago")
	want(50000, nil, "on")
	want(10000, nil, "wrapped")
	want(50000, ErrSealedBefore, "from before the wrap")
	want(1000, ErrSealedBefore, "a number of the last cycle, which is of this one by now")
	want(11000, nil, "on")
}

// Whatever the order, a nonce is used once: each packet that was sealed opens at
// an opener with a window as wide as the sealer's, which refuses repetitions.
func TestSealedIndicesDiffer(t *testing.T) {
	for _, p := range []Profile{AEADAES128GCM, AES128CMHMACSHA180} {
		r := rand.New(rand.NewPCG(1, uint64(p)))
		x := newPair(t, p, Config{ReplayWindow: maxReplayWindow})
		at, sealed := uint16(r.IntN(1<<15)), 0
		for range 100000 {
			switch k := r.IntN(100); {
			case k == 0:
				at += uint16(r.IntN(1 << 14))
			case k < 60:
				at++
			}
			b, err := x.s.SealRTP(rtpPacket(9, at-uint16(r.IntN(1+r.IntN(9000))), string([]byte{byte(r.Uint32())})))
			if err == ErrSealedBefore {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			sealed++
			if _, err := x.o.OpenRTP(b); err != nil {
				t.Fatalf("%v: %v", p, err)
			}
		}
		if sealed < 10000 {
			t.Errorf("only %d packets were sealed", sealed)
		}
	}
}

// RFC 3711 §9.1: a stream that was forgotten does not use its indices again.
func TestForgettingDoesNotFreeIndices(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	x.wantRTP(x.sealed(1, 500), nil, "a packet")
	first := x.sealedRTCP(1)
	x.s.Forget(1)
	x.s.Forget(1)
	x.s.Forget(2)
	for _, n := range []uint16{500, 499, 3} {
		if _, err := x.s.SealRTP(rtpPacket(1, n, "other payload")); err != ErrSealedBefore || !x.s.Sealed(1, n) {
			t.Errorf("packet %d after the stream was forgotten: %v", n, err)
		}
	}
	if x.s.Sealed(1, 501) || x.s.Sealed(5, 1) {
		t.Error("a packet counts as sealed that is not")
	}
	x.wantRTP(x.sealed(1, 501), nil, "the next one")
	second := x.sealedRTCP(1)
	x.wantRTCP(first, nil, "RTCP from before")
	x.wantRTCP(second, nil, "RTCP from after")
}

// The state of streams is freed, the engine's too.
func TestForgottenStreamsAreFreed(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	engine := x.s.engine.context
	for ssrc := range uint32(3 * forgottenLimit) {
		x.wantRTP(x.sealed(ssrc, 7), nil, "a packet")
		x.wantRTCP(x.sealedRTCP(ssrc), nil, "a report")
		x.s.Forget(ssrc)
		x.o.Forget(ssrc)
	}
	if n := len(x.s.sources.live) + len(x.o.sources.live); n != 0 {
		t.Errorf("%d streams are left", n)
	}
	if x.s.engine.context == engine || x.s.engine.forgotten >= forgottenLimit || x.o.engine.forgotten >= forgottenLimit {
		t.Error("the engine keeps all streams")
	}
	// With a new engine the streams are where they were.
	if _, err := x.s.SealRTP(rtpPacket(0, 7, "x")); err != ErrSealedBefore {
		t.Errorf("got %v", err)
	}
	x.wantRTP(x.sealed(0, 8), nil, "the next packet")
}

func TestKeysAreExhausted(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	x.sealed(1, 65530)
	x.sealedRTCP(1)
	src := x.s.sources.live[1]
	src.rtp.next = maxRTPIndex - 3
	src.rtcp.next = maxRTCPIndex - 1
	x.sealed(1, 65535)
	if _, err := x.s.SealRTP(rtpPacket(1, 0, "x")); err != ErrExhausted {
		t.Errorf("packet 2^48 + 1: %v", err)
	}
	x.sealedRTCP(1)
	if _, err := x.s.SealRTCP(rtcpPacket(1, "x")); err != ErrExhausted {
		t.Errorf("RTCP packet 2^31: %v", err)
	}
	for ssrc := uint32(2); len(x.s.sources.live)+len(x.s.sources.gone) < sealSources; ssrc++ {
		x.s.sources.gone[ssrc+1<<20] = remnant{}
	}
	if _, err := x.s.SealRTP(rtpPacket(99, 0, "x")); err != ErrTooManySources {
		t.Errorf("one SSRC more than there may be: %v", err)
	}
	x.sealed(3+1<<20, 1)
}

func TestConcurrentUse(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	var group sync.WaitGroup
	for ssrc := range uint32(8) {
		group.Go(func() {
			for n := range uint16(200) {
				b, err := x.s.SealRTP(rtpPacket(ssrc, n, "payload"))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := x.o.OpenRTP(b); err != nil {
					t.Error(err)
				}
				if b, err = x.s.SealRTCP(rtcpPacket(ssrc, "data")); err != nil {
					t.Error(err)
				} else if _, err := x.o.OpenRTCP(b); err != nil {
					t.Error(err)
				}
				x.s.Sealed(ssrc, n)
				x.s.SetCryptex(n%2 == 0)
				x.o.SetCryptexRequired(false)
			}
			x.s.Forget(ssrc)
			x.o.Forget(ssrc)
			x.o.Counters()
		})
	}
	group.Wait()
}

func TestSteadyStreamsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, p := range profiles {
		for _, cryptex := range []bool{false, true} {
			x := newPair(t, p, Config{CryptexSend: cryptex})
			plain := rtpPacket(1, 0, "srcs\xBE\xDE\x00\x01\x10A\x00\x00"+string(make([]byte, 900)))
			plain[0] |= 0x11
			b := withRoom(plain)
			sequence := uint16(0)
			n := testing.AllocsPerRun(1000, func() {
				sequence++
				b = b[:len(plain)]
				copy(b, plain)
				b[2], b[3] = byte(sequence>>8), byte(sequence)
				sealed, err := x.s.SealRTP(b)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := x.o.OpenRTP(sealed); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v, cryptex %v: %v allocations to seal and open a packet", p, cryptex, n)
			}
		}
	}
}
