-- +goose Up

-- Every filter of a list has an index that ends in the id, by which lists are ordered.
CREATE INDEX calls_status ON calls (status, id);
CREATE INDEX calls_consent ON calls (consent, id);
CREATE INDEX calls_error ON calls (error_code, id) WHERE error_code <> 0;
-- Which calls ended in a time.
CREATE INDEX calls_completed ON calls (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX recordings_created ON recordings (created_at);

-- The campaign of the event's call, '' when there is no such call.
ALTER TABLE webhook_events ADD COLUMN campaign_id TEXT NOT NULL DEFAULT '';
UPDATE webhook_events SET campaign_id = COALESCE((SELECT campaign_id FROM calls WHERE calls.id = webhook_events.call_id), '');
CREATE INDEX webhook_events_campaign ON webhook_events (campaign_id, id) WHERE campaign_id <> '';
-- An accepted event is found by its call; one that was not may name another CallSid, or no call.
CREATE INDEX webhook_events_sid ON webhook_events (call_sid) WHERE outcome <> 'accepted';
CREATE INDEX webhook_events_error ON webhook_events (id) WHERE error <> '';

CREATE INDEX function_runs_function ON function_runs (function, id);
CREATE INDEX function_runs_state ON function_runs (state, id);
CREATE INDEX function_runs_error ON function_runs (id) WHERE last_error <> '';

-- +goose Down
DROP INDEX function_runs_error;
DROP INDEX function_runs_state;
DROP INDEX function_runs_function;
DROP INDEX webhook_events_error;
DROP INDEX webhook_events_sid;
DROP INDEX webhook_events_campaign;
ALTER TABLE webhook_events DROP COLUMN campaign_id;
DROP INDEX recordings_created;
DROP INDEX calls_completed;
DROP INDEX calls_error;
DROP INDEX calls_consent;
DROP INDEX calls_status;
