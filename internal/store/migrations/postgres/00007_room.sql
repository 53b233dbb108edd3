-- +goose Up

-- A duplicate is counted in its event's row: room on the page keeps that off the indexes.
ALTER TABLE webhook_events SET (fillfactor = 80);

-- +goose Down
ALTER TABLE webhook_events RESET (fillfactor);
