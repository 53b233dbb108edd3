-- +goose Up

-- One row, written by readiness probes: whether a write is possible is only known from writing.
CREATE TABLE write_probe (
    id INTEGER PRIMARY KEY,
    at TIMESTAMP NOT NULL
);

-- Lists of webhooks by kind, and of those that came more than once: both may be rare among very many.
CREATE INDEX webhook_events_kind ON webhook_events (kind, id);
CREATE INDEX webhook_events_duplicated ON webhook_events (id) WHERE duplicates > 0;

-- +goose Down
DROP INDEX webhook_events_duplicated;
DROP INDEX webhook_events_kind;
DROP TABLE write_probe;
