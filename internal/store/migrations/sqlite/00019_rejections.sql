-- +goose Up

-- Requests to the webhooks that were refused before they were known to be Twilio's: a bounded number of the newest. Of the
-- values of their parameters only length and keyed hash are kept. request and explanation are JSON; size is their bytes.
CREATE TABLE rejections (
    id TEXT PRIMARY KEY,
    received_at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    client TEXT NOT NULL,
    account_sid TEXT NOT NULL,
    cause TEXT NOT NULL,
    proven BOOLEAN NOT NULL,
    summary TEXT NOT NULL,
    request TEXT NOT NULL,
    explanation TEXT NOT NULL,
    size INTEGER NOT NULL,
    checked_at TIMESTAMP,
    verified BOOLEAN
);
CREATE INDEX rejections_cause ON rejections (cause, id);

-- +goose Down
DROP TABLE rejections;
