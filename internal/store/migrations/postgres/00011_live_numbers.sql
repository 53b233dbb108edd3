-- +goose Up

-- The number of a call while it is not over: no two calls have one. '' for a call that is over, and for the later ones of
-- calls to one number that an older version let in: they wait until the number is free.
ALTER TABLE calls ADD COLUMN live_number TEXT NOT NULL DEFAULT '';
-- When somebody asked for the call to be ended.
ALTER TABLE calls ADD COLUMN cancel_requested_at TIMESTAMPTZ;

UPDATE calls SET live_number = phone_number WHERE id IN (
    SELECT id FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY phone_number ORDER BY CASE WHEN dialed_at IS NULL THEN 1 ELSE 0 END, id) AS place
        FROM calls
        WHERE phone_number <> '' AND status NOT IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')
    ) AS ranked
    WHERE place = 1
);
CREATE UNIQUE INDEX calls_live_number ON calls (live_number) WHERE live_number <> '';
-- Who was called already, by which campaign.
CREATE INDEX calls_phone_number ON calls (phone_number, campaign_id) WHERE phone_number <> '';

-- +goose Down
DROP INDEX calls_phone_number;
DROP INDEX calls_live_number;
ALTER TABLE calls DROP COLUMN cancel_requested_at;
ALTER TABLE calls DROP COLUMN live_number;
