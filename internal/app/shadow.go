package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/webhook"
)

const (
	// shadowQueue is how many decisions may wait to be tried with the shadow version. More are counted and not tried.
	shadowQueue = 256
	// shadowSlow is when a decision, which is a computation, takes too long to be made in a transaction.
	shadowSlow = 50 * time.Millisecond
)

// shadow tries another version of the webhooks beside those that take effect: for each settled decision the version decides on the
// same call and event, the two are compared, and the result is counted and logged. Nothing of it is committed or answered.
//
// It works after the commit, in one goroutine of its own, on copies: a version that panics is counted, and one that is slow or never
// returns makes its own queue overflow, and delays no webhook.
type shadow struct {
	version   interview.Version
	webhooks  *webhook.Webhooks
	queue     chan store.Decided
	telemetry *telemetry.Telemetry
	counted   *telemetry.CountedLog
}

// shadowVersion begins to try SHADOW_VERSION, if there is one.
func (a *App) shadowVersion() {
	if a.settings.ShadowVersion == "" {
		return
	}
	a.shadow = &shadow{
		version:   interview.Version(a.settings.ShadowVersion),
		webhooks:  a.webhooks(),
		queue:     make(chan store.Decided, shadowQueue),
		telemetry: a.telemetry,
		counted:   a.counted,
	}
	a.processor.OnDecided(a.shadow.offer)
}

// offer takes a decision, or counts that it could not. It never waits.
func (s *shadow) offer(d store.Decided) {
	if d.Call.Version.Decides() == s.version {
		return // it took effect
	}
	select {
	case s.queue <- d:
	default:
		s.count(d, "dropped")
		s.counted.Log(context.Background(), slog.LevelWarn, "shadow:dropped",
			"decisions are not tried with the shadow version: too many wait for it", slog.String("version", string(s.version)))
	}
}

// Run tries decisions until ctx ends.
func (s *shadow) Run(ctx context.Context) error {
	for {
		select {
		case d := <-s.queue:
			// Not waited for when the program ends: a decision that never returns would keep it.
			tried := make(chan struct{})
			go func() {
				defer close(tried)
				s.try(ctx, d)
			}()
			select {
			case <-tried:
			case <-ctx.Done():
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *shadow) try(ctx context.Context, d store.Decided) {
	began := time.Now()
	outcome, err := s.decide(d)
	elapsed := time.Since(began)
	version, kind := slog.String("version", string(s.version)), slog.String("kind", string(d.Event.Kind))
	call := slog.String("call", d.Call.ID)
	if elapsed > shadowSlow {
		s.counted.Log(ctx, slog.LevelWarn, "shadow:slow:"+string(d.Event.Kind), "the shadow version takes long to decide",
			version, kind, call, slog.Duration("elapsed", elapsed))
	}
	if err != nil {
		s.count(d, "failed")
		s.counted.Log(ctx, slog.LevelWarn, "shadow:failed:"+string(d.Event.Kind), "the shadow version failed to decide",
			version, kind, call, slog.String("error", fault.Of(err).String()))
		return
	}
	names := webhook.Differences(webhook.Outcome{Change: d.Change, Reply: d.Reply, Err: d.Err}, outcome)
	if len(names) == 0 {
		s.count(d, "same")
		return
	}
	s.count(d, "different")
	differs := strings.Join(names, " ")
	s.counted.Log(ctx, slog.LevelWarn, "shadow:different:"+string(d.Event.Kind)+":"+differs, "the shadow version decides otherwise",
		version, kind, call, slog.String("differs", differs))
}

// decide decides with the shadow version. The error is one of the version itself: no refusal, which is a decision.
func (s *shadow) decide(d store.Decided) (outcome webhook.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.Panicked(r, debug.Stack())
		}
	}()
	outcome.Change, outcome.Reply, outcome.Err = s.webhooks.DecideAs(s.version, copyCall(d.Call), copyEvent(d.Event))
	if outcome.Err == nil {
		outcome.Err = outcome.Reply.Check()
	}
	if refusal, ok := outcome.Err.(*inbox.Refusal); outcome.Err != nil && (!ok || refusal == nil) { //nolint:errorlint // a refusal is never wrapped
		return outcome, fmt.Errorf("deciding: %w", outcome.Err)
	}
	return outcome, nil
}

func (s *shadow) count(d store.Decided, result string) {
	s.telemetry.ShadowDecision(string(s.version), string(d.Event.Kind), result)
}

// copyCall copies what a decision could write to by mistake.
func copyCall(c interview.Call) interview.Call {
	for _, at := range []**time.Time{&c.ConsentAt, &c.DialedAt, &c.StartedAt, &c.CompletedAt, &c.ClearedAt, &c.ErasedAt, &c.CancelRequestedAt, &c.OptedOutAt, &c.IdentitySaidAt} {
		if *at != nil {
			*at = new(**at)
		}
	}
	if c.Duration != nil {
		c.Duration = new(*c.Duration)
	}
	c.Script.Questions = slices.Clone(c.Script.Questions)
	return c
}

func copyEvent(e *inbox.Event) *inbox.Event {
	event := *e
	event.Body, event.Form, event.Query = slices.Clone(e.Body), maps.Clone(e.Form), maps.Clone(e.Query)
	for _, values := range []map[string][]string{event.Form, event.Query} {
		for name, list := range values {
			values[name] = slices.Clone(list)
		}
	}
	return &event
}
