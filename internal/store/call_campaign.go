package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// CampaignOfCall returns the id of the campaign that a call belongs to. ErrNotFound when there is no such call.
func (s *Store) CampaignOfCall(ctx context.Context, callID string) (string, error) {
	var id string
	err := s.read().QueryRow(ctx, `SELECT campaign_id FROM calls WHERE id = $1`, callID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("call %s: %w", callID, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("campaign of call %s: %w", callID, err)
	}
	return id, nil
}
