-- +goose Up

-- By which auth token a webhook was verified (primary, secondary, account) and how the signed URL differed from the configured one
-- ('' for not at all). verified_by is '' for events of before and for those that were not delivered by Twilio.
ALTER TABLE webhook_events ADD COLUMN verified_by TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_events ADD COLUMN verified_url TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE webhook_events DROP COLUMN verified_url;
ALTER TABLE webhook_events DROP COLUMN verified_by;
