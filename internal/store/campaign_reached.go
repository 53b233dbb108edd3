package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// CampaignReached counts the contacts of a campaign.
type CampaignReached struct {
	// Contacts are all, Reached those of whom somebody answered and decided on the consent.
	Contacts, Reached int
}

// rate is the share of the contacts that was reached, 0 of none.
func (r CampaignReached) rate() float64 {
	return float64(r.Reached) / float64(max(r.Contacts, 1))
}

// CampaignsReached counts the contacts of campaigns, in one statement that reads an index alone, or what SQLite's triggers have counted. A campaign without contacts is not in
// the answer.
func (s *Store) CampaignsReached(ctx context.Context, ids []string) (map[string]CampaignReached, error) {
	reached := map[string]CampaignReached{}
	if err := s.countReached(ctx, s.read(), reached, ids); err != nil {
		return nil, fmt.Errorf("counting the contacts of campaigns: %w", err)
	}
	return reached, nil
}

func (s *Store) countReached(ctx context.Context, q querier, reached map[string]CampaignReached, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	condition, args := in(s.dialect, "campaign_id", 1, ids)
	return collect(ctx, q, func(r row) error {
		var id string
		var state interview.ContactState
		var n int
		err := r.Scan(&id, &state, &n)
		of := reached[id]
		if of.Contacts += n; state == interview.ContactReached {
			of.Reached += n
		}
		reached[id] = of
		return err
	}, contactsByState(s.dialect, condition), args...)
}

func contactsByState(d dialect, campaigns string) string {
	if d.keepsCounts {
		return `SELECT campaign_id, state, n FROM contact_counts WHERE n > 0 AND ` + campaigns
	}
	return `SELECT campaign_id, state, COUNT(*) FROM contacts WHERE ` + campaigns + ` GROUP BY campaign_id, state`
}

// MaxRanked bounds the campaigns that CampaignsByReached puts in order: the newest of them.
const MaxRanked = 1_000

// RankedCampaigns are one part of a list of campaigns in the order of a number.
type RankedCampaigns struct {
	Items []interview.Campaign
	// Reached are the counts of all campaigns that were put in order, by id.
	Reached map[string]CampaignReached
	// More says that others follow.
	More bool
}

// CampaignsByReached lists campaigns by how many of their contacts were reached, the most first, or, with byRate, by which share of
// them was. Simulated campaigns, which reach nobody, come last. It begins after as many campaigns as skip says.
func (s *Store) CampaignsByReached(ctx context.Context, by CampaignFilter, byRate bool, skip, limit int) (ranked RankedCampaigns, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		ids, reached, err := s.rankedCampaigns(ctx, q, by, byRate)
		if err != nil {
			return err
		}
		ids = ids[min(skip, len(ids)):]
		if ranked.More = len(ids) > limit; ranked.More {
			ids = ids[:limit]
		}
		ranked.Reached = reached
		ranked.Items, err = campaignsOf(ctx, q, ids)
		return err
	})
	if err != nil {
		return RankedCampaigns{}, fmt.Errorf("listing campaigns by whom they reached: %w", err)
	}
	return ranked, nil
}

// rankedCampaigns are the ids in their order, and what they were put in order by.
func (s *Store) rankedCampaigns(ctx context.Context, q querier, by CampaignFilter, byRate bool) ([]string, map[string]CampaignReached, error) {
	f := by.conditions()
	var ids []string
	simulated := map[string]bool{}
	err := collect(ctx, q, func(r row) error {
		var id string
		var is bool
		err := r.Scan(&id, &is)
		ids, simulated[id] = append(ids, id), is
		return err
	}, `SELECT id, simulated FROM campaigns`+f.where()+` ORDER BY id DESC LIMIT `+f.arg(MaxRanked), f.args...)
	if err != nil {
		return nil, nil, err
	}
	reached := map[string]CampaignReached{}
	if err := s.countReached(ctx, q, reached, ids); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		if simulated[a] != simulated[b] {
			return map[bool]int{false: -1, true: 1}[simulated[a]]
		}
		byCount := cmp.Compare(reached[b].Reached, reached[a].Reached)
		if byRate {
			return cmp.Or(cmp.Compare(reached[b].rate(), reached[a].rate()), byCount)
		}
		return byCount
	})
	return ids, reached, nil
}

// campaignsOf reads campaigns with their hypotheses, in the order of their ids.
func campaignsOf(ctx context.Context, q querier, ids []string) ([]interview.Campaign, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	at := map[string]interview.Campaign{}
	err := collect(ctx, q, func(r row) error {
		c, err := scanCampaign(r)
		at[c.ID] = c
		return err
	}, selectCampaigns+` WHERE campaigns.id IN `+placeholders(1, len(ids)), anys(ids)...)
	if err != nil {
		return nil, err
	}
	list := make([]interview.Campaign, len(ids))
	for i, id := range ids {
		list[i] = at[id]
	}
	return list, withHypotheses(ctx, q, list)
}
