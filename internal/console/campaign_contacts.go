package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/export"
	"github.com/i-agent/iagent/internal/interview"
)

// nextShown is how many contacts a campaign's page names that are called next.
const nextShown = 5

// dispositionsAtOnce is of how many contacts the page of a campaign counts the dispositions: each contact and its calls are read for it.
const dispositionsAtOnce = 500

// contactsOfCampaign is what the page of a campaign shows of its contacts.
type contactsOfCampaign struct {
	total int
	rows  []contactCount
	// obstacle keeps everybody of the campaign from being called now.
	obstacle interview.GateVerdict
	next     []contactRow
	all      string
	outcomes dispositions
	// countOutcomes leads to the page that counts them, where there are too many contacts to count them for each view.
	countOutcomes string
	// callerIDs are the numbers from which they were called in the last days.
	callerIDs callerIDsView
	exports   []exportLinks
}

// contactCount is how many contacts are in a state, or in it for a reason.
type contactCount struct {
	state  interview.ContactState
	reason interview.Refusal // "" for all of the state
	n      int
	until  *time.Time
	href   string // "" where no list has exactly those
}

// dispositions are the contacts that are over in the words of survey research.
type dispositions struct {
	codes []dispositionCount
	final int
	rates []rate
}

type dispositionCount struct {
	code, name string
	n          int
	// calls is the list of the calls that decided it, "" for one that is mostly of contacts without a call.
	calls string
}

// rate is one of the outcome rates, with what it is.
type rate struct{ name, value, says string }

type exportLinks struct{ table, csv, json string }

func (c *Console) contactsOf(ctx context.Context, role Role, campaignID string) (p contactsOfCampaign, err error) {
	base := c.path("/contacts")
	p.all = address(base, url.Values{"campaignId": {campaignID}})
	counts, err := c.store.ContactCounts(ctx, campaignID)
	if err != nil {
		return p, err
	}
	p.obstacle = counts.Obstacle
	for _, state := range interview.ContactStates() {
		n := counts.States[state]
		if n == 0 {
			continue
		}
		p.total += n
		p.rows = append(p.rows, contactCount{state: state, n: n, href: address(base, url.Values{"campaignId": {campaignID}, "state": {string(state)}})})
		reasons := counts.Reasons[state]
		names := make([]interview.Refusal, 0, len(reasons))
		for reason := range reasons {
			names = append(names, reason)
		}
		slices.Sort(names)
		for _, reason := range names {
			row := contactCount{state: state, reason: reason, n: reasons[reason].Count, until: reasons[reason].Until}
			if reason.Valid() && state.Terminal() {
				row.href = address(base, url.Values{"campaignId": {campaignID}, "state": {string(state)}, "reason": {string(reason)}})
			}
			p.rows = append(p.rows, row)
		}
	}
	next, err := c.store.NextContacts(ctx, campaignID, nextShown)
	if err != nil {
		return p, err
	}
	for _, contact := range next {
		p.next = append(p.next, c.contactRow(role, contact, c.path("/contacts/"+url.PathEscape(contact.ID))))
	}
	if p.total > dispositionsAtOnce {
		p.countOutcomes = c.path("/campaigns/" + url.PathEscape(campaignID) + "/dispositions")
	} else if p.total > 0 {
		found, _, err := c.store.Dispositions(ctx, campaignID)
		if err != nil {
			return p, err
		}
		p.outcomes = c.dispositionsOf(campaignID, found)
	}
	if p.callerIDs, err = c.callerIDs(ctx, role, campaignID, c.now().AddDate(0, 0, -daysShown)); err != nil {
		return p, err
	}
	for _, table := range export.Tables() {
		link := func(format export.Format) string {
			return address(c.path("/campaigns/"+campaignID+"/export"), url.Values{"table": {string(table)}, "format": {string(format)}})
		}
		p.exports = append(p.exports, exportLinks{string(table), link(export.CSV), link(export.JSON)})
	}
	return p, nil
}

