package dtlstransport

import (
	"runtime"
	"testing"

	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
)

// The curve that this machine prefers is the one that is cheaper.
func BenchmarkCurves(b *testing.B) {
	for _, c := range defaultCurves(runtime.GOARCH) {
		b.Run(c.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := elliptic.GenerateKeypair(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
