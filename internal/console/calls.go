package console

import (
	"net/http"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeCalls(mux *http.ServeMux) {
	c.page(mux, "GET /console/calls", c.calls)
	c.page(mux, "GET /console/calls.csv", c.callsCSV)
}

// callsView is what the list of calls shows.
type callsView struct {
	listView
	campaign  *interview.Campaign // nil for all
	campaigns []interview.Campaign
	firstRun  firstRun
	list      store.List[interview.Call]
	// counts are by status; counted is of how many calls, the newest, or 0 for all.
	counts  []statusCount
	counted int
	csv     string
	dropped []leftOut
}

// leftOut is a condition that chooses nothing without another one, and what to choose, too. It has no words where nothing was left out.
type leftOut struct{ words, cure string }

// chosen reports whether the form has a status ticked.
func (p callsView) chosen(status interview.CallStatus) bool {
	for word := range strings.SplitSeq(strings.TrimPrefix(p.value("status"), "!"), ",") {
		if word == string(status) {
			return true
		}
	}
	return false
}

// row is the address of a call of the list: of its claims, where these are what was looked for.
func (p callsView) row(id string) string {
	if p.value("claims") != "" {
		return p.link(id) + "#claims"
	}
	return p.link(id)
}

// bound says among which calls the list looks, where that is not all of them.
func (p callsView) bound() string {
	const before = ", or as many before those of the page before."
	switch {
	case p.value("sipResponse") != "":
		return "Looked for among the newest " + thousands(store.MaxEnded) + " calls of each end without an answer" + before
	case p.value("claims") != "":
		return "Looked for among the newest " + thousands(store.MaxRejected) + " calls with a rejected claim" + before
	case p.value("overdue") == "true" || p.value("awaiting") != "":
		return "At most the newest " + thousands(store.MaxOverdueCalls) + " calls are looked among."
	}
	return ""
}

func (c *Console) calls(w http.ResponseWriter, r *http.Request, role Role) error {
	if to := readable(r, c.path("/calls")); to != "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	l, query, err := c.listView(r, role, "/calls", store.CallConditions()...)
	if err != nil {
		return err
	}
	dropped := []leftOut{{l.drop("disposition", "campaignId"), "A disposition is of a campaign's contacts: choose the campaign, too."}}
	if query.Get("overdue") == "false" {
		dropped = append(dropped, leftOut{l.drop("overdue", "awaiting"), "It is about what a call waits for: choose that, too."})
	}
	by, err := c.callFilter(query, role)
	if err != nil {
		return err
	}
	p := callsView{listView: l, firstRun: c.firstRun(role), csv: address(c.path("/calls.csv"), query), dropped: dropped}
	if by.CampaignID != "" {
		campaign, err := c.store.Campaign(r.Context(), by.CampaignID)
		if err != nil {
			return err
		}
		p.campaign = &campaign
		for n := range p.tokens {
			if p.tokens[n].name == "campaignId" {
				p.tokens[n].shown = campaign.Name
			}
		}
	}
	campaigns, err := c.store.Campaigns(r.Context(), store.CampaignFilter{}, store.Page{Limit: rowsAPage})
	if err != nil {
		return err
	}
	p.campaigns = campaigns.Items
	if p.list, err = c.store.Calls(r.Context(), by, p.page); err != nil {
		return err
	}
	if by.Overdue == nil && by.Awaiting == nil && by.Disposition == "" {
		counts, err := c.store.CallCounts(r.Context(), by)
		if err != nil {
			return err
		}
		p.counts, p.counted = statusCounts(counts, by.Statuses, l), counts.Newest
	}
	p.next = l.older(p.list.Next)
	f := c.frame(r, role, "Calls")
	newest := ""
	if len(p.list.Items) > 0 {
		newest = p.list.Items[0].ID
	}
	if by.ByColumns() {
		f.liveList("calls", l, newest)
	}
	f.scripts = append(f.scripts, "lists.js")
	c.render(w, r, http.StatusOK, f, callsPage(p))
	return nil
}
