-- +goose Up

-- Webhooks of a kind, but for status callbacks: they are most of all webhooks, so a list of them finds them among all, and none of them
-- has to be entered here.
DROP INDEX webhook_events_kind;
CREATE INDEX webhook_events_kind ON webhook_events (kind, id) WHERE kind <> 'status';

-- +goose Down
DROP INDEX webhook_events_kind;
CREATE INDEX webhook_events_kind ON webhook_events (kind, id);
