package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/time/rate"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Config says what to reconcile, how and how often. Store, Twilio, Processor and Identify are required.
type Config struct {
	Store  *store.Store
	Twilio *twilio.Client
	// AccountSid is the account of Twilio, "" if that is not known. Accounts, if set, returns the client
	// of another account, or nil: Twilio is asked with the account that dialled the call.
	AccountSid string
	Accounts   func(accountSid string) *twilio.Client
	Processor  inbox.Processor
	// Identify names an event as the webhooks do.
	Identify func(kind inbox.Kind, form, query url.Values) (id, subject string, err error)
	// From is our caller id, where the intent to dial does not say it: a call from another number is not one that we lost.
	From      string
	Deadlines interview.Deadlines
	// Every is the time between two passes; 0 means 10 s.
	Every time.Duration
	// RequestsPerSecond bounds the requests to Twilio; 0 means 5.
	RequestsPerSecond float64
	// AbsentAnswers and AbsentFor are what proves that a dial created nothing, or that there is no recording of a call: so
	// many answers of Twilio in a row that do not list it, and but for a call with consent over so long a time. Twilio's
	// lists lag behind, so one answer proves nothing. 0 means 4 in 2 minutes.
	AbsentAnswers int
	AbsentFor     time.Duration
	Log           *slog.Logger
	Now           func() time.Time
	// Wait waits between two tries of one request in Since, or returns early with the error of ctx; nil means the machine's clock.
	Wait func(ctx context.Context, pause time.Duration) error
	// Trace, if set, is called before Twilio is asked about a call, with what is overdue. It is asked with the context that it
	// returns, and end is called afterwards.
	Trace func(ctx context.Context, callID string, what interview.Overdue) (traced context.Context, end func(error))
	// OnRepair, if set, is called for every event that was missing.
	OnRepair func(kind inbox.Kind)
	// OnPass, if set, is called after each pass of Run, with what ended it early.
	OnPass func(err error)
}

// Reconciler asks Twilio about what is overdue. Run blocks; Check and Since may be called beside it.
type Reconciler struct {
	config Config
	limit  *rate.Limiter
}

