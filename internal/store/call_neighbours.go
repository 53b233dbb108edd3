package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CallNeighbours are the ids of the calls that come before and after one in a list, "" where there is none. The call itself need
// not be in the list.
type CallNeighbours struct{ Newer, Older string }

// CallNeighbours finds what a list shows beside a call.
func (s *Store) CallNeighbours(ctx context.Context, by CallFilter, id string) (CallNeighbours, error) {
	var n CallNeighbours
	switch {
	case by.Disposition != "":
		return s.decidedNeighbours(ctx, by, id)
	case by.byDue():
		return s.dueNeighbours(ctx, by, id)
	}
	for _, side := range []struct {
		operator, order string
		into            *string
	}{{">", "", &n.Newer}, {"<", " DESC", &n.Older}} {
		f := by.conditionsBeside(side.operator, id)
		f.compare("calls.id", side.operator, id)
		nearest := " ORDER BY calls.id" + side.order + " LIMIT 1"
		err := s.read().QueryRow(ctx, `SELECT calls.id FROM calls`+f.nearestOf("calls", nearest)+nearest, f.args...).Scan(side.into)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return n, fmt.Errorf("looking for the calls beside %s: %w", id, err)
		}
	}
	return n, nil
}

// decidedNeighbours looks among the calls that decided a disposition, as far as a list does.
func (s *Store) decidedNeighbours(ctx context.Context, by CallFilter, id string) (n CallNeighbours, err error) {
	for _, side := range []struct {
		operator string
		into     *string
	}{{">", &n.Newer}, {"<", &n.Older}} {
		found, _, err := s.decidedCalls(ctx, by, side.operator, id, 1)
		if err != nil {
			return n, fmt.Errorf("looking for the calls beside %s: %w", id, err)
		}
		if len(found) > 0 {
			*side.into = found[0]
		}
	}
	return n, nil
}

// dueNeighbours looks among the calls that are chosen by what is to come of them.
func (s *Store) dueNeighbours(ctx context.Context, by CallFilter, id string) (CallNeighbours, error) {
	var n CallNeighbours
	ids, err := s.callsByDue(ctx, by, "")
	if err != nil || len(ids) == 0 {
		return n, err
	}
	f := by.conditions()
	condition, args := in(s.dialect, "calls.id", len(f.args)+1, ids)
	f.conditions, f.args = append(f.conditions, condition), append(f.args, args...)
	where := f.where()
	if len(f.anyOf) > 0 {
		or := make([]string, len(f.anyOf))
		for i, one := range f.anyOf {
			or[i] = "(" + one + ")"
		}
		where += " AND (" + strings.Join(or, " OR ") + ")"
	}
	var found []string
	err = collect(ctx, s.read(), func(r row) error {
		var one string
		err := r.Scan(&one)
		found = append(found, one)
		return err
	}, `SELECT calls.id FROM calls`+where+` ORDER BY calls.id`, f.args...)
	if err != nil {
		return n, fmt.Errorf("looking for the calls beside %s: %w", id, err)
	}
	at, here := slices.BinarySearch(found, id)
	if at > 0 {
		n.Older = found[at-1]
	}
	if here {
		at++
	}
	if at < len(found) {
		n.Newer = found[at]
	}
	return n, nil
}
