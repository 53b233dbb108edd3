-- +goose Up

-- pause or gather.
ALTER TABLE campaigns ADD COLUMN answer_mode TEXT NOT NULL DEFAULT 'pause';

-- Who picked up, the last question answered live, and when the personal data of the call was erased on request.
ALTER TABLE calls ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN answer_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN erased_at TIMESTAMPTZ;

-- Who asked for personal data to be erased, and how much that was.
CREATE TABLE erasures (
    call_id TEXT PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL,
    requested_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    recordings INTEGER NOT NULL,
    utterances INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    webhooks INTEGER NOT NULL
);

-- +goose Down
DROP TABLE erasures;
ALTER TABLE calls DROP COLUMN erased_at;
ALTER TABLE calls DROP COLUMN answer_step;
ALTER TABLE calls DROP COLUMN answered_by;
ALTER TABLE campaigns DROP COLUMN answer_mode;
