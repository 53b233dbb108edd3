package console

import (
	"net/http"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeRuns(mux *http.ServeMux) {
	c.page(mux, "GET /console/runs", c.runs)
	c.page(mux, "GET /console/runs/{id}", c.run)
	c.action(mux, "POST /console/runs/{id}/retry", func(r *http.Request) (action, error) { return retryRun(r.PathValue("id")), nil })
}

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
	retry actionForm
}

func (c *Console) run(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/runs"), "state", "function")
	if err != nil {
		return err
	}
	run, err := c.store.LedgerRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := runView{role: role, run: run, back: address(c.path("/runs"), query), retry: c.form(retryRun(run.ID))}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Run "+run.ID), runPage(p))
	return nil
}

// retryRun is the action that gives a dead run its attempts again.
func retryRun(id string) action {
	return action{
		name: "Retry this run", key: "r", done: "The run waits for its turn.", at: "/runs/" + id + "/retry", from: "/runs/" + id,
		request: apiRequest{method: http.MethodPost, path: "/api/runs/" + id + "/retry"},
	}
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
