-- +goose Up

-- The one row says until when Inngest may have known nothing of the functions: an event whose sending began before that time
-- may have been taken and forgotten. It is NULL until the functions are first registered.
CREATE TABLE inngest_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    events_lost_before TIMESTAMP
);
INSERT INTO inngest_state (id) VALUES (1);

-- +goose Down
DROP TABLE inngest_state;
