package webrtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

// turnCertificate is one for a name, with the pool that trusts it.
func (w *world) turnCertificate(name string) (tls.Certificate, *x509.CertPool) {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		w.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		w.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// firstFrom is a socket that gives the datagram that was read already once more.
type firstFrom struct {
	net.PacketConn
	mu    sync.Mutex
	first []byte
	from  net.Addr
}

func (f *firstFrom) ReadFrom(b []byte) (int, net.Addr, error) {
	f.mu.Lock()
	first := f.first
	f.first = nil
	f.mu.Unlock()
	if first != nil {
		return copy(b, first), f.from, nil
	}
	return f.PacketConn.ReadFrom(b)
}

// turnOverDTLS runs a TURN server for one client over DTLS, with a certificate for
// turn.example. stop ends it.
func (w *world) turnOverDTLS(address string) (s *turntest.Server, roots *x509.CertPool, stop func()) {
	w.Helper()
	host := w.net.Host("turn", simnet.Addrs(address))
	w.net.DNS("turn.example", address)
	w.net.DNS("other.example", address)
	s = turntest.New(host, turntest.Config{Username: "user", Password: "secret", Relays: []netip.Addr{netip.MustParseAddr(address)}})
	certificate, roots := w.turnCertificate("turn.example")
	socket, err := host.ListenPacket("udp4", address+":5349")
	if err != nil {
		w.Fatal(err)
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		first := make([]byte, 2048)
		n, from, err := socket.ReadFrom(first)
		if err != nil {
			return
		}
		conn, err := dtls.ServerWithOptions(&firstFrom{PacketConn: socket, first: first[:n], from: from}, from, dtls.WithCertificates(certificate))
		if err != nil {
			w.Error(err)
			return
		}
		defer conn.Close()
		if conn.HandshakeContext(context.Background()) == nil {
			s.ServePackets(conn)
		}
	})
	return s, roots, func() {
		s.Close()
		socket.Close()
		ended.Wait()
	}
}

// A peer reaches another one through a TURN server over DTLS, whose certificate it
// checks as it does for TLS; the relay lasts, and its end is told.
func TestVirtualRelayOverDTLS(t *testing.T) {
	const url = "turns:turn.example?transport=udp"
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		server, roots, stop := w.turnOverDTLS("198.51.100.1")
		defer stop()
		var settings SettingEngine
		settings.SetTURNTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
		a := w.peerWith("a", settings, simnet.Addrs("192.0.2.1"))
		b := w.peer("b", simnet.Addrs("192.0.2.2"))
		a.must(a.SetConfiguration(Configuration{
			ICEServers:         []ICEServer{{URLs: []string{url}, Username: "user", Credential: "secret"}},
			ICETransportPolicy: ICETransportPolicyRelay,
		}), "SetConfiguration")
		var mu sync.Mutex
		var told []ICECandidateErrorEvent
		a.OnICECandidateError(func(e ICECandidateErrorEvent) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e)
		})
		w.signal(a, b, fixed(50*time.Millisecond))
		d := a.channel("chat", nil)
		a.negotiates(b, 50*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		w.within(time.Second, "the channel is open", func() bool { return d.ReadyState() == DataChannelStateOpen })
		big := strings.Repeat("x", 100_000)
		a.must(d.SendText(big), "SendText")
		w.within(5*time.Second, "b hears a", b.got(big))
		b.must(b.channels[0].SendText(big), "SendText")
		w.within(5*time.Second, "a hears b", a.got(big))
		if !a.relays() || server.Sent().ChannelData < 80 || server.Data().ChannelData < 80 {
			w.Errorf("the server has relayed %+v and %+v", server.Sent(), server.Data())
		}
		if sdp := a.LocalDescription().SDP; !strings.Contains(sdp, "typ relay") {
			w.Errorf("the description says\n%s", sdp)
		}
		time.Sleep(2 * time.Hour)
		a.must(d.SendText("after two hours"), "SendText")
		w.within(time.Second, "b hears a", b.got(big, "after two hours"))
		stop()
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(told) != 1 || told[0].ErrorCode != 701 || told[0].URL != url || !strings.Contains(told[0].ErrorText, "the association has ended") {
			w.Errorf("told %+v", told)
		}
	})
}

// Servers over DTLS that are not who they should be, or nobody, are reported.
func TestVirtualRelayOverDTLSErrors(t *testing.T) {
	refuse := errors.New("pinned to another key")
	for name, tt := range map[string]struct {
		url    string
		config func(*tls.Config)
		want   string
	}{
		"another name":  {"turns:other.example?transport=udp", nil, "not other.example"},
		"unknown to us": {"turns:turn.example?transport=udp", func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, "unknown authority"},
		"expired":       {"turns:turn.example?transport=udp", func(c *tls.Config) { c.Time = func() time.Time { return time.Now().Add(2000 * time.Hour) } }, "expired"},
		"refused by us": {"turns:turn.example?transport=udp", func(c *tls.Config) { c.VerifyConnection = func(tls.ConnectionState) error { return refuse } }, refuse.Error()},
		"refused by us 2": {"turns:turn.example?transport=udp", func(c *tls.Config) {
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return refuse }
		}, refuse.Error()},
		"nobody":      {"turns:turn.example:9?transport=udp", nil, "deadline exceeded"},
		"not checked": {"turns:other.example?transport=udp", func(c *tls.Config) { c.InsecureSkipVerify = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				_, roots, stop := w.turnOverDTLS("198.51.100.1")
				defer stop()
				config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
				if tt.config != nil {
					tt.config(config)
				}
				var settings SettingEngine
				settings.SetTURNTLSConfig(config)
				a := w.peerWith("a", settings, simnet.Addrs("192.0.2.1"))
				a.must(a.SetConfiguration(Configuration{
					ICEServers:         []ICEServer{{URLs: []string{tt.url}, Username: "user", Credential: "secret"}},
					ICETransportPolicy: ICETransportPolicyRelay,
				}), "SetConfiguration")
				var mu sync.Mutex
				var told []string
				a.OnICECandidateError(func(e ICECandidateErrorEvent) {
					mu.Lock()
					defer mu.Unlock()
					told = append(told, e.ErrorText)
				})
				a.channel("chat", nil)
				a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				time.Sleep(10 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				if a.ICEGatheringState() != ICEGatheringStateComplete {
					w.Errorf("gathering is %v", a.ICEGatheringState())
				}
				if got := strings.Join(told, "\n"); tt.want == "" && got != "" || tt.want != "" && (len(told) != 1 || !strings.Contains(got, tt.want)) {
					w.Errorf("told %q, want %q", got, tt.want)
				}
			})
		})
	}
}
