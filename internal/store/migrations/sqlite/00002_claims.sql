-- +goose Up

-- Counts the changes of a hypothesis' evidence, and says which of them was judged last.
ALTER TABLE hypotheses ADD COLUMN evidence_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hypotheses ADD COLUMN judged_revision INTEGER NOT NULL DEFAULT 0;

-- Set with the claims of the recording, also when there are none.
ALTER TABLE recordings ADD COLUMN extracted_at TIMESTAMP;

-- A rejected claim has its reason in rejected, and no hypothesis when the model named a foreign one.
CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    recording_sid TEXT NOT NULL,
    hypothesis_id TEXT REFERENCES hypotheses (id),
    field TEXT NOT NULL,
    value_number REAL,
    value_text TEXT NOT NULL,
    unit TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    geo_code TEXT NOT NULL,
    text TEXT NOT NULL,
    raw_text TEXT NOT NULL,
    start_sec REAL NOT NULL,
    end_sec REAL NOT NULL,
    confidence REAL NOT NULL,
    low_confidence BOOLEAN NOT NULL,
    supports BOOLEAN,
    validated BOOLEAN NOT NULL,
    contradicting BOOLEAN NOT NULL,
    rejected TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX claims_call ON claims (call_id, id);
CREATE INDEX claims_hypothesis ON claims (hypothesis_id, id);

-- Every verdict there ever was. A revision is judged once.
CREATE TABLE verdicts (
    id TEXT PRIMARY KEY,
    hypothesis_id TEXT NOT NULL REFERENCES hypotheses (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    consistency REAL NOT NULL,
    confidence REAL NOT NULL,
    claims INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (hypothesis_id, revision)
);

-- What a model answered when nobody could read it. call_id is '' for an answer that quotes no single call.
CREATE TABLE run_answers (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES function_runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    error TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX run_answers_run ON run_answers (run_id, id);
CREATE INDEX run_answers_call ON run_answers (call_id) WHERE call_id <> '';

-- +goose Down
DROP TABLE run_answers;
DROP TABLE verdicts;
DROP TABLE claims;
ALTER TABLE recordings DROP COLUMN extracted_at;
ALTER TABLE hypotheses DROP COLUMN judged_revision;
ALTER TABLE hypotheses DROP COLUMN evidence_revision;
