package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeAudit(mux *http.ServeMux) { c.page(mux, "GET /console/audit", c.audit) }

// auditView is what the audit log shows.
type auditView struct {
	listView
	rows []auditRow
}

// auditConditions are the conditions of the list, those of GET /api/audit.
var auditConditions = []string{"actor", "action", "subject", "since", "until"}

// auditRow is an entry, with the address of what it was done to.
type auditRow struct {
	store.Audited
	to     string // "" where there is no page of it
	detail []parameter
	more   map[string]string // addresses of the list with one condition more: by actor, action, subject
}

func (c *Console) audit(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/audit", auditConditions...)
	if err != nil {
		return err
	}
	by := store.AuditFilter{Actor: query.Get("actor"), Action: query.Get("action"), Subject: query.Get("subject")}
	if by.Since, by.Until, err = timeRange(query, c.now()); err != nil {
		return err
	}
	entries, err := c.store.AuditLog(r.Context(), by, l.page)
	if err != nil {
		return err
	}
	p := auditView{listView: l}
	p.next = l.older(entries.Next)
	for _, e := range entries.Items {
		p.rows = append(p.rows, c.auditRow(l, e))
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Audit log"), auditPage(p))
	return nil
}

func (c *Console) auditRow(l listView, e store.Audited) auditRow {
	row := auditRow{Audited: e, to: c.subjectPage(e.AuditEntry), more: map[string]string{}}
	for name, value := range map[string]string{"actor": e.Actor, "action": e.Action, "subject": e.Subject} {
		if value != "" && l.value(name) == "" && shownText(l.role, value) == value {
			query := url.Values{name: {value}}
			for other, values := range l.query {
				query[other] = values
			}
			row.more[name] = address(l.base, query)
		}
	}
	for name, value := range e.Detail {
		text, ok := value.(string)
		if !ok {
			encoded, err := json.Marshal(value)
			if err != nil {
				continue // it came from JSON
			}
			text = string(encoded)
		}
		if plain, ok := auditDetails[name]; ok {
			if value == false || name == atQuestion && value == float64(interview.OptOutAtConsent) {
				continue // what did not happen is not said, nor a question that is none of the interview's
			}
			name = plain
		}
		row.detail = append(row.detail, parameter{name: name, value: shownText(l.role, text)})
	}
	slices.SortFunc(row.detail, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	row.Actor, row.Reason = shownText(l.role, e.Actor), shownText(l.role, e.Reason)
	return row
}

// atQuestion is the detail that has the number of a question, from 1.
const atQuestion = "step"

// auditDetails are the names of details that say nothing to who does not know the program, and what each is.
var auditDetails = map[string]string{"ends": "calls asked to end", "live": "calls under way", "queued": "calls that wait", "brokenOff": "only a part was taken", atQuestion: "at question",
	"allowRepeat": "numbers again"}

// subjectPage is the address of what something was done to, "" where there is no page of it.
func (c *Console) subjectPage(e interview.AuditEntry) string {
	if e.Subject == "" {
		return ""
	}
	kind, _, _ := strings.Cut(e.Action, ".")
	page := map[string]string{"call": "/calls/", "campaign": "/campaigns/", "run": "/runs/", "webhook": "/webhooks/", "hold": "/campaigns/",
		"rejection": "/rejections/", "hypothesis": "/hypotheses/", "recording": "/calls/"}[kind]
	switch e.Action {
	case interview.AuditStop, interview.AuditResume:
		page = "/stops/"
	case interview.AuditAddDoNotCall, interview.AuditRemoveDoNotCall:
		return c.path("/do-not-call")
	case interview.AuditOptOut:
		page = "/calls/"
	case interview.AuditCreateCalls, interview.AuditCreateContacts, interview.AuditOpenCircuit, interview.AuditCloseCircuit:
		page = "/campaigns/"
	case interview.AuditRetryRuns, interview.AuditReplayWebhooks:
		page = "/bulk/"
	}
	if page == "" {
		return ""
	}
	return c.path(page + url.PathEscape(e.Subject))
}
