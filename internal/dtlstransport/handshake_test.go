package dtlstransport

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
)

const rtt = 100 * time.Millisecond

func TestTwoTransportsConnect(t *testing.T) {
	one := func(c tls.Certificate) []tls.Certificate { return []tls.Certificate{c} }
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, a, b *Config)
		suite  string
	}{
		{"with ECDSA certificates", func(*testing.T, *Config, *Config) {}, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with RSA certificates", func(t *testing.T, a, b *Config) {
			a.Certificates, b.Certificates = one(rsaCertificate(t)), one(rsaCertificate(t))
		}, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{"with an RSA client", func(t *testing.T, a, _ *Config) { a.Certificates = one(rsaCertificate(t)) },
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with an RSA server", func(t *testing.T, _, b *Config) { b.Certificates = one(rsaCertificate(t)) },
			"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{"with ChaCha20", func(_ *testing.T, a, _ *Config) {
			a.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}
		}, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
		{"with AES-256", func(_ *testing.T, _, b *Config) {
			b.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
		}, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
		{"with P-256 only", func(_ *testing.T, a, _ *Config) { a.EllipticCurves = []elliptic.Curve{elliptic.P256} },
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with X25519 only", func(_ *testing.T, _, b *Config) { b.EllipticCurves = []elliptic.Curve{elliptic.X25519} },
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with a cookie", func(_ *testing.T, _, b *Config) { b.HelloVerify = true }, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"without a time limit", func(_ *testing.T, a, b *Config) { a.HandshakeTimeout, b.HandshakeTimeout = -1, time.Hour },
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with a context of the program's", func(_ *testing.T, a, b *Config) {
			a.ConnectContext = func() (context.Context, func()) { return context.WithTimeout(context.Background(), time.Minute) }
			b.ConnectContext = func() (context.Context, func()) { return context.Background(), nil }
		}, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"with every other setting", func(_ *testing.T, a, b *Config) {
			request := dtls.RequestExtendedMasterSecret
			ask := dtls.RequestClientCert
			for _, c := range []*Config{a, b} {
				c.ExtendedMasterSecret, c.ClientAuth = &request, &ask
				c.DisableRetransmitBackoff = true
				c.ALPN = []string{"webrtc", "c-webrtc"}
				c.ReplayWindow = 64
				c.ClientHelloHook = func(m handshake.MessageClientHello) handshake.Message { return &m }
				c.ServerHelloHook = func(m handshake.MessageServerHello) handshake.Message { return &m }
				c.CertificateRequestHook = func(m handshake.MessageCertificateRequest) handshake.Message { return &m }
				c.CustomCipherSuites = func() []dtls.CipherSuite { return nil }
			}
		}, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2, func(a, b *Config) { tt.change(t, a, b) })
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			p.wantExchange("after the handshake")
			for _, x := range []*peer{p.a, p.b} {
				if s := x.Stats(); s.CipherSuite != tt.suite || s.Version != "FEFD" || s.SRTPCipher != "SRTP_AEAD_AES_128_GCM" {
					t.Errorf("%v has %s, %s, %s, want %s", s.Role, s.Version, s.CipherSuite, s.SRTPCipher, tt.suite)
				}
				group := "x25519"
				if defaultCurves(runtime.GOARCH)[0] == elliptic.P256 {
					group = "secp256r1"
				}
				switch tt.name {
				case "with P-256 only":
					group = "secp256r1"
				case "with X25519 only":
					group = "x25519"
				}
				if s := x.Stats(); s.Group != group {
					t.Errorf("%v has group %q, want %s", s.Role, s.Group, group)
				}
				if got, want := fmt.Sprint(x.states()), "[connecting connected]"; got != want {
					t.Errorf("states %s, want %s", got, want)
				}
			}
			if got := p.a.RemoteCertificates(); len(got) != 1 || !bytes.Equal(got[0], p.b.cert.Certificate[0]) {
				t.Error("the client does not have the server's certificate")
			}
			if got := p.b.Stats().LocalCertificate; len(got) != 1 || !bytes.Equal(got[0], p.b.cert.Certificate[0]) {
				t.Error("the server does not know which certificate it showed")
			}
			if got := p.a.Stats().LocalCertificate; len(got) != 1 || !bytes.Equal(got[0], p.a.cert.Certificate[0]) {
				t.Error("the client does not know which certificate it showed")
			}
		})
	}
}

// Of several certificates, the first that the peer can use is shown.
func TestTheCertificateThatSuitsThePeerIsShown(t *testing.T) {
	bubble(t, "server with RSA before ECDSA, client without RSA suites", func(t *testing.T) {
		second := ecdsaCertificate(t)
		p := newPair(t, rtt/2, func(a, b *Config) {
			a.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
			b.Certificates = []tls.Certificate{rsaCertificate(t), second}
		})
		p.b.start(Passive, fingerprint(t, p.a.cert))
		// The description has a fingerprint for each certificate.
		p.a.start(Active, fingerprint(t, p.b.cert), fingerprint(t, second))
		p.wantConnected(2*time.Second, "after Start")
		if got := p.b.Stats().LocalCertificate; !bytes.Equal(got[0], second.Certificate[0]) {
			t.Error("the server did not show the second certificate")
		}
	})
}

