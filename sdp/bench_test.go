package sdp

import "testing"

func BenchmarkParse(b *testing.B) {
	files := goldenFiles(b)
	for _, name := range []string{"chromium-156-data-offer", "chromium-156-audio-video-data-offer", "firefox-153-audio-video-data-offer"} {
		text := files[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMarshal(b *testing.B) {
	s, err := Parse(goldenFiles(b)["chromium-156-audio-video-data-offer"])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Marshal()
	}
}

func BenchmarkCodecs(b *testing.B) {
	s, err := Parse(goldenFiles(b)["chromium-156-audio-video-data-offer"])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Media[1].Codecs()
	}
}
