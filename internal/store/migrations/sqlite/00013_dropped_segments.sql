-- +goose Up

-- What speech-to-text wrote down although nobody said it, and why it was not taken for speech.
CREATE TABLE dropped_segments (
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    recording_sid TEXT NOT NULL,
    position INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    start_sec REAL NOT NULL,
    end_sec REAL NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (call_id, recording_sid, position)
);

-- +goose Down
DROP TABLE dropped_segments;
