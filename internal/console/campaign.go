package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// daysShown is how many days the chart of a campaign has.
const daysShown = 30

// campaignView is what the page of a campaign shows.
type campaignView struct {
	role     Role
	campaign interview.Campaign
	script   []spokenPart
	progress progressView
	// waiting are the calls that are queued, live those that Twilio has.
	waiting, live []endCount
	chart         dailyChart
	history       []store.Audited
	contacts      contactsOfCampaign
	// missing says what it does not say of who calls, "" for nothing.
	missing    string
	actions    []actionForm
	back, at   string
	hypothesis func(id string) string
	// claims are how many each hypothesis has.
	claims map[string]store.ClaimCount
}

func (p campaignView) words(text string) string { return shownText(p.role, text) }

// claimWords say how many claims count, which are those that were not rejected: the page of a hypothesis counts the same.
func claimWords(c store.ClaimCount) string {
	count := c.Claims - c.Rejected
	if c.Claims == store.MaxCountedClaims {
		return "of the newest " + thousands(c.Claims) + " claims " + thousands(count) + " count"
	}
	return thousands(count) + " " + form(count, "claim counts", "claims count")
}

// campaign shows one campaign. Its query is that of the list from which it was opened.
func (c *Console) campaign(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/campaigns"), "status", "name", "sort")
	if err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	p := campaignView{role: role, back: address(c.path("/campaigns"), query), at: c.path("/campaigns/" + id), hypothesis: c.hypothesisPath}
	if p.campaign, err = c.store.Campaign(ctx, id); err != nil {
		return err
	}
	if p.script, err = c.script(p.campaign); err != nil {
		return err
	}
	counts, err := c.store.CampaignsProgress(ctx, []string{id})
	if err != nil {
		return err
	}
	p.progress = c.progress(id, counts[id])
	var hypotheses []string
	for _, h := range p.campaign.Hypotheses {
		hypotheses = append(hypotheses, h.ID)
	}
	if p.claims, err = c.store.ClaimCounts(ctx, hypotheses); err != nil {
		return err
	}
	live, err := c.store.LiveCalls(ctx, id)
	if err != nil {
		return err
	}
	for _, status := range callStatuses() {
		if live[status] == 0 {
			continue
		}
		count := endCount{status: status, label: string(status), calls: live[status],
			href: address(c.path("/calls"), map[string][]string{"campaignId": {id}, "direction": {string(interview.DirectionOutbound)}, "status": {string(status)}})}
		if status == interview.CallQueued {
			p.waiting = append(p.waiting, count)
		} else {
			p.live = append(p.live, count)
		}
	}
	first := c.now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-daysShown)
	days, err := c.store.CallsByDay(ctx, id, first, daysShown)
	if err != nil {
		return err
	}
	p.chart = newDailyChart(first, days)
	if p.contacts, err = c.contactsOf(ctx, role, id); err != nil {
		return err
	}
	p.missing = identityWords(p.campaign.Identity.Missing())
	log, err := c.store.AuditLog(ctx, store.AuditFilter{Subject: id}, store.Page{Limit: 10})
	if err != nil {
		return err
	}
	p.history = log.Items
	if role == Admin {
		if c.simulations && p.campaign.Simulated && p.campaign.Status == interview.CampaignActive {
			p.actions = append(p.actions, c.form(simulatedInterview()))
		}
		for _, a := range campaignActions(p.campaign, live) {
			p.actions = append(p.actions, c.form(a))
		}
		if stops, err := c.stopsOfCampaign(ctx, id); err != nil {
			return err
		} else if len(stops) == 0 {
			p.actions = append(p.actions, c.form(stopCampaign(id)))
		}
	}
	f := c.frame(r, role, "Campaign "+p.words(p.campaign.Name))
	f.liveCampaign(id)
	c.render(w, r, http.StatusOK, f, campaignPage(p))
	return nil
}

// campaignAction is something that is done to a campaign by one PATCH.
type campaignAction struct {
	// word is the last part of the path.
	word string
	make func(campaign interview.Campaign) action
	// fits says whether it makes sense for a campaign as it is.
	fits func(campaign interview.Campaign) bool
}

func hasStatus(is bool, statuses ...interview.CampaignStatus) func(interview.Campaign) bool {
	return func(c interview.Campaign) bool {
		for _, s := range statuses {
			if c.Status == s {
				return is
			}
		}
		return !is
	}
}

