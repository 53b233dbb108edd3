package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes to w, with phone numbers masked and the given secrets taken out of messages,
// attributes and errors. format is "text" or "json", level is "debug", "info", "warn" or "error"; "" means text and info.
func NewLogger(w io.Writer, format, level string, secrets ...string) (*slog.Logger, error) {
	var least slog.Level
	if level != "" {
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
		}
	}
	options := &slog.HandlerOptions{Level: least, ReplaceAttr: Redact(secrets...).Attr}
	switch format {
	case "", "text":
		return slog.New(withRequestID{slog.NewTextHandler(w, options)}), nil
	case "json":
		return slog.New(withRequestID{slog.NewJSONHandler(w, options)}), nil
	}
	return nil, fmt.Errorf("log format %q: use text or json", format)
}

// Warnings is a logger that writes to log what is a warning or worse, for libraries that log their routine work.
func Warnings(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs)}
}

func (h warnings) WithGroup(name string) slog.Handler { return warnings{h.Handler.WithGroup(name)} }
