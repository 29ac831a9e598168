package webrtc

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/pion/logging"

	"github.com/parleyrtc/webrtc/internal/enginelog"
)

// A recorder is a LoggerFactory, and the logger of each scope, that keeps what
// it is told.
type recorder struct {
	scope string
	lines *[]string
}

func newRecorder() recorder { return recorder{lines: new([]string)} }

func (r recorder) NewLogger(scope string) logging.LeveledLogger { return recorder{scope, r.lines} }

func (r recorder) log(level, msg string) { *r.lines = append(*r.lines, r.scope+" "+level+" "+msg) }

func (r recorder) Trace(msg string)               { r.log("trace", msg) }
func (r recorder) Tracef(format string, a ...any) { r.log("trace", fmt.Sprintf(format, a...)) }
func (r recorder) Debug(msg string)               { r.log("debug", msg) }
func (r recorder) Debugf(format string, a ...any) { r.log("debug", fmt.Sprintf(format, a...)) }
func (r recorder) Info(msg string)                { r.log("info", msg) }
func (r recorder) Infof(format string, a ...any)  { r.log("info", fmt.Sprintf(format, a...)) }
func (r recorder) Warn(msg string)                { r.log("warn", msg) }
func (r recorder) Warnf(format string, a ...any)  { r.log("warn", fmt.Sprintf(format, a...)) }
func (r recorder) Error(msg string)               { r.log("error", msg) }
func (r recorder) Errorf(format string, a ...any) { r.log("error", fmt.Sprintf(format, a...)) }

func TestLoggerFactoryGetsWhatTheLibrarySays(t *testing.T) {
	r := newRecorder()
	log := (&SettingEngine{LoggerFactory: r}).logger()
	log.Info("hello", "n", 1)
	log.With("pc", "pc-1").Warn("careful", "why", "no reason", slog.Group("pair", "local", "a", "remote", "b"))
	log.With("pc", "pc-1").With("engine", "dtls").Error("bad")
	log.WithGroup("g").With("a", 1).Debug("detail", "b", 2)
	log.WithGroup("").Log(context.Background(), enginelog.LevelTrace, "packet")
	want := []string{
		"pc info hello n=1",
		"pc warn careful pc=pc-1 why=no reason pair.local=a pair.remote=b",
		"dtls error bad pc=pc-1",
		"pc debug detail g.a=1 g.b=2",
		"pc trace packet",
	}
	if !reflect.DeepEqual(*r.lines, want) {
		t.Errorf("got %s\nwant %s", strings.Join(*r.lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestLevelsOfTheDefaultFactory(t *testing.T) {
	var out bytes.Buffer
	factory := &logging.DefaultLoggerFactory{
		Writer: &out, DefaultLogLevel: logging.LogLevelWarn,
		ScopeLevels: map[string]logging.LogLevel{"dtls": logging.LogLevelTrace, "sctp": logging.LogLevelDisabled},
	}
	log := (&SettingEngine{LoggerFactory: factory}).logger()
	levels := []slog.Level{enginelog.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for scope, want := range map[string]int{"": 3, "dtls": 0, "sctp": len(levels)} {
		l := log
		if scope != "" {
			l = log.With("engine", scope)
		}
		for i, level := range levels {
			if got := l.Enabled(context.Background(), level); got != (i >= want) {
				t.Errorf("scope %q, level %s: enabled %v", scope, level, got)
			}
		}
	}
	log.Info("quiet")
	log.Warn("loud")
	if text := out.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "loud") {
		t.Errorf("written: %q", text)
	}
}

func TestLeastLevel(t *testing.T) {
	for level, want := range map[logging.LogLevel]slog.Level{
		logging.LogLevelError: slog.LevelError, logging.LogLevelWarn: slog.LevelWarn, logging.LogLevelInfo: slog.LevelInfo,
		logging.LogLevelDebug: slog.LevelDebug, logging.LogLevelTrace: enginelog.LevelTrace,
	} {
		if got := leastLevel(level); got != want {
			t.Errorf("%s: %s, want %s", level, got, want)
		}
	}
}

func TestLoggerComesBeforeLoggerFactory(t *testing.T) {
	var out bytes.Buffer
	r := newRecorder()
	log := slog.New(slog.NewTextHandler(&out, nil))
	if got := (&SettingEngine{Logger: log, LoggerFactory: r}).logger(); got != log {
		t.Error("the logger is not the one that was set")
	}
	if (&SettingEngine{}).logger().Enabled(context.Background(), slog.LevelError) {
		t.Error("without a logger something is logged")
	}
}

func TestNewLoggerFactory(t *testing.T) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	l := NewLoggerFactory(slog.New(handler)).NewLogger("turn")
	l.Trace("not written")
	l.Tracef("not %s", "written")
	l.Debug("a")
	l.Debugf("%d", 1)
	l.Info("b")
	l.Infof("%d", 2)
	l.Warn("c")
	l.Warnf("%d", 3)
	l.Error("d")
	l.Errorf("%d", 4)
	const want = `level=DEBUG msg=a engine=turn
level=DEBUG msg=1 engine=turn
level=INFO msg=b engine=turn
level=INFO msg=2 engine=turn
level=WARN msg=c engine=turn
level=WARN msg=3 engine=turn
level=ERROR msg=d engine=turn
level=ERROR msg=4 engine=turn
`
	if out.String() != want {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
	NewLoggerFactory(nil).NewLogger("turn").Error("nowhere")
}
