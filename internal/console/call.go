package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeCall(mux *http.ServeMux) {
	c.page(mux, "GET /console/calls/{id}", c.call)
	c.routeCallActions(mux)
}

// runsOfCall bounds the runs that the page of a call shows.
const runsOfCall = 100

// auditOfCall bounds what operators did that the page of a call shows.
const auditOfCall = 20

// callView is what the page of a call shows.
type callView struct {
	role     Role
	detail   store.CallDetail
	timeline []entry
	speech   speechView
	heard    *lastHeard
	consent  string
	runs     []store.LedgerRun
	actions  []actionForm
	// audit is what operators did to the call, the newest first.
	audit []store.Audited
	// arrival says that the timeline is in the order of arrival; other is the address of the other order.
	arrival bool
	other   string
	back    string // the list it was opened from
	// newer and older are the calls beside it in that list, "" for none.
	newer, older string
	campaign     string // the page of its campaign
	path         func(string) string
	// attempts is how many its campaign makes.
	attempts int
	// listed are the entries of the do-not-call list that have its number.
	listed []doNotCallRow
}

func (p callView) number(n string) string { return shownNumber(p.role, n) }

// words are what somebody said, as the role may see it: people say numbers, and a viewer sees none.
func (p callView) words(text string) string { return shownText(p.role, text) }

