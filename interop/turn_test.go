package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/parleyrtc/webrtc"
)

// startCoturn runs coturn on both addresses of the namespace, for UDP and TCP at
// port 3478 and TLS and DTLS at 5349, and returns who vouches for its certificate. more
// are further options.
func startCoturn(t *testing.T, more ...string) *x509.CertPool {
	t.Helper()
	path, err := exec.LookPath("turnserver")
	if err != nil {
		missing(t, "coturn", err)
	}
	dir := t.TempDir()
	pool := writeCertificate(t, dir)
	cmd := exec.Command(path, append([]string{"-n", "--listening-ip=10.77.0.1", "--listening-ip=fd77::1",
		"--relay-ip=10.77.0.1", "--relay-ip=fd77::1", "--listening-port=3478", "--tls-listening-port=5349",
		"--lt-cred-mech", "--user=user:secret", "--realm=parley", "--no-cli",
		"--cert=" + dir + "/cert.pem", "--pkey=" + dir + "/key.pem",
		"--log-file=" + dir + "/log", "--simple-log", "--pidfile=" + dir + "/pid", "--userdb=" + dir + "/users"}, more...)...)
	if err := startProcess(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endProcess(cmd)
		if log, err := os.ReadFile(dir + "/log"); err == nil && t.Failed() {
			t.Logf("coturn:\n%s", log[max(0, len(log)-4000):])
		}
	})
	for _, address := range []string{"10.77.0.1:3478", "10.77.0.1:5349", "[fd77::1]:3478"} {
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("coturn does not listen at %s within %v", address, patience)
			}
		}
	}
	return pool
}

// writeCertificate writes a certificate for the server's addresses and its key
// to dir.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "coturn"}, IPAddresses: []net.IP{net.ParseIP("10.77.0.1"), net.ParseIP("fd77::1")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{
		"cert.pem": certificate, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return pool
}

// relayOnly is a configuration that has nothing but a TURN server.
func relayOnly(url string) webrtc.Configuration {
	return webrtc.Configuration{
		ICEServers:         []webrtc.ICEServer{{URLs: []string{url}, Username: "user", Credential: "secret"}},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	}
}

// A relayedPeer is a peer whose connections have nothing but a TURN server.
type relayedPeer struct {
	peer
	url string
}

func (p relayedPeer) call(result any, method string, args ...any) error {
	if method == "start" {
		args = slices.Clone(args)
		args[0] = map[string]any{
			"iceServers":         []any{map[string]any{"urls": []string{p.url}, "username": "user", "credential": "secret"}},
			"iceTransportPolicy": "relay",
		}
	}
	return p.peer.call(result, method, args...)
}

// wantRelayed checks that both ends of the pair in use are relayed.
func wantRelayed(t *testing.T, pc *webrtc.PeerConnection) {
	t.Helper()
	pair, err := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local.Typ != webrtc.ICECandidateTypeRelay {
		t.Errorf("pair %v (%v), want a relayed one", pair, err)
	}
}

// TestCoturnRelaysUs connects two of us that have nothing but coturn, over every
// transport that leads there.
func TestCoturnRelaysUs(t *testing.T) {
	pool := startCoturn(t)
	for _, url := range []string{
		"turn:10.77.0.1", "turn:[fd77::1]", "turn:10.77.0.1?transport=tcp", "turns:10.77.0.1", "turns:[fd77::1]?transport=tcp",
		"turns:10.77.0.1?transport=udp", "turns:[fd77::1]?transport=udp",
	} {
		t.Run(url, func(t *testing.T) {
			relaysUs(t, relayOnly(url), pool)
		})
	}
}

// relaysUs connects two of us and sends data both ways.
func relaysUs(t *testing.T, config webrtc.Configuration, pool *x509.CertPool) {
	var settings webrtc.SettingEngine
	settings.SetTURNTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	var pcs [2]*webrtc.PeerConnection
	for i := range pcs {
		pc, err := api.NewPeerConnection(config)
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		pcs[i] = pc
		pc.OnICECandidateError(func(e webrtc.ICECandidateErrorEvent) {
			t.Errorf("%s: %d %s", e.URL, e.ErrorCode, e.ErrorText)
		})
	}
	a, b := pcs[0], pcs[1]
	got := make(chan string, 10)
	var opened sync.Once
	b.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			opened.Do(func() { _ = d.SendText("well met") })
			got <- digest(m.Data)
		})
	})
	d, err := a.CreateDataChannel("relayed", nil)
	if err != nil {
		t.Fatal(err)
	}
	bulk := pattern(200000, 7)
	d.OnOpen(func() {
		for range 3 {
			_ = d.Send(bulk)
		}
	})
	d.OnMessage(func(m webrtc.DataChannelMessage) { got <- string(m.Data) })
	negotiateComplete(t, a, b)
	count := map[string]int{}
	for range 4 {
		select {
		case m := <-got:
			count[m]++
		case <-time.After(patience):
			t.Fatalf("only %v came within %v; %v and %v", count, patience, a.ICEConnectionState(), b.ICEConnectionState())
		}
	}
	if count[digest(bulk)] != 3 || count["well met"] != 1 {
		t.Errorf("came %v", count)
	}
	wantRelayed(t, a)
	wantRelayed(t, b)
}

