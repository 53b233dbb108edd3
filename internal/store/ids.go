package store

import (
	"crypto/rand"

	"github.com/oklog/ulid/v2"
)

// newID returns an id of 26 characters that sorts by time, and within a transaction by order.
func (tx *Tx) newID() string {
	id, err := ulid.New(ulid.Timestamp(tx.Now), tx.entropy)
	if err != nil { // the counter of this millisecond is at its end, once in 2^80
		return ulid.MustNew(ulid.Timestamp(tx.Now), rand.Reader).String()
	}
	return id.String()
}

// newIDs returns n ids that sort in the order of the slice.
func (tx *Tx) newIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = tx.newID()
	}
	return ids
}
