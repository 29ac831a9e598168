package transceiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// A benchWorld is n streams, each of a session of its own as in a fan-out to n
// peers, with all header extensions and a path that takes everything.
type benchWorld struct {
	streams  []*SendStream
	packets  int // that the path was given
	flushes  int // how often it was
	header   rtp.Header
	payload  []byte
	headers  []rtp.Header
	payloads []*Payload
	now      time.Time
}

func newBenchWorld(tb testing.TB, n int, c SendConfig) *benchWorld {
	tb.Helper()
	b := &benchWorld{now: sendEpoch, payload: make([]byte, 1100)}
	b.header = *rtpHeaderOf(c.Codecs[0].PayloadType, 0, 0)
	if err := b.header.SetExtension(idLevel, []byte{1}); err != nil {
		tb.Fatal(err)
	}
	c.Extensions = allExtensions
	for range n {
		s := NewSession(SessionConfig{CNAME: "bench", Send: func(p [][]byte) error {
			b.packets += len(p)
			b.flushes++
			return nil
		}})
		sealer, _, err := srtptransport.New(srtptransport.AEADAES128GCM, keyingMaterial(tb, srtptransport.AEADAES128GCM), true, srtptransport.Config{})
		if err != nil {
			tb.Fatal(err)
		}
		s.out.setSealer(sealer)
		b.streams = append(b.streams, s.NewSendStream(c, SendEvents{}))
	}
	// Steady: the histories are as long as they get.
	for range 3 * historyPackets {
		b.write(tb, 1)
	}
	b.packets, b.flushes = 0, 0
	return b
}

// write sends a burst to all.
func (b *benchWorld) write(tb testing.TB, burst int) {
	b.header.Timestamp += 3000
	b.headers, b.payloads = b.headers[:0], b.payloads[:0]
	for range burst {
		b.header.SequenceNumber++
		b.now = b.now.Add(time.Millisecond)
		b.headers, b.payloads = append(b.headers, b.header), append(b.payloads, NewPayload(b.payload))
	}
	for _, st := range b.streams {
		if err := st.WriteBurst(b.now, b.headers, b.payloads); err != nil {
			tb.Fatal(err)
		}
	}
	for _, p := range b.payloads {
		p.Release()
	}
}

// BenchmarkFanOut sends bursts to many peers, without the system calls.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 100} {
		for _, burst := range []int{1, 4, 8, 40} {
			b.Run(fmt.Sprintf("%d peers, bursts of %d", n, burst), func(b *testing.B) {
				w := newBenchWorld(b, n, videoConfig())
				b.ReportAllocs()
				for b.Loop() {
					w.write(b, burst)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(w.packets), "ns/packet")
			})
		}
	}
}

func BenchmarkWriteRTP(b *testing.B) {
	verbatim := videoConfig()
	verbatim.RTXSSRC = 0
	for name, c := range map[string]SendConfig{"RTX": videoConfig(), "verbatim": verbatim, "audio": audioConfig()} {
		b.Run(name, func(b *testing.B) {
			w := newBenchWorld(b, 1, c)
			st := w.streams[0]
			b.SetBytes(int64(len(w.payload)))
			b.ReportAllocs()
			for b.Loop() {
				w.header.SequenceNumber++
				w.now = w.now.Add(time.Millisecond)
				if _, err := st.WriteRTP(w.now, &w.header, w.payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRetransmit(b *testing.B) {
	w := newBenchWorld(b, 1, videoConfig())
	st := w.streams[0]
	sequences := make([]uint16, 10)
	for i := range sequences {
		sequences[i] = w.header.SequenceNumber - uint16(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		// A packet is resent at most once in a round trip, and forgotten in time.
		for _, n := range sequences {
			st.history.get(n).again = 0
		}
		st.repairs.budget = repairBudget
		st.resend(w.now, sequences, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(10*b.N), "ns/packet")
}

// A packet that is sent, in each way of keeping it, costs no allocation; nor does
// one that is sent again.
func TestSendingDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes pools forget")
	}
	verbatim := videoConfig()
	verbatim.RTXSSRC = 0
	for name, c := range map[string]SendConfig{"RTX": videoConfig(), "verbatim": verbatim, "audio": audioConfig()} {
		w := newBenchWorld(t, 3, c)
		for _, burst := range []int{1, 4, 8, 40} {
			if n := testing.AllocsPerRun(2000, func() { w.write(t, burst) }); n != 0 {
				t.Errorf("%s: %v allocations for a burst of %d to three peers", name, n, burst)
			}
		}
		w = newBenchWorld(t, 1, c)
		st := w.streams[0]
		if n := testing.AllocsPerRun(2000, func() {
			w.header.SequenceNumber++
			w.now = w.now.Add(time.Millisecond)
			_, _ = st.WriteRTP(w.now, &w.header, w.payload)
		}); n != 0 {
			t.Errorf("%s: %v allocations for a packet", name, n)
		}
		again := []uint16{w.header.SequenceNumber, w.header.SequenceNumber - 1}
		if n := testing.AllocsPerRun(500, func() {
			w.now = w.now.Add(time.Millisecond)
			for _, n := range again {
				if e := st.history.get(n); e != nil {
					e.again = 0
				}
			}
			st.resend(w.now, again, 0)
		}); n != 0 {
			t.Errorf("%s: %v allocations to send two packets again", name, n)
		}
	}
}
