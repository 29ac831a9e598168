package compat

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "github.com/pion/datachannel"
	_ "github.com/pion/ice/v4"
	_ "github.com/pion/webrtc/v4"
	_ "github.com/pion/webrtc/v4/pkg/media/h264reader"
)

var update = flag.Bool("update", false, "write docs/compatibility.md")

const pagePath = "../../docs/compatibility.md"

// TestCompatibilityPage compares the exported API of both libraries and checks
// that docs/compatibility.md says so, with a reason for each difference.
func TestCompatibilityPage(t *testing.T) {
	all, err := compareAll()
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/pion/webrtc/v4").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(strings.TrimSpace(string(version)), all)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(pagePath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(pagePath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("docs/compatibility.md is out of date; go test ./compat -update writes it")
	}
}
