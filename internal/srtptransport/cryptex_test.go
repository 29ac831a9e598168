package srtptransport

import (
	"bytes"
	"testing"
)

// materialOf puts one direction's keys where the client's stand, and others where
// the server's do.
func materialOf(k masterKey) []byte {
	m := append(bytes.Clone(k.key), make([]byte, len(k.key))...)
	return append(append(m, k.salt...), make([]byte, len(k.salt))...)
}

// RFC 9335 appendix A.
func TestCryptexVectors(t *testing.T) {
	const one, two = "bede0001 51000200", "10000001 05020002"
	const csrcs, payload = "0001e240 0000b26e", "abababab abababab abababab abababab"
	plain := []string{
		"900f1235 decafbad cafebabe" + one + payload,
		"900f1236 decafbad cafebabe" + two + payload,
		"920f1238 decafbad cafebabe" + csrcs + one + payload,
		"920f1239 decafbad cafebabe" + csrcs + two + payload,
		"920f123a decafbad cafebabe" + csrcs + "bede0000" + payload,
		"920f123b decafbad cafebabe" + csrcs + "10000000" + payload,
	}
	for _, v := range []struct {
		profile   Profile
		key, salt string
		sealed    []string
	}{
		{AES128CMHMACSHA180, "e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6", []string{
			"900f1235decafbadcafebabec0de0001eb92365251c3e036f8de27e9c27ee3e0b4651d9fbc4218a70244522f34a5",
			"900f1236decafbadcafebabec2de00014ed9cc4e6a712b3096c5ca77339d4204ce0d77396cab69585fbce38194a5",
			"920f1238decafbadcafebabe8bb6e12b5cff16ddc0de000192838c8c09e58393e1de3a9a74734d6745671338c3acf11da2df8423bee0",
			"920f1239decafbadcafebabef70e513eb90b9b25c2de0001bbed4848faa644665f3d7f34125914e9f4d0ae923c6f479b95a0f7b53133",
			"920f123adecafbadcafebabe7130b6abfe2ab0e3c0de0000e3d9f64b25c9e74cb4cf8e43fb92e3781c2c0ceab6b3a499a14c",
			"920f123bdecafbadcafebabecbf24c124330e1c8c2de0000599dd45bc9d687b603e8b59d771fd38e88b170e0cd31e125eabe",
		}},
		{AEADAES128GCM, "000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaab", []string{
			"900f1235decafbadcafebabec0de000139972dc9572c4d99e8fc355de743fb2e94f9d8ff54e72f4193bbc5c74ffab0fa9fa0fbeb",
			"900f1236decafbadcafebabec2de0001bb75a4c545cd1f413bdb7daa2b1e3263de313667c963249081b35a65f5cb6c88b394235f",
			"920f1238decafbadcafebabe63bbccc4a7f695c4c0de00018ad7c71fac70a80c92866b4c6ba98546ef913586e95ffaaffe956885bb0647a8bc094ac8",
			"920f1239decafbadcafebabe3680524f8d312b00c2de0001c78d120038422bc111a7187a18246f980c059cc6bc9df8b626394eca344e4b05d80fea83",
			"920f123adecafbadcafebabe15b6bb4337906fffc0de0000b7b964537a2b03ab7ba5389ce93317126b5d974df30c6884dcb651c5e120c1da",
			"920f123bdecafbadcafebabedcb38c9e48bf95f4c2de000061ee432cf920317076613258d3ce4236c06ac429681ad08413512dc98b5207d8",
		}},
	} {
		t.Run(v.profile.String(), func(t *testing.T) {
			m := materialOf(masterKey{unhex(t, v.key), unhex(t, v.salt)})
			s, _, err := New(v.profile, m, true, Config{CryptexSend: true})
			if err != nil {
				t.Fatal(err)
			}
			_, o, err := New(v.profile, m, false, Config{CryptexRequired: true})
			if err != nil {
				t.Fatal(err)
			}
			for i := range plain {
				b := unhex(t, plain[i])
				got, err := s.SealRTP(withRoom(b))
				if err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the packet", got, unhex(t, v.sealed[i]))
				if got, err = o.OpenRTP(got); err != nil {
					t.Fatal(err)
				}
				wantBytes(t, "the opened packet", got, b)
			}
		})
	}
}

// RFC 9335 §5.1: contributing sources without an extension get an empty one, to
// be encrypted with.
func TestCryptexAddsAnExtensionForSources(t *testing.T) {
	for _, p := range profiles {
		x := newPair(t, p, Config{CryptexSend: true, CryptexRequired: true})
		b := rtpPacket(1, 1, "abcdpayload")
		b[0] |= 1
		full := b[: len(b) : len(b)+Overhead]
		got, err := x.s.SealRTP(full)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(got, []byte("abcd")) {
			t.Errorf("%v: the contributing source is in the clear", p)
		}
		got, err = x.o.OpenRTP(got)
		if want := "abcd\xBE\xDE\x00\x00payload"; err != nil || string(got[12:]) != want {
			t.Errorf("%v: opened is %q, %v; want %q", p, got[12:], err, want)
		}
	}
}

func TestCryptexIsNegotiated(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	extended := func(sequence uint16) []byte {
		b := rtpPacket(1, sequence, "\xBE\xDE\x00\x01\x10A\x00\x00payload")
		b[0] |= 0x10
		return b
	}
	seal := func(b []byte) []byte {
		t.Helper()
		b, err := x.s.SealRTP(withRoom(b))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	x.wantRTP(seal(extended(1)), nil, "in the clear")
	x.o.SetCryptexRequired(true)
	x.wantRTP(seal(extended(2)), ErrCleartextHeader, "in the clear, although required")
	x.wantRTP(seal(rtpPacket(1, 3, "nothing to hide")), nil, "nothing to encrypt")
	x.s.SetCryptex(true)
	x.wantRTP(seal(extended(4)), nil, "encrypted")
	x.o.SetCryptexRequired(false)
	x.wantRTP(seal(extended(5)), nil, "encrypted, although not required")
	// RFC 9335 §5.1: only for the extensions of RFC 8285.
	b := rtpPacket(1, 6, "\x12\x34\x00\x00payload")
	b[0] |= 0x10
	if _, err := x.s.SealRTP(b); err == nil {
		t.Error("an extension of another profile was sealed")
	}
	x.s.SetCryptex(false)
	x.wantRTP(seal(extended(7)), nil, "in the clear again")
	if c := x.o.Counters(); c != (Counters{Cleartext: 1}) {
		t.Errorf("%+v", c)
	}
}