// negotiateComplete exchanges descriptions that have all candidates in them.
func negotiateComplete(t *testing.T, a, b *webrtc.PeerConnection) {
	t.Helper()
	for _, step := range [][2]*webrtc.PeerConnection{{a, b}, {b, a}} {
		from, to := step[0], step[1]
		complete := webrtc.GatheringCompletePromise(from)
		if err := from.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-complete:
		case <-time.After(patience):
			t.Fatalf("gathering is not complete within %v", patience)
		}
		if err := to.SetRemoteDescription(*from.LocalDescription()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPionRelaysUs connects two of us through pion/turn's server, with
// credentials that expire.
func TestPionRelaysUs(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "10.77.0.1:3478")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", "10.77.0.1:3478")
	if err != nil {
		t.Fatal(err)
	}
	relay := &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP("10.77.0.1"), Address: "10.77.0.1"}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "parley", AuthHandler: turn.LongTermTURNRESTAuthHandler("shared", logging.NewDefaultLoggerFactory().NewLogger("turn")),
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: conn, RelayAddressGenerator: relay}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: listener, RelayAddressGenerator: relay}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, url := range []string{"turn:10.77.0.1", "turn:10.77.0.1?transport=tcp"} {
		t.Run(url, func(t *testing.T) {
			username, password, err := turn.GenerateLongTermTURNRESTCredentials("shared", "user", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			config := relayOnly(url)
			config.ICEServers[0].Username, config.ICEServers[0].Credential = username, password
			relaysUs(t, config, nil)
			for deadline := time.Now().Add(patience); server.AllocationCount() > 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d allocations were not released", server.AllocationCount())
				}
			}
		})
	}
}

// TestCoturnRefusesUs has the wrong password reported with the server's code.
func TestCoturnRefusesUs(t *testing.T) {
	startCoturn(t)
	config := relayOnly("turn:10.77.0.1")
	config.ICEServers[0].Credential = "guess"
	pc, err := webrtc.NewPeerConnection(config)
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	events := make(chan webrtc.ICECandidateErrorEvent, 10)
	pc.OnICECandidateError(func(e webrtc.ICECandidateErrorEvent) { events <- e })
	if _, err := pc.CreateDataChannel("data", nil); err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-events:
		if e.ErrorCode != 401 || e.URL != "turn:10.77.0.1" {
			t.Errorf("event %+v", e)
		}
	case <-time.After(patience):
		t.Errorf("no error within %v", patience)
	}
}

// TestCoturnRelaysBrowsers connects us and a browser, neither of which has
// anything but coturn.
func TestCoturnRelaysBrowsers(t *testing.T) {
	pool := startCoturn(t)
	for _, name := range everyBrowser {
		for _, urls := range [][2]string{
			{"turn:10.77.0.1", "turn:10.77.0.1"},
			{"turn:10.77.0.1?transport=tcp", "turn:10.77.0.1"},
			{"turns:10.77.0.1", "turn:10.77.0.1?transport=tcp"},
			// Browsers speak no DTLS to a TURN server, and Firefox no TLS to one without
			// a name.
			{"turns:10.77.0.1?transport=udp", "turns:10.77.0.1"},
		} {
			if name == "firefox" && urls[1] == "turns:10.77.0.1" {
				urls[1] = "turn:10.77.0.1"
			}
			t.Run(name+" "+urls[0]+" "+urls[1], func(t *testing.T) {
				p := relayedPeer{thePeer(t, name), urls[1]}
				s := startSession(t, p, func(c *webrtc.Configuration, e *webrtc.SettingEngine) {
					*c = relayOnly(urls[0])
					e.SetTURNTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
				})
				s.opens("relayed", nil)
				s.offers()
				s.exchange("relayed")
				wantRelayed(t, s.pc)
			})
		}
	}
}
