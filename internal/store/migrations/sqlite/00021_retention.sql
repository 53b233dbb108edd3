-- +goose Up

-- Since when nothing of the campaign's calls is pruned or erased on request; NULL for no legal hold.
ALTER TABLE campaigns ADD COLUMN held_at TIMESTAMP;
-- When the first event ids of the call were pruned: from then on its webhooks are refused.
ALTER TABLE calls ADD COLUMN pruned_at TIMESTAMP;

-- The events whose payload is kept, and those whose is not, by age: what is to be pruned is at the front of either.
CREATE INDEX webhook_events_payload ON webhook_events (received_at, id) WHERE body IS NOT NULL;
CREATE INDEX webhook_events_bodiless ON webhook_events (received_at, id) WHERE body IS NULL;

-- One row: the process that prunes, until when nobody else does, and when a pass over everything ended last.
CREATE TABLE prune_lease (
    id INTEGER PRIMARY KEY,
    holder TEXT NOT NULL,
    until TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);

-- The restorations of this database. What happened after since is forgotten. Nobody is called until listed_at, when Twilio's
-- list of calls since then was read.
CREATE TABLE restores (
    id TEXT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    since TIMESTAMP NOT NULL,
    listed_at TIMESTAMP,
    found INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
);
CREATE INDEX restores_open ON restores (at) WHERE listed_at IS NULL;

-- Calls that Twilio placed and that a restored database knows nothing of: the person was called.
CREATE TABLE forgotten_calls (
    call_sid TEXT PRIMARY KEY,
    phone_number TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    found_at TIMESTAMP NOT NULL
);
CREATE INDEX forgotten_calls_number ON forgotten_calls (phone_number);

-- +goose Down
DROP TABLE forgotten_calls;
DROP TABLE restores;
DROP TABLE prune_lease;
DROP INDEX webhook_events_bodiless;
DROP INDEX webhook_events_payload;
ALTER TABLE calls DROP COLUMN pruned_at;
ALTER TABLE campaigns DROP COLUMN held_at;