// New returns a Reconciler.
func New(config Config) *Reconciler {
	if config.Every == 0 {
		config.Every = 10 * time.Second
	}
	if config.RequestsPerSecond == 0 {
		config.RequestsPerSecond = 5
	}
	if config.AbsentAnswers == 0 {
		config.AbsentAnswers = 4
	}
	if config.AbsentFor == 0 {
		config.AbsentFor = 2 * time.Minute
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Wait == nil {
		config.Wait = wait
	}
	return &Reconciler{config: config, limit: rate.NewLimiter(rate.Limit(config.RequestsPerSecond), 5)}
}

// claimed bounds the calls of one pass, lease how long they are this process's.
const (
	claimed = 100
	lease   = 2 * time.Minute
)

// Run makes a pass over the calls that are due, again and again, until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.config.Every)
	defer ticker.Stop()
	for {
		err := r.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			r.config.Log.Warn("reconciling", "error", err)
		}
		if r.config.OnPass != nil && ctx.Err() == nil {
			r.config.OnPass(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Pass checks the calls whose next check is due, those of which a webhook is missing before those that only need
// clearance: there may be many, and they have time. It stops early when Twilio asks for less. What it does not come to is due
// for the next pass, of whichever process.
func (r *Reconciler) Pass(ctx context.Context) error {
	if err := r.afterRestore(ctx); err != nil {
		return err
	}
	ids, leased, err := r.config.Store.ClaimOverdueChecks(ctx, claimed, lease)
	if err != nil {
		return err
	}
	left, err := r.visitAll(ctx, ids)
	return errors.Join(err, r.config.Store.ReleaseOverdueChecks(ctx, left, leased))
}

// visitAll returns the calls that it did not visit.
func (r *Reconciler) visitAll(ctx context.Context, ids []string) (left []string, err error) {
	begun := time.Now()
	var clearances []store.OverdueCheck
	for i, id := range ids {
		later, err := r.visit(ctx, id, visitOptions{putOff: true})
		if err != nil {
			return append(idsOf(clearances), ids[i+1:]...), err
		}
		if later != nil {
			clearances = append(clearances, *later)
		}
	}
	lists, err := r.listTogether(ctx, clearances)
	if err != nil && (ctx.Err() != nil || throttled(err)) {
		return idsOf(clearances), err
	}
	if err != nil { // each is asked about alone
		r.config.Log.Warn("listing recordings of all calls", "error", err)
	}
	for i, w := range clearances {
		if i > 0 && time.Since(begun) > r.config.Every {
			return idsOf(clearances[i:]), nil
		}
		if _, err := r.visit(ctx, w.Call.ID, visitOptions{lists: lists}); err != nil {
			return idsOf(clearances[i+1:]), err
		}
	}
	return nil, nil
}

func idsOf(checks []store.OverdueCheck) []string {
	ids := make([]string, len(checks))
	for i, w := range checks {
		ids[i] = w.Call.ID
	}
	return ids
}

// visitOptions say how a call is looked at.
type visitOptions struct {
	putOff bool         // a call that only needs clearance
	lists  accountLists // the recordings that are known already
}

// visit checks a call, and returns it if it was put off. An error ends the pass.
func (r *Reconciler) visit(ctx context.Context, id string, how visitOptions) (putOff *store.OverdueCheck, err error) {
	_, putOff, err = r.check(ctx, id, how)
	if err != nil && (ctx.Err() != nil || throttled(err)) {
		return nil, err
	}
	if err != nil {
		r.config.Log.Warn("reconciling a call", "call", id, "error", err)
	}
	return putOff, nil
}

// Since checks every call that was created at or after a time, whether it is due or not, and returns how many events were
// missing. While Twilio is busy it asks again, within the bounds of [patience]; then it stops, and the error says about which calls
// nothing was learnt.
func (r *Reconciler) Since(ctx context.Context, since time.Time) (calls, repaired int, err error) {
	ids, err := r.config.Store.CallsSince(ctx, since)
	if err != nil {
		return 0, 0, err
	}
	var unlearnt unlearnt
	patience := r.newPatience()
	for _, id := range ids {
		asked := false
		err := patience.try(ctx, func() error {
			w, err := r.config.Store.OverdueCheck(ctx, id, r.config.Deadlines)
			if err != nil || w.What == "" {
				return err
			}
			n, err := r.ask(ctx, w, nil)
			asked, repaired = true, repaired+n
			return err
		})
		if asked {
			calls++
		}
		unlearnt.add(id, err)
		if ctx.Err() != nil || throttled(err) {
			break
		}
	}
	return calls, repaired, unlearnt.err()
}

// Ask asks Twilio about one call now, unless it waits for nothing. The error is store.ErrNotFound when there is no such call.
func (r *Reconciler) Ask(ctx context.Context, callID string) (interview.Asked, error) {
	w, err := r.config.Store.OverdueCheck(ctx, callID, r.config.Deadlines)
	if err != nil || w.What == "" {
		return interview.Asked{}, err
	}
	repaired, err := r.ask(ctx, w, nil)
	return interview.Asked{About: w.What, Repaired: repaired}, err
}

// Check looks at one call, asks Twilio when something is overdue, and sets the time of the next look. It returns how many
// events were missing.
func (r *Reconciler) Check(ctx context.Context, callID string) (repaired int, err error) {
	repaired, _, err = r.check(ctx, callID, visitOptions{})
	return repaired, err
}

// check is Check, but for how the call is visited.
func (r *Reconciler) check(ctx context.Context, callID string, how visitOptions) (repaired int, putOff *store.OverdueCheck, err error) {
	now := r.config.Now()
	w, err := r.config.Store.OverdueCheck(ctx, callID, r.config.Deadlines)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, nil, nil
	case err != nil:
		return 0, nil, err
	case w.What == "", w.Call.Simulated: // of a simulated call Twilio knows nothing
		return 0, nil, r.config.Store.EndOverdueChecks(ctx, callID)
	case now.Before(begin(w)):
		return 0, nil, r.config.Store.SetOverdueCheck(ctx, callID, earlier(begin(w), now.Add(lookAgain)), 0)
	case w.What == interview.OverdueClearance && how.putOff:
		return 0, &w, nil
	}
	if w.Checks == manyChecks && w.What != interview.OverdueDial {
		err := r.config.Store.Note(ctx, callID, "reconcile.fruitless", "Twilio does not say what became of: "+string(w.What)+"; asking daily")
		if err != nil {
			return 0, nil, err
		}
	}
	repaired, askErr := r.ask(ctx, w, how.lists)
	return repaired, nil, errors.Join(askErr, r.again(ctx, w, askErr != nil))
}

const (
	// lookAgain is how soon a call that is not overdue is looked at again: what is due next may change meanwhile.
	lookAgain = 30 * time.Second
	// manyChecks is how often Twilio is asked before it is asked but once a day. It is about a day.
	manyChecks = 100
	// verdictAfter is how long after the answer Twilio is asked who picked up: by default it gives detection up after 30 s.
	verdictAfter = time.Minute
	// inboundAfter is how long after it began Twilio is asked whether a call that came in is over: no callback tells of that,
	// unless the number is set up so, and the person is not called meanwhile.
	inboundAfter = time.Minute
	// clearAfter is how long after the end of a call Twilio is asked for its recordings.
	clearAfter = time.Minute
)

// begin is when Twilio is first asked: when something is overdue, or earlier. Who picked up matters while the call lasts, and many
// calls are over before it is known; to be certain that there is no recording takes several answers; and that a call which came in
// is over, nothing may tell but Twilio's answer.
func begin(w store.OverdueCheck) time.Time {
	switch w.What {
	case interview.OverdueVerdict:
		return earlier(w.Due, w.Call.AnsweredAt().Add(verdictAfter))
	case interview.OverdueClearance:
		return earlier(w.Due, w.Call.LostAt().Add(clearAfter))
	case interview.OverdueEnd:
		if w.Call.Inbound() {
			return earlier(w.Due, w.Call.CreatedAt.Add(inboundAfter))
		}
	default:
	}
	return w.Due
}

// again plans the next look at a call after Twilio was asked. An answer that did not come counts for nothing.
func (r *Reconciler) again(ctx context.Context, before store.OverdueCheck, failed bool) error {
	after, err := r.config.Store.OverdueCheck(ctx, before.Call.ID, r.config.Deadlines)
	if err != nil {
		return err
	}
	now := r.config.Now()
	switch {
	case after.What == "":
		return r.config.Store.EndOverdueChecks(ctx, before.Call.ID)
	case failed:
		return r.config.Store.SetOverdueCheck(ctx, before.Call.ID, now.Add(time.Minute), before.Checks)
	case after.What != before.What:
		return r.config.Store.SetOverdueCheck(ctx, before.Call.ID, earlier(begin(after), now.Add(lookAgain)), 0)
	}
	return r.config.Store.SetOverdueCheck(ctx, before.Call.ID, now.Add(pause(after)), before.Checks+1)
}

// pause grows with the checks that found nothing. Where absence is to be proven the checks are evenly spaced: each counts as
// one answer towards the proof.
func pause(w store.OverdueCheck) time.Duration {
	switch {
	case w.What == interview.OverdueDial:
		return 30 * time.Second
	case w.Checks >= manyChecks:
		return 24 * time.Hour
	case w.What == interview.OverdueClearance && w.Absences > 0:
		return 30 * time.Second
	}
	return min(15*time.Second<<min(w.Checks, 6), 15*time.Minute)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// throttled reports whether Twilio asks for less.
func throttled(err error) bool {
	var e *twilio.Error
	return errors.As(err, &e) && e.Throttled()
}

// notFound reports whether Twilio itself answered 404, and not a proxy.
func notFound(err error) bool {
	var e *twilio.Error
	return errors.As(err, &e) && e.Shaped && e.Status == http.StatusNotFound
}

// twilio is the client of an account, nil if there is none. "" is the account that is configured.
func (r *Reconciler) twilio(accountSid string) *twilio.Client {
	if accountSid == "" || r.config.AccountSid == "" || accountSid == r.config.AccountSid {
		return r.config.Twilio
	}
	if r.config.Accounts == nil {
		return nil
	}
	return r.config.Accounts(accountSid)
}
