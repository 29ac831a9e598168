//go:build linux && !udpplain

package udp

import (
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/parleyrtc/webrtc/internal/netwatch"
)

// In a network namespace of its own, where nobody else changes anything.
func TestInterfacesAreListedAnewWhenTheyChange(t *testing.T) {
	runtime.LockOSThread() // and never unlocked, so that the thread ends with its namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	var l listed
	if addrs := loopbackAddrs(t, &l); len(addrs) > 0 {
		t.Errorf("the loopback interface is down but has %v", addrs)
	}
	defer func() { _ = unix.Close(l.fd) }()
	if !l.watched {
		t.Fatal("changes are not watched")
	}
	before := &l.interfaces[0]
	if loopbackAddrs(t, &l); &l.interfaces[0] != before {
		t.Error("the interfaces were listed again although nothing has changed")
	}
	setUp(t, "lo")
	addrs := loopbackAddrs(t, &l)
	if !slices.Contains(addrs, netip.MustParsePrefix("127.0.0.1/8")) {
		t.Errorf("the loopback interface is up and has %v", addrs)
	}
	if netwatch.Drain(uintptr(l.fd)) {
		t.Error("the change was read and is told of again")
	}
}

// A caller may change what it gets.
func TestInterfacesAreTheCallersOwn(t *testing.T) {
	first, err := System().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		clear(first[i].Addrs)
	}
	clear(first)
	second, err := System().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range second {
		if i.Name == "" || slices.Contains(i.Addrs, netip.Prefix{}) {
			t.Errorf("there is an interface %+v", i)
		}
	}
}

// loopbackAddrs returns the addresses of lo.
func loopbackAddrs(t *testing.T, l *listed) (addrs []netip.Prefix) {
	t.Helper()
	all, err := l.get()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Name == "lo" {
			addrs = i.Addrs
		}
	}
	return addrs
}

func setUp(t *testing.T, name string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	ifr.SetUint16(unix.IFF_UP)
	if err := errors.Join(unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr), unix.Close(fd)); err != nil {
		t.Fatal(err)
	}
}
