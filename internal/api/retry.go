package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// retryRequest is the body of POST /api/runs/retry: which dead runs to retry. What is left out asks for nothing.
type retryRequest struct {
	Function interview.Function `json:"function"`
	// Error is in the run's lastError: a class such as transient, a status, a code, or other words of it.
	Error string `json:"error"`
	// CallID chooses the runs of one call.
	CallID string `json:"callId"`
	// Since and Until bound when the runs died.
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
	// Limit bounds how many are retried, those that were created first.
	Limit  int  `json:"limit"`
	DryRun bool `json:"dryRun"`

	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// retriedRuns is the answer to it.
type retriedRuns struct {
	// Matched are the dead runs that the request is about, Retried how many of them are waiting for their turn now; 0 in a dry run.
	Matched int  `json:"matched"`
	Retried int  `json:"retried"`
	DryRun  bool `json:"dryRun"`
	// Functions counts the matched by function.
	Functions map[interview.Function]int `json:"functions"`
	// Sample are the first of them, as they were.
	Sample []run `json:"sample"`
}

const (
	// maxRetries bounds how many runs one request retries, so that it ends within requestTimeout.
	maxRetries  = 2_000
	retrySample = 10
)

// retryRuns gives dead runs their attempts again. Each keeps its key, so what it did already is not done twice.
func (a *api) retryRuns(w http.ResponseWriter, r *http.Request) error {
	var body retryRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	ctx, err := requestedBy(r.Context(), &body.RequestedBy, &body.Reason)
	if err != nil {
		return err
	}
	faults := textFaults("error", body.Error, maxName, false)
	for field, id := range map[string]string{"function": string(body.Function), "callId": body.CallID} {
		if !store.PlausibleID(id) {
			faults = append(faults, fault{Field: field, Error: "is not an id"})
		}
	}
	if body.Limit < 0 || body.Limit > maxRetries {
		faults = append(faults, fault{Field: "limit", Error: fmt.Sprintf("must be from 1 to %d", maxRetries)})
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	by := store.DeadRunFilter{Function: body.Function, Error: body.Error, CallID: body.CallID}
	if body.Since != nil {
		by.Since = body.Since.UTC()
	}
	if body.Until != nil {
		by.Until = body.Until.UTC()
	}
	plan, err := a.store.DeadRuns(ctx, by, retrySample)
	if err != nil {
		return err
	}
	shown := retriedRuns{Matched: plan.Count, DryRun: body.DryRun, Functions: plan.Functions, Sample: each(plan.Sample, showRun)}
	if !body.DryRun {
		limit := body.Limit
		if limit == 0 {
			limit = maxRetries
		}
		if shown.Retried, err = a.store.RetryRuns(ctx, by, limit, body.Reason, nil); err != nil {
			return err
		}
	}
	return answer(w, http.StatusOK, shown)
}
