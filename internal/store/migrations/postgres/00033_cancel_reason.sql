-- +goose Up

-- Why a call was canceled, or is to be: CANCELED on request, STOPPED, or another word; '' for never.
ALTER TABLE calls ADD COLUMN cancel_reason TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE calls DROP COLUMN cancel_reason;
