-- +goose Up

-- How a call ended, '' while it lives. An index of status itself has a new entry for each change of it, and so have all other
-- indexes of calls then, as the row is no longer updated in place (HOT).
ALTER TABLE calls ADD COLUMN ended_as TEXT NOT NULL GENERATED ALWAYS AS
    (CASE WHEN status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN status ELSE '' END) STORED;
CREATE INDEX calls_ended_as ON calls (ended_as, id);
DROP INDEX calls_status;

-- +goose Down
CREATE INDEX calls_status ON calls (status, id);
DROP INDEX calls_ended_as;
ALTER TABLE calls DROP COLUMN ended_as;
