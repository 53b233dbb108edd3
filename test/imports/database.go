package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/testserver"
)

// databases makes empty databases, of a folder and of one PostgreSQL server.
type databases struct {
	folder string
	made   int
	// admin is the server's URL: of TEST_DATABASE_URL, or of own.
	admin string
	own   *testserver.Postgres
	names []string
}

func (d *databases) create(ctx context.Context, kind string) (string, error) {
	d.made++
	if kind == "sqlite" {
		return "sqlite:" + filepath.Join(d.folder, fmt.Sprintf("%d.db", d.made)), nil
	}
	if d.admin == "" {
		d.admin = os.Getenv("TEST_DATABASE_URL")
	}
	if d.admin == "" {
		own, err := testserver.StartPostgres(ctx, testserver.Options{Fsync: true})
		if err != nil {
			return "", err
		}
		d.own, d.admin = own, own.URL()
	}
	name := fmt.Sprintf("iagent_imports_%d_%d", os.Getpid(), d.made)
	if err := d.do(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	d.names = append(d.names, name)
	u, err := url.Parse(d.admin)
	if err != nil {
		return "", fmt.Errorf("TEST_DATABASE_URL is no URL of a database")
	}
	u.Path = "/" + name
	return u.String(), nil
}

func (d *databases) do(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

func (d *databases) close() {
	if d.own != nil {
		_ = d.own.Close()
		return
	}
	for _, name := range d.names {
		if err := d.do(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(os.Stderr, "imports:", err)
		}
	}
}
