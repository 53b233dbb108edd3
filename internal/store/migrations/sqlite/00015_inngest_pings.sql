-- +goose Up

-- A ping is an event that starts a function which only notes that it was called: by it the processes behind one URL learn
-- that Inngest calls their functions.
CREATE TABLE inngest_pings (
    id TEXT PRIMARY KEY,
    sent_at TIMESTAMP NOT NULL,
    heard_at TIMESTAMP
);

-- +goose Down
DROP TABLE inngest_pings;
