package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeRuns(mux *http.ServeMux) {
	c.page(mux, "GET /console/runs", c.runs)
	c.page(mux, "GET /console/runs/{id}", c.run)
	c.action(mux, "POST /console/runs/{id}/retry", func(r *http.Request) (action, error) { return retryRun(r.PathValue("id")), nil })
}

// runConditions are the conditions of the list, those of GET /api/runs.
var runConditions = []string{"state", "function", "error", "lastError", "callId", "since", "until"}

// shownGroups is how many groups of dead runs are shown.
const shownGroups = 20

// runsView is what the list of runs shows.
type runsView struct {
	listView
	list store.List[store.LedgerRun]
	// groups are those of dead runs, the largest first; more says that there are others.
	groups []deadGroup
	more   bool
	// retry leads to the plan of a retry of all dead runs that the list is about, "" for none.
	retry string
	nav   []subpage
	// calls is what the address of a call begins with.
	calls string
}

// retryName says of which dead runs the retry is.
func (p runsView) retryName() string {
	if slices.ContainsFunc(p.tokens, func(t token) bool { return t.name != "state" }) {
		return "Retry all dead runs of this filter…"
	}
	return "Retry all dead runs…"
}

// deadGroup is a group of dead runs, with the addresses of its list and of the plan to retry it.
type deadGroup struct {
	store.DeadRunGroup
	rows, retry string
}

// runStates are all states of a run.
func runStates() []interview.RunState {
	return []interview.RunState{interview.RunWaiting, interview.RunRunning, interview.RunDone, interview.RunFailed}
}

func (c *Console) runs(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/runs", runConditions...)
	if err != nil {
		return err
	}
	by := store.RunFilter{State: interview.RunState(query.Get("state")), Function: interview.Function(query.Get("function")), CallID: query.Get("callId"),
		Error: query.Get("error"), LastError: query.Get("lastError")}
	if by.State != "" && !slices.Contains(runStates(), by.State) {
		return &badRequest{"There is no state " + string(by.State) + " of runs."}
	}
	if by.Since, by.Until, err = timeRange(query, c.now()); err != nil {
		return err
	}
	p := runsView{listView: l, nav: c.runPages("/runs"), calls: c.path("/calls/")}
	if p.list, err = c.store.Runs(r.Context(), by, p.page); err != nil {
		return err
	}
	p.next = l.older(p.list.Next)
	if by.State == interview.RunFailed && role == Admin && len(p.list.Items) > 0 {
		p.retry = c.planOf(by)
	}
	if p.page.After == "" && query.Get("lastError") == "" && (by.State == "" || by.State == interview.RunFailed) {
		if err := c.groupDead(r.Context(), &p); err != nil {
			return err
		}
	}
	f := c.frame(r, role, "Runs")
	c.render(w, r, http.StatusOK, f, runsPage(p))
	return nil
}

// planOf is the address of the plan to retry the dead runs that a list is about.
func (c *Console) planOf(by store.RunFilter) string {
	query := url.Values{}
	for name, value := range map[string]string{"function": string(by.Function), "error": by.Error, "lastError": by.LastError, "callId": by.CallID} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if !by.Since.IsZero() {
		query.Set("createdSince", instant(by.Since))
	}
	if !by.Until.IsZero() {
		query.Set("createdUntil", instant(by.Until))
	}
	return address(c.path("/bulk/"+string(store.BulkRetry)), query)
}

func (c *Console) groupDead(ctx context.Context, p *runsView) error {
	groups, err := c.store.DeadRunGroups(ctx, shownGroups+1)
	if err != nil {
		return err
	}
	if p.more = len(groups) > shownGroups; p.more {
		groups = groups[:shownGroups]
	}
	for _, g := range groups {
		d := deadGroup{DeadRunGroup: g}
		query := url.Values{"state": {string(interview.RunFailed)}, "function": {string(g.Function)}}
		if d.LastError = shownText(p.role, g.LastError); d.LastError == g.LastError && g.LastError != "" {
			query.Set("lastError", g.LastError) // what is masked is in no address either
		}
		d.rows = address(p.base, query)
		if p.role == Admin {
			d.retry = c.planOf(store.RunFilter{Function: g.Function, LastError: g.LastError})
		}
		p.groups = append(p.groups, d)
	}
	return nil
}

// subpage is one of the pages about runs.
type subpage struct {
	to, name string
	current  string // the value of aria-current
}

