-- +goose Up

-- The attempt at which a run is given up; a retry of a dead run moves it on.
ALTER TABLE function_runs ADD COLUMN attempts_allowed INTEGER NOT NULL DEFAULT 4;
-- With Inngest: how often another event was asked for, and when the run of the last one must have begun, lest it be lost.
ALTER TABLE function_runs ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE function_runs ADD COLUMN begin_by TIMESTAMP;
CREATE INDEX function_runs_sent ON function_runs (begin_by) WHERE begin_by IS NOT NULL;

-- +goose Down
DROP INDEX function_runs_sent;
ALTER TABLE function_runs DROP COLUMN begin_by;
ALTER TABLE function_runs DROP COLUMN resends;
ALTER TABLE function_runs DROP COLUMN attempts_allowed;
