package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const campaignColumns = `campaigns.id, campaigns.name, campaigns.category, campaigns.prompt_template, campaigns.status,
	campaigns.answer_mode, campaigns.language, campaigns.held_at, campaigns.simulated, campaigns.created_at,
	campaigns.organisation, campaigns.callback_number, campaigns.purpose, campaigns.voice, campaigns.region, campaigns.calling_hours,
	campaigns.holidays, campaigns.attempts, campaigns.max_concurrent, campaigns.max_per_day, campaigns.require_consent_basis,
	campaigns.stop_when_decided`

const selectCampaigns = `SELECT ` + campaignColumns + ` FROM campaigns`

func scanCampaign(r row) (interview.Campaign, error) {
	var c interview.Campaign
	err := r.Scan(&c.ID, &c.Name, &c.Category, &c.PromptTemplate, &c.Status, &c.AnswerMode, &c.Language, &c.HeldAt, &c.Simulated, &c.CreatedAt,
		&c.Identity.Organisation, &c.Identity.CallbackNumber, &c.Identity.Purpose, &c.Voice, &c.Region, jsonColumn{&c.CallingHours},
		jsonColumn{&c.Holidays}, jsonColumn{&c.Attempts}, &c.MaxConcurrent, &c.MaxPerDay, &c.RequireConsentBasis, &c.StopWhenDecided)
	return c, err
}

// Campaign returns a campaign with its hypotheses. ErrNotFound when there is none.
func (s *Store) Campaign(ctx context.Context, id string) (interview.Campaign, error) {
	var c interview.Campaign
	err := s.snapshot(ctx, func(q querier) (err error) {
		c, err = campaign(ctx, q, id)
		return err
	})
	return c, err
}

// CampaignFilter chooses campaigns; an empty field asks for nothing.
type CampaignFilter struct {
	Status interview.CampaignStatus
	// Name is a part of the name, in upper or lower case.
	Name string
}

func (by CampaignFilter) conditions() filter {
	var f filter
	f.equalWord("campaigns.status", string(by.Status))
	f.contains("campaigns.name", by.Name)
	return f
}

// Campaigns lists campaigns with their hypotheses.
func (s *Store) Campaigns(ctx context.Context, by CampaignFilter, page Page) (List[interview.Campaign], error) {
	var out List[interview.Campaign]
	err := s.snapshot(ctx, func(q querier) (err error) {
		out, err = list(ctx, q, selectCampaigns, "campaigns", by.conditions(), page, scanCampaign,
			func(c interview.Campaign) string { return c.ID })
		if err != nil {
			return err
		}
		return withHypotheses(ctx, q, out.Items)
	})
	if err != nil {
		return List[interview.Campaign]{}, fmt.Errorf("listing campaigns: %w", err)
	}
	return out, nil
}

// CampaignName is a campaign without what it asks.
type CampaignName struct {
	ID, Name  string
	Status    interview.CampaignStatus
	CreatedAt time.Time
}

