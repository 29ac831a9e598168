package dtlstransport

import (
	"crypto/tls"
	"fmt"
	"testing"
	"time"
)

// BenchmarkWriteRead carries one record from one transport to another, in one
// goroutine and without a network.
func BenchmarkWriteRead(b *testing.B) {
	for _, size := range []int{64, 1100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, y := realPair(b)
			p, buf := make([]byte, size), make([]byte, 2000)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Write(p); err != nil {
					b.Fatal(err)
				}
				if _, err := y.Read(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFilter is what the transport itself adds on receipt.
func BenchmarkFilter(b *testing.B) {
	p := newPath(func([][]byte) error { return nil })
	p.established.Store(true)
	p.in.limit(inboundPackets, inboundBytes)
	datagram := plain(typeApplicationData, 1, 1, make([]byte, 1150))
	buf := make([]byte, maxDatagram)
	b.ReportAllocs()
	for b.Loop() {
		p.deliver(datagram)
		if _, _, err := p.ReadFrom(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandshake connects a pair.
func BenchmarkHandshake(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		x, y := realPair(b)
		x.Close()
		y.Close()
	}
}

// realPair connects two transports in real time, each handing its datagrams to
// the other at once.
func realPair(b testing.TB) (x, y *Transport) {
	b.Helper()
	cert := newCertificates(b)
	connected := make(chan struct{}, 2)
	make1 := func(to **Transport) *Transport {
		t, err := New(Config{
			Certificates: []tls.Certificate(cert),
			Send: func(bs [][]byte) error {
				for _, d := range bs {
					(*to).HandleDatagram(d)
				}
				return nil
			},
			OnState: func(s State, _ error) {
				if s == StateConnected {
					connected <- struct{}{}
				}
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { t.Close() })
		return t
	}
	x, y = make1(&y), make1(&x)
	fp := []Fingerprint{fingerprint(b, cert[0])}
	if err := y.Start(Passive, fp); err != nil {
		b.Fatal(err)
	}
	if err := x.Start(Active, fp); err != nil {
		b.Fatal(err)
	}
	for range 2 {
		select {
		case <-connected:
		case <-time.After(10 * time.Second):
			b.Fatal("no connection")
		}
	}
	return x, y
}
