-- +goose Up

-- Calls with a rejected claim: most claims are not rejected, and have no entry. Whether one is, is set when its row is made, and never changed.
CREATE INDEX claims_rejected ON claims (call_id) WHERE rejected <> '';

-- +goose Down
DROP INDEX claims_rejected;
