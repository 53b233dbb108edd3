package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeCampaigns(mux *http.ServeMux) {
	c.page(mux, "GET /console/campaigns", c.campaigns)
	c.page(mux, "GET /console/campaigns/{id}", c.campaign)
	c.page(mux, "GET /console/campaigns/{id}/dispositions", c.campaignDispositions)
	c.adminPage(mux, "GET /console/campaigns/new", c.newCampaign)
	c.adminPage(mux, "POST /console/campaigns/new", c.createCampaign)
	c.adminPage(mux, "GET /console/campaigns/{id}/edit", c.editCampaign)
	c.adminPage(mux, "POST /console/campaigns/{id}/edit", c.changeCampaign)
	c.adminPage(mux, "GET /console/campaigns/{id}/import", c.importForm)
	c.adminPage(mux, "POST /console/campaigns/{id}/import", c.previewImport)
	c.adminPage(mux, "POST /console/campaigns/{id}/import/calls", c.doImport)
	c.page(mux, "GET /console/hypotheses/{id}", c.hypothesis)
	c.routeCampaignActions(mux)
}

// campaignStatuses are all statuses of a campaign, in the order of its life.
func campaignStatuses() []interview.CampaignStatus {
	return []interview.CampaignStatus{interview.CampaignDraft, interview.CampaignActive, interview.CampaignPaused, interview.CampaignCompleted}
}

// campaignClass groups the statuses of a campaign.
func campaignClass(s interview.CampaignStatus) string {
	switch s {
	case interview.CampaignActive:
		return "live"
	case interview.CampaignPaused:
		return "unsure"
	case interview.CampaignCompleted:
		return "good"
	}
	return "waits"
}

// campaignSorts are the orders of the list of campaigns besides newest first.
var campaignSorts = []string{"reached", "rate"}

// campaignsView is what the list of campaigns shows.
type campaignsView struct {
	listView
	name     string
	items    []interview.Campaign
	progress map[string]progressView
	reached  map[string]store.CampaignReached
}

func (p campaignsView) words(text string) string { return shownText(p.role, text) }

// sorted is the address of the list in another order, "" for newest first.
func (p campaignsView) sorted(order string) string {
	query := url.Values{}
	for name, values := range p.query {
		query[name] = values
	}
	query.Del("sort")
	if order != "" {
		query.Set("sort", order)
	}
	return address(p.base, query)
}

// order says how the list is sorted, in words.
func (p campaignsView) order() string {
	switch p.value("sort") {
	case "reached":
		return "most reached first"
	case "rate":
		return "highest share reached first"
	}
	return "newest first"
}

// reachedRate is how many of the contacts of a campaign were reached.
func reachedRate(r store.CampaignReached) string {
	if r.Contacts == 0 {
		return "–"
	}
	return thousands(r.Reached) + " of " + thousands(r.Contacts) + " (" + percent(r.Reached, r.Contacts) + ")"
}

