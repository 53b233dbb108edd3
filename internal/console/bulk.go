package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeBulk(mux *http.ServeMux) {
	c.page(mux, "GET /console/bulk", c.bulkJobs)
	c.page(mux, "GET /console/bulk/{id}", c.bulkJob)
	c.action(mux, "POST /console/bulk/{id}/stop", func(r *http.Request) (action, error) { return stopBulk(r.PathValue("id")), nil })
	for _, kind := range []store.BulkKind{store.BulkRetry, store.BulkReplay} {
		pattern := "/console/bulk/" + string(kind)
		c.adminPage(mux, "GET "+pattern, func(w http.ResponseWriter, r *http.Request, role Role) error { return c.bulkPlan(w, r, role, kind) })
		c.action(mux, "POST "+pattern, func(r *http.Request) (action, error) {
			query, err := c.bulkQuery(r, kind)
			if err != nil {
				return action{}, err
			}
			return c.startBulk(kind, query), nil
		})
	}
}

// bulkConditions are what chooses the rows of a kind of bulk job: names of the query, and of the API's body.
func bulkConditions(kind store.BulkKind) []string {
	if kind == store.BulkReplay {
		return []string{"webhookKind", "callId", "since", "until"}
	}
	return []string{"function", "error", "lastError", "callId", "since", "until", "createdSince", "createdUntil"}
}

// bulkQuery reads what a bulk job is about. Its times are absolute then, and it has an end: what the plan was about is done, and no
// more.
func (c *Console) bulkQuery(r *http.Request, kind store.BulkKind) (url.Values, error) {
	_, _, err := tokens(r, "", bulkConditions(kind)...)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for _, name := range bulkConditions(kind) {
		if value := r.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	for _, name := range []string{"since", "until", "createdSince", "createdUntil"} {
		at, err := momentOf(query, name, c.now())
		if err != nil {
			return nil, err
		}
		if !at.IsZero() {
			query.Set(name, instant(at))
		}
	}
	if query.Get("until") == "" {
		query.Set("until", instant(c.now()))
	}
	return query, nil
}

// startBulk is the action that begins a bulk job.
func (c *Console) startBulk(kind store.BulkKind, query url.Values) action {
	page := "/bulk/" + string(kind)
	body := map[string]any{"kind": string(kind)}
	for name := range query {
		body[name] = query.Get(name)
	}
	a := action{
		name: "Retry them all", at: address(page, query), from: address(page, query), reason: required, done: "The job has begun.",
		explained: "Each run gets its attempts again, under its own key: what it did already is not done twice. You may close this page: the job goes on, and can be stopped.",
		request:   apiRequest{method: http.MethodPost, path: "/api/bulk-jobs", body: body},
		then: func(answer []byte) string {
			var job struct{ ID string }
			if json.Unmarshal(answer, &job) != nil || job.ID == "" {
				return "/bulk"
			}
			return "/bulk/" + url.PathEscape(job.ID)
		},
	}
	if kind == store.BulkReplay {
		a.name = "Replay them all"
		a.explained = "Each webhook is handled again as if it arrived, exactly once. You may close this page: the job goes on, and can be stopped."
	}
	return a
}

// stopBulk is the action that ends a bulk job.
func stopBulk(id string) action {
	return action{
		name: "Stop this job", at: "/bulk/" + id + "/stop", from: "/bulk/" + id, done: "The job is told to stop.",
		explained: "What is done stays done, and what is being done is finished. A new job does the rest.",
		request:   apiRequest{method: http.MethodPost, path: "/api/bulk-jobs/" + id + "/stop"},
	}
}

// bulkPlan is what the API says of a dry run.
type bulkPlan struct {
	Kind    store.BulkKind
	Matched int
	Counts  map[string]int
	Runs    []struct {
		ID, Function, LastError string
		Attempts                int
		CreatedAt               time.Time
	}
	Webhooks []struct {
		ID, EventID, Kind, CallID, Error, Outcome, Detail string
		ReceivedAt                                        time.Time
	}
}

// planView is what the page of a plan shows.
type planView struct {
	bulkPlan
	conditions []token
	counts     []count
	start      actionForm
	// dryRun is the plan's own request, for a shell.
	dryRun string
	// running is the address of a job of the kind that is running, "" for none.
	running string
	row     func(id string) string // the address of a row
	nav     []subpage
}

// count is a number and what it counts.
type count struct {
	of string
	n  int
}

func counts(of map[string]int) []count {
	var list []count
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, count{name, of[name]})
	}
	return list
}

func (c *Console) bulkPlan(w http.ResponseWriter, r *http.Request, role Role, kind store.BulkKind) error {
	query, err := c.bulkQuery(r, kind)
	if err != nil {
		return err
	}
	start := c.startBulk(kind, query)
	dry := start.request
	dry.body = maps.Clone(dry.body)
	dry.body["dryRun"] = true
	answer, err := c.ask(r, dry)
	if err != nil {
		return err
	}
	if !answer.ok() {
		return &badRequest{answer.problem()}
	}
	p := planView{start: c.form(start), dryRun: c.curl(dry), nav: c.runPages("/bulk"), row: func(id string) string { return c.path("/runs/" + url.PathEscape(id)) }}
	if kind == store.BulkReplay {
		p.row = func(id string) string { return c.path("/webhooks/" + url.PathEscape(id)) }
	}
	if err := json.Unmarshal(answer.body, &p.bulkPlan); err != nil {
		return fmt.Errorf("reading the plan of a bulk job: %w", err)
	}
	for _, name := range bulkConditions(kind) {
		if value := query.Get(name); value != "" {
			p.conditions = append(p.conditions, token{name: name, value: value})
		}
	}
	p.counts = counts(p.Counts)
	jobs, err := c.store.BulkJobs(r.Context(), store.Page{Limit: rowsAPage})
	if err != nil {
		return err
	}
	for _, job := range jobs.Items {
		if job.Kind == kind && job.State == store.BulkRunning {
			p.running = c.path("/bulk/" + url.PathEscape(job.ID))
		}
	}
	c.render(w, r, http.StatusOK, c.runFrame(r, role, p.title()), planPage(p))
	return nil
}

