package simnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
)

// A stream passes a NAT that blocks UDP, and shows the NAT's address.
func TestStreams(t *testing.T) {
	n := New(1)
	defer n.Close()
	nat := n.NAT("home", "203.0.113.1", NATConfig{})
	nat.BlockUDP(true)
	a := n.Host("a", Addrs("10.0.0.2"), Behind(nat))
	b := n.Host("b", Addrs("198.51.100.1"))
	local, remote := netip.MustParseAddr("10.0.0.2"), netip.MustParseAddrPort("198.51.100.1:443")
	if _, err := a.DialTCP(context.Background(), local, remote); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := b.ListenTCP(remote)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ListenTCP(remote); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second listener: %v", err)
	}
	if _, err := a.ListenTCP(remote); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("another's address: %v", err)
	}
	if _, err := a.DialTCP(context.Background(), remote.Addr(), remote); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("from another's address: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.DialTCP(ctx, local, remote); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	go func() {
		c, err := a.DialTCP(context.Background(), local, remote)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = c.Write([]byte("hello"))
		_ = c.Close()
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b2, err := io.ReadAll(c)
	if err != nil || string(b2) != "hello" || c.RemoteAddr().(*net.TCPAddr).IP.String() != "203.0.113.1" || c.LocalAddr().String() != remote.String() {
		t.Errorf("%q from %v to %v: %v", b2, c.RemoteAddr(), c.LocalAddr(), err)
	}
	l.Close()
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
