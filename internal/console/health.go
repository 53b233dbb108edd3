package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Fact is something about this process that does not change while it runs.
type Fact struct{ Name, Value string }

// Check is what a check of the installation found.
type Check struct {
	// Result is ok, warn, fail or skipped; Cure is what is to be done.
	Name, Result, Detail, Cure string
	// Looked is when, the zero time for not yet.
	Looked time.Time
}

func (c *Console) routeHealth(mux *http.ServeMux) {
	c.page(mux, "GET /console/health", c.healthPage)
	c.page(mux, "GET /console/health/answers", c.answers)
	c.page(mux, "GET /console/strip", c.stripPart)
}

// healthView is what the page of health shows.
type healthView struct {
	role     Role
	measured health.Snapshot
	process  string
	started  time.Time
	charts   []chart
	facts    []Fact
	checks   []Check
	pauses   []pauseRow
	tokens   []store.TokenUse
	// callerIDs are of the last day.
	callerIDs callerIDsView
	// tokenNames are the settings that have them, by fingerprint.
	tokenNames map[string]string
	pruned     *time.Time // nil for never
	now        time.Time
	redisSet   bool
	link       func(page string) string
}

// pauseRow is an account that cannot dial, and why.
type pauseRow struct {
	store.DialingPause
	meaning string
}

func (c *Console) healthPage(w http.ResponseWriter, r *http.Request, role Role) error {
	if _, _, err := tokens(r, c.path("/health")); err != nil {
		return err
	}
	p := healthView{role: role, measured: c.health.Snapshot(), now: c.now(), redisSet: c.redisSet, link: c.path}
	if c.health != nil {
		p.process, p.started = c.health.Process, c.health.Started
		p.charts = charts(c.health.Series())
	}
	p.tokenNames = c.tokenNames
	if c.about != nil {
		p.facts = c.about()
	}
	if c.checks != nil {
		p.checks = c.checks()
	}
	if err := c.readHealth(r.Context(), &p); err != nil {
		return err
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Health"), healthPage(p))
	return nil
}

// tokenName is the setting that has the token of a fingerprint.
func (p healthView) tokenName(fingerprint string) string {
	return cmp.Or(p.tokenNames[fingerprint], "not in the settings of this process")
}

func (c *Console) readHealth(ctx context.Context, p *healthView) error {
	pauses, err := c.store.DialingPauses(ctx)
	if err != nil {
		return err
	}
	for _, pause := range pauses {
		p.pauses = append(p.pauses, pauseRow{pause, twilio.Meaning(pause.HTTPStatus, pause.Code)})
	}
	if p.tokens, err = c.store.TokenUses(ctx); err != nil {
		return err
	}
	if p.callerIDs, err = c.callerIDs(ctx, p.role, "", c.now().AddDate(0, 0, -1)); err != nil {
		return err
	}
	pruned, err := c.store.LastPrune(ctx)
	if err == nil && !pruned.IsZero() {
		p.pruned = &pruned
	}
	return err
}

// services are the states of the page, each with what it says.
type service struct{ id, name, value, says, class string }

func (p healthView) services() []service {
	m := p.measured
	since := func(s health.State) string {
		return " since " + s.Since.Format(secondsUTC) + ", as far as this process knows."
	}
	database := service{"database", "Database", none, "Not looked at yet.", ""}
	if m.Database.Known && m.Database.Up {
		database = service{"database", "Database", "answers", "Within " + duration(m.DatabaseTook) + " at the last look;" + since(m.Database), "good"}
	} else if m.Database.Known {
		database = service{"database", "Database", "away", "It did not answer at the last look;" + since(m.Database), "bad"}
	}
	redis := service{"redis", "Redis", "not used", "REDIS_URL is not set: limits of unverified requests are kept by each process.", ""}
	if p.redisSet {
		redis.value, redis.says = none, "This process has not asked it yet."
	}
	if m.Redis.Known && m.Redis.Up {
		redis = service{"redis", "Redis", "answers", "It has the shared limits;" + since(m.Redis), "good"}
	} else if m.Redis.Known {
		redis = service{"redis", "Redis", "away", "Limits are those of each process;" + since(m.Redis), "bad"}
	}
	return []service{database, redis, p.twilio()}
}

func (p healthView) twilio() service {
	t := p.measured.Twilio
	s := service{"twilio", "Twilio", none, "It has accepted no request of this installation yet.", ""}
	if !t.Answered.IsZero() {
		s.value, s.says, s.class = "asked "+duration(p.now.Sub(t.Answered))+" ago", "Twilio last accepted a request, of any process, at "+t.Answered.Format(secondsUTC)+".", "good"
	}
	switch {
	case t.Off != "":
		s.says += " Nobody asks what is missing: " + t.Off + "."
	case t.Passed.IsZero():
		s.says += " The reconciler of this process has made no pass yet."
	default:
		s.says += " The reconciler of this process last looked for what is overdue at " + t.Passed.Format(secondsUTC) + "; it asks Twilio only when something is."
	}
	if t.PassError != "" {
		s.says += " That pass ended early: " + t.PassError + "."
		s.class = "bad"
	}
	return s
}

// answersView is what the list of answers shows.
type answersView struct {
	listView
	process string
	all     int
	rows    []health.Answer
	hook    func(a health.Answer) string // where a webhook is listed
}

// answers lists the webhooks whose answer times a number of the strip tells of.
func (c *Console) answers(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/health/answers", "atLeast", "since", "until")
	if err != nil {
		return err
	}
	since, until, err := timeRange(query, c.now())
	if err != nil {
		return err
	}
	if until.IsZero() {
		until = c.now().Add(time.Second)
	}
	atLeast := time.Duration(0)
	if text := query.Get("atLeast"); text != "" {
		if atLeast, err = time.ParseDuration(text); err != nil {
			return &badRequest{"atLeast must be a duration such as 100ms."}
		}
	}
	from := 0
	if l.page.After != "" {
		if from, err = strconv.Atoi(l.page.After); err != nil || from < 0 {
			return &badRequest{"The cursor is none of this list."}
		}
	}
	all := c.health.Answers(since, until, atLeast)
	p := answersView{listView: l, all: len(all), hook: func(a health.Answer) string {
		return address(c.path("/webhooks"), url.Values{"callId": {a.CallID}, "kind": {a.Kind}})
	}}
	if c.health != nil {
		p.process = c.health.Process
	}
	p.rows = all[min(from, len(all)):min(from+rowsAPage, len(all))]
	if from+rowsAPage < len(all) {
		p.next = l.older(strconv.Itoa(from + rowsAPage))
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Answer times"), answersPage(p))
	return nil
}
