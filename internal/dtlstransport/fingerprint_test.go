package dtlstransport

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The digests of "abc" are those of FIPS 180-4's examples.
func TestComputeFingerprint(t *testing.T) {
	for _, tt := range []struct{ algorithm, name, prefix string }{
		{"sha-1", "sha-1", "A9:99:3E:36:47"},
		{"sha-224", "sha-224", "23:09:7D:22:34"},
		{"sha-256", "sha-256", "BA:78:16:BF:8F"},
		{"SHA-256", "sha-256", "BA:78:16:BF:8F"},
		{"sha-384", "sha-384", "CB:00:75:3F:45"},
		{"sha-512", "sha-512", "DD:AF:35:A1:93"},
	} {
		f, err := ComputeFingerprint([]byte("abc"), tt.algorithm)
		if err != nil || f.Algorithm != tt.name || !strings.HasPrefix(f.Value, tt.prefix) {
			t.Errorf("%s: %v, %v, want %s…", tt.algorithm, f, err, tt.prefix)
		}
		if err := VerifyPeer([]byte("abc"), []Fingerprint{f}, true); err != nil {
			t.Errorf("%s: %v", tt.algorithm, err)
		}
		if err := VerifyPeer([]byte("abd"), []Fingerprint{f}, true); !errors.Is(err, ErrFingerprintMismatch) {
			t.Errorf("%s of something else: %v", tt.algorithm, err)
		}
	}
	for _, algorithm := range []string{"md5", "md2", "", "sha256", "sha-3"} {
		if f, err := ComputeFingerprint(nil, algorithm); !errors.Is(err, ErrUnknownHash) {
			t.Errorf("%q: %v, %v, want ErrUnknownHash", algorithm, f, err)
		}
	}
}

