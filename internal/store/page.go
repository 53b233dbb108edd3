package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
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
	// anyOf are further conditions of which one must hold. Each of them has an index of its own; see list.
	anyOf []string
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

// contains keeps the rows whose column contains the text, in upper or lower case; "" asks for nothing. Rows in which the
// column is empty are not looked at: there is an index of the others.
func (f *filter) contains(column, text string) {
	if text == "" {
		return
	}
	pattern := "%" + likeLiteral.Replace(strings.ToLower(text)) + "%"
	f.conditions = append(f.conditions, column+" <> ''", "lower("+column+") LIKE "+f.arg(pattern)+` ESCAPE '\'`)
}

var likeLiteral = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// between keeps the rows that were created in a time, by a column with that moment. Their ids begin with it, within slack:
// so the database reads those rows alone.
func (f *filter) between(table, column string, since, until time.Time, slack time.Duration) {
	if !since.IsZero() {
		f.compare(table+".id", ">=", firstID(since.Add(-slack)))
		f.compare(table+"."+column, ">=", since.UTC())
	}
	f.before(table, column, until, slack)
}

// before is between without a beginning.
func (f *filter) before(table, column string, until time.Time, slack time.Duration) {
	if !until.IsZero() {
		f.compare(table+".id", "<", firstID(until.Add(slack+time.Millisecond)))
		f.compare(table+"."+column, "<", until.UTC())
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

// nearestOf is the condition for the rows that come first in an order with its limit.
func (f *filter) nearestOf(table, nearest string) string {
	if len(f.anyOf) == 0 {
		return f.where()
	}
	return " WHERE " + table + ".id IN (" + f.newestOfAny(table, nearest) + ")"
}

// newestOfAny selects the ids of the newest rows of each condition of anyOf.
func (f *filter) newestOfAny(table, newest string) string {
	parts := make([]string, len(f.anyOf))
	for i, condition := range f.anyOf {
		one := filter{conditions: append(slices.Clone(f.conditions), condition)}
		parts[i] = "SELECT id FROM (SELECT " + table + ".id FROM " + table + one.where() + newest + ") AS part" + strconv.Itoa(i)
	}
	return strings.Join(parts, " UNION ")
}

// list reads one part of the rows of selection, which are ordered by the id column of table. One row more than wanted
// tells whether another part follows.
//
// With filter.anyOf the newest rows of each condition are looked up by themselves and joined: one condition with OR would have
// the database sort all rows that fulfil it, or walk through all that do not.
func list[T any](ctx context.Context, q querier, selection, table string, f filter, page Page,
	scan func(row) (T, error), id func(T) string) (List[T], error) {
	column := table + ".id"
	if page.After != "" {
		f.compare(column, "<", page.After)
	}
	limit := max(page.Limit, 1)
	newest := " ORDER BY " + column + " DESC LIMIT " + f.arg(limit+1)
	statement := selection + f.nearestOf(table, newest) + newest
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
