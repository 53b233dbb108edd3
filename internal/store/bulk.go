package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// bulk is a statement that writes any number of rows. Postgres gets a column each as one array, so that its statement is always the
// same: it is parsed and planned once, not for each number of rows. All but the first are read by subscript, since unnest would keep
// each of them in a store of its own, which costs more than the rows do. SQLite, to which a round trip costs nothing, gets a
// statement for each row: it is prepared once, too, and needs no journal of its own, as a statement does that may fail after its
// first row.
type bulk struct {
	kinds            []kind
	postgres, sqlite string
	// returning is the key, which Postgres returns of each row that is new.
	returning string
	// update says that it is an UPDATE, which has the key behind the other values.
	update bool
}

// newInsert is a statement that inserts rows; columns are "name kind", and conflict is ON CONFLICT DO NOTHING or "".
func newInsert(table, conflict string, columns ...string) *bulk {
	names, kinds := columnsOf(columns)
	into := `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) `
	return &bulk{
		kinds: kinds, returning: ` RETURNING ` + names[0],
		postgres: into + selectArrays(kinds) + ` ` + conflict,
		sqlite:   into + `VALUES ` + placeholders(1, len(names)) + ` ` + conflict,
	}
}

// newUpdate is a statement that updates the rows that have the values of the first column, which is the key.
func newUpdate(table string, columns ...string) *bulk {
	names, kinds := columnsOf(columns)
	var many, one []string
	for i, name := range names[1:] {
		many = append(many, name+` = new.`+name)
		one = append(one, name+` = $`+strconv.Itoa(i+1))
	}
	return &bulk{
		kinds: kinds, update: true,
		postgres: `WITH new (` + strings.Join(names, ", ") + `) AS (` + selectArrays(kinds) + `) UPDATE ` + table + ` SET ` +
			strings.Join(many, ", ") + ` FROM new WHERE ` + table + `.` + names[0] + ` = new.` + names[0],
		// OR FAIL: one row is written or not, so a trigger needs no journal of the statement either.
		sqlite: `UPDATE OR FAIL ` + table + ` SET ` + strings.Join(one, ", ") + ` WHERE ` + names[0] + ` = $` + strconv.Itoa(len(names)),
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

// add adds the statement for rows, each a value for each column, to a batch, if there are any.
func (b *bulk) add(stmts *stmtBatch, doing string, rows [][]any) { b.addNew(stmts, doing, rows, nil) }

// addNew does the same, and inserted is called with the key of each row that was not there before, once the batch runs. The key is a
// text.
func (b *bulk) addNew(stmts *stmtBatch, doing string, rows [][]any, inserted func(key string)) {
	if len(rows) == 0 {
		return
	}
	if stmts.tx.pgx == nil {
		var wrote func(row []any)
		if inserted != nil {
			wrote = func(row []any) { inserted(row[0].(string)) }
		}
		stmts.eachRow(doing, b.sqlite, b.ordered(rows), wrote)
		return
	}
	args := make([]any, len(b.kinds))
	for i, k := range b.kinds {
		args[i] = column{k, rows, i}
	}
	if inserted == nil {
		stmts.exec(doing, b.postgres, args...)
		return
	}
	stmts.query(doing, func(r row) error {
		var key string
		err := r.Scan(&key)
		inserted(key)
		return err
	}, b.postgres+b.returning, args...)
}

// ordered are rows with their values in the order of the statement for one.
func (b *bulk) ordered(rows [][]any) [][]any {
	if !b.update {
		return rows
	}
	turned := make([][]any, len(rows))
	for i, row := range rows {
		turned[i] = append(slices.Clone(row[1:]), row[0])
	}
	return turned
}

// in is the condition that a column is one of a list, whose arguments begin at $first.
func (tx *Tx) in(column string, first int, list []string) (condition string, args []any) {
	return in(tx.store.dialect, column, first, list)
}

func in(d dialect, column string, first int, list []string) (condition string, args []any) {
	if d.name == postgresDialect.name {
		return column + " = ANY($" + strconv.Itoa(first) + ")", []any{list}
	}
	if len(list) == 1 {
		return column + " IN ($" + strconv.Itoa(first) + ")", []any{list[0]}
	}
	return column + " IN (SELECT value FROM json_each($" + strconv.Itoa(first) + "))", []any{jsonArray(list)}
}

// jsonArray is a list for a statement of SQLite, which has no arrays: its text is the same for lists of any length. Nor does its plan
// depend on the values: with statistics, SQLite would plan it anew for each list.
func jsonArray(list []string) string {
	text, _ := json.Marshal(list) // strings cannot fail
	return string(text)
}
