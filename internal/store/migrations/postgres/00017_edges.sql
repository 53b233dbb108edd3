-- +goose Up

-- One row, written by readiness probes: whether a write is possible is only known from writing.
CREATE TABLE write_probe (
    id INTEGER PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);

-- Lists of webhooks by kind, of which one may be rare among very many.
CREATE INDEX webhook_events_kind ON webhook_events (kind, id);

-- +goose Down
DROP INDEX webhook_events_kind;
DROP TABLE write_probe;
