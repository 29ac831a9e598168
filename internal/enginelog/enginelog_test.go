package enginelog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestLevelsAreCappedAndFormattedOnlyIfWritten(t *testing.T) {
	var text bytes.Buffer
	log := New(slog.New(slog.NewTextHandler(&text, nil)), slog.LevelWarn).NewLogger("sctp")
	log.Errorf("bad packet of %d bytes", 7)
	log.Debugf("never formatted %v", panics{})
	got := text.String()
	if !strings.Contains(got, "level=WARN") || !strings.Contains(got, `msg="bad packet of 7 bytes"`) || !strings.Contains(got, "engine=sctp") {
		t.Errorf("wrote %q", got)
	}
	if strings.Count(got, "\n") != 1 {
		t.Errorf("wrote %q, want one line", got)
	}
}

func TestNoLoggerWritesNowhere(t *testing.T) {
	New(nil, slog.LevelError).NewLogger("dtls").Errorf("never formatted %v", panics{})
}

// panics fails a test that formats it.
type panics struct{}

func (panics) String() string { panic("formatted although nobody reads it") }
