package dtlstransport

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// Every method from many goroutines at once, in real time, until both ends are
// closed under them. It is for the race detector.
func TestConcurrentUse(t *testing.T) {
	x, y := realPair(t)
	certs := newCertificates(t)
	fps := []Fingerprint{fingerprint(t, certs[0])}
	var wg sync.WaitGroup
	for seed := range uint64(3) {
		for _, tr := range []*Transport{x, y} {
			wg.Go(func() {
				for {
					if _, err := tr.Write([]byte("data")); err != nil {
						if !errors.Is(err, net.ErrClosed) {
							t.Error("Write:", err)
						}
						return
					}
				}
			})
			wg.Go(func() {
				buf := make([]byte, 2000)
				for {
					if _, err := tr.Read(buf); err != nil {
						if !errors.Is(err, net.ErrClosed) && err != io.EOF {
							t.Error("Read:", err)
						}
						return
					}
				}
			})
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, 0))
				var templates [][]byte
				for _, b := range badRecords {
					templates = append(templates, b.record)
				}
				for tr.State() == StateConnected {
					tr.HandleDatagram(garbage(r, templates))
					tr.Stats()
					tr.RemoteCertificates()
					tr.SelectedProfile()
					_ = tr.Reverify(fps)
					_, _ = tr.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", 56)
				}
			})
		}
	}
	<-time.After(200 * time.Millisecond) // how long makes no difference to the outcome
	for range 2 {
		wg.Go(func() { x.Close() })
		wg.Go(func() { y.Close() })
	}
	wg.Wait()
}
