package store

import (
	"fmt"
	"strings"
	"time"
)

// kind is the type of a column, as Postgres names it.
type kind string

const (
	textKind    kind = "text"
	bytesKind   kind = "bytea"
	integerKind kind = "integer"
	timeKind    kind = "timestamptz"
	// plainTimeKind is the original application's type in webhook_dedup.
	plainTimeKind kind = "timestamp"
)

// bulk is a statement that inserts any number of rows. SQLite gets a list of VALUES. Postgres gets a column each as one
// array, so that its statement is always the same: it is parsed and planned once, not for each number of rows.
type bulk struct {
	into   string // table and columns
	kinds  []kind
	suffix string // ON CONFLICT, RETURNING

	postgres string
}

// newBulk makes the statement; columns are "name kind".
func newBulk(table, suffix string, columns ...string) *bulk {
	b := &bulk{suffix: suffix}
	var names, arrays []string
	for i, column := range columns {
		name, k, _ := strings.Cut(column, " ")
		names, b.kinds = append(names, name), append(b.kinds, kind(k))
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, k))
	}
	b.into = `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `)`
	// SQLite needs the WHERE to tell ON CONFLICT from a join; Postgres does not mind.
	b.postgres = b.into + ` SELECT * FROM unnest(` + strings.Join(arrays, ", ") + `) WHERE TRUE ` + suffix
	return b
}

// statement renders the insert of rows, each a value for each column.
func (b *bulk) statement(tx *Tx, rows [][]any) (sql string, args []any) {
	if tx.pgx != nil {
		args = make([]any, len(b.kinds))
		for i, k := range b.kinds {
			args[i] = array(k, rows, i)
		}
		return b.postgres, args
	}
	args = make([]any, 0, len(b.kinds)*len(rows))
	for _, row := range rows {
		args = append(args, row...)
	}
	return b.into + ` VALUES ` + values(len(rows), len(b.kinds)) + ` ` + b.suffix, args
}

// add adds the insert of rows to a trip, if there are any.
func (b *bulk) add(t *trip, doing string, rows [][]any) {
	if len(rows) > 0 {
		sql, args := b.statement(t.tx, rows)
		t.exec(doing, sql, args...)
	}
}

// array is one column of rows as a slice that pgx knows; nil is NULL.
func array(k kind, rows [][]any, column int) any {
	switch k {
	case bytesKind:
		return gather[[]byte](rows, column)
	case integerKind:
		return pointers[int](rows, column)
	case timeKind, plainTimeKind:
		return pointers[time.Time](rows, column)
	default:
		return gather[string](rows, column)
	}
}

func gather[T any](rows [][]any, column int) []T {
	list := make([]T, len(rows))
	for i, row := range rows {
		list[i], _ = row[column].(T)
	}
	return list
}

// pointers takes values, pointers to values and nil.
func pointers[T any](rows [][]any, column int) []*T {
	list := make([]*T, len(rows))
	for i, row := range rows {
		switch v := row[column].(type) {
		case T:
			list[i] = &v
		case *T:
			list[i] = v
		}
	}
	return list
}

// in is the condition that a column is one of a list, whose arguments begin at $first.
func (tx *Tx) in(column string, first int, list []string) (condition string, args []any) {
	if tx.pgx != nil {
		return fmt.Sprintf("%s = ANY($%d)", column, first), []any{list}
	}
	return column + " IN " + placeholders(first, len(list)), anys(list)
}
