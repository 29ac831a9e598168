package ice

import (
	"bytes"
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
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// pipeLink returns a link over a pipe, with its writer running until the test
// closes it.
func pipeLink(t *testing.T) (l *streamLink, far net.Conn) {
	near, far := net.Pipe()
	l = &streamLink{conn: near, raw: near, wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() { defer close(done); l.run() }()
	t.Cleanup(func() { _ = far.Close(); _ = l.close(); <-done })
	return l, far
}

// Messages are found in a stream however it is cut.
func TestStreamFraming(t *testing.T) {
	control := bindingRequest(transactionID{1})
	long := appendChannelData(nil, 0x4001, bytes.Repeat([]byte{7}, 65535), true)
	all := [][]byte{control, appendChannelData(nil, 0x4000, []byte("12345"), true), long, appendChannelData(nil, 0x4000, nil, true), control}
	for _, piece := range []int{1, 3, 4, 21, 70000, 1 << 20} {
		l, far := pipeLink(t)
		go func() {
			for b := slices.Concat(all...); len(b) > 0; {
				n := min(piece, len(b))
				if _, err := far.Write(b[:n]); err != nil {
					t.Error(err)
				}
				b = b[n:]
			}
			_ = far.Close()
		}()
		for i, want := range all {
			if got, _, err := l.next(); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("pieces of %d: message %d is %.20x (%d bytes), %v", piece, i, got, len(got), err)
			}
		}
		if _, _, err := l.next(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("end: %v", err)
		}
	}
}

// What is neither kind of message ends the stream: there is no way to find the
// next one.
func TestStreamGarbage(t *testing.T) {
	for _, garbage := range [][]byte{{0x80, 0, 0, 4}, {0x50, 0, 0, 0}, {0, 1, 0, 3}, {0x15, 3, 3, 4, 1, 2, 3, 4}} {
		l, far := pipeLink(t)
		go far.Write(garbage)
		if _, _, err := l.next(); !errors.Is(err, errStreamFraming) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%x: %v", garbage, err)
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add(appendChannelData(nil, 0x4000, []byte("12345"), true), 3)
	f.Add(bindingRequest(transactionID{1}), 20)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		near, far := net.Pipe()
		l := &streamLink{conn: near, raw: near, wake: make(chan struct{}, 1)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for rest := b; len(rest) > 0; {
				n := min(max(piece, 1), len(rest))
				if _, err := far.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
			_ = far.Close()
		}()
		for taken := 0; ; {
			m, _, err := l.next()
			if err != nil {
				break
			}
			if taken += len(m); taken > len(b) || len(m) == 0 || !bytes.Equal(m, b[taken-len(m):taken]) {
				t.Fatalf("%x is not what came", m)
			}
		}
		<-done
	})
}

// A server that does not read costs packets, and neither time nor memory.
func TestStreamBacklog(t *testing.T) {
	l, far := pipeLink(t)
	packet := appendChannelData(nil, 0x4000, make([]byte, 1000), true)
	for range 1000 {
		if _, err := l.write([]udp.Datagram{datagram(packet, testServer)}); err != nil {
			t.Fatal(err)
		}
	}
	control := bindingRequest(transactionID{1})
	if _, err := l.write([]udp.Datagram{datagram(control, testServer)}); err != nil {
		t.Fatal(err)
	}
	if n := l.dropped.Load(); n < 1000-2*streamBacklog/1004 {
		t.Errorf("%d packets dropped", n)
	}
	// The message to the server found room, and comes in whole.
	r, found := make([]byte, 1<<20), 0
	for !bytes.HasSuffix(r[:found], control) {
		n, err := far.Read(r[found:])
		if err != nil {
			t.Fatal(err)
		}
		found += n
	}
	l.close()
	if _, err := l.write(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// certificate is one for turn.example, with the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"turn.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// serveStreams runs a TURN server for TCP on port 3478 and TLS on 5349.
func serveStreams(t *testing.T, n *simnet.Network) (*turntest.Server, *x509.CertPool, func()) {
	host := n.Host("turn", simnet.Addrs("198.51.100.1"))
	n.DNS("turn.example", "198.51.100.1")
	n.DNS("other.example", "198.51.100.1")
	s := turntest.New(host, turntest.Config{Username: "user", Password: "secret", Relays: []netip.Addr{netip.MustParseAddr("198.51.100.1")}})
	cert, pool := certificate(t)
	plainStreams, err := host.ListenTCP(netip.MustParseAddrPort("198.51.100.1:3478"))
	if err != nil {
		t.Fatal(err)
	}
	secure, err := host.ListenTCP(netip.MustParseAddrPort("198.51.100.1:5349"))
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(plainStreams)
	s.Serve(tls.NewListener(secure, &tls.Config{Certificates: []tls.Certificate{cert}}))
	return s, pool, func() {
		plainStreams.Close()
		secure.Close()
		s.Close()
	}
}

// A host whose network lets no UDP out connects over streams, plain and secure,
// and its relay ends with the stream.
func TestConnectThroughAStream(t *testing.T) {
	for _, url := range []string{"turn:turn.example?transport=tcp", "turns:turn.example"} {
		t.Run(url, func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				hostA, _ := behindSymmetricNATs(n)
				hostA.BlockUDP(true)
				hostB := n.Host("c", simnet.Addrs("192.0.2.9"))
				turn, pool, stop := serveStreams(t, n)
				defer stop()
				a := connectOn(t, hostA, true, func(c *GathererConfig) {
					c.Servers, c.TLS = turnServers(t, url), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
				})
				b := connectOn(t, hostB, false, nil)
				defer a.close()
				defer b.close()
				connect(a, b)
				a.after(10 * time.Second)
				a.wantConnected(CandidateTypeRelay, "192.0.2.9")
				for i, c := range a.candidates() {
					if r := c.Candidate; r.Type() == CandidateTypeRelay && (r.RelayProtocol() != "tcp" && r.RelayProtocol() != "tls" || r.RelatedAddress().Address != "203.0.113.1") {
						t.Errorf("candidate %d: %s over %s", i, r.Marshal(), r.RelayProtocol())
					}
				}
				a.say("hello")
				a.after(11 * time.Second)
				a.say("again")
				b.say("well met!")
				a.after(12 * time.Second)
				b.wantHeard(a, "hello", "again")
				a.wantHeard(b, "well met!")
				if turn.Sent().ChannelData == 0 || turn.Data().ChannelData == 0 {
					t.Errorf("sent %+v, data %+v", turn.Sent(), turn.Data())
				}
				a.after(2 * time.Hour)
				if turn.Allocations() != 1 {
					t.Errorf("%d allocations after two hours", turn.Allocations())
				}
				stop()
				synctest.Wait()
				last := strings.Join(a.log[len(a.log)-2:], "\n")
				if !strings.Contains(last, "2h0m0s error 701 "+url+": the stream has ended: EOF") || !strings.Contains(last, "close") {
					t.Errorf("%s", last)
				}
			})
		})
	}
}

