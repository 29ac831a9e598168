package turnserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"maps"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
	"github.com/pion/stun/v4"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// onLoopback is a server for tests.
func onLoopback(t *testing.T, c Config) *Server {
	t.Helper()
	c.Relay, c.Peers = loopback, AnyPeers
	if c.Users == nil && c.Secret == "" {
		c.Users = map[string]string{"ann": "secret"}
	}
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// client is a PeerConnection that uses nothing but relays.
func client(t *testing.T, server webrtc.ICEServer, roots *x509.CertPool) *webrtc.PeerConnection {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) }) // one socket, one relay
	if roots != nil {
		settings.SetTURNTLSConfig(&tls.Config{RootCAs: roots, ServerName: "localhost"})
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{
		ICEServers:         []webrtc.ICEServer{server},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pc.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return pc
}

// exchange describes a to b and b to a once each has its candidates.
func exchange(t *testing.T, a, b *webrtc.PeerConnection) {
	t.Helper()
	for _, step := range []struct{ from, to *webrtc.PeerConnection }{{a, b}, {b, a}} {
		gathered := webrtc.GatheringCompletePromise(step.from)
		if err := step.from.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-gathered:
		case <-time.After(20 * time.Second):
			t.Fatal("gathering takes too long")
		}
		if err := step.to.SetRemoteDescription(*step.from.LocalDescription()); err != nil {
			t.Fatal(err)
		}
	}
}

// relays connects two peers over a server and sends a message.
func relays(t *testing.T, server webrtc.ICEServer, roots *x509.CertPool) {
	t.Helper()
	a, b := client(t, server, roots), client(t, server, roots)
	channel, err := a.CreateDataChannel("chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	channel.OnOpen(func() {
		if err := channel.SendText("hello"); err != nil {
			t.Error(err)
		}
	})
	received := make(chan string, 1)
	b.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) { received <- string(m.Data) })
	})
	exchange(t, a, b)
	select {
	case text := <-received:
		if text != "hello" {
			t.Errorf("received %q", text)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing arrives; ICE is %v and %v", a.ICEConnectionState(), b.ICEConnectionState())
	}
	pair, err := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local.Typ != webrtc.ICECandidateTypeRelay {
		t.Errorf("the selected pair is %v, %v, want a relayed one", pair, err)
	}
}

// Two peers that use nothing but relays reach each other over each transport, and
// the figures tell of it.
func TestServerRelays(t *testing.T) {
	certificate, roots := selfSigned(t)
	for transport, c := range map[string]Config{
		"udp": {UDP: "127.0.0.1:0"},
		"tcp": {TCP: "127.0.0.1:0"},
		"tls": {TLS: "127.0.0.1:0", TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}},
	} {
		t.Run(transport, func(t *testing.T) {
			s := onLoopback(t, c)
			urls := s.URLs("")
			if len(urls) != 1 {
				t.Fatalf("the URLs are %v, want one", urls)
			}
			relays(t, webrtc.ICEServer{URLs: urls, Username: "ann", Credential: "secret"}, roots)
			m := s.Metrics()
			if m.RelaysOpened < 2 || m.PacketsFromPeers == 0 || m.PacketsToPeers == 0 || m.BytesToPeers <= m.PacketsToPeers || m.Authenticated < 2 {
				t.Errorf("the figures are %+v", m)
			}
		})
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// A credential is good until its time and for the secret that it was made with.
func TestServerTakesCredentialsForATime(t *testing.T) {
	s := onLoopback(t, Config{UDP: "127.0.0.1:0", Secret: "shared"})
	username, password := Credential("shared", "ben", time.Now().Add(time.Hour))
	relays(t, webrtc.ICEServer{URLs: s.URLs(""), Username: username, Credential: password}, nil)

	expired, expiredPassword := Credential("shared", "ben", time.Now().Add(-time.Minute))
	_, foreign := Credential("another", "ben", time.Now().Add(time.Hour))
	for name, server := range map[string]webrtc.ICEServer{
		"expired":        {Username: expired, Credential: expiredPassword},
		"another secret": {Username: username, Credential: foreign},
		"no time":        {Username: "ben", Credential: password},
	} {
		server.URLs = s.URLs("")
		// RFC 8489 §9.2.4 asks for 401; the engine answers a bad key with 400.
		if got := refusal(t, server); got != 400 && got != 401 {
			t.Errorf("%s: the candidate error is %d, want 401", name, got)
		}
	}
}

// refusal gathers and returns the code of the candidate error, 0 if there is a relay.
func refusal(t *testing.T, server webrtc.ICEServer) int {
	t.Helper()
	pc := client(t, server, nil)
	codes := make(chan int, 8)
	pc.OnICECandidateError(func(e webrtc.ICECandidateErrorEvent) { codes <- int(e.ErrorCode) })
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			codes <- 0
		}
	})
	if _, err := pc.CreateDataChannel("chat", nil); err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-codes:
		return code
	case <-time.After(20 * time.Second):
		t.Fatal("the server neither relays nor refuses")
		return 0
	}
}

