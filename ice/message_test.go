package ice

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// The test vectors of RFC 5769 §2, all under one password.
const (
	vectorPassword = "VOkJxbRl1RmTxUk/WvJxBt"

	vectorRequest = `00010058 2112a442 b7e7a701bc34d686fa87dfae
		80220010 5354554e207465737420636c69656e74
		00240004 6e0001ff
		80290008 932ff9b151263b36
		00060009 6576746a3a68367659202020
		00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
		80280004 e57a3bcf`
	vectorResponse4 = `0101003c 2112a442 b7e7a701bc34d686fa87dfae
		8022000b 7465737420766563746f7220
		00200008 0001a147e112a643
		00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
		80280004 c07d4c96`
	vectorResponse6 = `01010048 2112a442 b7e7a701bc34d686fa87dfae
		8022000b 7465737420766563746f7220
		00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
		00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
		80280004 c8fb0b4c`
)

func vector(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readBinding(t testing.TB, raw []byte) *binding {
	t.Helper()
	m := stun.New()
	if _, err := m.Write(raw); err != nil {
		t.Fatal(err)
	}
	b := new(binding)
	b.read(m)
	return b
}

func TestVectorsOfRFC5769(t *testing.T) {
	for name, c := range map[string]struct {
		raw    string
		mapped string
	}{
		"request (§2.1)":       {vectorRequest, "invalid AddrPort"},
		"IPv4 response (§2.2)": {vectorResponse4, "192.0.2.1:32853"},
		"IPv6 response (§2.3)": {vectorResponse6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := vector(t, c.raw)
			// Spare capacity that a careless check would write into.
			guarded := append(bytes.Clone(raw), bytes.Repeat([]byte{0xaa}, 64)...)
			raw = guarded[:len(raw)]
			if !newIntegrityKey(vectorPassword).verify(raw) {
				t.Error("MESSAGE-INTEGRITY is refused")
			}
			if newIntegrityKey(vectorPassword + "x").verify(raw) {
				t.Error("MESSAGE-INTEGRITY under another password is accepted")
			}
			if present, right := fingerprint(raw); !present || !right {
				t.Errorf("FINGERPRINT: present %v, right %v", present, right)
			}
			if got := readBinding(t, raw).mapped.String(); got != c.mapped {
				t.Errorf("mapped address %s, want %s", got, c.mapped)
			}
			if !bytes.Equal(guarded[len(raw):], bytes.Repeat([]byte{0xaa}, 64)) {
				t.Error("bytes after the message were overwritten")
			}
			for i := range raw {
				bad := bytes.Clone(raw)
				bad[i] ^= 0x10
				_, right := fingerprint(bad)
				// The padding of SOFTWARE and all else is covered by one or the other.
				if newIntegrityKey(vectorPassword).verify(bad) && right {
					t.Errorf("byte %d can be changed", i)
				}
			}
		})
	}
}

func TestReadRequestOfRFC5769(t *testing.T) {
	b := readBinding(t, vector(t, vectorRequest))
	if string(b.localUfrag) != "evtj" || string(b.remoteUfrag) != "h6vY" {
		t.Errorf("USERNAME %q:%q", b.localUfrag, b.remoteUfrag)
	}
	if !b.hasPriority || b.priority != 0x6e0001ff {
		t.Errorf("PRIORITY %v %#x", b.hasPriority, b.priority)
	}
	if !b.controlled || b.controlling || b.tieBreaker != 0x932ff9b151263b36 {
		t.Errorf("role %v/%v, tie-breaker %#x", b.controlling, b.controlled, b.tieBreaker)
	}
}

// Only the first attribute of a kind counts (RFC 8489 §14).
func TestRepeatedAttributes(t *testing.T) {
	m := stun.New()
	start(m, stun.ClassRequest, transactionID{1})
	m.Add(stun.AttrUsername, []byte("one:two"))
	m.Add(stun.AttrUsername, []byte("three:four"))
	addUint32(m, stun.AttrPriority, 1)
	addUint32(m, stun.AttrPriority, 2)
	addXORAddress(m, netip.MustParseAddrPort(addrA))
	addXORAddress(m, netip.MustParseAddrPort(addrB))
	addErrorCode(m, 487)
	addErrorCode(m, 400)
	b := readBinding(t, m.Raw)
	if string(b.localUfrag) != "one" || b.priority != 1 || b.mapped.String() != addrA || b.errorCode != 487 {
		t.Errorf("read %q, %d, %v, %d", b.localUfrag, b.priority, b.mapped, b.errorCode)
	}
}

func TestXORAddressRoundTrip(t *testing.T) {
	for _, s := range []string{"192.0.2.1:1", "255.255.255.255:65535", "[2001:db8::1]:3478", "[fe80::1]:9"} {
		want := netip.MustParseAddrPort(s)
		m := stun.New()
		start(m, stun.ClassSuccessResponse, transactionID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
		addXORAddress(m, want)
		if got := readBinding(t, m.Raw).mapped; got != want {
			t.Errorf("%v comes back as %v", want, got)
		}
		// The engine reads the same.
		var x stun.XORMappedAddress
		if err := x.GetFrom(m); err != nil || x.Port != int(want.Port()) || x.IP.String() != want.Addr().String() {
			t.Errorf("the engine reads %v as %v: %v", want, x, err)
		}
	}
}

// The length of an address goes with its family, and what is no address is none.
func TestXORAddressOfAnotherLength(t *testing.T) {
	id := transactionID{1}
	for _, v := range [][]byte{nil, make([]byte, 7), make([]byte, 8), append([]byte{0, 1}, make([]byte, 18)...),
		append([]byte{0, 2}, make([]byte, 6)...), append([]byte{0, 3}, make([]byte, 6)...), append([]byte{0, 1}, make([]byte, 5)...)} {
		if got := readXORAddress(v, &id); got.IsValid() {
			t.Errorf("% x is read as %v", v, got)
		}
	}
}

// What we sign, the engine accepts.
func TestSignatureIsTheEngines(t *testing.T) {
	m := stun.New()
	start(m, stun.ClassRequest, transactionID{7})
	m.Add(stun.AttrUsername, []byte("abcd:efg"))
	newIntegrityKey("a password of some length").sign(m)
	addFingerprint(m)
	if err := stun.NewShortTermIntegrity("a password of some length").Check(m); err != nil {
		t.Error(err)
	}
	if err := stun.Fingerprint.Check(m); err != nil {
		t.Error(err)
	}
}

func TestCredentials(t *testing.T) {
	ufrag, pwd, err := NewCredentials(bytes.NewReader(bytes.Repeat([]byte{0xff, 0, 7, 200}, 8)))
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckCredentials(ufrag, pwd); err != nil {
		t.Error(err)
	}
	if _, _, err := NewCredentials(bytes.NewReader(nil)); err == nil {
		t.Error("an empty source gives credentials")
	}
	long := strings.Repeat("a", 257)
	for _, c := range []struct{ ufrag, pwd string }{
		{"abc", pwd}, {long, pwd}, {ufrag, long}, {ufrag, pwd[:21]}, {"ab:d", pwd}, {ufrag, pwd + " "}, {"äbcd", pwd},
	} {
		if CheckCredentials(c.ufrag, c.pwd) == nil {
			t.Errorf("%q and %q are accepted", c.ufrag, c.pwd)
		}
	}
}
