package api

import (
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// overdueItem is something that should have come by now.
type overdueItem struct {
	// CallID is null for what is about no single call, RunID for what is not a run.
	CallID *string `json:"callId"`
	RunID  *string `json:"runId"`
	// Status is the call's, the state of the run, or Twilio's error.
	Status string `json:"status"`
	// What is dial, answer, end or recording, "run:" and a function that is dead or past its time, or dialing-paused while
	// Twilio refuses the account.
	What          string    `json:"what"`
	Due           time.Time `json:"due"`
	LateBySeconds int       `json:"lateBySeconds"`
	// Checks counts how often Twilio was asked, or the attempts of the run.
	Checks int `json:"checks"`
}

// listOverdue lists what is overdue, the longest first. It has no second page.
func (a *api) listOverdue(w http.ResponseWriter, r *http.Request) error {
	_, page, err := listQuery(r)
	if err != nil {
		return err
	}
	overdue, err := a.store.Overdue(r.Context(), a.deadlines, page.Limit)
	if err != nil {
		return err
	}
	now := a.ready.now()
	return answer(w, http.StatusOK, list[overdueItem]{Items: each(overdue, func(l store.OverdueItem) overdueItem {
		return overdueItem{
			CallID: nullIfZero(l.CallID), RunID: nullIfZero(l.RunID), Status: l.Status, What: l.What, Due: l.Due.UTC(),
			LateBySeconds: int(now.Sub(l.Due) / time.Second), Checks: l.Checks,
		}
	})})
}
