package clips

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestCopies(t *testing.T) {
	for name, clip := range map[string]io.Reader{"vp8.ivf": Video(), "opus.ogg": Sound()} {
		got, err := io.ReadAll(clip)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("../../../testdata/media/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from that of testdata/media: copy it again", name)
		}
	}
}
