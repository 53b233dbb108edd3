-- +goose Up

-- Calls that came in, of all campaigns and of one: they are listed by themselves, and the progress of a campaign leaves them out. They
-- are few, so a call of ours has no entry in either index. direction is set when a row is made, and never changed.
CREATE INDEX calls_inbound ON calls (direction, id) WHERE direction = 'inbound';
CREATE INDEX calls_inbound_campaign ON calls (campaign_id, direction, id) WHERE direction = 'inbound';

-- +goose Down
DROP INDEX calls_inbound_campaign;
DROP INDEX calls_inbound;
