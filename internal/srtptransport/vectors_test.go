package srtptransport

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%x, want\n%x", what, got, want)
	}
}

// RFC 3711 B.2 and B.3.
func TestReferenceAESCM(t *testing.T) {
	k := sessionKey{key: unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"), salt: unhex(t, "f0f1f2f3f4f5f6f7f8f9fafbfcfd")}
	wantBytes(t, "the keystream", k.keystream(0, 0, 48), unhex(t, `
		e03ead0935c95e80e166b16dd92b4eb4
		d23513162b02d0f72a43a2fe4a5f97ab
		41e95b3bb0a2e8dd477901e4fca894c0`))
	m := masterKey{unhex(t, "e1f97a0d3e018be0d64fa32c06de4139"), unhex(t, "0ec675ad498afeebb6960b3aabe6")}
	s := deriveSession(m, false)
	wantBytes(t, "the cipher key", s.key, unhex(t, "c61e7a93744f39ee10734afe3ff7a087"))
	wantBytes(t, "the cipher salt", s.salt, unhex(t, "30cbbc08863d8c85d49db34a9ae1"))
	wantBytes(t, "the auth key", s.auth, unhex(t, "cebe321f6ff7716b6fd4ab49af256a156d38baa4"))
}

// RFC 7714 §16 and §17.
func TestReferenceAESGCM(t *testing.T) {
	const rtp = `8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573`
	const rtcp = `81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef`
	for _, v := range []struct{ key, rtp, rtcp string }{
		{
			`000102030405060708090a0b0c0d0e0f`,
			`8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
			 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
			`81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
			 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4`,
		},
		{
			`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`,
			`8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
			 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`,
			`81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658
			 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4`,
		},
	} {
		k := sessionKey{key: unhex(t, v.key), salt: unhex(t, "517569642070726f2071756f")}
		wantBytes(t, "the RTP packet", k.gcmRTP(unhex(t, rtp), 12, 0), unhex(t, v.rtp))
		wantBytes(t, "the RTCP packet", k.gcmRTCP(unhex(t, rtcp), 0x5d4), unhex(t, v.rtcp))
	}
}

// The Sealer writes what the reference writes, over all profiles, rollovers and
// header forms, and the Opener reads it.
func TestSealedIsWhatTheSpecificationsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 11))
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			x := newPair(t, p, Config{})
			s, _ := p.suite()
			master, _ := s.split(material(t, p))
			rtpKey, rtcpKey := deriveSession(master, false), deriveSession(master, true)
			index, rtcpIndex := uint64(r.IntN(1<<15)), uint32(0)
			for range 400 {
				index += 1 + r.Uint64N(1<<14)
				packet := rtpPacket(7, uint16(index), "")
				for range r.IntN(4) {
					packet[0]++ // a contributing source
					packet = append(packet, byte(r.Uint32()), 2, 3, 4)
				}
				if r.IntN(2) == 0 {
					packet[0] |= 0x10
					packet = append(packet, 0xBE, 0xDE, 0, 1, 0x10, byte(r.Uint32()), 0, 0)
				}
				n := len(packet)
				for range r.IntN(1200) {
					packet = append(packet, byte(r.Uint32()))
				}
				var want []byte
				switch roc := uint32(index >> 16); p {
				case AES128CMHMACSHA180:
					want = rtpKey.cmRTP(packet, n, roc, 10)
				case AES128CMHMACSHA132:
					want = rtpKey.cmRTP(packet, n, roc, 4)
				default:
					want = rtpKey.gcmRTP(packet, n, roc)
				}
				got, err := x.s.SealRTP(withRoom(packet))
				if err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the RTP packet", got, want)
				got, err = x.o.OpenRTP(got)
				if err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the opened RTP packet", got, packet)

				packet = rtcpPacket(7, strings.Repeat("four", r.IntN(300)))
				rtcpIndex++
				if s.aead {
					want = rtcpKey.gcmRTCP(packet, rtcpIndex)
				} else {
					want = rtcpKey.cmRTCP(packet, rtcpIndex)
				}
				if got, err = x.s.SealRTCP(withRoom(packet)); err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the RTCP packet", got, want)
				if got, err = x.o.OpenRTCP(got); err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the opened RTCP packet", got, packet)
			}
			if index < 5<<16 {
				t.Error("the sequence numbers have not wrapped")
			}
		})
	}
}