func (c *Console) campaigns(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/campaigns", "status", "name", "sort")
	if err != nil {
		return err
	}
	by := store.CampaignFilter{Status: interview.CampaignStatus(query.Get("status")), Name: query.Get("name")}
	if by.Status != "" && !by.Status.Valid() {
		return &badRequest{"There is no status " + string(by.Status) + " of campaigns."}
	}
	if len(by.Name) > 200 || !utf8.ValidString(by.Name) {
		return &badRequest{"A name to look for has up to 200 bytes."}
	}
	p := campaignsView{listView: l, name: by.Name, progress: map[string]progressView{}}
	next, err := c.readCampaigns(r.Context(), by, &p)
	if err != nil {
		return err
	}
	ids := make([]string, len(p.items))
	for n, campaign := range p.items {
		ids[n] = campaign.ID
	}
	// Each reads an index of all their rows, which takes a while: both at the same time.
	var counts map[string]store.CampaignProgress
	both, ctx := errgroup.WithContext(r.Context())
	both.Go(func() (err error) {
		counts, err = c.store.CampaignsProgress(ctx, ids)
		return err
	})
	if p.reached == nil {
		both.Go(func() (err error) {
			p.reached, err = c.store.CampaignsReached(ctx, ids)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return err
	}
	for _, id := range ids {
		p.progress[id] = c.progress(id, counts[id])
	}
	p.next = l.older(next)
	c.render(w, r, http.StatusOK, c.frame(r, role, "Campaigns"), campaignsPage(p))
	return nil
}

// readCampaigns reads one part of the list, and the cursor of the next one. In an order by numbers, which change, the cursor counts the
// campaigns before it.
func (c *Console) readCampaigns(ctx context.Context, by store.CampaignFilter, p *campaignsView) (next string, err error) {
	order := p.value("sort")
	if order == "" {
		list, err := c.store.Campaigns(ctx, by, p.page)
		p.items = list.Items
		return list.Next, err
	}
	if !slices.Contains(campaignSorts, order) {
		return "", &badRequest{"sort must be one of " + strings.Join(campaignSorts, ", ") + "."}
	}
	skip := 0
	if p.page.After != "" {
		if skip, err = strconv.Atoi(p.page.After); err != nil || skip < 0 {
			return "", &badRequest{"The cursor is none of this list."}
		}
	}
	ranked, err := c.store.CampaignsByReached(ctx, by, order == "rate", skip, p.page.Limit)
	p.items, p.reached = ranked.Items, ranked.Reached
	if err != nil || !ranked.More {
		return "", err
	}
	return strconv.Itoa(skip + len(ranked.Items)), nil
}

// verdicts says how many of a campaign's hypotheses have a verdict.
func verdicts(campaign interview.Campaign) string {
	if len(campaign.Hypotheses) == 0 {
		return "–"
	}
	judged := 0
	for _, h := range campaign.Hypotheses {
		if h.Status != interview.HypothesisPending {
			judged++
		}
	}
	return strconv.Itoa(judged) + " of " + strconv.Itoa(len(campaign.Hypotheses))
}

// endCount is how many calls ended in one way, with the address of exactly those.
type endCount struct {
	status      interview.CallStatus // "" for those that are not over
	label, href string
	calls       int
	// from and width place it on a bar of 100 units.
	from, width string
}

// progressView is how far the calls of a campaign are.
type progressView struct {
	store.CampaignProgress
	ends []endCount
	// href is the list of all its calls that we made, inbound that of those that came in.
	href, inbound string
}

// progress counts by end state; what no call has is left out.
func (c *Console) progress(campaignID string, counts store.CampaignProgress) progressView {
	list := func(direction interview.Direction, status interview.CallStatus) string {
		query := map[string][]string{"campaignId": {campaignID}, "direction": {string(direction)}}
		if status != "" {
			query["status"] = []string{string(status)}
		}
		return address(c.path("/calls"), query)
	}
	p := progressView{CampaignProgress: counts, href: list(interview.DirectionOutbound, ""), inbound: list(interview.DirectionInbound, "")}
	at := 0.0
	add := func(e endCount) {
		if e.calls == 0 {
			return
		}
		width := 100 * float64(e.calls) / float64(counts.Calls)
		e.from, e.width = strconv.FormatFloat(at, 'f', 2, 64), strconv.FormatFloat(width, 'f', 2, 64)
		at += width
		p.ends = append(p.ends, e)
	}
	for _, status := range callStatuses() {
		if status.Terminal() {
			add(endCount{status: status, label: string(status), calls: counts.Ended[status], href: list(interview.DirectionOutbound, status)})
		}
	}
	add(endCount{label: "not over", calls: counts.Live})
	return p
}

// said is the progress in words, for who does not see the bar.
func (p progressView) said() string {
	text := amount(p.Calls, "call", "calls")
	for _, e := range p.ends {
		text += ", " + strconv.Itoa(e.calls) + " " + e.label
	}
	return text
}

// consentCounted says of which calls the consent rate is.
const consentCounted = "of the calls in which the question about recording was answered, or twice got no clear answer. Left out are those that the machine " +
	"detection refused before, and those of which it was withdrawn or erased on request. A machine that is detected after an unclear answer is counted."

// consent is the consent rate with what it counts.
func (p progressView) consent() string {
	if p.Yes+p.No == 0 {
		return "–"
	}
	return percent(p.Yes, p.Yes+p.No) + " (" + strconv.Itoa(p.Yes) + " of " + strconv.Itoa(p.Yes+p.No) + ")"
}

// barClass is the colour of an end on a bar.
func barClass(status interview.CallStatus) string {
	if status == "" {
		return "bar-live"
	}
	return "bar-" + statusClass(status)
}