// A user has as many relays as the quota says, and another one when one is gone.
func TestServerKeepsQuotas(t *testing.T) {
	s := onLoopback(t, Config{UDP: "127.0.0.1:0", MaxPerUser: 1, Users: map[string]string{"ann": "secret", "ben": "secret"}})
	ann := webrtc.ICEServer{URLs: s.URLs(""), Username: "ann", Credential: "secret"}
	ben := ann
	ben.Username = "ben"
	if got := refusal(t, ann); got != 0 {
		t.Fatalf("the first relay: %d", got)
	}
	if got := refusal(t, ann); got != 486 { // RFC 8656 §7.2
		t.Errorf("the second relay of a user: %d, want 486", got)
	}
	if got := refusal(t, ben); got != 0 {
		t.Errorf("the first relay of another user: %d", got)
	}
	if m := s.Metrics(); m.QuotaRefused == 0 || m.Relays != 2 {
		t.Errorf("the figures are %+v, want a refusal and two relays", m)
	}
}

// The pool gives no more than there may be to users that ask at the same time.
func TestPoolIsExact(t *testing.T) {
	p := &relayPool{max: 10, perUser: 4, users: map[string]int{}, metrics: &metrics{}}
	var got sync.Map
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if p.take([]string{"ann", "ben"}[i%2]) {
				got.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	got.Range(func(any, any) bool { n++; return true })
	if n != 8 || p.all != 8 || p.users["ann"] != 4 || p.users["ben"] != 4 {
		t.Errorf("%d relays, counted as %d: %v; want 4 of each", n, p.all, p.users)
	}
	for range 4 {
		p.release("ann")
	}
	if got := slices.Collect(maps.Keys(p.users)); len(got) != 1 || got[0] != "ben" || p.all != 4 {
		t.Errorf("after the release: %d, %v; want those of ben", p.all, p.users)
	}
}

// What is in the server's own network is not reached through it.
func TestPeerRules(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "public", "8.8.8.8": "public", "2001:db8::1": "public",
		"10.1.2.3": "private", "192.168.0.1": "private", "172.16.0.1": "private", "fd00::1": "private", "100.64.0.1": "private",
		"127.0.0.1": "any", "::1": "any", "0.0.0.0": "any", "0.1.2.3": "any", "169.254.169.254": "any", "fe80::1": "any",
		"224.0.0.1": "any", "ff02::1": "any", "255.255.255.255": "any", "240.0.0.1": "any",
	} {
		a := netip.MustParseAddr(address)
		got := "any"
		switch {
		case PublicPeers(a):
			got = "public"
		case PrivatePeers(a):
			got = "private"
		}
		if got != want || !AnyPeers(a) {
			t.Errorf("%s is reached by the rule %s, want %s", address, got, want)
		}
	}
}

// A permission for an address that is not relayed to is refused.
func TestServerRefusesPeers(t *testing.T) {
	s, err := Listen(Config{UDP: "127.0.0.1:0", Relay: loopback, Users: map[string]string{"ann": "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := client(t, webrtc.ICEServer{URLs: s.URLs(""), Username: "ann", Credential: "secret"}, nil)
	if _, err := a.CreateDataChannel("chat", nil); err != nil {
		t.Fatal(err)
	}
	b := client(t, webrtc.ICEServer{URLs: s.URLs(""), Username: "ann", Credential: "secret"}, nil)
	exchange(t, a, b)
	candidate := "candidate:1 1 udp 1 10.0.0.1 9 typ host"
	if err := a.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate, SDPMid: new("0")}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); s.Metrics().PeersRefused == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a permission for 10.0.0.1 was not refused")
		}
	}
}

