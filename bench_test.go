package webrtc

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkDataChannel sends messages over loopback sockets from one connection
// of this process to another, at the pace that the low threshold sets.
func BenchmarkDataChannel(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			p, err := newLoopbackPair(loopbackAPI(), sharedCertificate(b))
			if err != nil {
				b.Fatal(err)
			}
			defer p.answerer.Close()
			defer p.offerer.Close()
			if err := p.negotiates(); err != nil {
				b.Fatal(err)
			}
			var other *DataChannel
			select {
			case other = <-p.opened:
			case <-time.After(time.Minute):
				b.Fatal("no channel at the answerer")
			}
			arrived, got, want := make(chan struct{}), 0, b.N
			other.OnMessagePush(func(DataChannelMessage) {
				if got++; got == want {
					close(arrived)
				}
			})
			message := make([]byte, size)
			p.channel.SetBufferedAmountLowThreshold(1 << 20)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for range want {
				if err := p.channel.SendContext(b.Context(), message); err != nil {
					b.Fatal(err)
				}
			}
			<-arrived
		})
	}
}
