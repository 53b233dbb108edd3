-- +goose Up

-- The watchdog looks for dead runs every few seconds, among all that ever ran.
CREATE INDEX function_runs_failed ON function_runs (finished_at) WHERE state = 'failed';

-- +goose Down
DROP INDEX function_runs_failed;
