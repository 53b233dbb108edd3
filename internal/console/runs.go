package console

import (
	"errors"
	"net/http"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// runsView is what the list of runs shows.
type runsView struct {
	listView
	list store.List[store.LedgerRun]
}

// runStates are all states of a run.
func runStates() []interview.RunState {
	return []interview.RunState{interview.RunWaiting, interview.RunRunning, interview.RunDone, interview.RunFailed}
}

func (c *Console) runs(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/runs", "state", "function")
	if err != nil {
		return err
	}
	by := store.RunFilter{State: interview.RunState(query.Get("state")), Function: interview.Function(query.Get("function"))}
	if by.State != "" && !slices.Contains(runStates(), by.State) {
		return &badRequest{"There is no state " + string(by.State) + " of runs."}
	}
	p := runsView{listView: l}
	if p.list, err = c.store.Runs(r.Context(), by, p.page); err != nil {
		return err
	}
	p.next = l.older(p.list.Next)
	c.render(w, r, http.StatusOK, c.frame(r, role, "Runs"), runsPage(p))
	return nil
}

// runView is what the page of a run shows.
type runView struct {
	role  Role
	run   store.LedgerRun
	back  string
	retry string // where to post a retry
	// problem is why a retry was not possible, "" for none.
	problem string
}

func (c *Console) run(w http.ResponseWriter, r *http.Request, role Role) error {
	return c.showRun(w, r, role, http.StatusOK, "")
}

func (c *Console) showRun(w http.ResponseWriter, r *http.Request, role Role, status int, problem string) error {
	_, query, err := tokens(r, c.path("/runs"), "state", "function")
	if err != nil {
		return err
	}
	run, err := c.store.LedgerRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := runView{role: role, run: run, back: address(c.path("/runs"), query), retry: c.path("/runs/" + run.ID + "/retry"), problem: problem}
	c.render(w, r, status, c.frame(r, role, "Run "+run.ID), runPage(p))
	return nil
}

// retryRun gives a dead run its attempts again.
func (c *Console) retryRun(w http.ResponseWriter, r *http.Request, role Role) error {
	_, err := c.store.RetryRun(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrRunNotFailed) {
		return c.showRun(w, r, role, http.StatusConflict, "Only a failed run can be retried; this one is not, any more.")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, c.path("/runs/"+r.PathValue("id")), http.StatusSeeOther)
	return nil
}

// runClass groups the states of a run.
func runClass(s interview.RunState) string {
	switch s {
	case interview.RunFailed:
		return "bad"
	case interview.RunRunning:
		return "live"
	case interview.RunDone:
		return "good"
	}
	return "waits"
}