func (p planView) title() string {
	if p.Kind == store.BulkReplay {
		return "Replay failed webhooks"
	}
	return "Retry dead runs"
}

// unfiltered reports whether a plan is about everything that there is. Each plan has an end, which chooses nothing.
func (p planView) unfiltered() bool {
	return !slices.ContainsFunc(p.conditions, func(condition token) bool { return condition.name != "until" })
}

// one and many are what a plan is about.
func (p planView) one() string {
	if p.Kind == store.BulkReplay {
		return "failed webhook"
	}
	return "dead run"
}

func (p planView) many() string { return p.one() + "s" }

// bulkJobsView is what the list of bulk jobs shows.
type bulkJobsView struct {
	listView
	list      store.List[store.BulkJob]
	nav       []subpage
	replayAll string // the address of the plan to replay all failed webhooks
	retryAll  string
}

func (c *Console) bulkJobs(w http.ResponseWriter, r *http.Request, role Role) error {
	l, _, err := c.listView(r, role, "/bulk")
	if err != nil {
		return err
	}
	p := bulkJobsView{listView: l, nav: c.runPages("/bulk"), replayAll: c.path("/bulk/" + string(store.BulkReplay)), retryAll: c.path("/bulk/" + string(store.BulkRetry))}
	if p.list, err = c.store.BulkJobs(r.Context(), l.page); err != nil {
		return err
	}
	p.next = l.older(p.list.Next)
	c.render(w, r, http.StatusOK, c.runFrame(r, role, "Bulk jobs"), bulkJobsPage(p))
	return nil
}

// bulkJobView is what the page of a bulk job shows.
type bulkJobView struct {
	role Role
	job  store.BulkJob
	// conditions say what it is about.
	conditions []token
	counts     []count
	stop       actionForm
	again      string // the address of the plan for what is left, "" where nothing is
	back       string
	audit      string
	nav        []subpage
}

func (c *Console) bulkJob(w http.ResponseWriter, r *http.Request, role Role) error {
	job, err := c.store.BulkJob(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := bulkJobView{role: role, job: job, counts: counts(job.Counts), stop: c.form(stopBulk(job.ID)), back: c.path("/bulk"), nav: c.runPages("/bulk"),
		audit: address(c.path("/audit"), url.Values{"subject": {job.ID}})}
	query := url.Values{}
	add := func(name, value string) {
		if value != "" {
			query.Set(name, value)
			p.conditions = append(p.conditions, token{name: name, value: shownText(role, value)})
		}
	}
	add("function", string(job.Function))
	add("error", job.BulkFilter.Error)
	add("lastError", job.LastError)
	add("webhookKind", string(job.BulkFilter.Kind))
	add("callId", job.CallID)
	for name, at := range map[string]time.Time{"since": job.Since, "until": job.Until, "createdSince": job.CreatedSince, "createdUntil": job.CreatedUntil} {
		if !at.IsZero() {
			add(name, instant(at))
		}
	}
	slices.SortFunc(p.conditions, func(a, b token) int {
		return slices.Index(allBulkConditions, a.name) - slices.Index(allBulkConditions, b.name)
	})
	if role == Admin && (job.State == store.BulkStopped || job.State == store.BulkInterrupted || job.State == store.BulkFailed) {
		p.again = address(c.path("/bulk/"+string(job.Kind)), query)
	}
	f := c.runFrame(r, role, bulkName(job.Kind))
	if job.State == store.BulkRunning {
		f.refresh, f.scripts = 2, append(f.scripts, "bulk.js")
	}
	c.render(w, r, http.StatusOK, f, bulkJobPage(p))
	return nil
}

// allBulkConditions are the conditions of both kinds, in their order.
var allBulkConditions = []string{"function", "error", "lastError", "webhookKind", "callId", "since", "until", "createdSince", "createdUntil"}

func bulkName(kind store.BulkKind) string {
	if kind == store.BulkReplay {
		return "Replay of failed webhooks"
	}
	return "Retry of dead runs"
}

// bulkClass groups the states of a bulk job.
func bulkClass(s store.BulkState) string {
	switch s {
	case store.BulkDone:
		return "good"
	case store.BulkRunning:
		return "live"
	case store.BulkFailed:
		return "bad"
	}
	return "unsure"
}

// words say how a job stands.
func (p bulkJobView) words() string {
	j := p.job
	left := strconv.Itoa(max(j.Matched-j.Done, 0))
	switch j.State {
	case store.BulkRunning:
		if j.StoppedBy != "" {
			return "It was told to stop, and finishes what it has begun."
		}
		return "It goes on also when nobody looks."
	case store.BulkDone:
		if j.Done < j.Matched {
			return "It is done. " + left + " of those it began with were no longer to be done when their turn came: somebody or something else had taken them."
		}
		return "It is done."
	case store.BulkStopped:
		return "It was stopped; " + left + " are left. What is done is done, and a new job does the rest."
	case store.BulkInterrupted:
		return "Its process ended before it did; " + left + " are left. What is done is done once, and a new job does the rest."
	}
	return "It ended with a fault; " + left + " are left: " + j.Error
}
