package sctptransport

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// loggerFactory gives the engine loggers that write to a slog.Logger.
type loggerFactory struct{ l *slog.Logger }

func (f loggerFactory) NewLogger(scope string) logging.LeveledLogger {
	return &logger{f.l.With("engine", scope)}
}

// logger writes what the engine reports. Its errors are mostly about packets of
// the peer that it did not like, so they count as warnings; what it reports for
// each packet is below slog's debug level.
type logger struct{ l *slog.Logger }

const levelTrace = slog.LevelDebug - 4

func (l *logger) log(level slog.Level, msg string) { l.l.Log(context.Background(), level, msg) }

func (l *logger) logf(level slog.Level, format string, args []any) {
	if l.l.Enabled(context.Background(), level) {
		l.l.Log(context.Background(), level, fmt.Sprintf(format, args...))
	}
}

func (l *logger) Trace(msg string)             { l.log(levelTrace, msg) }
func (l *logger) Tracef(f string, args ...any) { l.logf(levelTrace, f, args) }
func (l *logger) Debug(msg string)             { l.log(slog.LevelDebug, msg) }
func (l *logger) Debugf(f string, args ...any) { l.logf(slog.LevelDebug, f, args) }
func (l *logger) Info(msg string)              { l.log(slog.LevelInfo, msg) }
func (l *logger) Infof(f string, args ...any)  { l.logf(slog.LevelInfo, f, args) }
func (l *logger) Warn(msg string)              { l.log(slog.LevelWarn, msg) }
func (l *logger) Warnf(f string, args ...any)  { l.logf(slog.LevelWarn, f, args) }
func (l *logger) Error(msg string)             { l.log(slog.LevelWarn, msg) }
func (l *logger) Errorf(f string, args ...any) { l.logf(slog.LevelWarn, f, args) }
