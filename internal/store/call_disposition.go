package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// MaxDecided bounds how many calls of a campaign one part of a list by disposition looks at: what a call tells of its contact is a rule
// over all that is known of it, and no index has it.
const MaxDecided = 2_000

// decidedAtOnce is how many calls are in memory while those are looked for that decided a disposition.
const decidedAtOnce = 250

// decidedCalls are the ids of the next calls of a list that gave their contacts the disposition of the filter, at most limit of them.
// They are below ("<") the id, the newest first, or above it (">"), the oldest first. next is the id of the last call that was looked
// at, "" when there are no more.
func (s *Store) decidedCalls(ctx context.Context, by CallFilter, beside, id string, limit int) (ids []string, next string, err error) {
	script, err := s.scriptOf(ctx, by.CampaignID)
	if err != nil {
		return nil, "", err
	}
	for looked := 0; looked < MaxDecided; {
		calls, err := s.endedCalls(ctx, by, script, beside, id)
		if err != nil || len(calls) == 0 {
			return ids, "", err
		}
		deciding, err := s.deciding(ctx, script, by.Disposition, calls)
		if err != nil {
			return nil, "", err
		}
		for _, call := range calls {
			id, looked = call.ID, looked+1
			if !deciding[call.ID] {
				continue
			}
			if ids = append(ids, call.ID); len(ids) == limit {
				return ids, id, nil
			}
		}
		if len(calls) < decidedAtOnce {
			return ids, "", nil
		}
	}
	return ids, id, nil
}

// decidedPart are the ids of one part of a list by disposition, and the Page.After of the part that follows.
func (s *Store) decidedPart(ctx context.Context, by CallFilter, page Page) (ids []string, next string, err error) {
	limit := max(page.Limit, 1)
	ids, next, err = s.decidedCalls(ctx, by, "<", page.After, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing calls: %w", err)
	}
	if len(ids) > limit {
		ids, next = ids[:limit], ids[limit-1]
	}
	return ids, next, nil
}

// endedCalls reads the next calls of a filter that are over, of contacts.
func (s *Store) endedCalls(ctx context.Context, by CallFilter, script interview.Script, beside, id string) ([]interview.Call, error) {
	f := by.conditionsBeside(beside, id)
	f.conditions = append(f.conditions, "calls.ended_as <> ''", "calls.contact_id <> ''")
	order := ""
	if beside == "<" {
		order = " DESC"
	}
	if id != "" {
		f.compare("calls.id", beside, id)
	}
	nearest := " ORDER BY calls.id" + order + " LIMIT " + f.arg(decidedAtOnce)
	return s.calledWith(ctx, script, selectCalled+f.nearestOf("calls", nearest)+nearest, f.args...)
}

// deciding are the ids of those calls that gave their contacts a disposition.
func (s *Store) deciding(ctx context.Context, script interview.Script, d interview.Disposition, calls []interview.Call) (map[string]bool, error) {
	deciding := map[string]bool{}
	var of []string
	known := map[string]bool{}
	for _, call := range calls {
		if !d.DecidedBy(&call) {
			continue
		}
		deciding[call.ID] = true
		if !known[call.ContactID] {
			known[call.ContactID] = true
			of = append(of, call.ContactID)
		}
	}
	if len(of) == 0 {
		return deciding, nil
	}
	condition, args := in(s.dialect, "contacts.id", 1, of)
	contacts, err := s.contactAttempts(ctx, selectContactRows+` WHERE `+condition, args...)
	if err == nil {
		err = s.addCalls(ctx, script, contacts)
	}
	if err != nil {
		return nil, fmt.Errorf("contacts of calls: %w", err)
	}
	final := map[string]bool{}
	for _, contact := range contacts {
		final[contact.ID] = contact.Disposition() == d
	}
	for _, call := range calls {
		if !final[call.ContactID] {
			delete(deciding, call.ID)
		}
	}
	return deciding, nil
}
