-- +goose Up

-- How many calls of a campaign ended how, and what became of the consent, is counted in the index alone, in its order. It has the
-- status itself: SQLite reads the row for a generated column.
CREATE INDEX calls_campaign_end ON calls (campaign_id, status, consent, consent_by);

-- +goose Down
DROP INDEX calls_campaign_end;