// Ways that cannot be opened are reported; a certificate has to be right.
func TestStreamErrors(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		_, pool, stop := serveStreams(t, n)
		defer stop()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Policy, c.TLS = GatherRelay, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
			c.Servers = turnServers(t, "turn:198.51.100.1:1?transport=tcp", "turns:other.example", "turns:turn.example:3478", "turns:turn.example")
		})
		defer g.close()
		g.gather("uf")
		g.after(10 * time.Second)
		text := strings.Join(g.log, "\n")
		for _, want := range []string{
			"0s error 701 turn:198.51.100.1:1?transport=tcp: no way to the server: dial tcp 198.51.100.1:1: connect: connection refused",
			"error 701 turns:other.example: no way to the server: TLS: tls: failed to verify certificate",
			"error 701 turns:turn.example:3478: no way to the server: TLS: ",
			"relay 198.51.100.1 base 1 turns:turn.example", "complete",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		}
	})
}

// Close does not wait for a server that has stopped reading, and cuts a handshake
// short.
func TestStreamCloses(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("turn", simnet.Addrs("198.51.100.1"))
		l, err := host.ListenTCP(netip.MustParseAddrPort("198.51.100.1:5349"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		accepted := make(chan net.Conn, 1)
		go func() {
			c, err := l.Accept()
			if err == nil {
				accepted <- c
			}
		}()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Policy, c.Servers = GatherRelay, turnServers(t, "turns:198.51.100.1")
		})
		g.gather("uf")
		defer (<-accepted).Close()
		began := time.Now()
		g.close()
		if took := time.Since(began); took > streamFarewell {
			t.Errorf("Close took %v", took)
		}
	})
}

func TestSystemNetworkDialsTCP(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("%s: %v", address, err)
			continue
		}
		remote := netip.MustParseAddrPort(l.Addr().String())
		c, err := SystemNetwork().DialTCP(context.Background(), remote.Addr(), remote)
		if err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
		l.Close()
	}
}

// endlessConn is a stream that brings one message for ever and takes everything.
type endlessConn struct {
	net.Conn
	message []byte
	at      int
}

func (c *endlessConn) Read(b []byte) (int, error) {
	n := copy(b, c.message[c.at:])
	c.at = (c.at + n) % len(c.message)
	return n, nil
}

func (c *endlessConn) Write(b []byte) (int, error) { return len(b), nil }
func (c *endlessConn) Close() error                { return nil }
func (c *endlessConn) SetDeadline(time.Time) error { return nil }

func TestPacketsOverStreamsDoNotAllocate(t *testing.T) {
	for name, d := range relayedPackets() {
		in := appendChannelData(nil, 0x4000, d.Buf, true)
		if name == "indication" {
			in = dataIndication(testOther, d.Buf)
		}
		conn := &endlessConn{message: in}
		l := &streamLink{conn: conn, raw: conn, wake: make(chan struct{}, 1)}
		done := make(chan struct{})
		go func() { defer close(done); l.run() }()
		c := relayOver(&scriptedConn{})
		c.link = l
		out, read := []udp.Datagram{d}, []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}}
		write := func() {
			if _, err := c.WriteBatch(out); err != nil {
				t.Error(err)
			}
			for waiting := true; waiting; { // for the writer, so that nothing piles up
				l.mu.Lock()
				waiting = len(l.pending) > 0
				l.mu.Unlock()
				runtime.Gosched()
			}
		}
		for range 100 { // both buffers of the writer grow to what they need
			write()
		}
		if n := testing.AllocsPerRun(100, write); n != 0 && !raceDetector {
			t.Errorf("%s: %v allocations for a packet out", name, n)
		}
		if n := testing.AllocsPerRun(100, func() {
			if n, err := c.ReadBatch(read); n != 1 || err != nil || read[0].N < 1200 {
				t.Error(n, err, read[0].N)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a packet in", name, n)
		}
		l.close()
		<-done
	}
}
