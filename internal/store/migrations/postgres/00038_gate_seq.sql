-- +goose Up

-- The order in which the row of the gate was held: intents to dial, entries of the do-not-call list and stops were committed in it,
-- whatever the clocks of the processes said. 0 is before it was kept.
ALTER TABLE gate ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dial_verdicts ADD COLUMN gate_seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX dial_verdicts_gate_seq ON dial_verdicts (gate_seq) WHERE refusal = '';
ALTER TABLE do_not_call ADD COLUMN gate_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stops ADD COLUMN gate_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stops ADD COLUMN ended_gate_seq BIGINT NOT NULL DEFAULT 0;

-- Entries that were taken off the do-not-call list, and were in force until then.
CREATE TABLE do_not_call_removed (
    id TEXT PRIMARY KEY,
    number_hash BYTEA NOT NULL,
    scope TEXT NOT NULL,
    call_id TEXT NOT NULL,
    gate_seq BIGINT NOT NULL,
    removed_at TIMESTAMPTZ NOT NULL,
    removed_gate_seq BIGINT NOT NULL
);
CREATE INDEX do_not_call_removed_number ON do_not_call_removed (number_hash);
CREATE INDEX do_not_call_removed_call ON do_not_call_removed (call_id) WHERE call_id <> '';

-- +goose Down
DROP TABLE do_not_call_removed;
ALTER TABLE stops DROP COLUMN ended_gate_seq;
ALTER TABLE stops DROP COLUMN gate_seq;
ALTER TABLE do_not_call DROP COLUMN gate_seq;
DROP INDEX dial_verdicts_gate_seq;
ALTER TABLE dial_verdicts DROP COLUMN gate_seq;
ALTER TABLE gate DROP COLUMN seq;
