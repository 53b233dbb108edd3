package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// kind is the type of a column, as Postgres names it.
type kind string

const (
	textKind    kind = "text"
	bytesKind   kind = "bytea"
	integerKind kind = "integer"
	bigintKind  kind = "bigint"
	timeKind    kind = "timestamptz"
	boolKind    kind = "boolean"
	// plainTimeKind is the original application's type in webhook_dedup.
	plainTimeKind kind = "timestamp"
)

// bulk is a statement that writes any number of rows. SQLite gets a list of VALUES. Postgres gets a column each as one
// array, so that its statement is always the same: it is parsed and planned once, not for each number of rows. All but the
// first are read by subscript, since unnest would keep each of them in a store of its own, which costs more than the rows do.
type bulk struct {
	kinds []kind
	// What stands before and after the rows.
	prefix, suffix string

	postgres string
}

// newInsert is a statement that inserts rows; columns are "name kind", and suffix is ON CONFLICT, RETURNING.
func newInsert(table, suffix string, columns ...string) *bulk {
	names, kinds := columnsOf(columns)
	into := `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) `
	return &bulk{
		kinds: kinds, prefix: into + `VALUES `, suffix: ` ` + suffix,
		postgres: into + selectArrays(kinds) + ` ` + suffix,
	}
}

// newUpdate is a statement that updates the rows that have the values of the first column, which is the key.
func newUpdate(table string, columns ...string) *bulk {
	names, kinds := columnsOf(columns)
	var set []string
	for _, name := range names[1:] {
		set = append(set, name+` = new.`+name)
	}
	with := `WITH new (` + strings.Join(names, ", ") + `) AS (`
	update := `) UPDATE ` + table + ` SET ` + strings.Join(set, ", ") + ` FROM new WHERE ` + table + `.` + names[0] + ` = new.` + names[0]
	return &bulk{
		kinds: kinds, prefix: with + `VALUES `, suffix: update,
		postgres: with + selectArrays(kinds) + update,
	}
}

func columnsOf(columns []string) (names []string, kinds []kind) {
	for _, column := range columns {
		name, k, _ := strings.Cut(column, " ")
		names, kinds = append(names, name), append(kinds, kind(k))
	}
	return names, kinds
}

// selectArrays selects rows from an array for each column.
func selectArrays(kinds []kind) string {
	elements := []string{"first"}
	for i, k := range kinds[1:] {
		elements = append(elements, fmt.Sprintf("($%d::%s[])[i]", i+2, k))
	}
	return fmt.Sprintf("SELECT %s FROM unnest($1::%s[]) WITH ORDINALITY AS rows (first, i)", strings.Join(elements, ", "), kinds[0])
}

// statement renders the statement for rows, each a value for each column.
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
	return b.prefix + values(len(rows), len(b.kinds)) + b.suffix, args
}

// add adds the statement for rows to a batch, if there are any.
func (b *bulk) add(stmts *stmtBatch, doing string, rows [][]any) {
	if len(rows) > 0 {
		sql, args := b.statement(stmts.tx, rows)
		stmts.exec(doing, sql, args...)
	}
}

// array is one column of rows; nil is NULL. An array type of pgx's spares it to look into each with reflection.
func array(k kind, rows [][]any, column int) any {
	switch k {
	case bytesKind:
		return gather[[]byte](rows, column)
	case integerKind:
		return pointers[int](rows, column)
	case bigintKind:
		return pointers[int64](rows, column)
	case timeKind, plainTimeKind:
		return pointers[time.Time](rows, column)
	case boolKind:
		return gather[bool](rows, column)
	default:
		return gather[string](rows, column)
	}
}

func gather[T any](rows [][]any, column int) pgtype.FlatArray[T] {
	list := make(pgtype.FlatArray[T], len(rows))
	for i, row := range rows {
		list[i], _ = row[column].(T)
	}
	return list
}

// pointers takes values, pointers to values and nil.
func pointers[T any](rows [][]any, column int) pgtype.FlatArray[*T] {
	list := make(pgtype.FlatArray[*T], len(rows))
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
	return in(tx.store.dialect, column, first, list)
}

func in(d dialect, column string, first int, list []string) (condition string, args []any) {
	if d.name == postgresDialect.name {
		return column + " = ANY($" + strconv.Itoa(first) + ")", []any{list}
	}
	return column + " IN " + placeholders(first, len(list)), anys(list)
}
