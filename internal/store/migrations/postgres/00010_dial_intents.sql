-- +goose Up

-- The intent to dial a call that stands, or stood last: with what it is dialled, and until when. Whoever looks for the
-- call at Twilio later goes by it, not by what is configured then.
CREATE TABLE dial_intents (
    call_id TEXT PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    from_number TEXT NOT NULL,
    account_sid TEXT NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    deadline TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ
);

-- The accounts for which Twilio refuses to place any call. While a row is there, their calls wait. next_probe_at is when
-- some process asks Twilio again; trial is 1 when one call may be dialled to see, and trial_run is the run that does.
CREATE TABLE dialing_pauses (
    account_sid TEXT PRIMARY KEY,
    since TIMESTAMPTZ NOT NULL,
    http_status INTEGER NOT NULL,
    error_code INTEGER NOT NULL,
    probes INTEGER NOT NULL,
    probe_refused INTEGER NOT NULL,
    next_probe_at TIMESTAMPTZ NOT NULL,
    trial INTEGER NOT NULL,
    trial_run TEXT NOT NULL
);

-- +goose Down
DROP TABLE dialing_pauses;
DROP TABLE dial_intents;
