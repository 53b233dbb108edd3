-- +goose Up

-- What the calls of a campaign speak, BCP 47.
ALTER TABLE campaigns ADD COLUMN language TEXT NOT NULL DEFAULT 'en-US';

-- +goose Down
ALTER TABLE campaigns DROP COLUMN language;
