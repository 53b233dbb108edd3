package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

const campaignColumns = `campaigns.id, campaigns.name, campaigns.category, campaigns.prompt_template, campaigns.status,
	campaigns.answer_mode, campaigns.language, campaigns.held_at, campaigns.simulated, campaigns.created_at`

const selectCampaigns = `SELECT ` + campaignColumns + ` FROM campaigns`

func scanCampaign(r row) (interview.Campaign, error) {
	var c interview.Campaign
	err := r.Scan(&c.ID, &c.Name, &c.Category, &c.PromptTemplate, &c.Status, &c.AnswerMode, &c.Language, &c.HeldAt, &c.Simulated, &c.CreatedAt)
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
		if err != nil || len(out.Items) == 0 {
			return err
		}
		ids := make([]string, len(out.Items))
		for i, c := range out.Items {
			ids[i] = c.ID
		}
		byCampaign, err := hypotheses(ctx, q, ids)
		for i, c := range out.Items {
			out.Items[i].Hypotheses = byCampaign[c.ID]
		}
		return err
	})
	if err != nil {
		return List[interview.Campaign]{}, fmt.Errorf("listing campaigns: %w", err)
	}
	return out, nil
}

// CampaignChange is what to change of a campaign; nil leaves a field as it is.
type CampaignChange struct {
	Name, Category, PromptTemplate *string
	Status                         *interview.CampaignStatus
	AnswerMode                     *interview.AnswerMode
	Language                       *string
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
	return detail
}

// UpdateCampaign changes a campaign and returns it as it is then. To complete it, also again, cancels the calls that were
// not dialled. ErrNotFound when there is none.
func (s *Store) UpdateCampaign(ctx context.Context, id string, change CampaignChange) (interview.Campaign, error) {
	var c interview.Campaign
	err := s.write(ctx, func(tx *Tx) (err error) {
		if change.Hold != nil {
			if err := tx.setHold(ctx, id, *change.Hold); err != nil {
				return err
			}
		}
		if change == (CampaignChange{Hold: change.Hold, RequestedBy: change.RequestedBy, Reason: change.Reason}) {
			c, err = campaign(ctx, tx, id)
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE campaigns SET name = COALESCE($2, name), category = COALESCE($3, category),
			prompt_template = COALESCE($4, prompt_template), status = COALESCE($5, status),
			answer_mode = COALESCE($7, answer_mode), language = COALESCE($8, language), updated_at = $6 WHERE id = $1`,
			id, pointedText(change.Name), pointedText(change.Category), pointedText(change.PromptTemplate),
			pointedText(change.Status), tx.Now, pointedText(change.AnswerMode), pointedText(change.Language))
		if err != nil {
			return fmt.Errorf("changing campaign %s: %w", id, err)
		}
		if c, err = campaign(ctx, tx, id); err != nil {
			return err
		}
		err = tx.recordAudit(ctx, interview.AuditEntry{Actor: change.RequestedBy, Action: interview.AuditUpdateCampaign, Subject: id,
			Reason: change.Reason, Detail: change.detail()})
		if err != nil || change.Status == nil || c.Status != interview.CampaignCompleted {
			return err
		}
		return tx.cancelDead(ctx, id)
	})
	if err == nil && change.Status != nil && c.Status == interview.CampaignCompleted {
		err = s.cancelRest(ctx, id)
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
