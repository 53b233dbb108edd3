-- +goose Up

-- With which version of the webhooks a call was dialled. Calls of before keep '', and with it the URLs without a version that
-- Twilio was given for them.
ALTER TABLE calls ADD COLUMN webhook_version TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE calls DROP COLUMN webhook_version;
