// Package leaktest fails a test binary that leaves goroutines behind.
package leaktest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// grace is how long goroutines that are about to end may take: those of
// engines finish shortly after the Close that ends them has returned.
const grace = 5 * time.Second

// Main runs the tests of m and exits, with a failure if goroutines that the
// tests started are still running a grace period after the last test. It is to
// be called from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := wait(grace); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "leaktest: %d goroutines are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// Check fails t if goroutines other than those that ran at the call are still
// running a grace period after the test's end.
func Check(t testing.TB) {
	t.Helper()
	before := map[string]bool{}
	for _, g := range stacks() {
		before[header(g)] = true
	}
	t.Cleanup(func() {
		var left []string
		for deadline := time.Now().Add(grace); ; time.Sleep(5 * time.Millisecond) {
			left = left[:0]
			for _, g := range stacks() {
				if !before[header(g)] {
					left = append(left, g)
				}
			}
			if len(left) == 0 || time.Now().After(deadline) {
				break
			}
		}
		if len(left) > 0 {
			t.Errorf("%d goroutines are left:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

func wait(limit time.Duration) []string {
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		left := stacks()
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// header returns the identity of the goroutine whose stack is g: "goroutine 7".
func header(g string) string {
	name, _, _ := strings.Cut(g, " [")
	return name
}

// stacks returns the stack of every goroutine but the caller's and those that
// belong to the test framework and the runtime.
func stacks() []string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var out []string
	for i, g := range strings.Split(string(buf), "\n\n") {
		if i == 0 || expected(g) {
			continue
		}
		out = append(out, g)
	}
	return out
}

func expected(g string) bool {
	for _, s := range []string{
		"testing.RunTests", "testing.Main(", "testing.(*M).", "testing.runFuzz", "testing.tRunner.func",
		"testing.(*T).Run(", "runtime.goexit0", "os/signal.signal_recv", "os/signal.loop", "runtime.gc", "runtime.MHeap_Scavenger",
		"internal/fuzz", "runtime/trace", "testing.(*F).", "runtime.ReadTrace",
	} {
		if strings.Contains(g, s) {
			return true
		}
	}
	return false
}
