package ivfwriter

import (
	"io"
	"testing"
)

func BenchmarkWriteRTP(b *testing.B) {
	for _, v := range videos {
		b.Run(v.mimeType, func(b *testing.B) {
			_, frames := clip(b, v.clip)
			in := packets(frames, v.payloader())
			size := 0
			for _, p := range in {
				size += len(p.Payload)
			}
			w, err := NewWith(io.Discard, WithCodec(v.mimeType))
			if err != nil {
				b.Fatal(err)
			}
			ssrc := uint32(0)
			b.ReportAllocs()
			b.SetBytes(int64(size / len(in)))
			for i := 0; b.Loop(); i++ {
				if i%len(in) == 0 {
					ssrc++ // the clip again, as another source
				}
				p := in[i%len(in)]
				p.SSRC = ssrc
				if err := w.WriteRTP(p); err != nil {
					b.Fatal(err)
				}
			}
			if w.Dropped() != 0 {
				b.Fatalf("%d packets were dropped", w.Dropped())
			}
		})
	}
}
