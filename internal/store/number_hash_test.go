package store

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestEveryProcessHashesANumberAlike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		hash := func(s *Store, number string, fails error) []byte {
			t.Helper()
			var hash []byte
			err := s.write(t.Context(), func(tx *Tx) (err error) {
				if _, err := tx.numberHash(t.Context(), number); err != nil {
					return err
				}
				if hash, err = tx.numberHash(t.Context(), number); err != nil {
					return err
				}
				return fails
			})
			if !errors.Is(err, fails) {
				t.Fatal(err)
			}
			return hash
		}
		open := func() *Store {
			s, err := Open(context.Background(), url, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		}
		one, two := open(), open()
		lost := hash(one, "+15550001111", errors.New("rolled back"))
		kept := hash(one, "+15550001111", nil)
		if bytes.Equal(lost, kept) {
			t.Error("a key that was rolled back is used")
		}
		for i, s := range []*Store{one, two, open()} {
			if !bytes.Equal(hash(s, "+15550001111", nil), kept) || bytes.Equal(hash(s, "+15550001112", nil), kept) {
				t.Errorf("process %d hashes otherwise", i)
			}
		}
	})
}
