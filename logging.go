package webrtc

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pion/logging"

	"github.com/parleyrtc/webrtc/internal/enginelog"
)

// logger returns where the library logs to: Logger, or LoggerFactory behind a
// handler, or nowhere.
func (e *SettingEngine) logger() *slog.Logger {
	switch {
	case e.Logger != nil:
		return e.Logger
	case e.LoggerFactory != nil:
		return slog.New(newFactoryHandler(e.LoggerFactory))
	default:
		return slog.New(slog.DiscardHandler)
	}
}

// defaultScope is the scope of what the library says itself.
const defaultScope = "pc"

// A factoryHandler is a slog.Handler that logs to the loggers of a
// logging.LoggerFactory.
type factoryHandler struct {
	factory logging.LoggerFactory
	to      logging.LeveledLogger
	least   slog.Level // the least level that to writes, as far as that is known
	attrs   string     // formatted, each with a space before it
	group   string     // with a dot at its end, or ""
}

func newFactoryHandler(factory logging.LoggerFactory) *factoryHandler {
	h := &factoryHandler{factory: factory}
	h.setScope(defaultScope)
	return h
}

// setScope makes the handler log to the logger of that scope.
func (h *factoryHandler) setScope(scope string) {
	h.to = h.factory.NewLogger(scope)
	h.least = enginelog.LevelTrace
	// The interface does not tell which levels are written. Of the factory that
	// everybody uses it is known, so that nothing is formatted in vain.
	if f, ok := h.factory.(*logging.DefaultLoggerFactory); ok {
		level, found := f.ScopeLevels[strings.ToLower(scope)]
		if !found {
			level = f.DefaultLogLevel
		}
		h.least = leastLevel(level)
	}
}

// leastLevel translates pion's level into the least of slog's that is written.
func leastLevel(l logging.LogLevel) slog.Level {
	switch l {
	case logging.LogLevelDisabled:
		return slog.LevelError + 1<<16
	case logging.LogLevelError:
		return slog.LevelError
	case logging.LogLevelWarn:
		return slog.LevelWarn
	case logging.LogLevelInfo:
		return slog.LevelInfo
	case logging.LogLevelDebug:
		return slog.LevelDebug
	default:
		return enginelog.LevelTrace
	}
}

// Enabled implements slog.Handler.
func (h *factoryHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

// Handle implements slog.Handler.
func (h *factoryHandler) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(r.Message)
	text.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&text, h.group, a)
		return true
	})
	switch {
	case r.Level >= slog.LevelError:
		h.to.Error(text.String())
	case r.Level >= slog.LevelWarn:
		h.to.Warn(text.String())
	case r.Level >= slog.LevelInfo:
		h.to.Info(text.String())
	case r.Level >= slog.LevelDebug:
		h.to.Debug(text.String())
	default:
		h.to.Trace(text.String())
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (h *factoryHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	var text strings.Builder
	text.WriteString(h.attrs)
	for _, a := range attrs {
		if a.Key == enginelog.ScopeKey && h.group == "" {
			out.setScope(a.Value.String())
			continue
		}
		writeAttr(&text, h.group, a)
	}
	out.attrs = text.String()
	return &out
}

// WithGroup implements slog.Handler.
func (h *factoryHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.group += name + "."
	return &out
}

// writeAttr writes " key=value", and a group as its members.
func writeAttr(to *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		if !a.Equal(slog.Attr{}) {
			fmt.Fprintf(to, " %s%s=%v", group, a.Key, value)
		}
		return
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	for member := range slices.Values(value.Group()) {
		writeAttr(to, group, member)
	}
}

// NewLoggerFactory returns a factory whose loggers write to logger, each with
// its scope as the attribute "engine": for pion's libraries, such as the TURN
// server, that a program uses beside this one. nil means nowhere. Levels below
// slog.LevelDebug are what they call trace.
func NewLoggerFactory(logger *slog.Logger) logging.LoggerFactory {
	return enginelog.New(logger, slog.LevelError)
}
