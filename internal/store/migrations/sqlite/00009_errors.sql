-- +goose Up

-- What a run is about: its call, or else its hypothesis.
ALTER TABLE function_runs ADD COLUMN subject TEXT
    GENERATED ALWAYS AS (COALESCE(args ->> 'callId', args ->> 'hypothesisId', '')) VIRTUAL;
CREATE INDEX function_runs_subject ON function_runs (subject);
-- When the first of the last attempts in a row failed for a service that is away.
ALTER TABLE function_runs ADD COLUMN failing_since TIMESTAMP;

-- What a service said when a run failed last. A model quotes what was said in the call, Twilio the number: last_error has the
-- class and the code only.
CREATE TABLE run_errors (
    run_id TEXT PRIMARY KEY REFERENCES function_runs (id) ON DELETE CASCADE,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    words TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX run_errors_call ON run_errors (call_id);

-- Earlier versions kept the words in last_error.
INSERT INTO run_errors (run_id, call_id, words, at)
    SELECT r.id, c.id, r.last_error, r.created_at FROM function_runs r JOIN calls c ON c.id = r.subject
    WHERE r.last_error <> '' AND c.erased_at IS NULL AND c.consent <> 'refused';
UPDATE function_runs SET last_error = 'error of an earlier version' WHERE last_error <> '';
-- So may an error of handling a webhook whose call was erased.
UPDATE webhook_events SET error = '' WHERE outcome = 'failed' AND error <> ''
    AND call_id IN (SELECT id FROM calls WHERE erased_at IS NOT NULL);

-- +goose Down
DROP TABLE run_errors;
ALTER TABLE function_runs DROP COLUMN failing_since;
DROP INDEX function_runs_subject;
ALTER TABLE function_runs DROP COLUMN subject;
