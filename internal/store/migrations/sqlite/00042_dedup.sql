-- +goose Up

-- The ids are the table itself, not a table and an index beside it: each webhook writes one of them.
CREATE TABLE webhook_dedup_by_id (
    "id" TEXT NOT NULL PRIMARY KEY,
    "receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
INSERT INTO webhook_dedup_by_id ("id", "receivedAt") SELECT "id", "receivedAt" FROM webhook_dedup ORDER BY "id";
DROP TABLE webhook_dedup;
ALTER TABLE webhook_dedup_by_id RENAME TO webhook_dedup;

-- +goose Down
CREATE TABLE webhook_dedup_by_rowid (
    "id" TEXT NOT NULL PRIMARY KEY,
    "receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO webhook_dedup_by_rowid ("id", "receivedAt") SELECT "id", "receivedAt" FROM webhook_dedup ORDER BY "id";
DROP TABLE webhook_dedup;
ALTER TABLE webhook_dedup_by_rowid RENAME TO webhook_dedup;
