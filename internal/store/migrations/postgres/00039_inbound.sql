-- +goose Up

-- Calls that came in, of all campaigns and of one: they are listed by themselves, and the progress of a campaign leaves them out. They
-- are few, so a call of ours has no entry in either index. direction is set when a row is made, and never changed.
CREATE INDEX calls_inbound ON calls (direction, id) WHERE direction = 'inbound';
CREATE INDEX calls_inbound_campaign ON calls (campaign_id, direction, id) WHERE direction = 'inbound';

-- When each caller id was used last.
CREATE INDEX dial_intents_caller_id ON dial_intents (from_number, begun_at);
DROP INDEX dial_intents_begun;

-- +goose Down
CREATE INDEX dial_intents_begun ON dial_intents (begun_at, from_number);
DROP INDEX dial_intents_caller_id;
DROP INDEX calls_inbound_campaign;
DROP INDEX calls_inbound;
