package contactimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// atOnce is how many rows one transaction takes: webhooks wait for it on SQLite.
const atOnce = 1000

// Import takes a list of contacts into a campaign.
type Import struct {
	Store      *store.Store
	CampaignID string
	// DryRun only says what would become of the rows.
	DryRun bool
	// Now is the clock.
	Now func() time.Time
	// Each, if set, is called with every row and what becomes of it, in their order. Its error ends the import.
	Each func(Row, Result) error
	// Part, if set, is called after each part that was committed.
	Part func(Counts)
}

// Run reads rows to their end, or to the first error. What was counted until then is done: a row that was taken once is refused as
// ReasonContactExists when the same list is imported again, so doing that adds only the rest.
func (i Import) Run(ctx context.Context, rows Reader) (Counts, error) {
	counts := Counts{Waits: map[string]Waits{}, Refused: map[string]int{}}
	campaign, err := i.Store.Campaign(ctx, i.CampaignID)
	if err != nil {
		return counts, err
	}
	checker := newChecker(campaign, i.Now())
	part := part{}
	for {
		row, err := rows.Read()
		ended := errors.Is(err, io.EOF)
		if err == nil {
			c, r := checker.check(row)
			part.add(row, c, r)
		}
		if len(part.results) == atOnce || err != nil && len(part.results) > 0 {
			if failed := i.take(ctx, &part, &counts); failed != nil {
				return counts, i.end(ctx, counts, failed)
			}
			part.reset()
		}
		if ended {
			return counts, i.end(ctx, counts, nil)
		}
		if err != nil {
			return counts, i.end(ctx, counts, err)
		}
	}
}

// part is some rows that one transaction takes.
type part struct {
	contacts []interview.Contact
	// of says which of the results is about each contact.
	of      []int
	rows    []Row
	results []Result
}

func (p *part) add(row Row, c interview.Contact, r Result) {
	if r.Action == "" {
		p.contacts, p.of = append(p.contacts, c), append(p.of, len(p.results))
	}
	p.rows, p.results = append(p.rows, row), append(p.results, r)
}

func (p *part) reset() {
	p.contacts, p.of, p.rows, p.results = p.contacts[:0], p.of[:0], p.rows[:0], p.results[:0]
}

// take gives a part to the store and counts its results.
func (i Import) take(ctx context.Context, p *part, counts *Counts) error {
	added, err := i.Store.AddContacts(ctx, store.NewContacts{CampaignID: i.CampaignID, Contacts: p.contacts, DryRun: i.DryRun})
	if err != nil {
		return err
	}
	for n, a := range added {
		r := &p.results[p.of[n]]
		switch v := a.Verdict; {
		case a.Exists:
			*r = r.refused(ReasonContactExists, fieldPhoneNumber, r.PhoneNumber, "is a contact of the campaign already")
		case v.Final:
			*r = r.refused(string(v.Refusal), fieldPhoneNumber, r.PhoneNumber, v.Detail)
		case v.Allowed():
			r.Action = ActionCall
		default:
			r.Action, r.Reason, r.Detail, r.Until = ActionWait, string(v.Refusal), v.Detail, v.Until
		}
	}
	for n, r := range p.results {
		counts.add(r)
		if i.Each != nil {
			if err := i.Each(p.rows[n], r); err != nil {
				return err
			}
		}
	}
	if i.Part != nil {
		i.Part(*counts)
	}
	return nil
}

// end keeps in the audit log what was done, also when it was broken off.
func (i Import) end(ctx context.Context, counts Counts, failed error) error {
	if i.DryRun || counts.Contacts() == 0 {
		return failed
	}
	err := i.Store.RecordAudit(context.WithoutCancel(ctx), interview.AuditEntry{Action: interview.AuditCreateContacts, Subject: i.CampaignID,
		Detail: map[string]any{"rows": counts.Rows, "contacts": counts.Contacts(), "brokenOff": failed != nil}})
	if failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("recording the import: %w", err)
	}
	return nil
}
