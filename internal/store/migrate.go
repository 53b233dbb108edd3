package store

import (
	"context"
	"slices"

	"github.com/i-agent/iagent/internal/store/migrations"
)

// Migration is one step of the schema.
type Migration = migrations.Migration

// ErrNewerSchema says that a newer program has migrated the database.
var ErrNewerSchema = migrations.ErrNewerSchema

func (s *Store) schema() migrations.Database {
	return migrations.Database{Postgres: s.postgres, SQLite: s.SQLite()}
}

// MigrateUp brings the schema, ours and River's, to the newest version. It may be called by several processes at once. The
// error is ErrNewerSchema when a newer program has migrated the database.
func (s *Store) MigrateUp(ctx context.Context) error {
	err := s.schema().Up(ctx)
	if s.sqlite != nil {
		s.sqlite.log.clean() // a step may have erased something
	}
	return err
}

// MigrateDown takes the schema back by one of our versions; with the last one, River's tables go too.
func (s *Store) MigrateDown(ctx context.Context) error { return s.schema().Down(ctx) }

// MigrateStatus lists our steps, then River's.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	return s.schema().Status(ctx)
}

// Migrated reports whether no step is pending. The error is ErrNewerSchema when a newer program has migrated the database.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	list, err := s.MigrateStatus(ctx)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(list, func(step Migration) bool { return step.AppliedAt.IsZero() }), nil
}
