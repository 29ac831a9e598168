package dtlstransport

import (
	"crypto/sha256"
	"hash"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v3/pkg/crypto/clientcertificate"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// customSuite is a program's own: AES-128-GCM under another number.
type customSuite struct {
	gcm atomic.Pointer[ciphersuite.GCM]
}

func (*customSuite) String() string                          { return "TLS_CUSTOM" }
func (*customSuite) ID() dtls.CipherSuiteID                  { return 0xff01 }
func (*customSuite) CertificateType() clientcertificate.Type { return clientcertificate.ECDSASign }
func (*customSuite) HashFunc() func() hash.Hash              { return sha256.New }
func (*customSuite) AuthenticationType() dtls.CipherSuiteAuthenticationType {
	return dtls.CipherSuiteAuthenticationTypeCertificate
}
func (*customSuite) KeyExchangeAlgorithm() dtls.CipherSuiteKeyExchangeAlgorithm {
	return dtls.CipherSuiteKeyExchangeAlgorithmEcdhe
}
func (*customSuite) ECC() bool             { return true }
func (c *customSuite) IsInitialized() bool { return c.gcm.Load() != nil }
func (c *customSuite) Init(master, client, server []byte, isClient bool) error {
	k, err := prf.GenerateEncryptionKeys(master, client, server, 0, 16, 4, sha256.New)
	if err != nil {
		return err
	}
	if !isClient {
		k.ClientWriteKey, k.ServerWriteKey = k.ServerWriteKey, k.ClientWriteKey
		k.ClientWriteIV, k.ServerWriteIV = k.ServerWriteIV, k.ClientWriteIV
	}
	gcm, err := ciphersuite.NewGCM(k.ClientWriteKey, k.ClientWriteIV, k.ServerWriteKey, k.ServerWriteIV)
	c.gcm.Store(gcm)
	return err
}
func (c *customSuite) Encrypt(r *recordlayer.RecordLayer, raw []byte) ([]byte, error) {
	return c.gcm.Load().Encrypt(r, raw)
}
func (c *customSuite) Decrypt(h recordlayer.Header, in []byte) ([]byte, error) {
	return c.gcm.Load().Decrypt(h, in)
}

// Where nothing is known here of the suite, the engine keeps the records, and all
// else is as ever.
func TestSuitesWhoseRecordsStayTheEngines(t *testing.T) {
	only := func(id dtls.CipherSuiteID) func(a, b *Config) {
		return func(a, b *Config) {
			a.CipherSuites, b.CipherSuites = []dtls.CipherSuiteID{id}, []dtls.CipherSuiteID{id}
		}
	}
	for _, tt := range []struct {
		suite   string
		change  func(a, b *Config)
		exports bool
	}{
		{"TLS_ECDHE_ECDSA_WITH_AES_128_CCM", only(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM), true},
		{"TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", only(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8), true},
		{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", only(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA), true},
		{"0xFF01", func(a, b *Config) {
			for _, c := range []*Config{a, b} {
				c.CustomCipherSuites = func() []dtls.CipherSuite { return []dtls.CipherSuite{&customSuite{}} }
			}
		}, false},
	} {
		bubble(t, tt.suite, func(t *testing.T) {
			p := newPair(t, rtt/2, tt.change)
			lost := false
			p.b.out.set(func(_ int, b []byte) [][]byte {
				if hasChangeCipherSpec(b) && !lost {
					lost = true
					return nil
				}
				return [][]byte{b}
			})
			p.start()
			p.b.wantState(StateConnected, time.Second, "the server needs no answer")
			p.b.write("early")
			p.wantConnected(2*time.Second, "after the lost flight")
			p.a.wantRead("early", "what came before Finished is kept")
			p.wantExchange("after the handshake")
			c := p.a.Conn()
			for range 3 {
				if err := c.Append([]byte("burst")); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				p.b.wantRead("burst", "each leaves by itself")
			}
			if got := p.a.Stats().CipherSuite; got != tt.suite {
				t.Errorf("suite %s", got)
			}
			if len(p.a.RemoteCertificates()) != 1 {
				t.Error("no certificate of the peer")
			}
			keys, err := p.a.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56)
			if tt.exports != (err == nil && len(keys) == 56) {
				t.Errorf("exported %x, %v", keys, err)
			}
			for range 10 {
				p.a.HandleDatagram(plain(typeApplicationData, 1, 1<<20, make([]byte, 64)))
				p.a.HandleDatagram(plain(typeAlert, 0, 1<<20, []byte{2, 40}))
			}
			p.wantExchange("after forgeries")
			if _, err := p.a.Write(make([]byte, maxDatagram)); err == nil {
				t.Error("a record that is too long was taken")
			}
			p.a.Close()
			p.b.wantState(StateClosed, time.Second, "close_notify")
			if _, err := p.b.Read(make([]byte, 10)); err != io.EOF {
				t.Errorf("they read %v", err)
			}
			if _, err := p.b.Write([]byte("x")); err == nil {
				t.Error("they write after close_notify")
			}
		})
	}
	bubble(t, "closed early", func(t *testing.T) {
		for step := range 60 {
			p := newPair(t, rtt/2, only(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM))
			p.start()
			time.Sleep(rtt + time.Duration(step)*rtt/40)
			p.a.Close()
			if step > 55 {
				p.b.wantState(StateClosed, time.Second, "close_notify")
			}
			p.close()
		}
	})
	bubble(t, "no certificate", func(t *testing.T) {
		none := dtls.NoClientCert
		p := newPair(t, rtt/2, only(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM), func(_, b *Config) { b.ClientAuth = &none })
		p.start()
		p.b.wantFailure(rtcerr.DetailFingerprintFailure, ErrNoCertificate, -1, -1, "nobody knows who the peer is")
		p.a.wantState(StateClosed, time.Second, "the server's close_notify")
	})
}
