package console

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeStops(mux *http.ServeMux) {
	c.page(mux, "GET /console/stops", c.stops)
	c.page(mux, "GET /console/stops/{id}", c.stop)
	c.action(mux, "POST /console/stops", func(r *http.Request) (action, error) { return stopAll().of(r), nil })
	c.action(mux, "POST /console/campaigns/{id}/stop", func(r *http.Request) (action, error) {
		return stopCampaign(r.PathValue("id")).of(r), nil
	})
	c.action(mux, "POST /console/stops/{id}/resume", func(r *http.Request) (action, error) {
		return resume(interview.Stop{ID: r.PathValue("id")}), nil
	})
}

// stopAll is what ends all calling at once.
func stopAll() action {
	a := stopAction(interview.ScopeAll)
	a.name, a.at, a.from = "Stop calls", "/stops", "/stops"
	a.explained = "From then on nobody is dialled, by any campaign or process, until somebody resumes. Calls that nobody has answered yet are canceled."
	return a
}

// stopCampaign ends the calling of one campaign.
func stopCampaign(id string) action {
	a := stopAction(id)
	a.name, a.at, a.from = "Stop its calls", "/campaigns/"+id+"/stop", "/campaigns/"+id
	a.explained = "From then on nobody is dialled for this campaign until somebody resumes. Its calls that nobody has answered yet are canceled."
	return a
}

func stopAction(scope string) action {
	return action{reason: required, typed: "stop", danger: true, said: stopSaid,
		inputs: []input{{name: "mode", label: "Calls with somebody on the line", options: []option{
			{string(interview.StopFinish), "may finish the interview"},
			{string(interview.StopHangUp), "are told so in a sentence, and hung up"},
		}}},
		request: apiRequest{method: http.MethodPost, path: "/api/stops", body: map[string]any{"scope": scope, "mode": string(interview.StopFinish)}}}
}

// of is a stop in the mode that a form has chosen.
func (a action) of(r *http.Request) action {
	mode := interview.StopMode(r.PostFormValue("mode"))
	if mode == "" {
		return a
	}
	a.inputs[0].value = string(mode)
	a.request.body["mode"] = string(mode)
	return a
}

// stopSaid says what a stop found.
func stopSaid(answer []byte) string {
	var found struct{ Queued, Live, Ends int }
	if json.Unmarshal(answer, &found) != nil {
		return "Calls are stopped."
	}
	return "Calls are stopped: " + amount(found.Ends, "call is", "calls are") + " being ended, " + amount(found.Live-found.Ends, "goes", "go") +
		" on to the end, " + amount(found.Queued, "waits", "wait") + " until you resume."
}

// resume ends a stop.
func resume(s interview.Stop) action {
	return action{name: "Resume", at: "/stops/" + url.PathEscape(s.ID) + "/resume", from: "/stops", reason: optional, typed: "resume",
		explained: "People are dialled again, those who waited first, unless another stop is in force. Nobody is called twice.",
		done:      "The stop is ended.", request: apiRequest{method: http.MethodDelete, path: "/api/stops/" + s.ID}}
}

// stopView is a stop as somebody of a role sees it.
type stopView struct {
	interview.Stop
	// by and why are who asked, and for what reason.
	by, why string
	// endedBy is who resumed.
	endedBy string
	// what it stops, with the address of the campaign, "" for all.
	what, campaign string
	// resumedBecause is why it was ended, "" where nobody said or the audit log does not have it any more.
	resumedBecause string
	// resume is nil for who may not, and once it is ended.
	resume *actionForm
}

func (c *Console) stopView(role Role, s interview.Stop) stopView {
	v := stopView{Stop: s, by: shownText(role, s.RequestedBy), why: shownText(role, s.Reason), endedBy: shownText(role, s.EndedBy), what: "All calls"}
	if s.Scope != interview.ScopeAll {
		v.what, v.campaign = "The calls of a campaign", c.path("/campaigns/"+url.PathEscape(s.Scope))
	}
	if role == Admin && s.InForce() {
		form := c.form(resume(s))
		v.resume = &form
	}
	return v
}

// nameCampaign says which campaign a stop is of.
func (c *Console) nameCampaign(ctx context.Context, role Role, v *stopView) error {
	if v.campaign == "" {
		return nil
	}
	campaign, err := c.store.Campaign(ctx, v.Scope)
	if err != nil {
		return ignoreNotFound(err)
	}
	v.what = "The calls of " + shownText(role, campaign.Name)
	return nil
}

