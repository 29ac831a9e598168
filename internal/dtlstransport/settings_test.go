package dtlstransport

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"

	"github.com/parleyrtc/webrtc/internal/enginelog"
	"github.com/parleyrtc/webrtc/internal/leaktest"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// insufficientSecurity is the alert for what one side requires and the other
// lacks (RFC 5246 §7.2.2).
const insufficientSecurity = 71

func TestSettingsThatMakeTheHandshakeFail(t *testing.T) {
	disable := dtls.DisableExtendedMasterSecret
	none := dtls.NoClientCert
	for _, tt := range []struct {
		name   string
		change func(a, b *Config)
		check  func(t *testing.T, p *pair)
	}{
		{"a client without extended master secret", func(a, _ *Config) { a.ExtendedMasterSecret = &disable }, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "RFC 7627 is required")
			p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, insufficientSecurity, "RFC 7627 is required")
		}},
		{"a server without extended master secret", func(_, b *Config) { b.ExtendedMasterSecret = &disable }, func(_ *testing.T, p *pair) {
			p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "RFC 7627 is required")
		}},
		{"no suite in common", func(a, b *Config) {
			a.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
			b.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
		}, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "no suite")
		}},
		{"only suites without authenticated encryption", func(a, _ *Config) {
			a.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}
		}, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "CBC is not accepted by itself")
		}},
		{"a server that asks for no certificate", func(_, b *Config) { b.ClientAuth = &none }, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailFingerprintFailure, ErrNoCertificate, -1, -1, "nobody knows who the peer is")
			p.a.wantState(StateClosed, time.Second, "the server's close_notify")
		}},
		// The engine insists on use_srtp, on either side; see Config.SRTPProfiles.
		{"a server without SRTP profiles", func(_, b *Config) { b.SRTPProfiles = []dtls.SRTPProtectionProfile{} }, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "no profile in common")
		}},
		{"a server whose authority is unknown", func(a, _ *Config) { a.VerifyChain, a.RootCAs = true, x509.NewCertPool() }, func(_ *testing.T, p *pair) {
			p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, badCertificate, -1, "chains are verified if the program asks")
		}},
		{"a client whose context is cancelled", func(a, _ *Config) {
			a.ConnectContext = func() (context.Context, func()) { return context.WithTimeout(context.Background(), rtt/2) }
		}, func(t *testing.T, p *pair) {
			p.a.wantFailure(rtcerr.DetailDTLSFailure, context.DeadlineExceeded, -1, -1, "the program's limit")
		}},
		{"a hook that takes the profiles away", func(a, _ *Config) {
			a.ClientHelloHook = func(m handshake.MessageClientHello) handshake.Message {
				m.Extensions = m.Extensions[:1]
				return &m
			}
		}, func(_ *testing.T, p *pair) {
			p.b.wantFailure(rtcerr.DetailDTLSFailure, nil, insufficientSecurity, -1, "the hook is used")
		}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2, tt.change)
			p.start()
			tt.check(t, p)
		})
	}
}

// SHA-1 is for peers that have nothing better, if the program says so.
func TestSHA1(t *testing.T) {
	for _, allow := range []bool{false, true} {
		bubble(t, map[bool]string{false: "not allowed", true: "allowed"}[allow], func(t *testing.T) {
			p := newPair(t, rtt/2, func(a, _ *Config) { a.AllowSHA1 = allow })
			weak, err := ComputeFingerprint(p.b.cert.Certificate[0], "sha-1")
			if err != nil {
				t.Fatal(err)
			}
			p.b.start(Passive, fingerprint(t, p.a.cert))
			err = p.a.Start(Active, []Fingerprint{weak})
			if !allow {
				if !errors.Is(err, ErrNoFingerprint) {
					t.Errorf("Start: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p.wantConnected(time.Second, "with sha-1")
		})
	}
}

func TestSetFlightInterval(t *testing.T) {
	bubble(t, "after ICE has measured a long path", func(t *testing.T) {
		p := newPair(t, 400*time.Millisecond)
		for _, x := range []*peer{p.a, p.b} {
			x.SetFlightInterval(FlightInterval(800 * time.Millisecond))
			x.SetFlightInterval(-1)
		}
		p.start()
		p.wantConnected(1601*time.Millisecond, "two round trips")
		p.a.SetFlightInterval(time.Second)
		if a, b := len(p.a.out.log()), len(p.b.out.log()); a != 2 || b != 2 {
			t.Errorf("%d and %d datagrams, want 2 each: nothing is repeated needlessly", a, b)
		}
	})
}

func TestTheEngineLogsToTheProgramsLogger(t *testing.T) {
	bubble(t, "at trace level", func(t *testing.T) {
		var text bytes.Buffer
		log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: enginelog.LevelTrace}))
		p := newPair(t, rtt/2, func(a, _ *Config) { a.Logger = log })
		p.start()
		p.wantConnected(time.Second, "after Start")
		p.close()
		for _, want := range []string{"engine=dtls", "Handshake Completed", "state=connected"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q was not logged", want)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Active.String(): "active", Passive.String(): "passive", Role(9).String(): "Role(9)",
		StateNew.String(): "new", StateConnecting.String(): "connecting", StateConnected.String(): "connected",
		StateClosed.String(): "closed", StateFailed.String(): "failed", State(9).String(): "State(9)",
		Fingerprint{"sha-256", "AB:CD"}.String():        "sha-256 AB:CD",
		profileName(dtls.SRTP_AES128_CM_HMAC_SHA1_32):   "SRTP_AES128_CM_HMAC_SHA1_32",
		profileName(dtls.SRTP_AEAD_AES_256_GCM):         "SRTP_AEAD_AES_256_GCM",
		profileName(dtls.SRTPProtectionProfile(0x00fe)): "0x00FE",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// In real time: after Close at most those goroutines of the engine's are left
// that are on their last lines.
func TestManyPairsLeaveNothingBehind(t *testing.T) {
	leaktest.Check(t)
	for range 50 {
		x, y := realPair(t)
		x.Close()
		y.Close()
	}
}
