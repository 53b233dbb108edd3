package stats

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// Standard names the rules by which contacts are counted.
const Standard = "AAPOR Standard Definitions, 9th edition (2016), telephone"

// Dispositions counts the contacts of one campaign, of all times, in the words of survey research. Nothing in it is personal data.
type Dispositions struct {
	CampaignID string `json:"campaignId"`
	Standard   string `json:"standard"`
	// Contacts are all, Final those that are over, Open the others. Only final ones are in Counts and in Rates.
	Contacts int `json:"contacts"`
	Final    int `json:"final"`
	Open     int `json:"open"`
	// OpenByState counts the open ones by their state.
	OpenByState map[interview.ContactState]int `json:"openByState"`
	// Counts are by code; codes that nobody has are left out.
	Counts map[interview.Disposition]int `json:"counts"`
	// Codes say what the codes of Counts mean, in their order.
	Codes []DispositionCount `json:"codes"`
	// Categories are Counts by what they count as in the rates; all are named.
	Categories map[interview.DispositionCategory]int `json:"categories"`
	Rates      interview.OutcomeRates                `json:"rates"`
}

// DispositionCount is one code, how many contacts have it and what it means.
type DispositionCount struct {
	Code     interview.Disposition         `json:"code"`
	Name     string                        `json:"name"`
	Category interview.DispositionCategory `json:"category"`
	Contacts int                           `json:"contacts"`
}

// CollectDispositions counts the contacts of a campaign. store.ErrNotFound when there is no such campaign.
func CollectDispositions(ctx context.Context, s *store.Store, campaignID string) (Dispositions, error) {
	counts, open, err := s.Dispositions(ctx, campaignID)
	if err != nil {
		return Dispositions{}, err
	}
	d := Dispositions{
		CampaignID: campaignID, Standard: Standard, OpenByState: open, Counts: counts, Codes: []DispositionCount{},
		Categories: map[interview.DispositionCategory]int{}, Rates: interview.RatesOf(counts),
	}
	for _, code := range interview.Dispositions() {
		n := counts[code]
		d.Final += n
		d.Categories[code.Category()] += n
		if n > 0 {
			d.Codes = append(d.Codes, DispositionCount{code, code.Name(), code.Category(), n})
		}
	}
	for _, n := range open {
		d.Open += n
	}
	d.Contacts = d.Final + d.Open
	return d, nil
}

// Write prints the counts for people.
func (d Dispositions) Write(w io.Writer) error {
	var b bytes.Buffer
	line(&b, "contacts", "%d of the campaign, of all times: %d final, %d open: %s", d.Contacts, d.Final, d.Open, words(d.OpenByState))
	for _, c := range d.Codes {
		line(&b, "", "%d  %s %s (%s)", c.Contacts, c.Code, c.Name, c.Category)
	}
	r := d.Rates
	line(&b, "rates", "RR1 %s, RR2 %s, RR3 %s, RR4 %s; e %s", percent(r.RR1), percent(r.RR2), percent(r.RR3), percent(r.RR4), percent(r.E))
	line(&b, "", "COOP1 %s, COOP2 %s, COOP3 %s, COOP4 %s; REF1 %s; CON1 %s", percent(r.COOP1), percent(r.COOP2), percent(r.COOP3), percent(r.COOP4),
		percent(r.REF1), percent(r.CON1))
	line(&b, "", "%s; open contacts are in none of the rates", d.Standard)
	_, err := w.Write(b.Bytes())
	if err != nil {
		return fmt.Errorf("printing dispositions: %w", err)
	}
	return nil
}