// A full handshake takes two round trips for the client, one and a half for the
// server (RFC 6347 §4.2.1, without the cookie exchange), and one datagram per
// flight.
func TestRoundTripsOfTheHandshake(t *testing.T) {
	for _, tt := range []struct {
		name           string
		cookie         bool
		client, server time.Duration
		datagrams      int
	}{
		{"without a cookie", false, 2 * rtt, 3 * rtt / 2, 2},
		{"with a cookie", true, 3 * rtt, 5 * rtt / 2, 3},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2, func(_, b *Config) { b.HelloVerify = tt.cookie })
			begin := time.Now()
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			time.Sleep(time.Second)
			if got := p.a.lastEvent().at.Sub(begin); got != tt.client {
				t.Errorf("the client was connected after %v, want %v", got, tt.client)
			}
			if got := p.b.lastEvent().at.Sub(begin); got != tt.server {
				t.Errorf("the server was connected after %v, want %v", got, tt.server)
			}
			if a, b := len(p.a.out.log()), len(p.b.out.log()); a != tt.datagrams || b != tt.datagrams {
				t.Errorf("%d and %d datagrams, want %d each", a, b, tt.datagrams)
			}
			t.Logf("RTT %v: client %v, server %v, %d datagrams each way", rtt, tt.client, tt.server, tt.datagrams)
		})
	}
}

// What is lost is repeated after the flight interval (RFC 6347 §4.2.4).
func TestLossOfEachFlight(t *testing.T) {
	for _, tt := range []struct {
		name    string
		a, b    int // the datagram that is lost, -1 for none
		atLeast time.Duration
	}{
		{"ClientHello", 0, -1, 2*rtt + DefaultFlightInterval},
		{"ServerHello to ServerHelloDone", -1, 0, 2*rtt + DefaultFlightInterval},
		{"client's Certificate to Finished", 1, -1, 2*rtt + DefaultFlightInterval},
		{"server's Finished", -1, 1, 2*rtt + DefaultFlightInterval},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2)
			lose := func(k int) func(int, []byte) [][]byte {
				return func(n int, b []byte) [][]byte {
					if n == k {
						return nil
					}
					return [][]byte{b}
				}
			}
			p.a.out.set(lose(tt.a))
			p.b.out.set(lose(tt.b))
			begin := time.Now()
			p.start()
			p.wantConnected(5*time.Second, "in spite of the loss")
			p.wantExchange("in spite of the loss")
			got := p.a.lastEvent().at.Sub(begin)
			if got > tt.atLeast+rtt {
				t.Errorf("connected after %v, want about %v", got, tt.atLeast)
			}
			t.Logf("connected after %v", got)
		})
	}
}

func TestHandshakeOverBadPaths(t *testing.T) {
	loss := func(r *rand.Rand) func(int, []byte) [][]byte {
		return func(_ int, b []byte) [][]byte {
			if r.Float64() < 0.3 {
				return nil
			}
			return [][]byte{b}
		}
	}
	twice := func(*rand.Rand) func(int, []byte) [][]byte {
		return func(_ int, b []byte) [][]byte { return [][]byte{b, b} }
	}
	// Every datagram may be held back until after the next ones.
	reorder := func(r *rand.Rand) func(int, []byte) [][]byte {
		var held [][]byte
		return func(_ int, b []byte) [][]byte {
			held = append(held, b)
			if len(held) < 3 && r.IntN(2) == 0 {
				return nil
			}
			out := held
			held = nil
			r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
			return out
		}
	}
	for _, tt := range []struct {
		name   string
		tamper func(*rand.Rand) func(int, []byte) [][]byte
		mtu    int
		seeds  uint64
	}{
		{"30 % loss", loss, 0, 40},
		{"30 % loss, small datagrams", loss, 400, 20},
		{"every datagram twice", twice, 300, 1},
		{"reordering, small datagrams", reorder, 300, 40},
	} {
		var worst time.Duration
		for seed := range tt.seeds {
			bubble(t, fmt.Sprintf("%s, seed %d", tt.name, seed), func(t *testing.T) {
				p := newPair(t, rtt/2, func(a, b *Config) { a.MTU, b.MTU = tt.mtu, tt.mtu })
				p.a.out.set(tt.tamper(rand.New(rand.NewPCG(seed, 1))))
				p.b.out.set(tt.tamper(rand.New(rand.NewPCG(seed, 2))))
				begin := time.Now()
				p.start()
				p.wantConnected(DefaultHandshakeTimeout, tt.name)
				worst = max(worst, time.Since(begin))
				p.a.out.set(nil)
				p.b.out.set(nil)
				time.Sleep(time.Second)
				p.wantExchange(tt.name)
			})
		}
		t.Logf("%s: at worst %v", tt.name, worst)
	}
}

