package srtptransport

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// RFC 7714 §16.1.1 and §16.2.1, the other way round.
func TestAEADOpensTheVectors(t *testing.T) {
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
		a := &aeadOpener{aeadSealer{aead: gcm(unhex(t, v.key)), salt: [aeadNonceLen]byte(unhex(t, "517569642070726f2071756f"))}}
		b := unhex(t, v.sealed)
		h, _ := rtpHeader(b)
		got, err := a.open(b, h, uint64(h.sequence))
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, "the packet", got, unhex(t, packet))
	}
}

// What pion/srtp seals opens here, in all forms of the header that have nothing
// encrypted, over rollovers; any bit that is flipped is found.
func TestAEADOpensTheEngines(t *testing.T) {
	r := rand.New(rand.NewPCG(78, 14))
	for _, p := range []Profile{AEADAES128GCM, AEADAES256GCM} {
		s, _ := p.suite()
		key, _ := s.split(material(t, p))
		e, err := newEngine(s, key, false)
		if err != nil {
			t.Fatal(err)
		}
		a, err := newAEADOpener(key)
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			ssrc, index := r.Uint32(), r.Uint64()&maxRTPIndex
			plain := anyPacket(r, ssrc, uint16(index))
			e.context.SetROC(ssrc, uint32(index>>16))
			sealed, err := e.sealRTP(nil, bytes.Clone(plain))
			if err != nil {
				t.Fatal(err)
			}
			h, ok := rtpHeader(sealed)
			if !ok || !a.takes(h) {
				t.Fatalf("the packet %x is not taken", sealed)
			}
			forged := bytes.Clone(sealed)
			forged[r.IntN(len(forged))] ^= 1 << r.IntN(8)
			if _, err := a.open(forged, h, index); !errors.Is(err, ErrAuthentication) {
				t.Fatalf("a forged packet: %v", err)
			}
			if _, err := a.open(bytes.Clone(sealed), h, index^1<<16); !errors.Is(err, ErrAuthentication) {
				t.Fatalf("another rollover counter: %v", err)
			}
			short := bytes.Clone(sealed[:h.size+r.IntN(16)])
			if _, err := a.open(short, h, index); !errors.Is(err, ErrMalformed) {
				t.Fatalf("a packet without room for its tag: %v", err)
			}
			got, err := a.open(sealed, h, index)
			if err != nil {
				t.Fatal(err)
			}
			wantBytes(t, "the packet", got, plain)
		}
	}
}