func TestVerifyPeer(t *testing.T) {
	der := []byte("a certificate")
	good := func(algorithm string) Fingerprint {
		f, err := ComputeFingerprint(der, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	bad := func(algorithm string) Fingerprint {
		f, _ := ComputeFingerprint([]byte("another"), algorithm)
		return f
	}
	lower := func(f Fingerprint) Fingerprint {
		return Fingerprint{strings.ToUpper(f.Algorithm), strings.ToLower(f.Value)}
	}
	md5 := Fingerprint{"md5", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"}
	short := Fingerprint{"sha-256", "AA:BB"}
	for _, tt := range []struct {
		name  string
		fps   []Fingerprint
		sha1  bool
		wants error
	}{
		{"sha-256", []Fingerprint{good("sha-256")}, false, nil},
		{"either case", []Fingerprint{lower(good("sha-256"))}, false, nil},
		{"wrong", []Fingerprint{bad("sha-256")}, false, ErrFingerprintMismatch},
		{"none", nil, false, ErrNoFingerprint},
		{"the second of one function", []Fingerprint{bad("sha-256"), good("sha-256")}, false, nil},
		{"the strongest decides, right", []Fingerprint{bad("sha-256"), good("sha-512")}, false, nil},
		{"the strongest decides, wrong", []Fingerprint{good("sha-256"), bad("sha-512")}, false, ErrFingerprintMismatch},
		{"an unknown one is passed over", []Fingerprint{md5, good("sha-256")}, false, nil},
		{"md5 alone", []Fingerprint{md5}, true, ErrNoFingerprint},
		{"sha-1 unasked", []Fingerprint{good("sha-1")}, false, ErrNoFingerprint},
		{"sha-1 allowed", []Fingerprint{good("sha-1")}, true, nil},
		{"sha-1 allowed, better wrong", []Fingerprint{good("sha-1"), bad("sha-224")}, true, ErrFingerprintMismatch},
		{"too short", []Fingerprint{short}, false, ErrNoFingerprint},
		{"too short beside a good one", []Fingerprint{short, good("sha-256")}, false, nil},
		{"not hexadecimal", []Fingerprint{{"sha-256", strings.Repeat("GG:", 31) + "GG"}}, false, ErrFingerprintSyntax},
		{"no colons", []Fingerprint{{"sha-256", strings.ReplaceAll(good("sha-256").Value, ":", "")}}, false, ErrFingerprintSyntax},
	} {
		if err := VerifyPeer(der, tt.fps, tt.sha1); !errors.Is(err, tt.wants) || (err == nil) != (tt.wants == nil) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.wants)
		}
	}
}

// wantFailure checks the error of a failed transport.
func (p *peer) wantFailure(detail string, cause error, sent, received int, why string) {
	p.t.Helper()
	p.wantState(StateFailed, DefaultHandshakeTimeout+time.Second, why)
	var e *rtcerr.RTCError
	if !errors.As(p.Err(), &e) {
		p.t.Fatalf("%s: %v is no RTCError", why, p.Err())
	}
	if e.Detail != detail || cause != nil && !errors.Is(e, cause) {
		p.t.Errorf("%s: %v, want %s, %v", why, e, detail, cause)
	}
	number := func(n *uint32) int {
		if n == nil {
			return -1
		}
		return int(*n)
	}
	if number(e.Sent) != sent || number(e.Received) != received {
		p.t.Errorf("%s: alerts %d sent, %d received, want %d, %d", why, number(e.Sent), number(e.Received), sent, received)
	}
	last := p.lastEvent()
	for range 1000 { // OnState hears of the state a little after State tells it
		if last.state == StateFailed {
			break
		}
		time.Sleep(time.Millisecond)
		last = p.lastEvent()
	}
	if last.state != StateFailed || last.err == nil {
		p.t.Errorf("%s: OnState heard %v", why, last)
	}
	if _, err := p.Read(make([]byte, 100)); !errors.As(err, &e) {
		p.t.Errorf("%s: Read returns %v", why, err)
	}
	if _, err := p.Write([]byte("x")); !errors.As(err, &e) {
		p.t.Errorf("%s: Write returns %v", why, err)
	}
}

// badCertificate is the alert with which a certificate is refused
// (RFC 8122 §6.2, RFC 5246 §7.2).
const badCertificate = 42

func TestAWrongFingerprintFailsBothEnds(t *testing.T) {
	wrong, err := ComputeFingerprint([]byte("someone else"), "sha-256")
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, "the server's", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.b.start(Passive, fingerprint(t, p.a.cert))
		p.a.start(Active, wrong)
		p.a.wantFailure(rtcerr.DetailFingerprintFailure, ErrFingerprintMismatch, badCertificate, -1, "the client refuses")
		p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, badCertificate, "the server is told")
	})
	bubble(t, "the client's", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.b.start(Passive, wrong)
		p.a.start(Active, fingerprint(t, p.b.cert))
		p.b.wantFailure(rtcerr.DetailFingerprintFailure, ErrFingerprintMismatch, badCertificate, -1, "the server refuses")
		p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, badCertificate, "the client is told")
	})
	bubble(t, "none that can be used", func(t *testing.T) {
		p := newPair(t, rtt/2)
		err := p.a.Start(Active, []Fingerprint{{"md5", "00"}})
		var e *rtcerr.RTCError
		if !errors.As(err, &e) || e.Detail != rtcerr.DetailFingerprintFailure || p.a.State() != StateNew {
			t.Errorf("%v in state %v", err, p.a.State())
		}
	})
}

func TestReverify(t *testing.T) {
	bubble(t, "after a renegotiation", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		better, _ := ComputeFingerprint(p.b.cert.Certificate[0], "sha-512")
		if err := p.a.Reverify([]Fingerprint{better}); err != nil {
			t.Error("the same certificate under another hash:", err)
		}
		var e *rtcerr.RTCError
		if err := p.a.Reverify([]Fingerprint{fingerprint(t, p.a.cert)}); !errors.As(err, &e) || !errors.Is(err, ErrFingerprintMismatch) {
			t.Error("another certificate:", err)
		}
		if err := p.a.Reverify(nil); !errors.Is(err, ErrNoFingerprint) {
			t.Error("no fingerprint:", err)
		}
		p.wantExchange("a failed Reverify changes nothing")
	})
}
