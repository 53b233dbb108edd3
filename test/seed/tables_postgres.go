package seed

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type postgresTables struct{ pool *pgxpool.Pool }

func (p postgresTables) list(ctx context.Context) (list []table, err error) {
	rows, err := p.pool.Query(ctx, `SELECT c.table_name, c.column_name FROM information_schema.columns c
		JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = current_schema() AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position`)
	if err != nil {
		return nil, err
	}
	var name, column string
	_, err = pgx.ForEachRow(rows, []any{&name, &column}, func() error {
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, table{name: name})
		}
		t := &list[len(list)-1]
		t.columns = append(t.columns, column)
		return nil
	})
	return list, err
}

func (p postgresTables) query(ctx context.Context, t table) (list [][]any, err error) {
	rows, err := p.pool.Query(ctx, "SELECT "+quoted(t.columns)+" FROM "+t.name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
}

func (p postgresTables) write(ctx context.Context, f func(insert func(table, func(func([]any) bool)) error) error) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		return f(func(t table, rows func(func([]any) bool)) error {
			next, stop := iter.Pull(iter.Seq[[]any](rows))
			defer stop()
			_, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
				row, _ := next()
				return row, nil
			}))
			return err
		})
	})
}

// analyze does what autovacuum does in time.
func (p postgresTables) analyze(ctx context.Context) error {
	_, err := p.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}
