package seed

import (
	"context"
	"database/sql"
	"iter"
	"strings"
)

type sqliteTables struct{ db *sql.DB }

func (s sqliteTables) list(ctx context.Context) (list []table, err error) {
	// Generated columns are hidden ones.
	rows, err := s.db.QueryContext(ctx, `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
		WHERE m.type = 'table' AND c.hidden = 0 ORDER BY m.name, c.cid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, column string
		if err := rows.Scan(&name, &column); err != nil {
			return nil, err
		}
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, table{name: name})
		}
		t := &list[len(list)-1]
		t.columns = append(t.columns, column)
	}
	return list, rows.Err()
}

func (s sqliteTables) query(ctx context.Context, t table) (list [][]any, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+quoted(t.columns)+" FROM "+t.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]any, len(t.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func (s sqliteTables) write(ctx context.Context, f func(insert func(table, func(func([]any) bool)) error) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	err = f(func(t table, rows func(func([]any) bool)) error { return insertAll(ctx, tx, t, rows) })
	if err != nil {
		return err
	}
	return tx.Commit()
}

func insertAll(ctx context.Context, tx *sql.Tx, t table, rows func(func([]any) bool)) error {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+t.name+" ("+quoted(t.columns)+") VALUES ("+strings.Repeat("?, ", len(t.columns)-1)+"?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	next, stop := iter.Pull(iter.Seq[[]any](rows))
	defer stop()
	for row, ok := next(); ok; row, ok = next() {
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

// analyze does nothing: the program makes the statistics that it has.
func (s sqliteTables) analyze(context.Context) error { return nil }

func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }
