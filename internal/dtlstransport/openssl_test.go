package dtlstransport

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// openssl runs s_client or s_server with a certificate of its own and collects
// what it prints.
type openssl struct {
	stdin io.WriteCloser
	mu    sync.Mutex
	out   bytes.Buffer
	lines chan string
}

// output returns what was printed so far.
func (o *openssl) output() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.String()
}

func startOpenSSL(t *testing.T, cert, key string, args ...string) *openssl {
	t.Helper()
	cmd := exec.Command("openssl", append(args, "-cert", cert, "-key", key, "-dtls1_2")...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &openssl{stdin: stdin, lines: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(r); s.Scan(); {
			o.mu.Lock()
			o.out.WriteString(s.Text() + "\n")
			o.mu.Unlock()
			select {
			case o.lines <- s.Text():
			default:
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		w.Close()
		<-done
		if t.Failed() {
			t.Logf("openssl printed:\n%s", o.output())
		}
	})
	return o
}

// wantLine waits for a line that contains s.
func (o *openssl) wantLine(t *testing.T, s string) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case l := <-o.lines:
			if strings.Contains(l, s) {
				return
			}
		case <-timeout:
			t.Fatalf("openssl did not print %q", s)
		}
	}
}

// opensslCertificate makes a certificate with openssl and returns its files and
// its DER form.
func opensslCertificate(t *testing.T, kind ...string) (cert, key string, der []byte) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	args := append([]string{"req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=openssl", "-out", cert, "-keyout", key}, kind...)
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		t.Fatalf("openssl req: %v\n%s", err, out)
	}
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		t.Fatal(err)
	}
	return cert, key, block.Bytes
}

// socketEnd is a transport on a UDP socket.
type socketEnd struct {
	*Transport
	states chan State
}

// onSocket runs a transport over a UDP socket. peer is nil until a datagram has
// come.
func onSocket(t *testing.T, cert tls.Certificate, conn *net.UDPConn, peer *net.UDPAddr) *socketEnd {
	t.Helper()
	var mu sync.Mutex
	states := make(chan State, 4)
	tr, err := New(Config{
		OnState:      func(s State, _ error) { states <- s },
		Certificates: []tls.Certificate{cert},
		Send: func(bs [][]byte) error {
			mu.Lock()
			to := peer
			mu.Unlock()
			if to == nil {
				return nil
			}
			for _, b := range bs {
				if _, err := conn.WriteTo(b, to); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			mu.Lock()
			peer = from
			mu.Unlock()
			tr.HandleDatagram(buf[:n])
		}
	}()
	t.Cleanup(func() {
		tr.Close()
		conn.Close()
		<-done
	})
	return &socketEnd{tr, states}
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Skip("no UDP on loopback:", err)
	}
	return conn
}

// waitConnected waits until OnState has reported the end of the handshake.
func (e *socketEnd) waitConnected(t *testing.T) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case s := <-e.states:
			switch s {
			case StateConnected:
				return
			case StateFailed, StateClosed:
				t.Fatalf("state %v: %v", s, e.Err())
			}
		case <-timeout:
			t.Fatalf("state %v after 10 s", e.State())
		}
	}
}

// Kinds of certificate that openssl can make.
var (
	ecdsaKind = []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"}
	rsaKind   = []string{"-newkey", "rsa:2048"}
)

