-- +goose Up

-- Which campaigns, and which of their calls, a simulator plays. Nobody is called for them, and they count in no statistics. Both
-- columns are set when a row is made and never changed.
ALTER TABLE campaigns ADD COLUMN simulated BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN simulated BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX campaigns_simulated ON campaigns (id) WHERE simulated;
CREATE INDEX calls_simulated ON calls (id) WHERE simulated;

-- +goose Down
DROP INDEX calls_simulated;
DROP INDEX campaigns_simulated;
ALTER TABLE calls DROP COLUMN simulated;
ALTER TABLE campaigns DROP COLUMN simulated;
