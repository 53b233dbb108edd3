-- +goose Up

-- How many calls and contacts a campaign has of each kind, which triggers keep: to count 100,000 entries of an index takes SQLite 150 ms for each
-- page of campaigns. Postgres counts them in 40 ms, and would have every webhook of a campaign wait for the same row.
-- n may be NULL by the schema, and the tables have rowids: a constraint that an upsert could break would have each UPDATE of a call keep a
-- journal of its own.
CREATE TABLE call_counts (campaign_id TEXT, ended_as TEXT, inbound INTEGER, consent TEXT, consent_by TEXT, n INTEGER,
    UNIQUE (campaign_id, ended_as, inbound, consent, consent_by));
CREATE TABLE contact_counts (campaign_id TEXT, state TEXT, n INTEGER, UNIQUE (campaign_id, state));

INSERT INTO call_counts (campaign_id, ended_as, inbound, consent, consent_by, n)
    SELECT campaign_id, ended_as, direction = 'inbound', consent, consent_by, COUNT(*) FROM calls GROUP BY 1, 2, 3, 4, 5;
INSERT INTO contact_counts (campaign_id, state, n) SELECT campaign_id, state, COUNT(*) FROM contacts GROUP BY 1, 2;

-- The triggers of how a call ended may run before or after these: each adds or takes away, whatever is there.

-- +goose StatementBegin
CREATE TRIGGER calls_made_counted AFTER INSERT ON calls
BEGIN
    INSERT INTO call_counts (campaign_id, ended_as, inbound, consent, consent_by, n)
        VALUES (new.campaign_id, new.ended_as, new.direction = 'inbound', new.consent, new.consent_by, 1)
        ON CONFLICT (campaign_id, ended_as, inbound, consent, consent_by) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER calls_changed_counted AFTER UPDATE OF campaign_id, ended_as, direction, consent, consent_by ON calls
WHEN new.ended_as <> old.ended_as OR new.consent <> old.consent OR new.consent_by <> old.consent_by OR new.campaign_id <> old.campaign_id OR new.direction <> old.direction
BEGIN
    INSERT INTO call_counts (campaign_id, ended_as, inbound, consent, consent_by, n)
        VALUES (old.campaign_id, old.ended_as, old.direction = 'inbound', old.consent, old.consent_by, -1)
        ON CONFLICT (campaign_id, ended_as, inbound, consent, consent_by) DO UPDATE SET n = n - 1;
    INSERT INTO call_counts (campaign_id, ended_as, inbound, consent, consent_by, n)
        VALUES (new.campaign_id, new.ended_as, new.direction = 'inbound', new.consent, new.consent_by, 1)
        ON CONFLICT (campaign_id, ended_as, inbound, consent, consent_by) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER calls_deleted_counted AFTER DELETE ON calls
BEGIN
    UPDATE call_counts SET n = n - 1 WHERE campaign_id = old.campaign_id AND ended_as = old.ended_as AND inbound = (old.direction = 'inbound')
        AND consent = old.consent AND consent_by = old.consent_by;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER contacts_made_counted AFTER INSERT ON contacts
BEGIN
    INSERT INTO contact_counts (campaign_id, state, n) VALUES (new.campaign_id, new.state, 1)
        ON CONFLICT (campaign_id, state) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER contacts_changed_counted AFTER UPDATE OF campaign_id, state ON contacts
WHEN new.state <> old.state OR new.campaign_id <> old.campaign_id
BEGIN
    UPDATE contact_counts SET n = n - 1 WHERE campaign_id = old.campaign_id AND state = old.state;
    INSERT INTO contact_counts (campaign_id, state, n) VALUES (new.campaign_id, new.state, 1)
        ON CONFLICT (campaign_id, state) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER contacts_deleted_counted AFTER DELETE ON contacts
BEGIN
    UPDATE contact_counts SET n = n - 1 WHERE campaign_id = old.campaign_id AND state = old.state;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER contacts_deleted_counted;
DROP TRIGGER contacts_changed_counted;
DROP TRIGGER contacts_made_counted;
DROP TRIGGER calls_deleted_counted;
DROP TRIGGER calls_changed_counted;
DROP TRIGGER calls_made_counted;
DROP TABLE contact_counts;
DROP TABLE call_counts;
