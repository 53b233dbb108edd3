package store

import (
	"context"
	"strconv"
	"strings"
)

// Page asks for one part of a list. Lists are newest first.
type Page struct {
	// Limit is the most items wanted, at least 1.
	Limit int
	// After is the Next of the part before, "" for the first part.
	After string
}

// List is one part of a list.
type List[T any] struct {
	// Items is never nil.
	Items []T
	// Next is the Page.After of the part that follows, "" at the end. Rows that are added meanwhile come before the first
	// part, so nothing is skipped or repeated.
	Next string
}

// filter collects the conditions of a SELECT.
type filter struct {
	conditions []string
	args       []any
}

// equal keeps the rows whose column has the value; "" asks for nothing.
func (f *filter) equal(column, value string) {
	if value != "" {
		f.compare(column, "=", value)
	}
}

// equalWord is equal for a column with few values, of which some are rare. A word of letters is written into the statement:
// only then does the database see that a rare value is one, and that an index for the rare ones will do. Plans made for any
// value would walk the whole table for a value that hardly occurs.
func (f *filter) equalWord(column, value string) {
	if strings.ContainsFunc(value, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_') }) {
		f.equal(column, value)
	} else if value != "" {
		f.conditions = append(f.conditions, column+" = '"+value+"'")
	}
}

func (f *filter) compare(column, operator string, value any) {
	f.conditions = append(f.conditions, column+" "+operator+" "+f.arg(value))
}

// arg adds a value and returns its placeholder.
func (f *filter) arg(value any) string {
	f.args = append(f.args, value)
	return "$" + strconv.Itoa(len(f.args))
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}

// list reads one part of the rows of selection, which are ordered by the id column of table. One row more than wanted
// tells whether another part follows.
func list[T any](ctx context.Context, q querier, selection, table string, f filter, page Page,
	scan func(row) (T, error), id func(T) string) (List[T], error) {
	column := table + ".id"
	if page.After != "" {
		f.compare(column, "<", page.After)
	}
	limit := max(page.Limit, 1)
	where := f.where()
	statement := selection + where + " ORDER BY " + column + " DESC LIMIT " + f.arg(limit+1)
	out := List[T]{Items: []T{}}
	err := collect(ctx, q, func(r row) error {
		item, err := scan(r)
		out.Items = append(out.Items, item)
		return err
	}, statement, f.args...)
	if err != nil {
		return List[T]{}, err
	}
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = id(out.Items[limit-1])
	}
	return out, nil
}
