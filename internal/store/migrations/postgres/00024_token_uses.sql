-- +goose Up

-- When each auth token of Twilio was used, by a fingerprint that does not tell the token: for signing a webhook, or for a REST
-- request that Twilio accepted. It outlives a restart, in which the secondary token may have become the primary one.
CREATE TABLE token_uses (
    fingerprint TEXT NOT NULL,
    used_for TEXT NOT NULL,
    account TEXT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (fingerprint, used_for)
);

-- +goose Down
DROP TABLE token_uses;
