package console

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// looks are what a database has at each look, the last of them from then on.
func looks(list ...store.Newest) *live {
	l := newLive(&Console{now: time.Now, log: slog.New(slog.DiscardHandler)})
	l.newest = func(context.Context, time.Time, int) (store.Newest, error) {
		next := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return next, nil
	}
	return l
}

func TestCountSaysWhenThereMayBeMore(t *testing.T) {
	many := make([]interview.Call, rowsALook)
	for n := range many {
		many[n].ID = "b" + number(9000-n)
	}
	first := store.Newest{Calls: []interview.Call{{ID: "a1"}}}
	next := store.Newest{Calls: []interview.Call{{ID: "a2"}, {ID: "a1"}}}
	l := looks(first, next, store.Newest{Calls: many})
	var before *seen
	for n, want := range []counted{{0, false}, {1, false}, {rowsALook + 1, true}} {
		found, err := l.lookOnce(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		if got := countCalls(store.CallFilter{}, "a1", time.Now())(found); got != want {
			t.Errorf("look %d: %v, want %v", n, got, want)
		}
		before = found
	}
	if got := countCalls(store.CallFilter{}, "b8600", time.Now())(before); got != (counted{400, false}) {
		t.Errorf("of a page that was made later: %v", got)
	}
	kept := rows[interview.Call]{}
	for range 3 {
		for n := range many {
			many[n].ID += "x"
		}
		kept = kept.with(slices.Clone(many), func(c interview.Call) string { return c.ID })
	}
	if len(kept.list) != rowsKept || kept.since == "" {
		t.Errorf("%d rows are kept, none is missing since %q", len(kept.list), kept.since)
	}
}

func TestLooksThatTakeLongAreFew(t *testing.T) {
	for took, most := range map[time.Duration]int{0: 21, 50 * time.Millisecond: 11, 3 * time.Second: 4} {
		synctest.Test(t, func(t *testing.T) {
			l, looked := looks(store.Newest{}), 0
			l.newest = func(context.Context, time.Time, int) (store.Newest, error) {
				looked++
				<-time.After(took)
				return store.Newest{}, nil
			}
			_, page := l.join(t.Context(), "session")
			<-time.After(20 * time.Second)
			synctest.Wait()
			l.leave(page)
			synctest.Wait()
			if looked > most || looked < most-1 {
				t.Errorf("looks of %s: %d in 20 s, want %d", took, looked, most)
			}
		})
	}
}

func TestNobodyJoinsAServerThatStops(t *testing.T) {
	l := looks(store.Newest{})
	ctx, page := l.join(t.Context(), "session")
	if page == nil {
		t.Fatal("not taken")
	}
	l.close()
	<-ctx.Done()
	l.leave(page)
	if _, page := l.join(t.Context(), "session"); page != nil {
		t.Error("taken")
	}
}
