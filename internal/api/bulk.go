package api

import (
	"net/http"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (a *api) handleBulk(runner *bulk.Runner) {
	a.handleQuery("GET /api/bulk-jobs", "Bulk job", a.listBulkJobs)
	a.handle("GET /api/bulk-jobs/{id}", "Bulk job", a.getBulkJob)
	if a.bulk = runner; runner != nil {
		a.handle("POST /api/bulk-jobs", "Bulk job", a.startBulkJob)
		a.handle("POST /api/bulk-jobs/{id}/stop", "Bulk job", a.stopBulkJob)
	}
}

// bulkRequest is the body of POST /api/bulk-jobs. What is left out asks for nothing.
type bulkRequest struct {
	// Kind is retry-runs or replay-webhooks.
	Kind store.BulkKind `json:"kind"`
	// Function, Error and LastError choose dead runs: LastError is the whole of a run's error, Error a part of it.
	Function  interview.Function `json:"function"`
	Error     string             `json:"error"`
	LastError string             `json:"lastError"`
	// WebhookKind chooses failed webhooks.
	WebhookKind inbox.Kind `json:"webhookKind"`
	CallID      string     `json:"callId"`
	// Since and Until bound when the runs died, or the webhooks arrived.
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
	// CreatedSince and CreatedUntil bound when dead runs were created.
	CreatedSince *time.Time `json:"createdSince"`
	CreatedUntil *time.Time `json:"createdUntil"`
	DryRun       bool       `json:"dryRun"`

	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// bulkPlan is the answer to a dry run.
type bulkPlan struct {
	Kind    store.BulkKind `json:"kind"`
	Matched int            `json:"matched"`
	// Counts are the matched runs by function, or the webhooks of Webhooks by what would come of them.
	Counts map[string]int `json:"counts"`
	// Runs are the first of the runs, Webhooks the first of the webhooks, which were tried.
	Runs     []run         `json:"runs,omitempty"`
	Webhooks []triedReplay `json:"webhooks,omitempty"`
}

// triedReplay is a webhook and what would come of its replay.
type triedReplay struct {
	ID         string     `json:"id"`
	EventID    string     `json:"eventId"`
	Kind       inbox.Kind `json:"kind"`
	CallID     string     `json:"callId"`
	ReceivedAt time.Time  `json:"receivedAt"`
	Error      string     `json:"error"`
	// Outcome is accepted, duplicate, conflict, pruned, refused or failed; Detail says why, of the last two.
	Outcome string `json:"outcome"`
	Detail  string `json:"detail,omitempty"`
}

// bulkJob is a bulk job as it is shown.
type bulkJob struct {
	ID    string          `json:"id"`
	Kind  store.BulkKind  `json:"kind"`
	State store.BulkState `json:"state"`
	// Filter is what it is about.
	Filter      store.BulkFilter `json:"filter"`
	RequestedBy string           `json:"requestedBy"`
	Reason      string           `json:"reason"`
	Matched     int              `json:"matched"`
	Done        int              `json:"done"`
	// Counts are the done ones by function, or by what came of the webhook.
	Counts    map[string]int `json:"counts"`
	StoppedBy *string        `json:"stoppedBy"`
	Error     *string        `json:"error"`
	StartedAt time.Time      `json:"startedAt"`
	AliveAt   time.Time      `json:"aliveAt"`
	EndedAt   *time.Time     `json:"endedAt"`
}

func showBulkJob(j store.BulkJob) bulkJob {
	return bulkJob{
		ID: j.ID, Kind: j.Kind, State: j.State, Filter: j.BulkFilter, RequestedBy: j.Actor, Reason: j.Reason, Matched: j.Matched, Done: j.Done, Counts: j.Counts,
		StoppedBy: nullIfZero(j.StoppedBy), Error: nullIfZero(j.Error), StartedAt: j.StartedAt, AliveAt: j.AliveAt, EndedAt: utc(j.EndedAt),
	}
}

func (a *api) listBulkJobs(w http.ResponseWriter, r *http.Request) error {
	_, page, err := listQuery(r)
	if err != nil {
		return err
	}
	jobs, err := a.store.BulkJobs(r.Context(), page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(jobs, showBulkJob))
}

func (a *api) getBulkJob(w http.ResponseWriter, r *http.Request) error {
	job, err := a.store.BulkJob(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showBulkJob(job))
}

// startBulkJob answers 202 with a job that goes on by itself, or 200 with the plan of a dry run.
func (a *api) startBulkJob(w http.ResponseWriter, r *http.Request) error {
	var body bulkRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	ctx, err := requestedBy(r.Context(), &body.RequestedBy, &body.Reason)
	if err != nil {
		return err
	}
	by, faults := body.filter()
	if !body.DryRun && body.Reason == "" {
		faults = append(faults, fault{Field: "reason", Error: "must not be empty: the audit log keeps it"})
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	if !body.DryRun {
		job, err := a.bulk.Start(ctx, body.Kind, by, body.Reason)
		if err != nil {
			return err
		}
		return answer(w, http.StatusAccepted, showBulkJob(job))
	}
	plan, err := a.bulk.Plan(ctx, body.Kind, by)
	if err != nil {
		return err
	}
	shown := bulkPlan{Kind: body.Kind, Matched: plan.Matched, Counts: plan.Counts, Runs: each(plan.Runs, showRun)}
	for _, t := range plan.Webhooks {
		shown.Webhooks = append(shown.Webhooks, triedReplay{ID: t.ID, EventID: t.EventID, Kind: t.Kind, CallID: t.CallID,
			ReceivedAt: t.ReceivedAt.UTC(), Error: t.Error, Outcome: t.Outcome, Detail: t.Detail})
	}
	return answer(w, http.StatusOK, shown)
}

// filter is what the request is about.
func (q bulkRequest) filter() (store.BulkFilter, []fault) {
	faults := append(textFaults("error", q.Error, maxName, false), textFaults("lastError", q.LastError, maxReason, false)...)
	for field, id := range map[string]string{"function": string(q.Function), "webhookKind": string(q.WebhookKind), "callId": q.CallID} {
		if !store.PlausibleID(id) {
			faults = append(faults, fault{Field: field, Error: "is not an id"})
		}
	}
	switch q.Kind {
	case store.BulkRetry:
		if q.WebhookKind != "" {
			faults = append(faults, fault{Field: "webhookKind", Error: "is for replay-webhooks"})
		}
	case store.BulkReplay:
		if q.Function != "" || q.Error != "" || q.LastError != "" || q.CreatedSince != nil || q.CreatedUntil != nil {
			faults = append(faults, fault{Field: "function", Error: "function, error, lastError, createdSince and createdUntil are for retry-runs"})
		}
	default:
		faults = append(faults, fault{Field: "kind", Error: "must be retry-runs or replay-webhooks"})
	}
	by := store.BulkFilter{Function: q.Function, Error: q.Error, LastError: q.LastError, Kind: q.WebhookKind, CallID: q.CallID}
	for to, at := range map[*time.Time]*time.Time{&by.Since: q.Since, &by.Until: q.Until, &by.CreatedSince: q.CreatedSince, &by.CreatedUntil: q.CreatedUntil} {
		if at != nil {
			*to = at.UTC()
		}
	}
	return by, faults
}

// stopBulkJob answers 202: what is being done at the moment is finished. A job that is over stays as it is.
func (a *api) stopBulkJob(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		RequestedBy string `json:"requestedBy"`
		Reason      string `json:"reason"`
	}
	if r.ContentLength != 0 {
		if err := decode(w, r, &body); err != nil {
			return err
		}
	}
	ctx, err := requestedBy(r.Context(), &body.RequestedBy, &body.Reason)
	if err != nil {
		return err
	}
	job, err := a.bulk.Stop(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusAccepted, showBulkJob(job))
}
