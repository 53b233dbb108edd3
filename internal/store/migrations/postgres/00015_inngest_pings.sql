-- +goose Up

-- A ping is an event that starts a function which only notes that it was called: by it the processes behind one URL learn
-- that Inngest calls their functions.
CREATE TABLE inngest_pings (
    id TEXT PRIMARY KEY,
    sent_at TIMESTAMPTZ NOT NULL,
    heard_at TIMESTAMPTZ
);

-- When the event of a run was sent last: it is sent again if Inngest was found since to have known nothing of the functions.
ALTER TABLE function_runs ADD COLUMN event_sent_at TIMESTAMPTZ;

-- +goose Down
ALTER TABLE function_runs DROP COLUMN event_sent_at;
DROP TABLE inngest_pings;
