-- +goose Up

-- The list of the calls that came in, newest first.
CREATE INDEX calls_inbound ON calls (id) WHERE direction = 'inbound';

-- +goose Down
DROP INDEX calls_inbound;
