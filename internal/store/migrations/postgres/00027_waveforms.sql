-- +goose Up

-- What a recording looks like, measured once by the worker that transcribes it. peaks holds points bytes for each of channels,
-- one channel after the other: the square root of the loudest sample of each part of the time, 255 for full scale.
CREATE TABLE waveforms (
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    recording_sid TEXT NOT NULL,
    format TEXT NOT NULL,
    size BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    channels INTEGER NOT NULL,
    points INTEGER NOT NULL,
    peaks BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (call_id, recording_sid)
);

-- The channel on which it was said, from 1; 0 when nobody knows.
ALTER TABLE utterances ADD COLUMN channel INTEGER NOT NULL DEFAULT 0;

-- The model that proposed the claim, '' when nobody noted it.
ALTER TABLE claims ADD COLUMN model TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE claims DROP COLUMN model;
ALTER TABLE utterances DROP COLUMN channel;
DROP TABLE waveforms;
