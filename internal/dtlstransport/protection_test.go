package dtlstransport

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

// ours are the suites whose records are sealed here.
var ours = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// testProtection has the key 0, 1, 2, … and the IV 0xa0, 0xa1, …
func testProtection(t testing.TB, id dtls.CipherSuiteID) (p protection, key, iv []byte) {
	t.Helper()
	of, ok := suiteFor(id)
	if !ok {
		t.Fatalf("no records for %v", id)
	}
	for i := range of.keyLen {
		key = append(key, byte(i))
	}
	for i := range of.ivLen {
		iv = append(iv, 0xa0+byte(i))
	}
	p, err := newProtection(of, key, iv)
	if err != nil {
		t.Fatal(err)
	}
	return p, key, iv
}

// What OpenSSL's ciphers (3.0.19) make of the same key, IV, number and content.
func TestRecordsWithKnownAnswers(t *testing.T) {
	for id, want := range map[dtls.CipherSuiteID]string{
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "17fefd0001000000012345002c0001000000012345" +
			"040468c080e59090da7ac8db102f318acfbfb7c513e437e7153c7fe7273df31240952ee6",
		dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "17fefd0001000000012345002c0001000000012345" +
			"47de7ae157927839d7762e736f2a796096831fa36349969ecd5edf5ad76b57e5ba735770",
		dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "17fefd00010000000123450024" +
			"3b491671baedbd6ef92bb8c4d175ed3ee29bb8757a6da592b3215221502d7e380a7e75a7",
	} {
		const content = "a record of DTLS 1.2"
		p, _, _ := testProtection(t, id)
		got := p.seal(nil, typeApplicationData, 0x12345, []byte(content))
		if hex.EncodeToString(got) != want {
			t.Errorf("%v: sealed\n%x, want\n%s", id, got, want)
		}
		r, _, _ := nextRecord(got)
		if back, ok := p.open(nil, r); !ok || string(back) != content {
			t.Errorf("%v: opened %q, %v", id, back, ok)
		}
	}
}

// engineCipher is what the engine seals and opens with.
type engineCipher interface {
	Encrypt(*recordlayer.RecordLayer, []byte) ([]byte, error)
	Decrypt(recordlayer.Header, []byte) ([]byte, error)
}

// Records of every length, ours and the engine's, are the same.
func TestRecordsAreTheEngines(t *testing.T) {
	for _, id := range ours {
		t.Run(dtls.CipherSuiteName(id), func(t *testing.T) {
			p, key, iv := testProtection(t, id)
			var engine engineCipher
			var err error
			if p.explicit > 0 {
				engine, err = ciphersuite.NewGCM(key, iv, key, iv)
			} else {
				engine, err = ciphersuite.NewChaCha20Poly1305(key, iv, key, iv)
			}
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for n := range 1300 {
				content := make([]byte, n)
				for i := range content {
					content[i] = byte(r.Uint32())
				}
				sequence := r.Uint64() & maxSequence
				layer := &recordlayer.RecordLayer{
					Header:  recordlayer.Header{Epoch: 1, Version: protocol.Version1_2, SequenceNumber: sequence},
					Content: &protocol.ApplicationData{Data: content},
				}
				raw, err := layer.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				want, err := engine.Encrypt(layer, raw)
				if err != nil {
					t.Fatal(err)
				}
				got := p.seal(nil, typeApplicationData, sequence, content)
				if !bytes.Equal(got, want) {
					t.Fatalf("%d bytes: sealed\n%x, the engine\n%x", n, got, want)
				}
				if n == 0 {
					continue // the engine takes none
				}
				back, err := engine.Decrypt(recordlayer.Header{}, slices.Clone(got))
				if err != nil || !bytes.Equal(back[recordHeaderLen:], content) {
					t.Fatalf("%d bytes: the engine opens %x, %v", n, back, err)
				}
			}
		})
	}
}

// A record that was changed anywhere is dropped, leaves no trace in the window,
// and the true one is still taken, once.
func TestForgeriesAreDropped(t *testing.T) {
	for _, id := range ours {
		t.Run(dtls.CipherSuiteName(id), func(t *testing.T) {
			p, _, _ := testProtection(t, id)
			o := opener{protect: p, window: newReplayWindow(64)}
			p, _, _ = testProtection(t, id)
			good := p.seal(nil, typeApplicationData, 7, []byte("content"))
			forged := uint64(0)
			for i := range good {
				bad := slices.Clone(good)
				bad[i] ^= 1
				r, _, ok := nextRecord(bad)
				if !ok {
					continue // the length
				}
				content, why := o.open(nil, r)
				if why == keep {
					t.Fatalf("took byte %d of %x changed: %x", i, bad, content)
				}
				if why == dropForged {
					forged++
				}
			}
			if o.forged != forged || forged < uint64(len(good))-6 {
				t.Errorf("%d forgeries counted, %d seen", o.forged, forged)
			}
			r, _, _ := nextRecord(good)
			if content, why := o.open(nil, r); why != keep || string(content) != "content" {
				t.Fatalf("opened %q, %v", content, why)
			}
			if _, why := o.open(nil, r); why != dropReplayed {
				t.Errorf("a replay: %v", why)
			}
		})
	}
}

// FuzzRecord: whatever arrives as a record of epoch 1, only what was sealed with
// the key opens, once, and nothing else changes the state.
func FuzzRecord(f *testing.F) {
	for i, id := range ours {
		p, _, _ := testProtection(f, id)
		good := p.seal(nil, typeApplicationData, 1, []byte("content"))
		f.Add(uint8(i), good)
		f.Add(uint8(i), p.seal(nil, typeAlert, 2, []byte{1, 0}))
		f.Add(uint8(i), slices.Concat(good, good))
		f.Add(uint8(i), good[:len(good)-1])
		f.Add(uint8(i), plain(typeApplicationData, 1, 1, make([]byte, 23)))
		f.Add(uint8(i), plain(typeHandshake, 1, maxSequence, make([]byte, 24)))
	}
	f.Fuzz(func(t *testing.T, which uint8, datagram []byte) {
		id := ours[int(which)%len(ours)]
		p, _, _ := testProtection(t, id)
		o := opener{protect: p, window: newReplayWindow(64)}
		given := slices.Clone(datagram)
		for rest := datagram; ; {
			r, tail, ok := nextRecord(rest)
			if !ok {
				break
			}
			rest = tail
			if r.check(true) != keep {
				continue
			}
			top := o.window.top
			content, why := o.open(make([]byte, 0, len(r.body)), r)
			if why != keep {
				if o.window.top != top {
					t.Fatal("what was dropped moved the window")
				}
				continue
			}
			// Only what holds the key makes such a record.
			again, _, _ := testProtection(t, id)
			if sealed := again.seal(nil, r.typ, r.sequence(), content); again.explicit == 0 && !bytes.Equal(sealed, r.raw) {
				t.Fatalf("opened %x, which is not %x", r.raw, sealed)
			}
			if _, why := o.open(nil, r); why != dropReplayed {
				t.Fatalf("opened twice: %x", r.raw)
			}
		}
		if !bytes.Equal(given, datagram) {
			t.Fatal("the record layer changed what it was given")
		}
	})
}
