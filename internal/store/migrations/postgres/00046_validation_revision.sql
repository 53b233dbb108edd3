-- +goose Up
-- A run of validate-claim judges all evidence that there is when it begins, also what was added after it was asked for.
-- validation_revision is the revision of which the last run was asked for, begun_revision the newest that a run has read, and
-- reduced_revision the one at which evidence was last erased.
ALTER TABLE hypotheses ADD COLUMN validation_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hypotheses ADD COLUMN begun_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hypotheses ADD COLUMN reduced_revision INTEGER NOT NULL DEFAULT 0;
UPDATE hypotheses SET validation_revision = evidence_revision, begun_revision = evidence_revision, reduced_revision = evidence_revision;

-- +goose Down
ALTER TABLE hypotheses DROP COLUMN reduced_revision;
ALTER TABLE hypotheses DROP COLUMN begun_revision;
ALTER TABLE hypotheses DROP COLUMN validation_revision;
