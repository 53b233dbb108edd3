-- +goose Up

-- By what the consent was decided, how many live answers said something, which recordings were seen before the consent, and
-- when it was certain that Twilio has no recording of the call that must not be kept.
ALTER TABLE calls ADD COLUMN consent_by TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN early_recordings TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN cleared_at TIMESTAMPTZ;

UPDATE calls SET answers = (SELECT COUNT(*) FROM utterances WHERE utterances.call_id = calls.id AND utterances.recording_sid = '')
    WHERE answer_step > 0;
-- Of calls that are over already nothing more is expected, but for those whose person asked to be erased.
UPDATE calls SET answered_by = 'unknown' WHERE answered_by = ''
    AND status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') AND (started_at IS NOT NULL OR status = 'COMPLETED');
UPDATE calls SET cleared_at = updated_at WHERE erased_at IS NULL
    AND status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED');
INSERT INTO call_watch (call_id, next_at, checks, absences)
    SELECT id, updated_at, 0, 0 FROM calls WHERE erased_at IS NOT NULL AND twilio_sid <> ''
    ON CONFLICT (call_id) DO NOTHING;

-- What started the recording, in Twilio's words.
ALTER TABLE recordings ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE recordings DROP COLUMN source;
ALTER TABLE calls DROP COLUMN cleared_at;
ALTER TABLE calls DROP COLUMN early_recordings;
ALTER TABLE calls DROP COLUMN answers;
ALTER TABLE calls DROP COLUMN consent_by;
