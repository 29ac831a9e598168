package dtlstransport

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// badRecords are what anyone who knows the addresses could send. RFC 6347
// §4.1.2.7: none may end the association.
var badRecords = []struct {
	name   string
	record []byte
	count  func(Dropped) uint64
}{
	{"application data", plain(typeApplicationData, 0, 1<<30, []byte("x")), func(d Dropped) uint64 { return d.Plaintext + d.Stale }},
	{"heartbeat", plain(24, 0, 1<<30, []byte{1, 0, 3}), func(d Dropped) uint64 { return d.UnknownType }},
	{"connection ID", plain(25, 1, 1<<30, make([]byte, 40)), func(d Dropped) uint64 { return d.UnknownType }},
	{"type 0", plain(0, 0, 1<<30, []byte("x")), func(d Dropped) uint64 { return d.UnknownType }},
	{"empty ChangeCipherSpec", plain(typeChangeCipherSpec, 0, 1<<30, nil), func(d Dropped) uint64 { return d.Malformed }},
	{"ChangeCipherSpec of 2", plain(typeChangeCipherSpec, 0, 1<<30, []byte{2}), func(d Dropped) uint64 { return d.Malformed + d.Stale }},
	{"long ChangeCipherSpec", plain(typeChangeCipherSpec, 0, 1<<30, []byte{1, 1}), func(d Dropped) uint64 { return d.Malformed + d.Stale }},
	{"short alert", plain(typeAlert, 0, 1<<30, []byte{2}), func(d Dropped) uint64 { return d.Malformed + d.Stale }},
	{"alert of level 3", plain(typeAlert, 0, 1<<30, []byte{3, 0}), func(d Dropped) uint64 { return d.Malformed + d.Stale }},
	{"ChangeCipherSpec of epoch 1", plain(typeChangeCipherSpec, 1, 1<<30, make([]byte, 40)), func(d Dropped) uint64 { return d.Stale }},
	{"record of epoch 2", plain(typeApplicationData, 2, 1<<30, make([]byte, 40)), func(d Dropped) uint64 { return d.Stale }},
	{"record of epoch 65535", plain(typeHandshake, 65535, 1<<30, make([]byte, 40)), func(d Dropped) uint64 { return d.Stale }},
	{"short protected record", plain(typeApplicationData, 1, 1<<30, make([]byte, 15)), func(d Dropped) uint64 { return d.Malformed }},
	{"huge handshake message", plain(typeHandshake, 0, 1<<30, []byte{1, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0}), func(d Dropped) uint64 { return d.Oversized + d.Stale }},
	{"handshake message 500", plain(typeHandshake, 0, 1<<30, []byte{1, 0, 0, 0, 1, 244, 0, 0, 0, 0, 0, 0}), func(d Dropped) uint64 { return d.Oversized + d.Stale }},
	{"handshake fragment beyond its end", plain(typeHandshake, 0, 1<<30, []byte{1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 7}), func(d Dropped) uint64 { return d.Malformed + d.Stale }},
	{"TLS record", []byte{22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, func(d Dropped) uint64 { return d.Malformed }},
	{"a byte", []byte{22}, func(d Dropped) uint64 { return d.Malformed }},
	{"cut short", plain(typeHandshake, 0, 1<<30, make([]byte, 100))[:50], func(d Dropped) uint64 { return d.Malformed }},
}

func TestBadRecordsDuringTheHandshake(t *testing.T) {
	for _, tt := range badRecords {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2)
			spoil := func(n int, b []byte) [][]byte { return [][]byte{tt.record, b, tt.record} }
			p.a.out.set(spoil)
			p.b.out.set(spoil)
			p.start()
			p.wantConnected(2*rtt+time.Millisecond, "in spite of "+tt.name)
			p.wantExchange("in spite of " + tt.name)
			if d := p.a.Stats().Dropped; tt.count(d) < 2 {
				t.Errorf("counted %+v", d)
			}
		})
	}
}

func TestBadRecordsAfterTheHandshake(t *testing.T) {
	after := slices.Concat(badRecords, []struct {
		name   string
		record []byte
		count  func(Dropped) uint64
	}{
		{"fatal alert", plain(typeAlert, 0, 1<<30, []byte{2, 40}), func(d Dropped) uint64 { return d.Stale }},
		{"close_notify", plain(typeAlert, 0, 1<<30, []byte{1, 0}), func(d Dropped) uint64 { return d.Stale }},
		{"good ChangeCipherSpec", plain(typeChangeCipherSpec, 0, 1<<30, []byte{1}), func(d Dropped) uint64 { return d.Stale }},
		{"ClientHello", plain(typeHandshake, 0, 1<<30, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), func(d Dropped) uint64 { return d.Stale }},
		{"forged protected alert", plain(typeAlert, 1, 1<<30, make([]byte, 26)), nil},
		{"forged protected data", plain(typeApplicationData, 1, 1<<30, make([]byte, 100)), nil},
		{"forged protected Finished", plain(typeHandshake, 1, 1<<30, make([]byte, 48)), nil},
	})
	for _, tt := range after {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2)
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			sent := len(p.a.out.log()) + len(p.b.out.log())
			before := p.a.Stats().Dropped
			p.a.HandleDatagram(tt.record)
			p.b.HandleDatagram(tt.record)
			time.Sleep(10 * time.Second)
			p.wantConnected(0, "in spite of "+tt.name)
			if now := len(p.a.out.log()) + len(p.b.out.log()); now != sent {
				t.Errorf("%d datagrams were sent in answer", now-sent)
			}
			if tt.count != nil && tt.count(p.a.Stats().Dropped) != tt.count(before)+1 {
				t.Errorf("counted %+v, before %+v", p.a.Stats().Dropped, before)
			}
			// A good record beside the bad one survives, on either side of it
			// unless the bad one hides where it ends.
			spoil := func(_ int, b []byte) [][]byte { return [][]byte{slices.Concat(b, tt.record)} }
			p.a.out.set(spoil)
			p.b.out.set(spoil)
			p.wantExchange("before " + tt.name)
			if _, rest, ok := nextRecord(tt.record); ok && len(rest) == 0 {
				spoil = func(_ int, b []byte) [][]byte { return [][]byte{slices.Concat(tt.record, b)} }
				p.a.out.set(spoil)
				p.b.out.set(spoil)
				p.wantExchange("behind " + tt.name)
			}
		})
	}
}

