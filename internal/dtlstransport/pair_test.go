package dtlstransport

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// certificate makes a self-signed certificate that is valid now, in whatever
// bubble now is.
func certificate(t testing.TB, key crypto.Signer) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "WebRTC"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func ecdsaCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certificate(t, key)
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func rsaCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	return certificate(t, rsaKey())
}

// fingerprint returns the sha-256 fingerprint of a certificate.
func fingerprint(t testing.TB, cert tls.Certificate) Fingerprint {
	t.Helper()
	f, err := ComputeFingerprint(cert.Certificate[0], "sha-256")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// link is one direction of a path: it delivers in order after a delay, unless
// its tamper function says otherwise. All is done by one goroutine.
type link struct {
	delay time.Duration

	mu     sync.Mutex
	to     func([]byte)
	tamper func(n int, b []byte) [][]byte // nil: deliver b
	n      int                            // datagrams sent so far
	sent   [][]byte                       // copies of them all
	stop   chan struct{}
	queue  chan parcel
}

type parcel struct {
	due time.Time
	b   []byte
}

func newLink(delay time.Duration) *link {
	l := &link{delay: delay, stop: make(chan struct{}), queue: make(chan parcel, 4096)}
	go l.run()
	return l
}

func (l *link) run() {
	for {
		select {
		case <-l.stop:
			return
		case p := <-l.queue:
			if d := time.Until(p.due); d > 0 {
				select {
				case <-time.After(d):
				case <-l.stop:
					return
				}
			}
			l.mu.Lock()
			to := l.to
			l.mu.Unlock()
			to(p.b)
		}
	}
}

func (l *link) send(bs [][]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range bs {
		b = slices.Clone(b)
		out := [][]byte{b}
		if l.tamper != nil {
			out = l.tamper(l.n, b)
		}
		l.n++
		l.sent = append(l.sent, b)
		for _, o := range out {
			select {
			case l.queue <- parcel{due: time.Now().Add(l.delay), b: o}:
			default:
			}
		}
	}
	return nil
}

// set changes what happens to datagrams from now on.
func (l *link) set(tamper func(n int, b []byte) [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tamper = tamper
}

func (l *link) log() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sent)
}

// event is what OnState heard.
type event struct {
	state State
	err   error
	at    time.Time
}

// peer is one end of a pair.
type peer struct {
	t *testing.T
	*Transport
	cert tls.Certificate
	out  *link

	mu     sync.Mutex
	events []event
}

func (p *peer) states() []State {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s []State
	for _, e := range p.events {
		s = append(s, e.state)
	}
	return s
}

func (p *peer) lastEvent() event {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) == 0 {
		return event{}
	}
	return p.events[len(p.events)-1]
}

// pair is two transports with a path between them.
type pair struct {
	t    *testing.T
	a, b *peer
}

// newPair connects two transports, not yet started, by a path with the given
// delay in each direction.
func newPair(t *testing.T, delay time.Duration, change ...func(a, b *Config)) *pair {
	t.Helper()
	p := &pair{t: t}
	var cfgA, cfgB Config
	p.a, p.b = &peer{t: t, out: newLink(delay)}, &peer{t: t, out: newLink(delay)}
	for _, x := range []struct {
		p   *peer
		cfg *Config
	}{{p.a, &cfgA}, {p.b, &cfgB}} {
		x.cfg.Certificates = []tls.Certificate{ecdsaCertificate(t)}
		x.cfg.Send = x.p.out.send
		x.cfg.OnState = func(s State, err error) {
			x.p.mu.Lock()
			defer x.p.mu.Unlock()
			x.p.events = append(x.p.events, event{s, err, time.Now()})
		}
	}
	for _, c := range change {
		c(&cfgA, &cfgB)
	}
	for _, x := range []struct {
		p   *peer
		cfg Config
	}{{p.a, cfgA}, {p.b, cfgB}} {
		tr, err := New(x.cfg)
		if err != nil {
			t.Fatal(err)
		}
		x.p.Transport, x.p.cert = tr, x.cfg.Certificates[0]
	}
	p.a.out.to, p.b.out.to = p.b.HandleDatagram, p.a.HandleDatagram
	t.Cleanup(p.close)
	return p
}

func (p *pair) close() {
	p.a.Close()
	p.b.Close()
	p.stopLinks()
}

func (p *pair) stopLinks() {
	for _, l := range []*link{p.a.out, p.b.out} {
		select {
		case <-l.stop:
		default:
			close(l.stop)
		}
	}
}

// start starts both ends: a is the client.
func (p *pair) start() {
	p.t.Helper()
	p.b.start(Passive, fingerprint(p.t, p.a.cert))
	p.a.start(Active, fingerprint(p.t, p.b.cert))
}

func (p *peer) start(role Role, remote ...Fingerprint) {
	p.t.Helper()
	if err := p.Start(role, remote); err != nil {
		p.t.Fatal(err)
	}
}

// wantState waits for the state, in virtual time.
func (p *peer) wantState(want State, within time.Duration, why string) {
	p.t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		if p.State() == want {
			return
		}
		if !time.Now().Before(deadline) {
			p.t.Fatalf("%s: state %v (%v) after %v, want %v", why, p.State(), p.Err(), within, want)
		}
	}
}

func (p *pair) wantConnected(within time.Duration, why string) {
	p.t.Helper()
	p.a.wantState(StateConnected, within, why)
	p.b.wantState(StateConnected, within, why)
}

// wantExchange sends a message each way.
func (p *pair) wantExchange(why string) {
	p.t.Helper()
	for _, x := range []struct{ from, to *peer }{{p.a, p.b}, {p.b, p.a}} {
		x.from.write("hello")
		x.to.wantRead("hello", why)
	}
}

func (p *peer) write(s string) {
	p.t.Helper()
	if n, err := p.Write([]byte(s)); err != nil || n != len(s) {
		p.t.Fatalf("write: %d, %v", n, err)
	}
}

func (p *peer) wantRead(want, why string) {
	p.t.Helper()
	buf := make([]byte, 2000)
	n, err := p.Read(buf)
	if err != nil || string(buf[:n]) != want {
		p.t.Fatalf("%s: read %q, %v, want %q", why, buf[:n], err, want)
	}
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func newCertificates(t testing.TB) []tls.Certificate {
	t.Helper()
	return []tls.Certificate{ecdsaCertificate(t)}
}
