package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxRepeats bounds how many different warnings are told apart; more are told apart by their message alone.
const maxRepeats = 500

// Repeats is a log in which a warning or an error is written once in a period: those that repeat it within the period are
// counted and written as one line with their number, in "more". Two lines are repetitions when they have the same message and
// say the same of what failed and why; ids and other numbers in them make no difference. Lines that are no warnings pass.
//
// While a fault of the database is [Repeats.Hold]-ed, the warnings that it causes are only counted.
type Repeats struct {
	next    slog.Handler
	counted *CountedLog

	mu   sync.Mutex
	keys map[string]time.Time
	held int
	hold bool
	last string
	// until is when lines are written again after Release: what was under way at that moment may still fail.
	until time.Time
}

// repeatsGrace is how long what was under way when the database came back may fail for it.
const repeatsGrace = 10 * time.Second

// NewRepeats returns a log that writes to next, once in a period for each kind of warning.
func NewRepeats(next *slog.Logger, period time.Duration, now func() time.Time) *Repeats {
	return &Repeats{next: next.Handler(), counted: NewCountedLog(next, period, now), keys: map[string]time.Time{}}
}

// Logger is what to write to.
func (r *Repeats) Logger() *slog.Logger { return slog.New(&repeating{repeats: r, next: r.next}) }

// Flush writes the lines that were counted in a period that is over.
func (r *Repeats) Flush(ctx context.Context) {
	r.counted.Flush(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, at := range r.keys {
		if r.counted.now().Sub(at) > 2*r.counted.period {
			delete(r.keys, key)
		}
	}
}

// Hold counts the warnings that a database which is away causes, from now on.
func (r *Repeats) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold = true
}

// Release ends Hold and returns how many lines were counted, and the error of the last of them.
func (r *Repeats) Release() (held int, last string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, last = r.held, r.last
	r.hold, r.held, r.last, r.until = false, 0, "", r.counted.now().Add(repeatsGrace)
	return held, last
}

// takes counts a line that the database causes, if such lines are held.
func (r *Repeats) takes(cause string) bool {
	if !ofDatabase(cause) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hold && !r.counted.now().Before(r.until) {
		return false
	}
	r.held, r.last = r.held+1, cause
	return true
}

// key is the same for lines that repeat each other.
func (r *Repeats) key(message string, attrs []slog.Attr) string {
	var b strings.Builder
	b.WriteString(message)
	for _, a := range attrs {
		if slices.Contains(tellsApart, a.Key) {
			fmt.Fprintf(&b, "|%s=%s", a.Key, a.Value.Resolve())
		}
	}
	key := strings.ToValidUTF8(someID.ReplaceAllString(b.String(), "#"), "")
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.keys[key]; !known && len(r.keys) >= maxRepeats {
		return message
	}
	r.keys[key] = r.counted.now()
	return key
}

var (
	// tellsApart are the attributes that say what failed and why.
	tellsApart = []string{"error", "err", "function", "kind", "outcome", "reason", "missing", "account", "file", "status", "service"}
	// someID is an id, a number or an address.
	someID = regexp.MustCompile(`\b[A-Z]{2}[0-9a-f]{32}\b|\b[0-9A-HJKMNP-TV-Z]{26}\b|[0-9]+`)
)

// ofDatabase says whether an error, or its text, may be that of a database that is away.
func ofDatabase(cause string) bool {
	cause = strings.ToLower(cause)
	if strings.Contains(cause, "model:") || strings.Contains(cause, "twilio:") || strings.Contains(cause, "inngest") || strings.Contains(cause, "redis") {
		return false
	}
	for _, word := range []string{
		"database", "postgres", "sqlstate", "network:", "connect", "timeout", "deadline exceeded", "conn closed", "closed pool", "eof", "dial ",
		"broken pipe", "canceled", "locked", "readonly", "disk", "code 57p", "code 08",
	} {
		if strings.Contains(cause, word) {
			return true
		}
	}
	return false
}

// repeating is the handler of one logger.
type repeating struct {
	repeats *Repeats
	next    slog.Handler
	attrs   []slog.Attr
	// grouped says that attributes have a group's name before theirs: such lines pass.
	grouped bool
}

func (h *repeating) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *repeating) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelWarn || h.grouped {
		return h.next.Handle(ctx, record)
	}
	attrs := slices.Clone(h.attrs)
	cause := ""
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, a := range attrs {
		if a.Key == "error" || a.Key == "err" || a.Key == "missing" {
			cause += " " + a.Value.Resolve().String()
		}
	}
	if strings.TrimSpace(cause) != "" && h.repeats.takes(cause) {
		return nil
	}
	h.repeats.counted.Log(ctx, record.Level, h.repeats.key(record.Message, attrs), record.Message, attrs...)
	return nil
}

func (h *repeating) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &repeating{h.repeats, h.next.WithAttrs(attrs), append(slices.Clone(h.attrs), attrs...), h.grouped}
}

func (h *repeating) WithGroup(name string) slog.Handler {
	return &repeating{h.repeats, h.next.WithGroup(name), h.attrs, true}
}