// What cannot be used is an error that says so.
func TestListenRefuses(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := Config{UDP: "127.0.0.1:0", Relay: loopback, Users: map[string]string{"ann": "secret"}}
	for want, change := range map[string]func(*Config){
		"no address to listen on":  func(c *Config) { c.UDP = "" },
		"are for relaying":         func(c *Config) { c.Users, c.TCP = nil, "127.0.0.1:0" },
		"the relay's address":      func(c *Config) { c.Relay = netip.IPv4Unspecified() },
		"TLS needs a certificate":  func(c *Config) { c.TLS = "127.0.0.1:0" },
		"relay ports":              func(c *Config) { c.MinPort = 9 },
		"bounds":                   func(c *Config) { c.MaxPerUser = -1 },
		"the form of a credential": func(c *Config) { c.Users, c.Secret = map[string]string{"1:x": "y"}, "s" },
		"address already in use":   func(c *Config) { c.UDP = taken.LocalAddr().String() },
	} {
		c := good
		change(&c)
		s, err := Listen(c)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one with %q", err, want)
		}
	}
}

// Without users the server answers questions and relays nothing.
func TestServerForQuestionsAlone(t *testing.T) {
	var mu sync.Mutex
	var seen []Message
	s, err := Listen(Config{UDP: "127.0.0.1:0", Observer: func(m Message) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, m)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	address, ok := strings.CutPrefix(s.URLs("")[0], "stun:")
	if !ok || len(s.URLs("")) != 1 {
		t.Fatalf("the URLs are %q", s.URLs(""))
	}
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	allocate := stun.MustBuild(stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.TransactionID,
		stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}})
	// The server takes requests in order: once it has answered the question it has
	// dealt with the allocation.
	question := stun.MustBuild(stun.BindingRequest, stun.TransactionID)
	for _, m := range []*stun.Message{allocate, question} {
		if _, err := conn.Write(m.Raw); err != nil {
			t.Fatal(err)
		}
	}
	me := addrPort(conn.LocalAddr())
	for answer := new(stun.Message); answer.TransactionID != question.TransactionID; {
		b := make([]byte, 1500)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		*answer = stun.Message{Raw: b[:n]}
		if err := answer.Decode(); err != nil {
			t.Fatal(err)
		}
		if answer.Type == stun.NewType(stun.MethodAllocate, stun.ClassSuccessResponse) {
			t.Fatal("the server has allocated a relay")
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if last := seen[len(seen)-1]; last.Type != stun.BindingSuccess || !last.Sent || last.Client != me || last.Mapped != me {
		t.Errorf("the observer was told %+v, want an answer to %v", last, me)
	}
}

// The observer sees both halves of what a client asks.
func TestObserverSeesMessages(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	s := onLoopback(t, Config{UDP: "127.0.0.1:0", Observer: func(m Message) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case m.Type == stun.NewType(stun.MethodAllocate, stun.ClassSuccessResponse) && m.Sent && m.Relayed.Addr() == loopback && m.Mapped == m.Client:
			seen["allocated"]++
		case m.Type == stun.NewType(stun.MethodAllocate, stun.ClassErrorResponse) && m.ErrorCode == 401:
			seen["challenged"]++
		case m.Type.Method == stun.MethodCreatePermission && !m.Sent && m.Peer.Addr() == loopback:
			seen["permission"]++
		case m.Type == stun.MessageType{} && !m.Sent && len(m.Payload) > 0:
			seen["data"]++
		case m.Type.Class == stun.ClassIndication && m.Sent && len(m.Payload) > 0:
			seen["indication"]++
		}
	}})
	relays(t, webrtc.ICEServer{URLs: s.URLs(""), Username: "ann", Credential: "secret"}, nil)
	mu.Lock()
	defer mu.Unlock()
	for _, what := range []string{"allocated", "challenged", "permission", "data", "indication"} {
		if seen[what] == 0 {
			t.Errorf("no %s among what was seen: %v", what, seen)
		}
	}
}

// The figures are written as Prometheus reads them.
func TestMetricsAsText(t *testing.T) {
	var b strings.Builder
	n, err := Metrics{Relays: 3, BytesToPeers: 1200}.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Errorf("WriteTo: %d, %v; %d bytes are there", n, err, b.Len())
	}
	for _, line := range []string{"# TYPE turn_relays gauge\nturn_relays 3\n", "# TYPE turn_bytes_to_peers_total counter\nturn_bytes_to_peers_total 1200\n"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
}
