-- +goose Up

-- How often each caller id was used lately.
CREATE INDEX dial_intents_begun ON dial_intents (begun_at, from_number);

-- +goose Down
DROP INDEX dial_intents_begun;