// RFC 6347 §4.1.1.1: handshake messages are fragmented to fit the path.
func TestHandshakeKeepsToTheMTU(t *testing.T) {
	for _, mtu := range []int{minMTU, 300, 576, DefaultMTU} {
		bubble(t, fmt.Sprint(mtu), func(t *testing.T) {
			chain := rsaCertificate(t)
			for range 3 {
				chain.Certificate = append(chain.Certificate, ecdsaCertificate(t).Certificate[0])
			}
			p := newPair(t, rtt/2, func(a, b *Config) {
				a.MTU, b.MTU = mtu, mtu
				a.Certificates, b.Certificates = []tls.Certificate{chain}, []tls.Certificate{chain}
			})
			p.start()
			p.wantConnected(2*time.Second, "with a chain of certificates")
			p.a.write(strings.Repeat("x", p.a.MaxPayload()))
			p.b.wantRead(strings.Repeat("x", p.a.MaxPayload()), "a record of the largest size")
			for _, b := range slices.Concat(p.a.out.log(), p.b.out.log()) {
				if len(b) > mtu {
					t.Errorf("a datagram of %d bytes, want at most %d", len(b), mtu)
				}
			}
		})
	}
}

func TestSRTPProfiles(t *testing.T) {
	type profiles = []dtls.SRTPProtectionProfile
	for _, tt := range []struct {
		name   string
		client profiles
		server profiles
		want   dtls.SRTPProtectionProfile
	}{
		{"both ours: AEAD first", nil, nil, dtls.SRTP_AEAD_AES_128_GCM},
		{"a client with AES-CM only", profiles{dtls.SRTP_AES128_CM_HMAC_SHA1_80}, nil, dtls.SRTP_AES128_CM_HMAC_SHA1_80},
		{"a server with AES-CM only", nil, profiles{dtls.SRTP_AES128_CM_HMAC_SHA1_80}, dtls.SRTP_AES128_CM_HMAC_SHA1_80},
		{"a client with AES-256 before AES-CM", profiles{dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_256_GCM}, nil, dtls.SRTP_AEAD_AES_256_GCM},
		{"a client without", profiles{}, nil, 0},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2, func(a, b *Config) { a.SRTPProfiles, b.SRTPProfiles = tt.client, tt.server })
			p.start()
			p.wantConnected(2*time.Second, tt.name)
			p.wantExchange(tt.name)
			for _, x := range []*peer{p.a, p.b} {
				if got, ok := x.SelectedProfile(); got != tt.want || ok != (tt.want != 0) {
					t.Errorf("profile %v, %v, want %v", got, ok, tt.want)
				}
			}
		})
	}
}

// RFC 5764 §4.2: both sides derive the same keys.
func TestExportedKeysAgree(t *testing.T) {
	bubble(t, "EXTRACTOR-dtls_srtp", func(t *testing.T) {
		p := newPair(t, rtt/2)
		if _, err := p.a.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56); err == nil {
			t.Error("keys before the handshake")
		}
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		a, errA := p.a.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56)
		b, errB := p.b.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56)
		if errA != nil || errB != nil || len(a) != 56 || !bytes.Equal(a, b) {
			t.Errorf("%x, %v and %x, %v", a, errA, b, errB)
		}
		if c, _ := p.a.ExportKeyingMaterial("other", 56); bytes.Equal(a, c) {
			t.Error("the label makes no difference")
		}
		if _, err := p.a.ExportKeyingMaterial("key expansion", 56); err == nil {
			t.Error("a label of TLS's own was accepted")
		}
	})
}

func TestKeyLog(t *testing.T) {
	bubble(t, "both ends write the same line", func(t *testing.T) {
		var a, b bytes.Buffer
		p := newPair(t, rtt/2, func(x, y *Config) { x.KeyLog, y.KeyLog = &a, &b })
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		if !regexp.MustCompile(`^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n$`).MatchString(a.String()) || a.String() != b.String() {
			t.Errorf("logged %q and %q", &a, &b)
		}
	})
}

func TestFlightIntervalForARoundTripTime(t *testing.T) {
	for _, tt := range []struct{ rtt, want time.Duration }{
		{0, DefaultFlightInterval},
		{time.Millisecond, 50 * time.Millisecond},
		{100 * time.Millisecond, 170 * time.Millisecond},
		{5 * time.Second, time.Second},
	} {
		if got := FlightInterval(tt.rtt); got != tt.want {
			t.Errorf("FlightInterval(%v) = %v, want %v", tt.rtt, got, tt.want)
		}
	}
}