// CampaignNames lists the newest campaigns, at most limit of them.
func (s *Store) CampaignNames(ctx context.Context, limit int) ([]CampaignName, error) {
	var names []CampaignName
	err := collect(ctx, s.read(), func(r row) error {
		var c CampaignName
		err := r.Scan(&c.ID, &c.Name, &c.Status, &c.CreatedAt)
		c.CreatedAt = c.CreatedAt.UTC()
		names = append(names, c)
		return err
	}, `SELECT id, name, status, created_at FROM campaigns ORDER BY id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the names of campaigns: %w", err)
	}
	return names, nil
}

// withHypotheses gives campaigns their hypotheses.
func withHypotheses(ctx context.Context, q querier, list []interview.Campaign) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	byCampaign, err := hypotheses(ctx, q, ids)
	for i, c := range list {
		list[i].Hypotheses = byCampaign[c.ID]
	}
	return err
}

// CampaignChange is what to change of a campaign; nil leaves a field as it is.
type CampaignChange struct {
	Name, Category, PromptTemplate *string
	Status                         *interview.CampaignStatus
	AnswerMode                     *interview.AnswerMode
	Language                       *string
	// Identity, if set, replaces the whole of it.
	Identity      *interview.Identity
	Voice, Region *string
	// CallingHours, Holidays and Attempts, if set, replace the whole of each.
	CallingHours                         *interview.CallingHours
	Holidays                             *[]string
	Attempts                             *interview.AttemptPolicy
	MaxConcurrent, MaxPerDay             *int
	RequireConsentBasis, StopWhenDecided *bool
	// Hold sets or lifts the legal hold.
	Hold *Hold
	// RequestedBy and Reason are kept in the audit log; "" for RequestedBy is the actor of the context.
	RequestedBy, Reason string
}

// detail names what is changed; a template, which may be long, by its name alone.
func (change CampaignChange) detail() map[string]any {
	detail := map[string]any{}
	set := func(name string, isSet bool, value any) {
		if isSet {
			detail[name] = value
		}
	}
	set("name", change.Name != nil, pointedText(change.Name))
	set("category", change.Category != nil, pointedText(change.Category))
	set("promptTemplate", change.PromptTemplate != nil, "changed")
	set("status", change.Status != nil, pointedText(change.Status))
	set("answerMode", change.AnswerMode != nil, pointedText(change.AnswerMode))
	set("language", change.Language != nil, pointedText(change.Language))
	setPointed(detail, "identity", change.Identity)
	setPointed(detail, "voice", change.Voice)
	setPointed(detail, "region", change.Region)
	setPointed(detail, "callingHours", change.CallingHours)
	setPointed(detail, "holidays", change.Holidays)
	setPointed(detail, "attempts", change.Attempts)
	setPointed(detail, "maxConcurrent", change.MaxConcurrent)
	setPointed(detail, "maxPerDay", change.MaxPerDay)
	setPointed(detail, "requireConsentBasis", change.RequireConsentBasis)
	setPointed(detail, "stopWhenDecided", change.StopWhenDecided)
	return detail
}

func setPointed[T any](detail map[string]any, name string, value *T) {
	if value != nil {
		detail[name] = *value
	}
}

// assignments are the columns to change, and their values.
func (change CampaignChange) assignments() (columns []string, values []any, err error) {
	set := func(column string, value any) { columns, values = append(columns, column), append(values, value) }
	setText := func(column string, value *string) {
		if value != nil {
			set(column, *value)
		}
	}
	setText("name", change.Name)
	setText("category", change.Category)
	setText("prompt_template", change.PromptTemplate)
	if change.Status != nil {
		set("status", string(*change.Status))
	}
	if change.AnswerMode != nil {
		set("answer_mode", string(*change.AnswerMode))
	}
	setText("language", change.Language)
	if id := change.Identity; id != nil {
		set("organisation", id.Organisation)
		set("callback_number", id.CallbackNumber)
		set("purpose", id.Purpose)
	}
	setText("voice", change.Voice)
	setText("region", change.Region)
	for column, value := range map[string]any{"calling_hours": change.CallingHours, "holidays": change.Holidays, "attempts": change.Attempts} {
		encoded, isSet, err := encodedIfSet(value)
		if err != nil {
			return nil, nil, fmt.Errorf("encoding %s: %w", column, err)
		}
		if isSet {
			set(column, encoded)
		}
	}
	for column, value := range map[string]*int{"max_concurrent": change.MaxConcurrent, "max_per_day": change.MaxPerDay} {
		if value != nil {
			set(column, *value)
		}
	}
	for column, value := range map[string]*bool{"require_consent_basis": change.RequireConsentBasis, "stop_when_decided": change.StopWhenDecided} {
		if value != nil {
			set(column, *value)
		}
	}
	return columns, values, nil
}

// NoIdentityError says that a campaign must not be ACTIVE, since it does not say who calls.
type NoIdentityError struct {
	// Missing names the parts that are missing, as the API does.
	Missing []string
}

func (e *NoIdentityError) Error() string {
	return "a campaign that is ACTIVE needs " + strings.Join(e.Missing, ", ")
}

// ErrNothingToDecide says that a campaign without hypotheses cannot stop when they are decided.
var ErrNothingToDecide = errors.New("a campaign without hypotheses never has a verdict on all")

// UpdateCampaign changes a campaign and returns it as it is then. To complete it, also again, cancels the calls that were
// not dialled, and ends the contacts that wait.
//
// Errors: ErrNotFound when there is none, *NoIdentityError, ErrNothingToDecide.
func (s *Store) UpdateCampaign(ctx context.Context, id string, change CampaignChange) (interview.Campaign, error) {
	var c interview.Campaign
	err := s.write(ctx, func(tx *Tx) (err error) {
		if change.Hold != nil {
			if err := tx.setHold(ctx, id, *change.Hold); err != nil {
				return err
			}
		}
		columns, values, err := change.assignments()
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			c, err = campaign(ctx, tx, id)
			return err
		}
		assigned := "updated_at = $2"
		for i, column := range columns {
			assigned += fmt.Sprintf(", %s = $%d", column, i+3)
		}
		if _, err = tx.Exec(ctx, `UPDATE campaigns SET `+assigned+` WHERE id = $1`, append([]any{id, tx.Now}, values...)...); err != nil {
			return fmt.Errorf("changing campaign %s: %w", id, err)
		}
		if c, err = campaign(ctx, tx, id); err != nil {
			return err
		}
		if missing := c.Identity.Missing(); c.Status == interview.CampaignActive && len(missing) > 0 {
			return &NoIdentityError{missing}
		}
		if change.StopWhenDecided != nil && c.StopWhenDecided && len(c.Hypotheses) == 0 {
			return fmt.Errorf("changing campaign %s: %w", id, ErrNothingToDecide)
		}
		err = tx.recordAudit(ctx, interview.AuditEntry{Actor: change.RequestedBy, Action: interview.AuditUpdateCampaign, Subject: id,
			Reason: change.Reason, Detail: change.detail()})
		if err != nil || change.Status == nil || c.Status != interview.CampaignCompleted {
			return err
		}
		return tx.cancelDead(ctx, id)
	})
	switch {
	case err != nil:
	case change.Status != nil && c.Status == interview.CampaignCompleted:
		if err = s.cancelRest(ctx, id); err == nil {
			err = s.endRest(ctx, id)
		}
	case change.opensTheGate():
		err = s.askAgain(ctx, id)
	}
	if err != nil {
		return interview.Campaign{}, err
	}
	return c, nil
}

func campaign(ctx context.Context, q querier, id string) (interview.Campaign, error) {
	c, err := scanCampaign(q.QueryRow(ctx, selectCampaigns+` WHERE campaigns.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("campaign %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return c, fmt.Errorf("loading campaign %s: %w", id, err)
	}
	byCampaign, err := hypotheses(ctx, q, []string{id})
	c.Hypotheses = byCampaign[id]
	return c, err
}

// pointedText is a text, or NULL.
func pointedText[T ~string](s *T) any {
	if s == nil {
		return nil
	}
	return string(*s)
}