// because is the reason with what goes before it, "" for none.
func (v stopView) because() string {
	if v.why == "" {
		return ""
	}
	return ": “" + v.why + "”"
}

// carriedOut says what becomes of the calls under way.
func (v stopView) carriedOut() string {
	switch {
	case v.Mode == interview.StopFinish:
		return "may finish"
	case v.CarriedOutAt == nil:
		return "are being ended"
	}
	return "were ended"
}

// stopping is what each page shows of stops: those in force, and the way to stop.
type stopping struct {
	inForce []stopView
	// stop is nil for who may not, and while a stop of all calls is in force.
	stop *actionForm
}

// stopsInBanner is how many stops each page names.
const stopsInBanner = 3

// stopping reads the stops for a page. A database that does not answer is said by the page itself.
func (c *Console) stopping(ctx context.Context, role Role) stopping {
	if role == Nobody || c.store == nil {
		return stopping{}
	}
	stops, err := c.store.StopsInForce(ctx)
	if err != nil && ctx.Err() == nil {
		c.log.WarnContext(ctx, "stops of a page", slog.Any("error", err))
	}
	var s stopping
	all := false
	for n, stop := range stops {
		v := c.stopView(role, stop)
		if n < stopsInBanner {
			err := c.nameCampaign(ctx, role, &v)
			if err != nil && ctx.Err() == nil {
				c.log.WarnContext(ctx, "campaign of a stop", slog.Any("error", err))
			}
		}
		s.inForce = append(s.inForce, v)
		all = all || stop.Scope == interview.ScopeAll
	}
	if role == Admin && !all {
		form := c.form(stopAll())
		s.stop = &form
	}
	return s
}

// stopsView is the list of all stops.
type stopsView struct {
	listView
	stops []stopView
}

func (c *Console) stops(w http.ResponseWriter, r *http.Request, role Role) error {
	l, _, err := c.listView(r, role, "/stops")
	if err != nil {
		return err
	}
	found, err := c.store.Stops(r.Context(), l.page)
	if err != nil {
		return err
	}
	p := stopsView{listView: l}
	p.next = l.older(found.Next)
	for _, s := range found.Items {
		v := c.stopView(role, s)
		if err := c.nameCampaign(r.Context(), role, &v); err != nil {
			return err
		}
		p.stops = append(p.stops, v)
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Stops"), stopsPage(p))
	return nil
}

// stoppedShown is how many calls the page of a stop lists.
const stoppedShown = 200

// stoppedCall is a call that a stop asked to end, or that waited while it was in force.
type stoppedCall struct {
	interview.Call
	number, href string
}

// stop shows a stop, the calls that it asked to end and those that waited.
func (c *Console) stop(w http.ResponseWriter, r *http.Request, role Role) error {
	if _, _, err := tokens(r, r.URL.Path); err != nil {
		return err
	}
	d, err := c.store.StopDetail(r.Context(), r.PathValue("id"), stoppedShown)
	if err != nil {
		return err
	}
	v := c.stopView(role, d.Stop)
	if err := c.nameCampaign(r.Context(), role, &v); err != nil {
		return err
	}
	log, err := c.store.AuditLog(r.Context(), store.AuditFilter{Subject: d.ID, Action: interview.AuditResume}, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	for _, entry := range log.Items {
		v.resumedBecause = shownText(role, entry.Reason)
	}
	rows := func(calls []interview.Call) (rows []stoppedCall) {
		for _, call := range calls {
			rows = append(rows, stoppedCall{call, shownNumber(role, call.PhoneNumber), c.path("/calls/" + url.PathEscape(call.ID))})
		}
		return rows
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "A stop"), stopPage(v, c.path("/stops"), rows(d.Ended), rows(d.Waited)))
	return nil
}

// stopsOfCampaign are those in force for one campaign alone.
func (c *Console) stopsOfCampaign(ctx context.Context, id string) ([]interview.Stop, error) {
	stops, err := c.store.StopsInForce(ctx)
	var own []interview.Stop
	for _, s := range stops {
		if s.Scope == id {
			own = append(own, s)
		}
	}
	return own, err
}
