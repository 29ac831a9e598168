package webrtc

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkSetUp makes pairs over loopback sockets, with certificates of their own,
// until a message has gone each way. Closing them is not counted.
func BenchmarkSetUp(b *testing.B) {
	api := loopbackAPI()
	b.ReportAllocs()
	for b.Loop() {
		p := newTalkingPair(b, api)
		b.StopTimer()
		p.closeBoth()
		b.StartTimer()
	}
}

// BenchmarkIdle reports what a connection holds that has a channel on which nothing
// is sent.
func BenchmarkIdle(b *testing.B) {
	const pairs = 50
	api := loopbackAPI()
	for b.Loop() {
		newTalkingPair(b, api).closeBoth() // what the first leaves behind for good
		before := memoryInUse()
		all := make([]*loopbackPair, pairs)
		for i := range all {
			all[i] = newTalkingPair(b, api)
		}
		time.Sleep(packDelay + time.Second)
		after := memoryInUse()
		per := func(bytes uint64) float64 { return float64(bytes) / (2 * pairs) }
		b.ReportMetric(per(after.HeapAlloc-before.HeapAlloc), "heap-B/conn")
		b.ReportMetric(per(after.StackInuse-before.StackInuse), "stack-B/conn")
		for _, p := range all {
			p.closeBoth()
		}
	}
}

func newTalkingPair(b *testing.B, api *API) *loopbackPair {
	b.Helper()
	p, err := newLoopbackPair(api, Configuration{})
	if err != nil {
		b.Fatal(err)
	}
	if err := p.negotiates(); err != nil {
		b.Fatal(err)
	}
	if err := p.talks(time.Minute); err != nil {
		b.Fatal(err)
	}
	return p
}

func (p *loopbackPair) closeBoth() {
	p.offerer.Close()
	p.answerer.Close()
}

func memoryInUse() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
