package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/inngest/inngestgo"
)

const (
	pingName  = "ping"
	pingEvent = "iagent/ping"
	// pingWithin is how long Inngest may take to make the call that a ping asks for.
	pingWithin = 20 * time.Second
	// registerEvery is how often a server of one's own is asked whether it knows the functions still; registering what it
	// knows changes nothing. Inngest Cloud does not forget.
	registerEvery      = 15 * time.Second
	registerCloudEvery = time.Hour
	// registerAgainWithin bounds the pause after a registration that failed.
	registerAgainWithin = 30 * time.Second
	// resendEvery bounds how often everything that is out is sent again: two versions of i-agent that register in turn, as
	// during an update, are news to Inngest each time.
	resendEvery = time.Minute
)

// pingOptions are those of a function that does nothing but note that Inngest has called it.
func pingOptions() inngestgo.FunctionOpts {
	return inngestgo.FunctionOpts{ID: pingName, Name: pingName, Retries: inngestgo.IntPtr(0)}
}

// pinged is called by Inngest, in whichever process.
func (e *Engine) pinged(ctx context.Context, input inngestgo.Input[map[string]any]) (any, error) {
	e.inngest.calledAt.Store(time.Now().UnixNano())
	id, _ := input.Event.Data["ping"].(string)
	if err := e.config.Ledger.PingCame(ctx, id); err != nil {
		return nil, errors.New("the ledger could not be reached")
	}
	return answer("done"), nil
}

// watcher keeps the functions registered, and knows whether Inngest calls them.
type watcher struct {
	engine  *Engine
	inngest *inngest
	// called says that Inngest has made the call that was asked for since it last said anything new.
	called bool
	// asked says that Inngest has asked for the functions since.
	asked bool
	// since is when Inngest was first found not to call: zero while it does; failures counts the times since.
	since    time.Time
	failures int
	// registered says that it was found once to call.
	registered bool
	// resendDue says that what was sent before the functions were last known for sure is to be sent again; knownAt is that time, by
	// the ledger's clock. resentAt is when something last was.
	resendDue         bool
	knownAt, resentAt time.Time
}

// watchInngest registers the functions, again and again, until ctx ends.
func (e *Engine) watchInngest(ctx context.Context) {
	w := &watcher{engine: e, inngest: e.inngest, resendDue: true}
	for ctx.Err() == nil {
		w.check(ctx)
		timer := time.NewTimer(w.pause())
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-e.inngest.asked:
			// The server does not know the functions, perhaps because it was started just now, without what it had.
			w.asked, w.resendDue = true, true
		}
		timer.Stop()
	}
}

func (w *watcher) pause() time.Duration {
	switch {
	case w.failures > 0:
		return halfJitter(min(time.Second<<min(w.failures, 10), registerAgainWithin))
	case w.inngest.config.BaseURL == "":
		return registerCloudEvery
	}
	return registerEvery
}

// check registers the functions, and has Inngest make a call when there is reason to doubt that it does.
func (w *watcher) check(ctx context.Context) {
	news, err := w.inngest.register(ctx)
	if err == nil {
		select { // what was asked before is done
		case <-w.inngest.asked:
		default:
		}
	}
	if news && w.called {
		w.engine.config.Log.Warn("Inngest had other functions, or had forgotten ours: it was started again, or another i-agent registers with it",
			"url", w.inngest.config.ServeURL)
	}
	if err == nil && (news || w.asked || !w.called) {
		w.called, w.asked, w.resendDue, w.knownAt = false, false, w.resendDue || news, w.engine.config.Now()
		err = w.ping(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.down(err)
		return
	}
	w.called = true
	w.up()
	if w.resendDue && time.Since(w.resentAt) >= resendEvery {
		w.resend(ctx)
	}
}

// ping sends an event whose only use is the call that it causes, and waits for a call.
func (w *watcher) ping(ctx context.Context) error {
	id, sentAt := rand.Text(), time.Now()
	ledger := w.engine.config.Ledger
	if err := ledger.PingSent(ctx, id); err != nil {
		return err
	}
	err := w.inngest.sendEvent(ctx, event{ID: pingName + ":" + id, Name: pingEvent, Data: map[string]any{"ping": id}})
	if err != nil {
		return fmt.Errorf("sending an event: %w", err)
	}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for deadline := sentAt.Add(pingWithin); time.Now().Before(deadline); {
		if w.inngest.calledAt.Load() > sentAt.UnixNano() {
			return nil
		}
		if came, err := ledger.HasPingCome(ctx, id); err != nil || came {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return fmt.Errorf("Inngest knows the functions and made no call within %s: can it reach the URL, and has it the same signing key?", pingWithin)
}

// down notes that no function runs, and says so once: whoever hears of it finds the line in the log.
func (w *watcher) down(err error) {
	w.failures++
	w.called, w.resendDue = false, true
	if w.since.IsZero() {
		w.since = time.Now()
		w.engine.config.Log.Error("no function runs: Inngest does not call", "url", w.inngest.config.ServeURL, "error", err)
	}
	w.report(false)
}

// up notes that functions run, in the order of down.
func (w *watcher) up() {
	switch {
	case !w.since.IsZero():
		w.engine.config.Log.Info("Inngest calls the functions again", "url", w.inngest.config.ServeURL, "after", time.Since(w.since).Round(time.Second))
	case !w.registered:
		w.engine.config.Log.Info("registered with Inngest", "url", w.inngest.config.ServeURL)
	}
	w.since, w.failures, w.registered = time.Time{}, 0, true
	w.report(true)
}

// resend sends again the events of all runs that wait: of those that Inngest has, it may have used up the retries or forgot
// them while nobody answered, and tells nobody.
func (w *watcher) resend(ctx context.Context) {
	n, err := w.engine.config.Ledger.ResendRuns(ctx, "", w.knownAt)
	if err != nil {
		w.engine.config.Log.Warn("sending events again", "error", err)
		return
	}
	w.resendDue = false
	if n > 0 {
		w.resentAt = time.Now()
		w.engine.config.Log.Info("events are sent again of runs that Inngest did not call", "runs", n)
	}
}

func (w *watcher) report(registered bool) {
	if w.inngest.config.OnState != nil {
		w.inngest.config.OnState(registered)
	}
}
