-- +goose Up

-- Who calls, how, when and how often. calling_hours, holidays and attempts are JSON, '' for the defaults; 0 is no cap.
ALTER TABLE campaigns ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN callback_number TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN voice TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN calling_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN holidays TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN attempts TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN max_concurrent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN max_per_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN require_consent_basis BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE campaigns ADD COLUMN stop_when_decided BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE campaigns ADD COLUMN circuit_open_until TIMESTAMP;

-- A campaign that does not say who calls does not dial; simulated ones call nobody.
UPDATE campaigns SET status = 'PAUSED' WHERE status = 'ACTIVE' AND NOT simulated;
UPDATE campaigns SET organisation = 'Simulated Research', callback_number = '+15005550006', purpose = 'a simulation',
    calling_hours = '[{"days":"mon-sun","from":"00:00","to":"24:00"}]' WHERE simulated;

-- Whom campaigns want to reach. variables is a JSON object. next_at is when a waiting contact is looked at, NULL for the others.
CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    phone_number TEXT NOT NULL,
    external_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    language TEXT NOT NULL,
    variables TEXT NOT NULL,
    consent_basis TEXT NOT NULL,
    consent_at TIMESTAMP,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    next_at TIMESTAMP,
    attempts INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    caller_id TEXT NOT NULL,
    simulated BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX contacts_campaign ON contacts (campaign_id, id);
CREATE INDEX contacts_campaign_state ON contacts (campaign_id, state, id);
CREATE INDEX contacts_state ON contacts (state, id);
CREATE INDEX contacts_phone_number ON contacts (phone_number, id) WHERE phone_number <> '';
CREATE INDEX contacts_external_id ON contacts (external_id, id) WHERE external_id <> '';
CREATE INDEX contacts_due ON contacts (next_at) WHERE next_at IS NOT NULL;

-- Calls are attempts to reach a contact. direction is outbound or inbound. settled says that the contact knows how the call ended.
-- identity_said is what the call said of who is calling.
ALTER TABLE calls ADD COLUMN contact_id TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE calls ADD COLUMN direction TEXT NOT NULL DEFAULT 'outbound';
ALTER TABLE calls ADD COLUMN settled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN opted_out_at TIMESTAMP;
ALTER TABLE calls ADD COLUMN identity_said TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN identity_said_at TIMESTAMP;
ALTER TABLE calls ADD COLUMN stir_status TEXT NOT NULL DEFAULT '';

-- Each call of before was the only attempt of a contact, which has its id.
INSERT INTO contacts (id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, consent_at, state,
    reason, next_at, attempts, call_id, caller_id, simulated, created_at, updated_at)
SELECT calls.id, campaign_id, phone_number, '', '', '', '{}', '', NULL,
    CASE WHEN status = 'COMPLETED' THEN 'REACHED' WHEN ended_as = '' THEN 'CALLING'
        WHEN status = 'CANCELED' AND dialed_at IS NULL THEN 'REFUSED' ELSE 'EXHAUSTED' END,
    CASE WHEN status = 'CANCELED' AND dialed_at IS NULL THEN 'CANCELED' ELSE '' END, NULL,
    CASE WHEN dialed_at IS NULL THEN 0 ELSE 1 END, calls.id, COALESCE(dial_intents.from_number, ''), simulated, created_at, updated_at
FROM calls LEFT JOIN dial_intents ON dial_intents.call_id = calls.id;
UPDATE calls SET contact_id = id, settled = ended_as <> '';
CREATE INDEX calls_contact ON calls (contact_id, id) WHERE contact_id <> '';
CREATE INDEX calls_unsettled ON calls (id) WHERE ended_as <> '' AND NOT settled;

-- What the gate said when a call was dialled, and the last refusal of one that waits. facts and verdict are JSON.
CREATE TABLE dial_verdicts (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    at TIMESTAMP NOT NULL,
    refusal TEXT NOT NULL,
    verdict TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX dial_verdicts_call ON dial_verdicts (call_id, id);

-- Whoever writes an intent to dial, an entry of the do-not-call list or a stop holds this row until it commits.
CREATE TABLE gate (
    id INTEGER PRIMARY KEY,
    changed_at TIMESTAMP
);
INSERT INTO gate (id) VALUES (1);

-- number_hash is a keyed hash of the number; masked is for people. scope is 'all' or the id of a campaign.
CREATE TABLE do_not_call (
    id TEXT PRIMARY KEY,
    number_hash BLOB NOT NULL,
    masked TEXT NOT NULL,
    scope TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    call_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (number_hash, scope)
);
CREATE INDEX do_not_call_scope ON do_not_call (scope, id);
CREATE INDEX do_not_call_call ON do_not_call (call_id) WHERE call_id <> '';

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- A stop is in force until it is ended. hung_up_at is when all live calls were asked to end, where that is wanted.
CREATE TABLE stops (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    mode TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    hung_up_at TIMESTAMP,
    ended_at TIMESTAMP,
    ended_by TEXT NOT NULL
);
CREATE INDEX stops_in_force ON stops (scope) WHERE ended_at IS NULL;

-- +goose Down
DROP TABLE stops;
DROP TABLE secrets;
DROP TABLE do_not_call;
DROP TABLE gate;
DROP TABLE dial_verdicts;
DROP INDEX calls_unsettled;
DROP INDEX calls_contact;
ALTER TABLE calls DROP COLUMN stir_status;
ALTER TABLE calls DROP COLUMN identity_said_at;
ALTER TABLE calls DROP COLUMN identity_said;
ALTER TABLE calls DROP COLUMN opted_out_at;
ALTER TABLE calls DROP COLUMN settled;
ALTER TABLE calls DROP COLUMN direction;
ALTER TABLE calls DROP COLUMN attempt;
ALTER TABLE calls DROP COLUMN contact_id;
DROP TABLE contacts;
ALTER TABLE campaigns DROP COLUMN circuit_open_until;
ALTER TABLE campaigns DROP COLUMN stop_when_decided;
ALTER TABLE campaigns DROP COLUMN require_consent_basis;
ALTER TABLE campaigns DROP COLUMN max_per_day;
ALTER TABLE campaigns DROP COLUMN max_concurrent;
ALTER TABLE campaigns DROP COLUMN attempts;
ALTER TABLE campaigns DROP COLUMN holidays;
ALTER TABLE campaigns DROP COLUMN calling_hours;
ALTER TABLE campaigns DROP COLUMN region;
ALTER TABLE campaigns DROP COLUMN voice;
ALTER TABLE campaigns DROP COLUMN purpose;
ALTER TABLE campaigns DROP COLUMN callback_number;
ALTER TABLE campaigns DROP COLUMN organisation;
