-- +goose Up

-- Due contacts of a campaign, the one that waits for the longest first.
CREATE INDEX contacts_campaign_due ON contacts (campaign_id, next_at) WHERE next_at IS NOT NULL;

-- How a campaign's contacts stand.
CREATE INDEX contacts_progress ON contacts (campaign_id, state, reason, next_at);

CREATE INDEX contacts_reason ON contacts (reason, id) WHERE reason <> '';

-- How many calls of a campaign are dialled and not over.
CREATE INDEX calls_under_way ON calls (campaign_id) WHERE ended_as = '' AND dialed_at IS NOT NULL;

-- Until when a refusal keeps its call waiting: other calls need not wait for its turn.
ALTER TABLE dial_verdicts ADD COLUMN until TIMESTAMP;

-- +goose Down
ALTER TABLE dial_verdicts DROP COLUMN until;
DROP INDEX calls_under_way;
DROP INDEX contacts_reason;
DROP INDEX contacts_progress;
DROP INDEX contacts_campaign_due;
