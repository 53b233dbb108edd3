-- +goose Up

-- An existing table of this shape keeps counting.
CREATE TABLE IF NOT EXISTS webhook_dedup (
    "id" TEXT NOT NULL PRIMARY KEY,
    "receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE campaigns (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    prompt_template TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE hypotheses (
    id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    position INTEGER NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (campaign_id, position)
);

-- Updated at every webhook: room on the page keeps the updates off the indexes.
CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    phone_number TEXT NOT NULL,
    twilio_sid TEXT NOT NULL,
    account_sid TEXT NOT NULL,
    status TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    consent TEXT NOT NULL,
    consent_attempts INTEGER NOT NULL,
    consent_at TIMESTAMPTZ,
    duration INTEGER,
    dialed_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    error_code INTEGER NOT NULL,
    error_message TEXT NOT NULL,
    transcript TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX calls_campaign ON calls (campaign_id, id);
CREATE UNIQUE INDEX calls_twilio_sid ON calls (twilio_sid) WHERE twilio_sid <> '';
CREATE INDEX calls_dialed ON calls (campaign_id, dialed_at) WHERE dialed_at IS NOT NULL;

-- What happened to a call outside of its webhooks: the dial intent and what became of it.
CREATE TABLE call_history (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX call_history_call ON call_history (call_id, id);

CREATE TABLE recordings (
    sid TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    status_rank INTEGER NOT NULL,
    url TEXT NOT NULL,
    duration INTEGER,
    channels INTEGER NOT NULL,
    started_at TIMESTAMPTZ,
    transcribed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX recordings_call ON recordings (call_id, sid);

CREATE TABLE utterances (
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    recording_sid TEXT NOT NULL,
    position INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    start_sec DOUBLE PRECISION NOT NULL,
    end_sec DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (call_id, recording_sid, position)
);

CREATE TABLE webhook_events (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    source TEXT NOT NULL,
    call_id TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    account_sid TEXT NOT NULL,
    target TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BYTEA,
    body_hash BYTEA NOT NULL,
    idempotency_token TEXT NOT NULL,
    reply_status INTEGER NOT NULL,
    reply_type TEXT NOT NULL,
    reply_body BYTEA,
    error TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    received_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX webhook_events_event ON webhook_events (event_id) WHERE outcome <> 'accepted';
CREATE INDEX webhook_events_rare ON webhook_events (outcome, id) WHERE outcome <> 'accepted';
CREATE INDEX webhook_events_call ON webhook_events (call_id, id);
CREATE UNIQUE INDEX webhook_events_accepted ON webhook_events (event_id) WHERE outcome = 'accepted';

-- The ledger: what "once" means for the functions.
CREATE TABLE function_runs (
    id TEXT PRIMARY KEY,
    function TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    args TEXT NOT NULL,
    cause TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    not_before TIMESTAMPTZ,
    heartbeat_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    UNIQUE (function, key)
);
CREATE INDEX function_runs_live ON function_runs (state, heartbeat_at) WHERE state IN ('waiting', 'running');

CREATE TABLE api_idempotency (
    key TEXT PRIMARY KEY,
    request_hash BYTEA NOT NULL,
    reply_status INTEGER NOT NULL,
    reply_body BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE api_idempotency;
DROP TABLE function_runs;
DROP TABLE webhook_events;
DROP TABLE utterances;
DROP TABLE recordings;
DROP TABLE call_history;
DROP TABLE calls;
DROP TABLE hypotheses;
DROP TABLE campaigns;
DROP TABLE IF EXISTS webhook_dedup;
