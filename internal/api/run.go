package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// run is an entry of the ledger: one function, run once for its key.
type run struct {
	ID       string             `json:"id"`
	Function interview.Function `json:"function"`
	// Key is unique for the function, for ever.
	Key   string             `json:"key"`
	State interview.RunState `json:"state"`
	// Args name calls, recordings and hypotheses; never people.
	Args json.RawMessage `json:"args"`
	// Cause is the event or the run that asked for it, or api.
	Cause string `json:"cause"`
	// Attempts counts all attempts; at AttemptsAllowed the run is given up. A retry moves that on.
	Attempts        int `json:"attempts"`
	AttemptsAllowed int `json:"attemptsAllowed"`
	// LastError is why the last attempt failed, or what the run waits for.
	LastError *string `json:"lastError"`
	// ServiceMessage is what a service said when the run failed last. It may quote a person, is shown of a single run only, and
	// is left out when there is none.
	ServiceMessage string `json:"serviceMessage,omitempty"`
	// NotBefore is when the next attempt is due.
	NotBefore *time.Time `json:"notBefore"`
	CreatedAt time.Time  `json:"createdAt"`
	// StartedAt is the last attempt's.
	StartedAt  *time.Time `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
}

func (a *api) listRuns(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "state", "function", "callId", "error", "lastError", "since", "until")
	if err != nil {
		return err
	}
	by := store.RunFilter{State: interview.RunState(query.Get("state"))}
	switch by.State {
	case "", interview.RunWaiting, interview.RunRunning, interview.RunDone, interview.RunFailed:
	default:
		return badRequest("state must be waiting, running, done or failed")
	}
	function, err := queryID(query, "function")
	if err != nil {
		return err
	}
	by.Function = interview.Function(function)
	if by.CallID, err = queryID(query, "callId"); err != nil {
		return err
	}
	if by.Error, err = queryText(query, "error"); err != nil {
		return err
	}
	if by.LastError, err = queryText(query, "lastError"); err != nil {
		return err
	}
	if by.Since, by.Until, err = queryTimes(query, a.ready.now()); err != nil {
		return err
	}
	runs, err := a.store.Runs(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(runs, showRun))
}

func (a *api) getRun(w http.ResponseWriter, r *http.Request) error {
	l, err := a.store.LedgerRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showRun(l))
}

// retryRun gives a dead run its attempts again. The run has the same key, so what it did already is not done twice.
func (a *api) retryRun(w http.ResponseWriter, r *http.Request) error {
	l, err := a.store.RetryRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusAccepted, showRun(l))
}

func showRun(l store.LedgerRun) run {
	return run{
		ID: l.ID, Function: l.Function, Key: l.Key, State: l.State, Args: l.Args, Cause: l.Cause,
		Attempts: l.Attempts, AttemptsAllowed: l.AttemptsAllowed, LastError: nullIfZero(l.LastError), ServiceMessage: l.Words, NotBefore: utc(l.NotBefore),
		CreatedAt: l.CreatedAt.UTC(), StartedAt: utc(l.StartedAt), FinishedAt: utc(l.FinishedAt),
	}
}
