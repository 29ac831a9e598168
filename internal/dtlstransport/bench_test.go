package dtlstransport

import (
	"crypto/tls"
	"fmt"
	"slices"
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

// BenchmarkAppend is one record of a burst of 50: sealing, and its share of Flush.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{64, 1100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, _ := realPair(b)
			x.cfg.Send = func([][]byte) error { return nil }
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := x.Append(p); err != nil {
					b.Fatal(err)
				}
				if i%50 == 49 {
					x.Flush()
				}
			}
		})
	}
}

// BenchmarkDeliver is one record of a batch of 50, from the datagram to Read.
func BenchmarkDeliver(b *testing.B) {
	for _, size := range []int{64, 1100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, y := realPair(b)
			var sealed [][]byte
			x.cfg.Send = func(bs [][]byte) error {
				for _, d := range bs {
					sealed = append(sealed, slices.Clone(d))
				}
				return nil
			}
			for range 50 {
				if _, err := x.Write(make([]byte, size)); err != nil {
					b.Fatal(err)
				}
			}
			buf := make([]byte, 2000)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%50 == 0 {
					clear(y.in.opener.window.bits)
					y.in.opener.window.top = 0
				}
				y.Deliver(sealed[i%50])
				if i%50 != 49 {
					continue
				}
				y.EndBatch()
				for range 50 {
					if _, err := y.Read(buf); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
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
