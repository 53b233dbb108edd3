-- +goose Up

-- The calls of which something is still expected. A row comes with the intent to dial and goes when nothing more is to come.
CREATE TABLE call_watch (
    call_id TEXT PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    next_at TIMESTAMPTZ NOT NULL,
    checks INTEGER NOT NULL,
    absent_since TIMESTAMPTZ,
    absences INTEGER NOT NULL
);
CREATE INDEX call_watch_next ON call_watch (next_at);

-- +goose Down
DROP TABLE call_watch;
