package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// How much of a campaign is in memory while all of it is read, and how long one part may take.
const (
	partRows    = 100
	partTimeout = 20 * time.Second
)

// eachPart calls f with all rows that read finds, part by part in the order of their ids, oldest first. read gets the id of the last
// row of the part before. No connection is held while f works, however slow it is; rows that are added meanwhile may come too.
func eachPart[T any](ctx context.Context, read func(ctx context.Context, after string) ([]T, error), id func(T) string, f func([]T) error) error {
	for after := ""; ; {
		part, err := onePart(ctx, after, read)
		if err != nil || len(part) == 0 {
			return err
		}
		if err := f(part); err != nil {
			return err
		}
		if len(part) < partRows {
			return nil
		}
		after = id(part[len(part)-1])
	}
}

func onePart[T any](ctx context.Context, after string, read func(ctx context.Context, after string) ([]T, error)) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	return read(ctx, after)
}

// partOf selects one part of a table that has an index on campaign_id and id.
func partOf(selection, table, campaignID, after string) (statement string, args []any) {
	var f filter
	f.equal(table+".campaign_id", campaignID)
	f.compare(table+".id", ">", after)
	statement = selection + f.where() + " ORDER BY " + table + ".id LIMIT " + f.arg(partRows)
	return statement, f.args
}

// EachCall calls f with all calls of a campaign, part by part, oldest first. ErrNotFound when there is no such campaign.
func (s *Store) EachCall(ctx context.Context, campaignID string, f func([]interview.Call) error) error {
	script, err := s.scriptOf(ctx, campaignID)
	if err != nil {
		return err
	}
	read := func(ctx context.Context, after string) ([]interview.Call, error) {
		statement, args := partOf(selectCalled, "calls", campaignID, after)
		return s.calledWith(ctx, script, statement, args...)
	}
	return named("reading the calls", campaignID, eachPart(ctx, read, func(c interview.Call) string { return c.ID }, f))
}

const selectCalled = `SELECT ` + calledColumns + `, COALESCE(contacts.variables, '') FROM calls LEFT JOIN contacts ON contacts.id = calls.contact_id`

// calledWith reads calls that have the given script, with the variables of their contacts in the questions.
func (s *Store) calledWith(ctx context.Context, script interview.Script, statement string, args ...any) ([]interview.Call, error) {
	var calls []interview.Call
	err := collect(ctx, s.read(), func(r row) error {
		var c interview.Call
		var variables map[string]string
		err := r.Scan(append(fieldsOf(&c), jsonColumn{&variables})...)
		c.Script = script
		c.Script.Questions, _ = interview.FillQuestions(script.Questions, variables)
		calls = append(calls, c)
		return err
	}, statement, args...)
	return calls, err
}

func (s *Store) scriptOf(ctx context.Context, campaignID string) (interview.Script, error) {
	c, err := s.Campaign(ctx, campaignID)
	if err != nil {
		return interview.Script{}, err
	}
	return interview.Script{CampaignName: c.Name, Category: c.Category, Questions: interview.Questions(c.PromptTemplate), AnswerMode: c.AnswerMode,
		Language: c.Language}, nil
}

// ContactAttempts is a contact with all its calls, oldest first, those that the person made included.
type ContactAttempts struct {
	interview.Contact
	Calls []interview.Call
}

// Disposition is the contact's final disposition.
func (c ContactAttempts) Disposition() interview.Disposition {
	return interview.DispositionOf(c.Contact, c.Calls)
}

// EachContact calls f with all contacts of a campaign, part by part, oldest first. ErrNotFound when there is no such campaign.
func (s *Store) EachContact(ctx context.Context, campaignID string, f func([]ContactAttempts) error) error {
	script, err := s.scriptOf(ctx, campaignID)
	if err != nil {
		return err
	}
	read := func(ctx context.Context, after string) ([]ContactAttempts, error) {
		contacts, err := s.contactsAfter(ctx, campaignID, after)
		if err != nil || len(contacts) == 0 {
			return nil, err
		}
		return contacts, s.addCalls(ctx, script, contacts)
	}
	return named("reading the contacts", campaignID, eachPart(ctx, read, func(c ContactAttempts) string { return c.ID }, f))
}

const selectContactRows = `SELECT id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, consent_at, state, reason,
	next_at, attempts, call_id, caller_id, simulated, created_at, updated_at FROM contacts`

func (s *Store) contactsAfter(ctx context.Context, campaignID, after string) ([]ContactAttempts, error) {
	statement, args := partOf(selectContactRows, "contacts", campaignID, after)
	return s.contactAttempts(ctx, statement, args...)
}

// contactAttempts reads contacts, still without their calls.
func (s *Store) contactAttempts(ctx context.Context, statement string, args ...any) ([]ContactAttempts, error) {
	var contacts []ContactAttempts
	err := collect(ctx, s.read(), func(r row) error {
		var c ContactAttempts
		err := r.Scan(&c.ID, &c.CampaignID, &c.PhoneNumber, &c.ExternalID, &c.TimeZone, &c.Language, jsonColumn{&c.Variables}, &c.ConsentBasis,
			&c.ConsentAt, &c.State, &c.Reason, &c.NextAt, &c.Attempts, &c.CallID, &c.CallerID, &c.Simulated, &c.CreatedAt, &c.UpdatedAt)
		contacts = append(contacts, c)
		return err
	}, statement, args...)
	return contacts, err
}

// addCalls reads the calls of contacts.
func (s *Store) addCalls(ctx context.Context, script interview.Script, contacts []ContactAttempts) error {
	ids, at := make([]string, len(contacts)), map[string]int{}
	for i, c := range contacts {
		ids[i], at[c.ID] = c.ID, i
	}
	statement, args := s.dialect.callsOfContacts(ids)
	calls, err := s.calledWith(ctx, script, statement, args...)
	for _, call := range calls {
		c := &contacts[at[call.ContactID]]
		c.Calls = append(c.Calls, call)
	}
	return err
}

func (d dialect) callsOfContacts(ids []string) (statement string, args []any) {
	condition, args := in(d, "calls.contact_id", 1, ids)
	return selectCalled + ` WHERE calls.contact_id <> '' AND ` + condition + ` ORDER BY calls.id`, args
}

// Dispositions counts the contacts of a campaign by final disposition, and those that are not over by state. ErrNotFound when there is
// no such campaign.
func (s *Store) Dispositions(ctx context.Context, campaignID string) (map[interview.Disposition]int, map[interview.ContactState]int, error) {
	final, open := map[interview.Disposition]int{}, map[interview.ContactState]int{}
	err := s.EachContact(ctx, campaignID, func(part []ContactAttempts) error {
		for _, c := range part {
			if d := c.Disposition(); d != interview.DispositionOpen {
				final[d]++
			} else {
				open[c.State]++
			}
		}
		return nil
	})
	return final, open, err
}

func named(what, campaignID string, err error) error {
	if err != nil {
		return fmt.Errorf("%s of campaign %s: %w", what, campaignID, err)
	}
	return nil
}
