package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
)

var sqliteDialect = dialect{name: "sqlite3", batchers: 1, keepsCounts: true}

// sqliteDB is one file with a single writing connection, which River shares, and some that only read.
type sqliteDB struct {
	write, read *sql.DB
	// log is the write-ahead log beside the file.
	log *walCleaner
	// checkpoints copies it into the file.
	checkpoints *checkpointer
}

func (d *sqliteDB) close() {
	d.log.close()
	d.checkpoints.close()
	_ = d.read.Close()
	_ = d.write.Close()
}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	if path == "" {
		return errors.New("DATABASE_URL: sqlite: needs a path, as in sqlite:iagent.db")
	}
	if err := ownFiles(path); err != nil {
		return fmt.Errorf("opening SQLite file %s: %w", path, err)
	}
	common := url.Values{}
	common.Set("_time_format", "sqlite")
	common.Set("_timezone", "UTC")
	common.Set("_dqs", "false")
	common.Set("_journal_mode", "WAL")
	common.Set("_synchronous", "FULL")
	common.Set("_busy_timeout", "10000")
	common.Set("_foreign_keys", "on")
	common.Set("_pragma", "secure_delete(1)") // what is erased is also gone from the file
	checkpoints := &checkpointer{}
	write, err := openKeeping(path+"?"+common.Encode()+"&_txlock=immediate&_pragma=wal_autocheckpoint("+strconv.Itoa(walBound)+")", checkpoints.wrote)
	if err != nil {
		return fmt.Errorf("opening SQLite: %w", err)
	}
	write.SetMaxOpenConns(1)
	checkpoints.log = newWALCleaner(path, write)
	// WAL mode is written into the file by the first connection; a reader that came first would fail.
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return fmt.Errorf("opening SQLite file %s: %w", path, err)
	}
	read, err := openKeeping(path+"?"+common.Encode()+"&_query_only=true", nil)
	if err != nil {
		_ = write.Close()
		return fmt.Errorf("opening SQLite: %w", err)
	}
	read.SetMaxOpenConns(8)
	db := &sqliteDB{write: write, read: read, log: checkpoints.log, checkpoints: checkpoints}
	client, err := river.NewClient(riversqlite.New(write), &river.Config{})
	if err != nil {
		db.close()
		return fmt.Errorf("opening River: %w", err)
	}
	s.sqlite, s.dialect, s.inserter = db, sqliteDialect, sqliteInserter{client}
	// A process that was killed may have left in the log what it had erased.
	<-db.log.clean().tried
	return nil
}

// openKeeping opens a file whose connections keep the statements that they have prepared.
func openKeeping(dsn string, wrote func(pages int)) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(sqliteConnector{connector, wrote}), nil
}

func (s *Store) writeSQLite(ctx context.Context, f func(tx *Tx) error) error {
	var begun *sql.Tx
	err := s.around(func() (err error) {
		begun, err = s.sqlite.write.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		if begun != nil {
			_ = begun.Rollback()
		}
		return fmt.Errorf("beginning: %w", err)
	}
	defer func() { _ = begun.Rollback() }()
	tx := s.newTx(ctx, sqlQuerier{begun})
	tx.sql = begun
	if err := f(tx); err != nil {
		return err
	}
	err = s.span(ctx, func(context.Context) error { return s.around(func() error { return begun.Commit() }) }, "COMMIT")
	if err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	tx.committed()
	if tx.erases {
		s.sqlite.log.clean()
	}
	return nil
}

// sqliteInserter enqueues in the transaction of database/sql.
type sqliteInserter struct{ client *river.Client[*sql.Tx] }

func (i sqliteInserter) insert(ctx context.Context, tx *Tx, runs []enqueued) error {
	_, err := i.client.InsertManyFastTx(ctx, tx.sql, insertParams(runs))
	return err
}

// unwritable says that the file of a database could not be written: it is read-only, damaged, locked or away, or the disk is full.
func unwritable(err error) bool {
	var code interface{ Code() int }
	if !errors.As(err, &code) {
		return false
	}
	switch code.Code() & 0xff {
	case 5, 8, 10, 11, 13, 14, 26: // BUSY, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
		return true
	}
	return false
}
