package deptest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// consumer is a program that requires the module and nothing else.
const consumer = `package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

func main() {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		panic(err)
	}
	if err := pc.Close(); err != nil {
		panic(err)
	}
	_, err = pc.CreateOffer(nil)
	var state *rtcerr.InvalidStateError
	fmt.Println(errors.As(err, &state), errors.Is(err, net.ErrClosed))
}
`

// TestFreshConsumerBuilds makes a program that requires the module, lets a
// plain "go mod tidy" find the rest, builds and runs it. The one replace is the
// module's own, by its directory: what a program sees of the module must resolve
// without any other.
func TestFreshConsumerBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program, which takes a while")
	}
	dir := t.TempDir()
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "main.go", consumer)
	run(t, dir, "go", "mod", "init", "example.org/consumer")
	run(t, dir, "go", "mod", "edit", "-go="+readGoMod(t, root).Go, "-require="+modulePath+"@v0.0.0", "-replace="+modulePath+"="+module)
	run(t, dir, "go", "mod", "tidy")
	if got := strings.TrimSpace(run(t, dir, "go", "run", ".")); got != "true true" {
		t.Errorf("the program printed %q, want \"true true\"", got)
	}
	for _, r := range readGoMod(t, dir).Require {
		if neverRequired.MatchString(r.Path) {
			t.Errorf("the program's go.mod got %s", r.Path)
		}
	}
	for path := range strings.Lines(run(t, dir, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")) {
		if neverRequired.MatchString(strings.TrimSpace(path)) {
			t.Errorf("the program contains %s", strings.TrimSpace(path))
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command and returns what it prints. Without a network the test is
// skipped if the module cache lacks what is needed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	// Flags that a developer or a build machine sets are not the consumer's.
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		for _, offline := range []string{"no such host", "dial tcp", "module lookup disabled"} {
			if strings.Contains(stderr.String(), offline) {
				t.Skipf("there is no network to get modules from: %s", stderr.String())
			}
		}
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}
