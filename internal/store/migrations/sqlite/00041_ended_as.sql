-- +goose Up

-- How a call ended is a column of its own, which triggers keep. A generated column counts as changed whenever the status does: each webhook
-- that changed the status took a call out of three indexes and put it in again, with what it had been. The index of a campaign's calls
-- had the status itself, since SQLite reads the row for a generated column.
DROP INDEX calls_ended_as;
DROP INDEX calls_unsettled;
DROP INDEX calls_under_way;
DROP INDEX calls_campaign_end;
ALTER TABLE calls DROP COLUMN ended_as;
ALTER TABLE calls ADD COLUMN ended_as TEXT NOT NULL DEFAULT '';
UPDATE calls SET ended_as = status WHERE status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED');
CREATE INDEX calls_ended_as ON calls (ended_as, id);
CREATE INDEX calls_unsettled ON calls (id) WHERE ended_as <> '' AND NOT settled;
CREATE INDEX calls_under_way ON calls (campaign_id) WHERE ended_as = '' AND dialed_at IS NOT NULL;
CREATE INDEX calls_campaign_end ON calls (campaign_id, ended_as, id, consent, consent_by);

-- +goose StatementBegin
CREATE TRIGGER calls_ended AFTER UPDATE OF status ON calls
WHEN new.ended_as <> CASE WHEN new.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN new.status ELSE '' END
BEGIN
    UPDATE calls SET ended_as = CASE WHEN new.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN new.status ELSE '' END
        WHERE rowid = new.rowid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER calls_made_ended AFTER INSERT ON calls
WHEN new.ended_as <> CASE WHEN new.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN new.status ELSE '' END
BEGIN
    UPDATE calls SET ended_as = CASE WHEN new.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN new.status ELSE '' END
        WHERE rowid = new.rowid;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER calls_made_ended;
DROP TRIGGER calls_ended;
DROP INDEX calls_ended_as;
DROP INDEX calls_unsettled;
DROP INDEX calls_under_way;
DROP INDEX calls_campaign_end;
ALTER TABLE calls DROP COLUMN ended_as;
ALTER TABLE calls ADD COLUMN ended_as TEXT NOT NULL GENERATED ALWAYS AS
    (CASE WHEN status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN status ELSE '' END) VIRTUAL;
CREATE INDEX calls_ended_as ON calls (ended_as, id);
CREATE INDEX calls_unsettled ON calls (id) WHERE ended_as <> '' AND NOT settled;
CREATE INDEX calls_under_way ON calls (campaign_id) WHERE ended_as = '' AND dialed_at IS NOT NULL;
CREATE INDEX calls_campaign_end ON calls (campaign_id, status, consent, consent_by);
