// Package enginelog lets engines that log to pion's loggers write to log/slog.
package enginelog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// LevelTrace is the slog level of what pion's loggers call trace: engines write
// it for each packet.
const LevelTrace = slog.LevelDebug - 4

// ScopeKey is the attribute that names the engine.
const ScopeKey = "engine"

// New returns a factory whose loggers write to the given one, each with its
// scope as the attribute ScopeKey, and nothing at a level above highest: some
// engines call an error what a peer's bad packet is. nil writes nowhere.
func New(to *slog.Logger, highest slog.Level) logging.LoggerFactory {
	if to == nil {
		to = slog.New(slog.DiscardHandler)
	}
	return logger{to, highest}
}

// A logger is both the factory and its loggers. A level that is not enabled
// costs no formatting.
type logger struct {
	to      *slog.Logger
	highest slog.Level
}

// NewLogger implements logging.LoggerFactory.
func (l logger) NewLogger(scope string) logging.LeveledLogger {
	return logger{l.to.With(ScopeKey, scope), l.highest}
}

func (l logger) log(level slog.Level, msg string) {
	l.to.Log(context.Background(), min(level, l.highest), msg)
}

func (l logger) logf(level slog.Level, format string, args []any) {
	if l.to.Enabled(context.Background(), min(level, l.highest)) {
		l.log(level, fmt.Sprintf(format, args...))
	}
}

func (l logger) Trace(msg string)                  { l.log(LevelTrace, msg) }
func (l logger) Tracef(format string, args ...any) { l.logf(LevelTrace, format, args) }
func (l logger) Debug(msg string)                  { l.log(slog.LevelDebug, msg) }
func (l logger) Debugf(format string, args ...any) { l.logf(slog.LevelDebug, format, args) }
func (l logger) Info(msg string)                   { l.log(slog.LevelInfo, msg) }
func (l logger) Infof(format string, args ...any)  { l.logf(slog.LevelInfo, format, args) }
func (l logger) Warn(msg string)                   { l.log(slog.LevelWarn, msg) }
func (l logger) Warnf(format string, args ...any)  { l.logf(slog.LevelWarn, format, args) }
func (l logger) Error(msg string)                  { l.log(slog.LevelError, msg) }
func (l logger) Errorf(format string, args ...any) { l.logf(slog.LevelError, format, args) }
