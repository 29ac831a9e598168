package webrtc

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// candidateFloods make the n-th candidate of a flood. fails says that
// AddICECandidate refuses it with an OperationError (webrtc-pc §4.4.2).
var candidateFloods = []struct {
	name  string
	make  func(n int) string
	fails bool
}{
	{"valid", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 198.%d.%d.%d %d typ host", n, 1<<24+n, 18+n>>16&1, n>>8&255, n&255, 1024+n)
	}, false},
	{"duplicate", func(int) string { return "candidate:1 1 udp 2130706431 198.51.100.1 5000 typ host" }, false},
	{"IPv6", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 2001:db8::%x 5000 typ host", n, n+1, n+1)
	}, false},
	{"TCP", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 tcp %d 198.51.100.1 %d typ host tcptype passive", n, n+1, 1024+n)
	}, false},
	{"hidden names", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 6f1c5a76-0000-4000-8000-%012x.local 5000 typ host", n, n+1, n)
	}, false},
	{"one hidden name", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 6f1c5a76-0000-4000-8000-000000000000.local %d typ host", n, n+1, 1024+n)
	}, false},
	{"other names", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d host%d.example.org 5000 typ host", n, n+1, n)
	}, false},
	{"of the second component", func(n int) string {
		return fmt.Sprintf("candidate:%d 2 udp %d 198.51.100.1 %d typ host", n, n+1, 1024+n)
	}, false},
	{"of our own address", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 192.0.2.1 %d typ host", n, n+1, 1024+n)
	}, false},
	{"multicast and unspecified", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d %s 5000 typ host", n, n+1, []string{"224.0.0.251", "0.0.0.0", "255.255.255.255", "::", "ff02::fb", "127.0.0.1"}[n%6])
	}, false},
	{"long", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp %d 198.51.100.1 %d typ host x-long %01000d", n, n+1, 1024+n, n)
	}, false},
	{"no candidates", func(n int) string { return fmt.Sprintf("candidate:nonsense %d", n) }, true},
	{"without a port", func(n int) string { return fmt.Sprintf("candidate:%d 1 udp 1 198.51.100.1", n) }, true},
	{"of a port that cannot be", func(n int) string {
		return fmt.Sprintf("candidate:%d 1 udp 1 198.51.100.1 %d typ host", n, 65536+n)
	}, true},
}

// TestVirtualCandidatesByTheThousand adds ten thousand candidates, and some
// hundreds of each other kind, before the peer's own. The peers connect nevertheless, memory stays bounded,
// and what is no candidate is refused with the error of the specification.
func TestVirtualCandidatesByTheThousand(t *testing.T) {
	for _, c := range candidateFloods {
		many := 500
		if c.name == "valid" && !testing.Short() {
			many = 10000
		}
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(20*time.Millisecond))
				d := a.channel("data", nil)
				d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
				a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
				b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				before := heap()
				a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
				for n := range many {
					err := a.AddICECandidate(ICECandidateInit{Candidate: c.make(n), SDPMLineIndex: new(uint16)})
					var operation *rtcerr.OperationError
					if c.fails && !errors.As(err, &operation) {
						t.Fatalf("candidate %q: error is %v, want an OperationError", c.make(n), err)
					}
					if !c.fails && err != nil && !errors.As(err, &operation) {
						t.Fatalf("candidate %q: error is %v, want none or an OperationError", c.make(n), err)
					}
				}
				w.wantBounded(before, fmt.Sprintf("%d candidates", many))
				w.within(time.Minute, "b hears a", b.got("hello"))
				w.within(time.Minute, "both are connected", connected(a, b))
				got := a.drops()
				if got.pairs > 100 || got.remotes > 128 {
					t.Errorf("a has %d pairs and %d remote candidates", got.pairs, got.remotes)
				}
				if n := len(a.CurrentRemoteDescription().SDP); n > 1<<20 {
					t.Errorf("the remote description has grown to %d bytes", n)
				}
				// More of them do no harm to the connection that is there now.
				for n := range many / 10 {
					_ = a.AddICECandidate(ICECandidateInit{Candidate: c.make(many + n), SDPMLineIndex: new(uint16)})
				}
				b.forgets()
				sent := a.talks(d, 0, 20, time.Second)
				w.within(time.Second, "b hears a still", b.got(sent...))
				w.wantBounded(before, "all those candidates")
				// b's own candidate may have found the section full; its checks made
				// it known all the same.
				a.mu.Lock()
				defer a.mu.Unlock()
				a.errs = nil
			})
		})
	}
}
