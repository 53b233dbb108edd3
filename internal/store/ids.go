package store

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
)

// newIDs returns n ids that sort in the order of the slice, although all carry the same millisecond.
func newIDs(now time.Time, n int) ([]string, error) {
	entropy := ulid.Monotonic(rand.Reader, 0)
	ids := make([]string, n)
	for i := range ids {
		id, err := ulid.New(ulid.Timestamp(now), entropy)
		if err != nil {
			return nil, fmt.Errorf("making ids: %w", err)
		}
		ids[i] = id.String()
	}
	return ids, nil
}
