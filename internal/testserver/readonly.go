package testserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// MakeReadOnly leaves every session of a Postgres database read-only, those that are open being ended, as a failover that keeps
// its sockets does. Writable lets new sessions write again; the sessions that began meanwhile still cannot.
func MakeReadOnly(ctx context.Context, databaseURL string) (writable func(context.Context) error, err error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		// The parser's own error may quote the password.
		return nil, errors.New("making a database read-only: its URL is not of the form postgres://user:password@host:port/database")
	}
	config.RuntimeParams["default_transaction_read_only"] = "off"
	name := pgx.Identifier{config.Database}.Sanitize()
	run := func(ctx context.Context, statements ...string) (err error) {
		admin, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, admin.Close(context.WithoutCancel(ctx))) }()
		for _, statement := range statements {
			if _, err := admin.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}
	err = run(ctx, "ALTER DATABASE "+name+" SET default_transaction_read_only = on",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if err != nil {
		return nil, fmt.Errorf("making a database read-only: %w", err)
	}
	return func(ctx context.Context) error {
		if err := run(ctx, "ALTER DATABASE "+name+" RESET default_transaction_read_only"); err != nil {
			return fmt.Errorf("making a database writable again: %w", err)
		}
		return nil
	}, nil
}
