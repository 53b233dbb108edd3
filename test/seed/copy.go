package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// tables is a database whose rows are read and written whatever they mean.
type tables interface {
	// list returns the tables, and query the rows of one.
	list(ctx context.Context) ([]table, error)
	query(ctx context.Context, t table) ([][]any, error)
	// write calls f, which inserts rows by calling insert, and commits them.
	write(ctx context.Context, f func(insert func(t table, rows func(yield func([]any) bool)) error) error) error
	// analyze has the statistics made that a database has which grew slowly.
	analyze(ctx context.Context) error
}

// copyAll makes the copies of all templates.
//
// shared are ids that calls name and do not own.
func copyAll(ctx context.Context, p *program, templates []*template, shared []string) error {
	var db tables = sqliteTables{p.store.SQLite()}
	if pool := p.store.Postgres(); pool != nil {
		db = postgresTables{pool}
	}
	list, err := db.list(ctx)
	if err != nil {
		return fmt.Errorf("listing the tables: %w", err)
	}
	// What others refer to comes first.
	order := []string{"function_runs", "calls", "contacts"}
	slices.SortStableFunc(list, func(a, b table) int { return slices.Index(order, b.name) - slices.Index(order, a.name) })
	if err := learnAll(ctx, db, list, templates, shared); err != nil {
		return err
	}
	for _, t := range templates {
		first := p.numbers + 1
		p.numbers += t.copies
		err := db.write(ctx, func(insert func(table, func(func([]any) bool)) error) error {
			for _, table := range list {
				rows := t.rows[table.name]
				if len(rows) == 0 || t.copies == 0 {
					continue
				}
				err := insert(table, func(yield func([]any) bool) {
					for n := range t.copies {
						for _, row := range rows {
							if !yield(t.copied(row, n+1, first+n)) {
								return
							}
						}
					}
				})
				if err != nil {
					return fmt.Errorf("copying %s: %w", table.name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return db.analyze(ctx)
}

// learnAll gives the templates their rows. They are all that there is so far.
func learnAll(ctx context.Context, db tables, list []table, templates []*template, shared []string) error {
	found := map[*template]map[string][][]any{}
	for _, t := range templates {
		found[t] = map[string][][]any{}
	}
	for _, table := range list {
		if strings.HasPrefix(table.name, "river_") || strings.HasPrefix(table.name, "goose_") || strings.HasPrefix(table.name, "sqlite_") {
			continue
		}
		rows, err := db.query(ctx, table)
		if err != nil {
			return fmt.Errorf("reading %s: %w", table.name, err)
		}
		for _, row := range rows {
			for _, t := range templates {
				if t.owns(row) {
					found[t][table.name] = append(found[t][table.name], row)
				}
			}
		}
	}
	others := map[string]bool{}
	for _, id := range shared {
		others[id] = true
	}
	for _, t := range templates {
		t.learn(found[t], others)
		t.rows = map[string][]templateRow{}
		for _, table := range list {
			t.keep(table, found[t][table.name])
		}
	}
	return nil
}
