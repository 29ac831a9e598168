package netwatch

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// In a network namespace of its own, where nobody else changes anything: each watcher
// is told when an interface comes up, and not before.
func TestTheKernelTellsOfChanges(t *testing.T) {
	runtime.LockOSThread() // and never unlocked, so that the thread ends with its namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	var s set
	first, told := counted()
	second, toldToo := counted()
	stop := s.watch(first)
	defer stop()
	stopToo := s.watch(second)
	setUp(t, "lo")
	for _, c := range []chan struct{}{told, toldToo} {
		select {
		case <-c:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody tells of the change")
		}
	}
	stopToo()
	if len(told) > 1 || len(toldToo) > 1 {
		t.Errorf("one change was told of %d and %d times more", len(told), len(toldToo))
	}
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
