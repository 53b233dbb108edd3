-- +goose Up

-- Retries of many dead runs, and replays of many failed webhooks, each asked for by an operator: what is done is counted as it is
-- done. filter and counts are JSON objects.
CREATE TABLE bulk_jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    filter TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    matched INTEGER NOT NULL,
    done INTEGER NOT NULL,
    counts TEXT NOT NULL,
    last_id TEXT NOT NULL,
    stopped_by TEXT NOT NULL,
    error TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    alive_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
-- One at a time of each kind.
CREATE UNIQUE INDEX bulk_jobs_running ON bulk_jobs (kind) WHERE state = 'running';

-- +goose Down
DROP TABLE bulk_jobs;