// campaignDispositions counts the dispositions of a campaign, of however many contacts.
func (c *Console) campaignDispositions(w http.ResponseWriter, r *http.Request, role Role) error {
	if _, _, err := tokens(r, r.URL.Path); err != nil {
		return err
	}
	campaign, err := c.store.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	found, _, err := c.store.Dispositions(r.Context(), campaign.ID)
	if err != nil {
		return err
	}
	extendWrite(w)
	name := shownText(role, campaign.Name)
	c.render(w, r, http.StatusOK, c.frame(r, role, "Dispositions of "+name), dispositionsPage(name, c.path("/campaigns/"+campaign.ID), c.dispositionsOf(campaign.ID, found)))
	return nil
}

func (c *Console) dispositionsOf(campaignID string, counts map[interview.Disposition]int) dispositions {
	var d dispositions
	for _, code := range interview.Dispositions() {
		if n := counts[code]; n > 0 {
			count := dispositionCount{code: string(code), name: code.Name(), n: n}
			if !code.MostlyWithoutCalls() {
				count.calls = address(c.path("/calls"), url.Values{"campaignId": {campaignID}, "disposition": {string(code)}})
			}
			d.codes = append(d.codes, count)
			d.final += n
		}
	}
	rates := interview.RatesOf(counts)
	add := func(name string, value *float64, says string) {
		if value != nil {
			d.rates = append(d.rates, rate{name, strconv.FormatFloat(100**value, 'f', 1, 64) + " %", says})
		}
	}
	add("RR1", rates.RR1, "response rate: complete interviews, of all who are eligible or may be")
	add("COOP1", rates.COOP1, "cooperation rate: complete interviews, of all who were reached and are eligible")
	add("REF1", rates.REF1, "refusal rate: refusals and break-offs, of all who are eligible or may be")
	add("CON1", rates.CON1, "contact rate: those who were reached, of all who are eligible or may be")
	return d
}

// exportCampaign writes one table of a campaign, as GET /api/campaigns/{id}/export does.
func (c *Console) exportCampaign(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, r.URL.Path, "table", "format")
	if err != nil {
		return err
	}
	o := export.Options{CampaignID: r.PathValue("id"), Table: export.Table(query.Get("table")), Format: export.Format(query.Get("format")), Viewer: role != Admin}
	if !o.Table.Valid() || !o.Format.Valid() {
		return &badRequest{"There is no such table, or no such format."}
	}
	if _, err := c.store.Campaign(r.Context(), o.CampaignID); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", o.Format.ContentType())
	header.Set("Content-Disposition", `attachment; filename="`+string(o.Table)+`-`+c.now().UTC().Format("20060102-150405")+`.`+string(o.Format)+`"`)
	header.Set("Cache-Control", "no-store")
	o.Flush = func() error {
		extendWrite(w)
		return nil
	}
	if _, err := export.Write(r.Context(), c.store, w, o); err != nil {
		if r.Context().Err() == nil {
			c.log.ErrorContext(r.Context(), "exporting a campaign", slog.Any("error", err))
		}
		panic(http.ErrAbortHandler) // a file that ends too early must not look complete
	}
	return nil
}

// capsWords are the caps of a campaign.
func capsWords(campaign interview.Campaign) string {
	at, day := "any number at a time", "any number a day"
	if n := campaign.MaxConcurrent; n > 0 {
		at = strconv.Itoa(n) + " at a time"
	}
	if n := campaign.MaxPerDay; n > 0 {
		day = strconv.Itoa(n) + " within 24 hours"
	}
	return at + ", " + day
}

// attemptsWords are the attempts of a campaign.
func attemptsWords(a interview.AttemptPolicy) string {
	if a.Limit() == 1 {
		return "one"
	}
	on := "after anything but an answer"
	if a.On != nil {
		var said []string
		for _, outcome := range a.On {
			said = append(said, retriedWords(outcome))
		}
		on = "after " + strings.Join(said, ", ")
	}
	return "up to " + strconv.Itoa(a.Limit()) + ", " + on + ", " + strconv.Itoa(a.WaitMinutes) + " minutes apart at least"
}
