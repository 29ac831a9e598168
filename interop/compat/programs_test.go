package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// move changes the import paths of a program for pion, as somebody who moves
// does.
var move = strings.NewReplacer(
	`"github.com/pion/webrtc/v4`, `"github.com/parleyrtc/webrtc`,
	`"github.com/pion/ice/v4"`, `"github.com/parleyrtc/webrtc/ice"`,
	`"github.com/pion/datachannel"`, `"github.com/parleyrtc/webrtc/datachannel"`,
)

// says is what those of the programs print that need nobody else.
var says = map[string]string{
	"onepiece": "heard on greetings: good morning\n",
	"media":    "video video of pion: video/VP8\n",
}

// TestProgramsMove compiles the programs in testdata, which are written for
// pion/webrtc, against it and, with other import paths, against this library.
// One that both run says the same.
func TestProgramsMove(t *testing.T) {
	sources, err := filepath.Glob("testdata/*/main.go")
	if err != nil || len(sources) != 4 {
		t.Fatalf("%d programs, %v; want 4", len(sources), err)
	}
	for _, source := range sources {
		name := filepath.Base(filepath.Dir(source))
		t.Run(name, func(t *testing.T) {
			theirs, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			ours := move.Replace(string(theirs))
			if strings.Contains(ours, "pion/webrtc") {
				t.Fatal("an import of pion/webrtc is left")
			}
			for library, text := range map[string]string{"pion": string(theirs), "parley": ours} {
				dir := t.TempDir()
				file, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", library, err, out)
				}
				want, runs := says[name]
				if !runs {
					continue
				}
				out, err := exec.Command(binary).CombinedOutput()
				if err != nil || string(out) != want {
					t.Errorf("%s: %v; it says\n%swant\n%s", library, err, out, want)
				}
			}
		})
	}
}
