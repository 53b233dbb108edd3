-- +goose Up

-- Calls to somebody who was called before: most calls are the first, and have no entry. attempt is set when a row is made, and never changed.
CREATE INDEX calls_repeated ON calls (id) WHERE attempt > 1;

-- +goose Down
DROP INDEX calls_repeated;
