package terminal

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
)

// env is an environment.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if n, value, _ := strings.Cut(p, "="); n == name {
				return value
			}
		}
		return ""
	}
}

// What is no terminal gets neither colours nor box-drawing characters, whatever
// the environment says.
func TestStyleOfAFile(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		env   func(string) string
		width int
	}{
		{env("LANG=de_DE.UTF-8", "TERM=xterm", "WT_SESSION=1"), 100},
		{env("COLUMNS=72"), 72},
		{env("COLUMNS=wide"), 100},
	} {
		if got := Style(file, tt.env); got != (diagram.Style{Width: tt.width}) {
			t.Errorf("%+v, want a width of %d and nothing else", got, tt.width)
		}
	}
	if got := Style(&bytes.Buffer{}, env()); got != (diagram.Style{Width: 100}) {
		t.Errorf("a buffer: %+v", got)
	}
	if IsLive(file) || IsLive(&bytes.Buffer{}) {
		t.Error("a file is no live output")
	}
}

func TestLocale(t *testing.T) {
	for _, tt := range []struct {
		env  func(string) string
		want bool
	}{
		{env(), false},
		{env("LANG=C.UTF-8"), true},
		{env("LANG=en_US.utf8"), true},
		{env("LANG=C.UTF-8", "LC_ALL=C"), false},
		{env("LANG=C", "LC_CTYPE=C.UTF-8"), true},
	} {
		if got := isUTF8(tt.env); got != tt.want {
			t.Errorf("LC_ALL=%s LC_CTYPE=%s LANG=%s: %v", tt.env("LC_ALL"), tt.env("LC_CTYPE"), tt.env("LANG"), got)
		}
	}
}

// newProgress returns a progress whose clock the test sets.
func newProgress(out *bytes.Buffer, live bool, now *time.Time) *Progress {
	p := NewProgress(out, diagram.Style{Width: 80}, live, 100<<20)
	p.now = func() time.Time { return *now }
	p.start = *now
	return p
}

// Without a terminal there is a line for each quarter.
func TestProgressInAFile(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newProgress(&out, false, &now)
	for i := range int64(101) {
		p.Set(i << 20)
		now = now.Add(100 * time.Millisecond)
	}
	p.Done()
	want := `  #########............................  25%   25.0 MiB   10.0 MiB/s  ETA 0:08
  ##################...................  50%   50.0 MiB   10.0 MiB/s  ETA 0:05
  ###########################..........  75%   75.0 MiB   10.0 MiB/s  ETA 0:03
  ##################################### 100%  100.0 MiB   10.0 MiB/s  ETA 0:00
`
	if got := out.String(); got != want {
		t.Errorf("drawn:\n%swant:\n%s", got, want)
	}
}

// On a terminal one line is drawn over and over, not too often, and to the end.
func TestLiveProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newProgress(&out, true, &now)
	for i := range int64(101) {
		now = now.Add(10 * time.Millisecond)
		p.Set(i << 20)
	}
	p.Done()
	if n := strings.Count(out.String(), "\r"); n < 15 || n > 25 {
		t.Errorf("drawn %d times in a second", n)
	}
	if last := out.String()[strings.LastIndex(out.String(), "\r"):]; !strings.Contains(last, "100%") || !strings.HasSuffix(last, "\n") {
		t.Errorf("the end is %q", last)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1 << 10: "1.0 KiB", 3 << 19: "1.5 MiB", 5 << 30: "5.0 GiB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Rate(1<<20, 2*time.Second); got != "512.0 KiB/s" {
		t.Errorf("Rate = %q", got)
	}
	if got := clock(125 * time.Second); got != "2:05" {
		t.Errorf("clock = %q", got)
	}
}
