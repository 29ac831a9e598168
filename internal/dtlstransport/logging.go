package dtlstransport

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// levelTrace is below slog.LevelDebug: the engine traces every flight.
const levelTrace = slog.LevelDebug - 4

// engineLogger hands what the engine logs to a *slog.Logger. A level that is
// not enabled costs no formatting.
type engineLogger struct{ to *slog.Logger }

func (l engineLogger) NewLogger(scope string) logging.LeveledLogger {
	return engineLogger{to: l.to.With("engine", scope)}
}

func (l engineLogger) log(level slog.Level, msg string) {
	l.to.Log(context.Background(), level, msg)
}

func (l engineLogger) logf(level slog.Level, format string, args []any) {
	if l.to.Enabled(context.Background(), level) {
		l.log(level, fmt.Sprintf(format, args...))
	}
}

func (l engineLogger) Trace(msg string)                  { l.log(levelTrace, msg) }
func (l engineLogger) Tracef(format string, args ...any) { l.logf(levelTrace, format, args) }
func (l engineLogger) Debug(msg string)                  { l.log(slog.LevelDebug, msg) }
func (l engineLogger) Debugf(format string, args ...any) { l.logf(slog.LevelDebug, format, args) }
func (l engineLogger) Info(msg string)                   { l.log(slog.LevelInfo, msg) }
func (l engineLogger) Infof(format string, args ...any)  { l.logf(slog.LevelInfo, format, args) }
func (l engineLogger) Warn(msg string)                   { l.log(slog.LevelWarn, msg) }
func (l engineLogger) Warnf(format string, args ...any)  { l.logf(slog.LevelWarn, format, args) }
func (l engineLogger) Error(msg string)                  { l.log(slog.LevelError, msg) }
func (l engineLogger) Errorf(format string, args ...any) { l.logf(slog.LevelError, format, args) }
