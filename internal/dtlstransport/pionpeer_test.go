package dtlstransport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
)

// wire is the net.PacketConn of a dtls.Conn whose other end is a Transport.
type wire struct {
	in   *packetQueue
	send func([]byte)
}

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := w.in.pop(b)
	return n, peerAddr{}, err
}

func (w *wire) WriteTo(b []byte, _ net.Addr) (int, error) {
	w.send(slices.Clone(b))
	return len(b), nil
}

func (w *wire) Close() error                      { w.in.close(net.ErrClosed); return nil }
func (w *wire) LocalAddr() net.Addr               { return peerAddr{} }
func (w *wire) SetDeadline(time.Time) error       { return errors.ErrUnsupported }
func (w *wire) SetWriteDeadline(time.Time) error  { return nil }
func (w *wire) SetReadDeadline(t time.Time) error { w.in.interrupt(!t.IsZero()); return nil }

// withPion connects a Transport in the role given to a dtls.Conn.
func withPion(t *testing.T, role Role, id dtls.CipherSuiteID) (*peer, *dtls.Conn) {
	t.Helper()
	cert, other := ecdsaCertificate(t), ecdsaCertificate(t)
	switch id {
	case dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		cert, other = rsaCertificate(t), rsaCertificate(t)
	}
	w := &wire{in: newPacketQueue(1000, 1<<20)}
	p := &peer{t: t, cert: cert, out: newLink(0)}
	back := newLink(0)
	p.out.to = func(b []byte) { w.in.push(b) }
	w.send = func(b []byte) { _ = back.send([][]byte{b}) }
	tr, err := New(Config{
		Certificates: []tls.Certificate{cert},
		CipherSuites: []dtls.CipherSuiteID{id},
		Send:         p.out.send,
		OnState: func(s State, err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.events = append(p.events, event{s, err, time.Now()})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Transport, back.to = tr, tr.HandleDatagram
	shared := []dtls.Option{
		dtls.WithCertificates(other), dtls.WithCipherSuites(id),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
	}
	var conn *dtls.Conn
	if role == Passive {
		opts := []dtls.ClientOption{dtls.WithInsecureSkipVerify(true)}
		for _, o := range shared {
			opts = append(opts, o)
		}
		conn, err = dtls.ClientWithOptions(w, peerAddr{}, opts...)
	} else {
		opts := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
		for _, o := range shared {
			opts = append(opts, o)
		}
		conn, err = dtls.ServerWithOptions(w, peerAddr{}, opts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		tr.Close()
		close(p.out.stop)
		close(back.stop)
	})
	p.start(role, fingerprint(t, other))
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return p, conn
}

// With pion's dtls.Conn at the other end, in both roles, with each suite: data
// both ways, and close_notify from either side.
func TestWithPionDTLS(t *testing.T) {
	for _, id := range ours {
		for _, role := range []Role{Active, Passive} {
			for _, closer := range []string{"ours", "theirs"} {
				bubble(t, fmt.Sprintf("%s, we are %v, %s closes", dtls.CipherSuiteName(id), role, closer), func(t *testing.T) {
					p, conn := withPion(t, role, id)
					p.wantState(StateConnected, time.Second, "after the handshake")
					buf := make([]byte, 2000)
					for i := range 200 {
						m := fmt.Sprintf("%*d", i*6+1, i)
						p.write(m)
						if n, err := conn.Read(buf); err != nil || string(buf[:n]) != m {
							t.Fatalf("they read %q, %v, want %q", buf[:n], err, m)
						}
						if _, err := conn.Write([]byte(m)); err != nil {
							t.Fatal(err)
						}
						p.wantRead(m, "from pion")
					}
					if closer == "ours" {
						p.Close()
						if n, err := conn.Read(buf); err != io.EOF {
							t.Errorf("they read %q, %v after our close_notify", buf[:n], err)
						}
						return
					}
					if err := conn.Close(); err != nil {
						t.Fatal(err)
					}
					p.wantState(StateClosed, time.Second, "their close_notify")
					if n, err := p.Read(buf); err != io.EOF {
						t.Errorf("we read %q, %v after their close_notify", buf[:n], err)
					}
					if n := p.countSealed(typeAlert, alertWarning, alertCloseNotify); n != 1 {
						t.Errorf("%d answers to close_notify, want 1", n)
					}
				})
			}
		}
	}
}
