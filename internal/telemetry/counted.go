package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// CountedLog writes lines that others can cause in any number: the first one at once, and of those that follow within a
// period one line with their count. It is safe for concurrent use.
type CountedLog struct {
	log    *slog.Logger
	period time.Duration
	now    func() time.Time

	mu    sync.Mutex
	lines map[string]*countedLine
}

// countedLine is what is known of the lines with one key.
type countedLine struct {
	writtenAt time.Time
	// held counts the lines since then; the newest of them is kept.
	held    int
	at      time.Time // of the newest
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// NewCountedLog returns a CountedLog that writes to log, once in a period for each key.
func NewCountedLog(log *slog.Logger, period time.Duration, now func() time.Time) *CountedLog {
	return &CountedLog{log: log, period: period, now: now, lines: map[string]*countedLine{}}
}

// Log writes a line, or counts it. Lines with the same key count together; there must be few keys, and none may come from
// outside.
func (c *CountedLog) Log(ctx context.Context, level slog.Level, key, message string, attrs ...slog.Attr) {
	if !c.log.Enabled(ctx, level) {
		return
	}
	c.mu.Lock()
	now := c.now()
	line, known := c.lines[key]
	if known && now.Sub(line.writtenAt) < c.period {
		line.held++
		line.at, line.level, line.message, line.attrs = now, level, message, attrs
		c.mu.Unlock()
		return
	}
	more := 0
	if known {
		more = line.held
	}
	c.lines[key] = &countedLine{writtenAt: now}
	c.mu.Unlock()
	c.write(ctx, level, message, attrs, more)
}

// Flush writes the lines that were counted in a period that is over, with how long before it the newest of each kind came: a reader would
// take it for news.
func (c *CountedLog) Flush(ctx context.Context) {
	c.mu.Lock()
	now := c.now()
	var due []*countedLine
	for key, line := range c.lines {
		switch {
		case now.Sub(line.writtenAt) < c.period:
		case line.held > 0:
			due = append(due, line)
			c.lines[key] = &countedLine{writtenAt: now}
		default:
			delete(c.lines, key)
		}
	}
	c.mu.Unlock()
	for _, line := range due {
		attrs := append(line.attrs[:len(line.attrs):len(line.attrs)], slog.Duration("heldBack", now.Sub(line.at).Round(time.Millisecond)))
		c.write(ctx, line.level, line.message, attrs, line.held-1)
	}
}

// write writes a line that stands for so many more of its kind.
func (c *CountedLog) write(ctx context.Context, level slog.Level, message string, attrs []slog.Attr, more int) {
	if more > 0 {
		attrs = append(attrs[:len(attrs):len(attrs)], slog.Int("more", more))
	}
	c.log.LogAttrs(ctx, level, message, attrs...)
}
