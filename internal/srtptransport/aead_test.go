package srtptransport

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// RFC 7714 §16.1.1 and §16.2.1.
func TestAEADVectors(t *testing.T) {
	const packet = `8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573`
	for _, v := range []struct{ key, sealed string }{
		{
			`000102030405060708090a0b0c0d0e0f`,
			`8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
			 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
		},
		{
			`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`,
			`8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
			 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`,
		},
	} {
		a := &aeadSealer{aead: gcm(unhex(t, v.key)), salt: [aeadNonceLen]byte(unhex(t, "517569642070726f2071756f"))}
		b := withRoom(unhex(t, packet))
		h, ok := rtpHeader(b)
		if !ok || h.sequence != 0xf17b || h.ssrc != 0x5501a0b2 {
			t.Fatalf("the header is read as %+v", h)
		}
		got, err := a.seal(b, h, uint64(h.sequence), false)
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, "the packet", got, unhex(t, v.sealed))
	}
}

// What the library's own sealing writes is what pion/srtp writes, in all forms of
// the header, with and without cryptex, over rollovers; and what the one refuses the
// other does.
func TestAEADIsTheEngines(t *testing.T) {
	r := rand.New(rand.NewPCG(77, 14))
	for _, p := range []Profile{AEADAES128GCM, AEADAES256GCM} {
		s, _ := p.suite()
		key, _ := s.split(material(t, p))
		for _, cryptex := range []bool{false, true} {
			e, err := newEngine(s, key, cryptex)
			if err != nil {
				t.Fatal(err)
			}
			a, err := newAEADSealer(key)
			if err != nil {
				t.Fatal(err)
			}
			refused := 0
			for range 2000 {
				ssrc, index := r.Uint32(), r.Uint64()&maxRTPIndex
				b := anyPacket(r, ssrc, uint16(index))
				e.context.SetROC(ssrc, uint32(index>>16))
				want, refusal := e.sealRTP(nil, bytes.Clone(b))
				h, ok := rtpHeader(b)
				if !ok {
					t.Fatalf("the packet %x is not read", b)
				}
				got, err := a.seal(withRoom(b), h, index, cryptex)
				if (err == nil) != (refusal == nil) {
					t.Fatalf("%x: %v, the engine: %v", b, err, refusal)
				}
				if err != nil {
					refused++
					continue
				}
				wantBytes(t, "the packet", got, want)
			}
			if cryptex != (refused > 0) || refused > 1000 {
				t.Errorf("%d of 2000 were refused, cryptex %v", refused, cryptex)
			}
		}
	}
}

// anyPacket returns a packet with any number of sources, any form of extension,
// and any payload, which may be empty.
func anyPacket(r *rand.Rand, ssrc uint32, sequence uint16) []byte {
	b := rtpPacket(ssrc, sequence, "")
	random := func(n int) {
		for range n {
			b = append(b, byte(r.Uint32()))
		}
	}
	if r.IntN(2) == 0 {
		n := r.IntN(16)
		b[0] |= byte(n)
		random(4 * n)
	}
	if k := r.IntN(8); k < 7 {
		b[0] |= extensionBit
		switch words := r.IntN(3); {
		case k < 3:
			b = append(b, 0xBE, 0xDE, 0, byte(words))
			for range words { // one-byte headers: two elements of a byte each
				b = append(b, 0x10, byte(r.Uint32()), 0x20, byte(r.Uint32()))
			}
		case k < 6:
			b = append(b, 0x10, 0, 0, byte(words))
			for range words {
				b = append(b, 1, 2, byte(r.Uint32()), byte(r.Uint32()))
			}
		default:
			b = append(b, 0x12, 0x34, 0, byte(words))
			random(4 * words)
		}
	}
	if r.IntN(10) > 0 {
		random(r.IntN(1200))
	}
	return b
}