func (c *Console) runPages(at string) []subpage {
	pages := []subpage{{to: "/runs", name: "All runs"}, {to: "/overdue", name: "Overdue"}, {to: "/bulk", name: "Bulk jobs"}}
	for n := range pages {
		pages[n].current = "false"
		if pages[n].to == at {
			pages[n].current = "page"
		}
		pages[n].to = c.path(pages[n].to)
	}
	return pages
}

// runFrame is the frame of a page that is about runs and is not below theirs.
func (c *Console) runFrame(r *http.Request, role Role, title string) frame {
	f := c.frame(r, role, title)
	f.at = "/runs"
	return f
}

// runView is what the page of a run shows.
type runView struct {
	role  Role
	run   store.LedgerRun
	args  string
	back  string
	retry actionForm
	// call and hypothesis are addresses of what the run is about, cause of what asked for it; "" for none.
	call, callID, cause string
	// next says what happens next.
	next string
	// retries are what operators did to it alone, bulk those of bulk retries, as its call tells.
	retries []store.Audited
	bulk    []store.HistoryEntry
}

func (c *Console) run(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/runs"), runConditions...)
	if err != nil {
		return err
	}
	run, err := c.store.LedgerRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := runView{role: role, run: run, args: string(run.Args), back: address(c.path("/runs"), query), retry: c.form(retryRun(run.ID)), next: whatNext(run)}
	for _, text := range []*string{&p.args, &p.run.LastError, &p.run.Cause, &p.run.Key} {
		*text = shownText(role, *text)
	}
	if id := callOfRun(run); id != "" {
		p.call, p.callID = c.path("/calls/"+url.PathEscape(id)), id
	}
	if p.cause, err = c.causeOf(r.Context(), run.Cause); err != nil {
		return err
	}
	log, err := c.store.AuditLog(r.Context(), store.AuditFilter{Subject: run.ID}, store.Page{Limit: 20})
	if err != nil {
		return err
	}
	p.retries = log.Items
	if p.callID != "" {
		retries, err := c.store.RetriesOfRun(r.Context(), p.callID, run.ID)
		if err != nil {
			return err
		}
		for _, e := range retries {
			if !slices.ContainsFunc(p.retries, func(alone store.Audited) bool { return alone.At.Equal(e.At) }) {
				e.Detail = shownText(role, e.Detail)
				p.bulk = append(p.bulk, e)
			}
		}
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Run "+run.ID), runPage(p))
	return nil
}

// reasoned is who did something, and why if a reason was given.
func reasoned(who, why string) string {
	if why == "" {
		return who
	}
	return who + ": " + why
}

// callOfRun is the id of the call that a run is about, "" for none.
func callOfRun(run store.LedgerRun) string {
	var about struct {
		CallID string `json:"callId"`
	}
	if json.Unmarshal(run.Args, &about) != nil || !ourID.MatchString(about.CallID) {
		return ""
	}
	return about.CallID
}

// causeOf is the address of what asked for a run: a webhook, another run or a call; "" where there is no page of it.
func (c *Console) causeOf(ctx context.Context, cause string) (string, error) {
	if call, ok := strings.CutPrefix(cause, "absence:"); ok {
		return c.path("/calls/" + url.PathEscape(call)), nil
	}
	if strings.Contains(cause, ":") {
		id, err := c.store.AcceptedWebhook(ctx, cause)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		}
		return c.path("/webhooks/" + url.PathEscape(id)), err
	}
	_, err := c.store.LedgerRun(ctx, cause)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return c.path("/runs/" + url.PathEscape(cause)), err
}

// whatNext says in words what becomes of a run.
func whatNext(run store.LedgerRun) string {
	switch {
	case run.State == interview.RunFailed:
		return "Nothing: the run is dead. Somebody has to retry it; it goes on under its key, so what it did already is not done twice."
	case run.State == interview.RunDone:
		return "Nothing: the run is done."
	case run.State == interview.RunRunning:
		return "It is being worked on."
	case run.LastError != "" && run.NotBefore != nil:
		return "It is tried again. The pauses grow with the failures: 2 s, 10 s, 50 s, then 4 min for as long as the service is away, a day at most."
	case run.NotBefore != nil:
		return "It waits for its time."
	}
	return "It waits for a worker."
}

// retryRun is the action that gives a dead run its attempts again.
func retryRun(id string) action {
	return action{
		name: "Retry this run", key: "r", done: "The run waits for its turn.", at: "/runs/" + id + "/retry", from: "/runs/" + id,
		explained: "The run gets its attempts again, under the same key.",
		request:   apiRequest{method: http.MethodPost, path: "/api/runs/" + id + "/retry"},
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
