package webrtc

import (
	"errors"
	"maps"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/leaktest"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// TestNothingIsLeftOf500Pairs connects pairs over real sockets, has them talk
// and closes them, some of them early. Afterwards there is no goroutine, no file
// and no timer or map entry that would keep a connection in memory.
func TestNothingIsLeftOf500Pairs(t *testing.T) {
	pairs, atOnce := 500, 8
	if testing.Short() {
		pairs = 50
	}
	api, config := loopbackAPI(), sharedCertificate(t)
	leaktest.Check(t)
	// The process keeps one socket, which tells of changes of the interfaces.
	if _, err := udp.System().Interfaces(); err != nil {
		t.Fatal(err)
	}
	files, countsFiles := openFiles()
	goroutines := runtime.NumGoroutine()
	var collected atomic.Int64
	work := make(chan int)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for i := range work {
				p, err := newLoopbackPair(api, config)
				if err != nil {
					t.Error(err)
					continue
				}
				for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
					runtime.AddCleanup(pc, func(*atomic.Int64) { collected.Add(1) }, &collected)
				}
				if err := p.negotiates(); err != nil {
					t.Error(err)
				}
				if i%5 != 0 { // one in five is closed while it connects
					if err := p.talks(closeLimit); err != nil {
						t.Error(err)
					}
				}
				p.closes(t)
				if _, err := p.offerer.CreateOffer(nil); !errors.Is(err, net.ErrClosed) {
					t.Errorf("CreateOffer after Close returned %v", err)
				}
			}
		})
	}
	begin := time.Now()
	for i := range pairs {
		work <- i
	}
	close(work)
	workers.Wait()
	t.Logf("%d pairs in %v", pairs, time.Since(begin).Round(time.Millisecond))
	if countsFiles {
		settles(t, "open files", files, func() int { n, _ := openFiles(); return n })
	}
	settles(t, "goroutines", goroutines, runtime.NumGoroutine)
	settles(t, "connections that something holds", 0, func() int {
		runtime.GC()
		return 2*pairs - int(collected.Load())
	})
}

// settles waits until a count has come down to what it was. Engines' goroutines
// end shortly after the Close that ends them.
func settles(t *testing.T, what string, want int, count func() int) {
	t.Helper()
	n := 0
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if n = count(); n <= want {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d %s, want %d\n%s", n, what, want, stacks[:runtime.Stack(stacks, true)])
}

// idleGoroutines are those of an idle, connected PeerConnection on a host with
// one address, with one channel. doc.go lists those of this package, the
// documentation of the packages below theirs.
var idleGoroutines = map[string]int{
	"webrtc.(*loop).run":                    1,
	"webrtc.(*socket).read":                 1, // for each local address
	"the SCTP engine, github.com/pion/sctp": 3,
}

// TestAnIdleConnectionCostsFewGoroutines counts and names them, so that a new
// one is not started without a thought.
func TestAnIdleConnectionCostsFewGoroutines(t *testing.T) {
	leaktest.Check(t)
	p, err := newLoopbackPair(loopbackAPI(), sharedCertificate(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.closes(t)
	if err := p.negotiates(); err != nil {
		t.Fatal(err)
	}
	if err := p.talks(closeLimit); err != nil {
		t.Fatal(err)
	}
	var got map[string]int
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		// Both sides run here; each write of an engine's takes goroutines too.
		if got = goroutinesByPart(); got["netwatch.(*set).run"] == 1 {
			delete(got, "netwatch.(*set).run") // the process's, however many connections there are
		}
		if maps.Equal(got, twice(idleGoroutines)) {
			break
		}
	}
	own, engines := 0, 0
	for _, part := range slices.Sorted(maps.Keys(got)) {
		if got[part]%2 != 0 || got[part]/2 != idleGoroutines[part] {
			t.Errorf("the two connections run %d goroutines of %s, want %d", got[part], part, 2*idleGoroutines[part])
		}
		if strings.Contains(part, "engine") {
			engines += got[part] / 2
		} else {
			own += got[part] / 2
		}
	}
	t.Logf("an idle connection with one channel runs %d goroutines of its own and %d of the engines", own, engines)
	if want := 5; own+engines != want {
		t.Errorf("%d goroutines in all, want %d", own+engines, want)
	}
}

func twice(m map[string]int) map[string]int {
	m = maps.Clone(m)
	for k := range m {
		m[k] *= 2
	}
	return m
}

// goroutinesByPart counts the goroutines of the library by what they do.
func goroutinesByPart() map[string]int {
	stacks := make([]byte, 1<<20)
	n := runtime.Stack(stacks, true)
	for n == len(stacks) { // there may be more
		stacks = make([]byte, 2*len(stacks))
		n = runtime.Stack(stacks, true)
	}
	stacks = stacks[:n]
	counts := map[string]int{}
	for _, g := range strings.Split(string(stacks), "\n\n") {
		_, creator, _ := strings.Cut(g, "created by ")
		switch {
		case strings.Contains(creator, "pion/dtls") || strings.Contains(creator, "pion/transport"):
			counts["the DTLS engine, github.com/pion/dtls"]++
		case strings.Contains(creator, "pion/sctp"):
			counts["the SCTP engine, github.com/pion/sctp"]++
		case strings.Contains(g, "testing.tRunner") || strings.Contains(g, "testing.(*T)."):
		case strings.Contains(g, "parleyrtc/webrtc"):
			counts[startFunction(g)]++
		}
	}
	return counts
}

// startFunction names the first function of ours that the goroutine runs.
func startFunction(g string) string {
	g, _, _ = strings.Cut(g, "\ncreated by ")
	name := "?"
	for line := range strings.Lines(g) {
		if strings.HasPrefix(line, "github.com/parleyrtc/webrtc") && !strings.Contains(line, "goroutines).start") {
			name, _, _ = strings.Cut(line[strings.LastIndex(line, "/")+1:], "(0x")
			name, _, _ = strings.Cut(name, "({")
		}
	}
	return strings.TrimSpace(name)
}
