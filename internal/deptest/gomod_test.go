package deptest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// directRequires are the modules that the root may require directly.
// docs/dependencies.md has the reason for each.
var directRequires = []string{
	"github.com/pion/dtls/v3",
	"github.com/pion/interceptor",
	"github.com/pion/logging",
	"github.com/pion/rtcp",
	"github.com/pion/rtp",
	"github.com/pion/sctp",
	"github.com/pion/sdp/v3",
	"github.com/pion/srtp/v3",
	"github.com/pion/stun/v4",
	"golang.org/x/crypto",
	"golang.org/x/net",
	"golang.org/x/sys",
	"golang.org/x/text",
}

// neverRequired are the modules whose work is done here, in any major version,
// and the TURN server, which is for examples and tests in modules of their own.
var neverRequired = regexp.MustCompile(`^github\.com/pion/(webrtc|ice|datachannel|mdns|turn)(/v\d+)?$`)

// A goMod is what `go mod edit -json` prints, as far as it matters.
type goMod struct {
	Go      string
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace, Exclude, Retract []json.RawMessage
}

func readGoMod(t *testing.T, dir string) goMod {
	t.Helper()
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit -json: %v", err)
	}
	var mod goMod
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	return mod
}

// TestRootRequiresOnlyWhatItMay checks the root's go.mod.
func TestRootRequiresOnlyWhatItMay(t *testing.T) {
	mod := readGoMod(t, root)
	if len(mod.Require) == 0 {
		t.Fatal("no requirement was read")
	}
	for _, r := range mod.Require {
		if neverRequired.MatchString(r.Path) {
			t.Errorf("%s is required; its work is this module's own", r.Path)
		}
		if !r.Indirect && !slices.Contains(directRequires, r.Path) {
			t.Errorf("%s is required directly and not on the list; if it must be, add it with its reason to docs/dependencies.md", r.Path)
		}
	}
	// A replace or an exclude holds for nobody who requires this module.
	if len(mod.Replace) > 0 || len(mod.Exclude) > 0 {
		t.Errorf("go.mod has replace %s, exclude %s; programs that require the module do not see them", mod.Replace, mod.Exclude)
	}
}

// TestNeverRequiredMatches shows that the expression finds what it is for.
func TestNeverRequiredMatches(t *testing.T) {
	for path, want := range map[string]bool{
		"github.com/pion/webrtc/v4":   true,
		"github.com/pion/webrtc":      true,
		"github.com/pion/ice/v4":      true,
		"github.com/pion/datachannel": true,
		"github.com/pion/mdns/v2":     true,
		"github.com/pion/turn/v5":     true,
		"github.com/pion/dtls/v3":     false,
		"github.com/pion/transport":   false,
	} {
		if got := neverRequired.MatchString(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

// TestEveryDependencyHasItsReason checks that docs/dependencies.md names every
// direct requirement, and none that is gone.
func TestEveryDependencyHasItsReason(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllSubmatch(text, -1)
	var names []string
	for _, m := range listed {
		names = append(names, string(m[1]))
	}
	var direct []string
	for _, r := range readGoMod(t, root).Require {
		if r.Indirect {
			continue
		}
		direct = append(direct, r.Path)
		if !slices.Contains(names, r.Path) {
			t.Errorf("docs/dependencies.md has no line for %s", r.Path)
		}
	}
	for _, n := range names {
		if strings.Contains(n, ".") && !slices.Contains(direct, n) {
			t.Errorf("docs/dependencies.md names %s, which is not required", n)
		}
	}
}