func campaignVerbs() []campaignAction {
	status := func(s interview.CampaignStatus) map[string]any { return map[string]any{"status": string(s)} }
	patch := func(c interview.Campaign, word string, body map[string]any, a action) action {
		a.at, a.from = "/campaigns/"+c.ID+"/"+word, "/campaigns/"+c.ID
		a.request = apiRequest{method: http.MethodPatch, path: "/api/campaigns/" + c.ID, body: body}
		return a
	}
	return []campaignAction{
		{"start", func(c interview.Campaign) action {
			return patch(c, "start", status(interview.CampaignActive), action{name: "Start", reason: optional, done: "The campaign is ACTIVE.",
				explained: "Makes it ACTIVE: numbers may be called, and calls that wait are dialled within half a minute."})
		}, hasStatus(false, interview.CampaignActive)},
		{"pause", func(c interview.Campaign) action {
			return patch(c, "pause", status(interview.CampaignPaused), action{name: "Pause", reason: optional, done: "The campaign is PAUSED.",
				explained: "Nothing more is dialled until it is started again. Queued calls wait; calls under way go on."})
		}, hasStatus(true, interview.CampaignActive)},
		{"draft", func(c interview.Campaign) action {
			return patch(c, "draft", status(interview.CampaignDraft), action{name: "Back to draft", reason: optional, done: "The campaign is a DRAFT.",
				explained: "Like a pause: nothing more is dialled until it is started. Queued calls wait; calls under way go on."})
		}, hasStatus(false, interview.CampaignDraft)},
		{"complete", func(c interview.Campaign) action {
			return patch(c, "complete", status(interview.CampaignCompleted), action{name: "Complete", reason: required, typed: "complete", danger: true, done: "The campaign is COMPLETED.",
				explained: "Cancels every call that was not dialled; that cannot be undone. Calls under way go on, and their evidence is still judged."})
		}, func(interview.Campaign) bool { return true }},
		{"hold", func(c interview.Campaign) action {
			return patch(c, "hold", map[string]any{"legalHold": true}, action{name: "Set a legal hold", reason: required, done: "The campaign has a legal hold.",
				explained: "Nothing of its calls is pruned, or erased on request, until the hold is lifted."})
		}, func(c interview.Campaign) bool { return c.HeldAt == nil }},
		{"lift", func(c interview.Campaign) action {
			return patch(c, "lift", map[string]any{"legalHold": false}, action{name: "Lift the legal hold", reason: required, done: "The legal hold is lifted.",
				explained: "What is older than its retention is pruned again, and may be erased on request."})
		}, func(c interview.Campaign) bool { return c.HeldAt != nil }},
	}
}

// routeCampaignActions registers what is done to a campaign as a whole.
func (c *Console) routeCampaignActions(mux *http.ServeMux) {
	for _, verb := range campaignVerbs() {
		c.action(mux, "POST /console/campaigns/{id}/"+verb.word, func(r *http.Request) (action, error) {
			return verb.make(interview.Campaign{ID: r.PathValue("id")}), nil
		})
	}
}

// campaignActions are those that fit a campaign as it is, with its calls that are not over.
func campaignActions(campaign interview.Campaign, live map[interview.CallStatus]int) []action {
	var actions []action
	for _, verb := range campaignVerbs() {
		if !verb.fits(campaign) {
			continue
		}
		a := verb.make(campaign)
		if verb.word == "complete" {
			a.explained += " Queued now: " + strconv.Itoa(live[interview.CallQueued]) + "."
			if campaign.Status == interview.CampaignCompleted && len(live) == 0 {
				continue
			} else if campaign.Status == interview.CampaignCompleted {
				a.name = "Complete again"
			}
		}
		if verb.word == "start" && campaign.Status == interview.CampaignPaused {
			a.name = "Go on"
		}
		actions = append(actions, a)
	}
	return actions
}

// dailyChart is a chart of bars, one for each day.
type dailyChart struct {
	bars        []bar
	first, last string
	most, total int
	// said is the chart in words.
	said string
}

// bar is a day of a chart, placed on 10 units of width for each day and 60 of height.
type bar struct{ day, x, y, height, calls string }

func newDailyChart(first time.Time, days []int) dailyChart {
	ch := dailyChart{first: first.Format(time.DateOnly), last: first.AddDate(0, 0, len(days)-1).Format(time.DateOnly)}
	for _, n := range days {
		ch.most, ch.total = max(ch.most, n), ch.total+n
	}
	var said []string
	for n, calls := range days {
		if calls == 0 {
			continue
		}
		height := max(60*calls/ch.most, 1)
		day := first.AddDate(0, 0, n).Format(time.DateOnly)
		ch.bars = append(ch.bars, bar{day: day, x: strconv.Itoa(10*n + 1), y: strconv.Itoa(60 - height), height: strconv.Itoa(height), calls: strconv.Itoa(calls)})
		said = append(said, day+": "+strconv.Itoa(calls))
	}
	ch.said = "Calls created per day (UTC): " + strings.Join(said, ", ")
	return ch
}

// auditWords say what was done to a campaign.
func auditWords(a store.Audited) string {
	switch a.Action {
	case interview.AuditCreateCampaign:
		return "created"
	case interview.AuditCreateCalls:
		if n, ok := a.Detail["calls"].(float64); ok && n != 1 {
			return strconv.Itoa(int(n)) + " calls queued"
		}
		return "1 call queued"
	case interview.AuditCreateContacts:
		if n, ok := a.Detail["contacts"].(float64); ok {
			return amount(int(n), "contact", "contacts") + " imported"
		}
	case interview.AuditOpenCircuit:
		return "too many calls failed: nobody is called for a while"
	case interview.AuditCloseCircuit:
		return "calls do not fail any more"
	case interview.AuditSetHold:
		return "legal hold set"
	case interview.AuditLiftHold:
		return "legal hold lifted"
	case interview.AuditUpdateCampaign:
		var changed []string
		for _, name := range []string{"status", "name", "category", "promptTemplate", "answerMode", "language"} {
			if value, ok := a.Detail[name].(string); ok && name == "promptTemplate" {
				changed = append(changed, "questions changed")
			} else if ok {
				changed = append(changed, name+" "+value)
			}
		}
		for _, name := range []string{"identity", "voice", "region", "callingHours", "holidays", "attempts", "maxConcurrent", "maxPerDay", "requireConsentBasis", "stopWhenDecided"} {
			if _, ok := a.Detail[name]; ok {
				changed = append(changed, name+" changed")
			}
		}
		return strings.Join(changed, ", ")
	}
	return a.Action
}