// call shows one call. Its query is that of the list from which it was opened, and the order of its timeline.
func (c *Console) call(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/calls"), append(store.CallConditions(), "order")...)
	if err != nil {
		return err
	}
	order := query.Get("order")
	query.Del("order")
	if order != "" && order != "arrival" {
		return &badRequest{"order must be arrival, or is Twilio's."}
	}
	by, err := c.callFilter(query, role)
	if err != nil {
		return err
	}
	detail, err := c.store.CallDetail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	id := detail.Call.ID
	p := callView{role: role, detail: detail, arrival: order != "", back: address(c.path("/calls"), query), path: c.path,
		campaign: c.path("/campaigns/" + url.PathEscape(detail.Call.CampaignID))}
	link := func(id, order string) string {
		with := url.Values{}
		for name, values := range query {
			with[name] = values
		}
		if order != "" {
			with.Set("order", order)
		}
		return address(c.path("/calls/"+url.PathEscape(id)), with)
	}
	if p.other = link(id, "arrival"); p.arrival {
		p.other = link(id, "")
	}
	campaign, err := c.store.Campaign(r.Context(), detail.Call.CampaignID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	p.attempts = campaign.Attempts.Limit()
	beside, err := c.store.CallNeighbours(r.Context(), by, id)
	if err != nil {
		return err
	}
	if beside.Newer != "" {
		p.newer = link(beside.Newer, order)
	}
	if beside.Older != "" {
		p.older = link(beside.Older, order)
	}
	t := timelineOf{detail: detail, deadlines: c.deadlines, now: c.now(), path: c.path, arrival: p.arrival, shown: p.words}
	if t.payloads, err = c.store.CallPayloads(r.Context(), id); err != nil {
		return err
	}
	runs, err := c.store.Runs(r.Context(), store.RunFilter{CallID: id}, store.Page{Limit: runsOfCall})
	if err != nil {
		return err
	}
	if t.verdicts, err = c.store.CallVerdicts(r.Context(), id); err != nil {
		return err
	}
	p.runs, t.runs = runs.Items, runs.Items
	var tried []string
	for _, run := range runs.Items {
		if run.AttemptsAllowed > jobs.MaxAttempts { // a retry gives more
			tried = append(tried, run.ID)
		}
	}
	if t.retries, err = c.store.RunRetries(r.Context(), tried); err != nil {
		return err
	}
	log, err := c.store.AuditLog(r.Context(), store.AuditFilter{Subject: id}, store.Page{Limit: auditOfCall})
	if err != nil {
		return err
	}
	p.audit = log.Items
	p.timeline, p.heard, p.consent = t.entries(), t.lastHeard(), t.consentWords()
	if p.listed, err = c.listedNumber(r.Context(), role, detail.Call.PhoneNumber, detail.Call.CampaignID); err != nil {
		return err
	}
	if role == Admin {
		for _, a := range callActions(detail, p.runs, p.listed) {
			p.actions = append(p.actions, c.form(a))
		}
	}
	if p.speech, err = c.speech(r.Context(), role, detail, p.runs); err != nil {
		return err
	}
	f := c.frame(r, role, "Call "+id)
	f.scripts = append(f.scripts, "player.js")
	c.render(w, r, http.StatusOK, f, callPage(p))
	return nil
}

// failedWebhooks are those that can be replayed.
func failedWebhooks(d store.CallDetail) []store.Webhook {
	var failed []store.Webhook
	for _, w := range d.Webhooks {
		if w.Outcome == inbox.Failed {
			failed = append(failed, w)
		}
	}
	return failed
}

// actionWords are what an operator did to a call or a run, in words. What is not known is shown as it is kept.
func actionWords(action string) string {
	if words, ok := map[string]string{interview.AuditCancelCall: "canceled", interview.AuditEraseCall: "personal data erased", interview.AuditWithdraw: "consent withdrawn",
		interview.AuditReconcile: "Twilio asked about it", interview.AuditListen: "recording listened to", interview.AuditOptOut: "put on the do-not-call list",
		interview.AuditRetryRun: "retried"}[action]; ok {
		return words
	}
	return action
}

// dropWords say why a segment is no speech.
func dropWords(reason interview.DropReason) string {
	if words, ok := map[interview.DropReason]string{interview.DropSilence: "silence there", interview.DropNoSpeech: "no speech, says the model",
		interview.DropCompression: "the model repeats itself", interview.DropRepetition: "one phrase over and over", interview.DropStockPhrase: "a phrase that models invent"}[reason]; ok {
		return words
	}
	return string(reason)
}

// whoSpoke is a speaker in words.
func whoSpoke(s interview.Speaker) string {
	switch s {
	case interview.SpeakerAgent:
		return "agent"
	case interview.SpeakerCallee:
		return "person"
	}
	return "?"
}

// speakerWords are who said an utterance, else on which channel it was.
func speakerWords(u interview.Utterance) string {
	if who := whoSpoke(u.Speaker); who != "?" || u.Channel == 0 {
		return who
	}
	return "channel " + number(u.Channel)
}

// dispositionWords are what the call tells about its contact, in the words of AAPOR's Standard Definitions; "" for nothing yet.
func dispositionWords(call interview.Call) string {
	d := call.Disposition()
	if d == interview.DispositionOpen || call.ErasedAt != nil {
		return ""
	}
	return string(d) + " " + d.Name()
}

// errorWords say what kept a call from being made, in Twilio's words where it gave any; "" where nothing did.
func errorWords(call interview.Call) string {
	switch {
	case call.ErrorCode != 0:
		return strings.TrimSpace(strconv.Itoa(call.ErrorCode) + " " + call.ErrorMessage)
	case call.ErrorMessage != "" || call.Status != interview.CallFailed:
		return call.ErrorMessage
	case call.Dialled():
		return "Twilio gave no reason"
	}
	return "no reason is kept"
}

// track is the column of a lane in the drawing of a timeline, in units of its width.
func track(l lane) string { return number(int(l)*laneWidth + laneWidth/2) }

const laneWidth = 14

// lanesUsed are all lanes, for the legend.
func lanesUsed() []lane {
	all := make([]lane, lanes)
	for n := range all {
		all[n] = lane(n)
	}
	return all
}

// dotClass is the look of an entry's dot.
func dotClass(e entry) string {
	if e.state == "missing" || e.state == "awaited" || e.due != nil {
		return "dot absent"
	}
	return strings.TrimSpace("dot " + e.state)
}

// timeOf is the time of an entry in the order of the timeline.
func timeOf(p callView, e entry) *time.Time {
	if p.arrival {
		return &e.arrived
	}
	return &e.at
}