// A forged alert cannot be told from a true one before there are keys; it is
// reported as what it claims to be.
func TestAnAlertDuringTheHandshake(t *testing.T) {
	bubble(t, "handshake_failure", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.a.start(Active, fingerprint(t, p.b.cert))
		time.Sleep(rtt)
		p.a.HandleDatagram(plain(typeAlert, 0, 0, []byte{2, 40}))
		p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, 40, "an alert from the peer")
	})
}

func TestAProtectedAlertEndsTheSession(t *testing.T) {
	bubble(t, "fatal", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		p.a.HandleDatagram(newForger(t, p.b).seal(typeAlert, []byte{2, 80}))
		p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, 80, "internal_error")
	})
	bubble(t, "warning", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		p.a.HandleDatagram(newForger(t, p.b).seal(typeAlert, []byte{1, 100}))
		time.Sleep(time.Second)
		p.wantExchange("after a warning")
	})
}

// The server answers the client's Finished with its own, however often it
// comes, but not at any rate.
func TestRepetitionsOfTheLastFlightAreRateLimited(t *testing.T) {
	bubble(t, "a thousand Finished", func(t *testing.T) {
		p := newPair(t, 0)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		sent := len(p.b.out.log())
		f := newForger(t, p.a)
		finished := append([]byte{20, 0, 0, 12, 0, 4, 0, 0, 0, 0, 0, 12}, make([]byte, 12)...)
		for range 1000 {
			p.b.HandleDatagram(f.seal(typeHandshake, finished))
			time.Sleep(time.Millisecond)
		}
		answers := len(p.b.out.log()) - sent
		if limit := int(time.Second/(DefaultFlightInterval/2)) + 1; answers < limit/2 || answers > limit {
			t.Errorf("%d answers in a second, want at most %d", answers, limit)
		}
		if p.b.Stats().Dropped.RateLimited == 0 {
			t.Error("nothing was counted")
		}
		p.b.write("still here")
		p.a.wantRead("still here", "afterwards")
	})
}

// TestGarbage sends what fuzzers and attackers do at a living session.
func TestGarbage(t *testing.T) {
	for _, stage := range []string{"before Start", "during the handshake", "connected"} {
		bubble(t, stage, func(t *testing.T) {
			p := newPair(t, rtt/2)
			if stage != "before Start" {
				p.start()
			}
			if stage == "connected" {
				p.wantConnected(2*time.Second, "after Start")
				p.wantExchange("after the handshake")
			}
			templates := func() [][]byte {
				all := slices.Concat(p.a.out.log(), p.b.out.log())
				for _, r := range badRecords {
					all = append(all, r.record)
				}
				return all
			}()
			r := rand.New(rand.NewPCG(1, uint64(len(stage))))
			heap := func() uint64 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			before := heap()
			for i := range 100_000 {
				b := garbage(r, templates)
				p.a.HandleDatagram(b)
				p.b.HandleDatagram(b)
				if i%100 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			if after := heap(); after > before+24<<20 {
				t.Errorf("the heap grew from %d to %d bytes", before, after)
			}
			switch stage {
			case "before Start":
				if n, bytes := p.a.path.in.size(); n > earlyPackets || bytes > earlyBytes {
					t.Errorf("%d datagrams with %d bytes are kept", n, bytes)
				}
			case "connected":
				p.wantConnected(0, "after the garbage")
				p.wantExchange("after the garbage")
			}
		})
	}
}

// garbage returns random bytes, or a datagram of templates as it is, cut short
// or changed.
func garbage(r *rand.Rand, templates [][]byte) []byte {
	b := slices.Clone(templates[r.IntN(len(templates))])
	switch r.IntN(5) {
	case 0:
		b = make([]byte, r.IntN(1500))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if len(b) > 0 {
			b[0] = byte(20 + r.IntN(6))
		}
	case 1:
		b = b[:r.IntN(len(b)+1)]
	case 2:
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] ^= byte(1 << r.IntN(8))
		}
	case 3:
		if len(b) > 5 {
			b[4] = byte(r.IntN(3)) // another epoch
		}
	}
	return b
}

func TestReplayedDatagramsAreNotDelivered(t *testing.T) {
	bubble(t, "each message comes once", func(t *testing.T) {
		p := newPair(t, 0)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		p.a.out.set(func(_ int, b []byte) [][]byte { return [][]byte{b, b, b} })
		for i := range 100 {
			p.a.write(fmt.Sprint(i))
		}
		for i := range 100 {
			p.b.wantRead(fmt.Sprint(i), "in order, once")
		}
		time.Sleep(time.Second)
		if n, _ := p.b.data.size(); n != 0 {
			t.Errorf("%d messages came twice", n)
		}
	})
}