// TestOpenSSL shakes hands with another implementation, in real time.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed:", err)
	}
	if testing.Short() {
		t.Skip("runs processes in real time")
	}
	// Whose turn it is to choose the suite is the server's, but the engine's
	// server follows the client's order.
	for _, tt := range []struct {
		name    string
		kind    []string
		args    []string
		suite   string // "" for any
		profile string
	}{
		{"ECDSA, AEAD profile", ecdsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"},
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "SRTP_AEAD_AES_128_GCM"},
		{"RSA, AES-CM profile", rsaKind, []string{"-use_srtp", "SRTP_AES128_CM_SHA1_80"},
			"", "SRTP_AES128_CM_HMAC_SHA1_80"},
		{"ChaCha20", ecdsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_256_GCM", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"},
			"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "SRTP_AEAD_AES_256_GCM"},
		{"AES-256, small MTU", rsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384", "-mtu", "300"},
			"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "SRTP_AEAD_AES_128_GCM"},
		{"AES-256, ECDSA", ecdsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"},
			"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "SRTP_AEAD_AES_128_GCM"},
		{"AES-128, RSA", rsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"},
			"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "SRTP_AEAD_AES_128_GCM"},
		{"ChaCha20, RSA", rsaKind, []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"},
			"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "SRTP_AEAD_AES_128_GCM"},
	} {
		for _, role := range []Role{Active, Passive} {
			t.Run(tt.name+", we are "+role.String(), func(t *testing.T) {
				tr, o := withOpenSSL(t, role, tt.kind, tt.args)
				tr.waitConnected(t)
				if s := tr.Stats(); tt.suite != "" && s.CipherSuite != tt.suite || s.SRTPCipher != tt.profile {
					t.Errorf("negotiated %s, %s, want %s, %s", s.CipherSuite, s.SRTPCipher, tt.suite, tt.profile)
				}
				exchangeWithOpenSSL(t, tr, o)
				wantKeysOfOpenSSL(t, tr, o)
				tr.Close()
				if role == Active {
					// s_server tells that our close_notify came.
					o.wantLine(t, "DONE")
				}
			})
		}
	}
}

// withOpenSSL starts a transport and openssl at the other end.
func withOpenSSL(t *testing.T, role Role, kind, extra []string) (*socketEnd, *openssl) {
	t.Helper()
	cert, key, der := opensslCertificate(t, kind...)
	conn := listen(t)
	args := append([]string{"-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "56"}, extra...)
	fp, err := ComputeFingerprint(der, "sha-512")
	if err != nil {
		t.Fatal(err)
	}
	ours := ecdsaCertificate(t)
	if kind[1] == "rsa:2048" {
		ours = rsaCertificate(t)
	}
	var o *openssl
	var tr *socketEnd
	if role == Passive {
		tr = onSocket(t, ours, conn, nil)
		if err := tr.Start(role, []Fingerprint{fp}); err != nil {
			t.Fatal(err)
		}
		o = startOpenSSL(t, cert, key, append([]string{"s_client", "-connect", conn.LocalAddr().String()}, args...)...)
	} else {
		free := listen(t)
		to := free.LocalAddr().(*net.UDPAddr)
		free.Close()
		// It wants our certificate and prints it whatever it is.
		o = startOpenSSL(t, cert, key, append([]string{"s_server", "-accept", to.String(), "-Verify", "1"}, args...)...)
		o.wantLine(t, "ACCEPT")
		tr = onSocket(t, ours, conn, to)
		if err := tr.Start(role, []Fingerprint{fp}); err != nil {
			t.Fatal(err)
		}
	}
	return tr, o
}

// OpenSSL ends the session, or wants another handshake, by a command on its input.
func TestOpenSSLTakesItsLeave(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed:", err)
	}
	if testing.Short() {
		t.Skip("runs processes in real time")
	}
	srtp := []string{"-use_srtp", "SRTP_AEAD_AES_128_GCM"}
	// s_server closes its socket instead.
	t.Run("close_notify of s_client", func(t *testing.T) {
		tr, o := withOpenSSL(t, Passive, ecdsaKind, srtp)
		tr.waitConnected(t)
		exchangeWithOpenSSL(t, tr, o)
		if _, err := io.WriteString(o.stdin, "Q\n"); err != nil {
			t.Fatal(err)
		}
		conn := tr.Conn()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := conn.Read(make([]byte, 2000)); err != io.EOF {
			t.Errorf("read %d, %v", n, err)
		}
		conn.Close()
	})
	for _, role := range []Role{Active, Passive} {
		t.Run("renegotiation, we are "+role.String(), func(t *testing.T) {
			tr, o := withOpenSSL(t, role, ecdsaKind, srtp)
			tr.waitConnected(t)
			exchangeWithOpenSSL(t, tr, o)
			command := map[Role]string{Active: "r\n", Passive: "R\n"}[role]
			if _, err := io.WriteString(o.stdin, command); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(10 * time.Second); tr.Stats().Dropped.Renegotiation == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("openssl did not ask, dropped: %+v", tr.Stats().Dropped)
				}
			}
			// It gives up when it is refused, as client and as server.
			o.wantLine(t, "no renegotiation")
		})
	}
}

func exchangeWithOpenSSL(t *testing.T, tr *socketEnd, o *openssl) {
	t.Helper()
	if _, err := tr.Write([]byte("hello from us\n")); err != nil {
		t.Fatal(err)
	}
	o.wantLine(t, "hello from us")
	if _, err := io.WriteString(o.stdin, "hello from them\n"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2000)
	n, err := tr.Read(buf)
	if err != nil || !strings.Contains(string(buf[:n]), "hello from them") {
		t.Fatalf("read %q, %v", buf[:n], err)
	}
}

// wantKeysOfOpenSSL compares the keys for SRTP (RFC 5764 §4.2).
func wantKeysOfOpenSSL(t *testing.T, tr *socketEnd, o *openssl) {
	t.Helper()
	keys, err := tr.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(colonHex(keys), ":", "")
	if out := o.output(); !strings.Contains(out, want) {
		t.Errorf("openssl did not derive %s", want)
	}
}
