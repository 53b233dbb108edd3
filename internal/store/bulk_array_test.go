package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// selected sends Postgres a column and reads its elements one by one.
func selected[T any](t *testing.T, s *Store, k kind, values ...any) []*T {
	t.Helper()
	rows := make([][]any, len(values))
	for i, v := range values {
		rows[i] = []any{"", v}
	}
	r, err := s.postgres.Query(t.Context(), `SELECT v FROM unnest($1::`+string(k)+`[]) WITH ORDINALITY AS t (v, i) ORDER BY i`, column{k, rows, 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(r, pgx.RowTo[*T])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestColumnArrivesAtPostgresAsItIs(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	early, late, odd := time.Date(1969, 7, 20, 20, 17, 40, 999_999_000, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 1000, time.UTC), 42
	var none *int
	var never *time.Time
	if got := selected[string](t, s, textKind, "", "né 日本", `{"a", NULL}`, nil, strings.Repeat("x", 70_000)); len(got) != 5 || *got[0] != "" ||
		*got[1] != "né 日本" || *got[2] != `{"a", NULL}` || *got[3] != "" || len(*got[4]) != 70_000 {
		t.Errorf("texts %v", got)
	}
	if got := selected[[]byte](t, s, bytesKind, []byte{0, 255}, []byte{}, []byte(nil), nil); len(got) != 4 || !reflect.DeepEqual(*got[0], []byte{0, 255}) ||
		*got[1] == nil || len(*got[1]) != 0 || got[2] != nil || got[3] != nil {
		t.Errorf("bytes %v", got)
	}
	if got := selected[int](t, s, integerKind, -1, 1<<31-1, &odd, none, nil); len(got) != 5 || *got[0] != -1 || *got[1] != 1<<31-1 || *got[2] != 42 || got[3] != nil || got[4] != nil {
		t.Errorf("integers %v", got)
	}
	if got := selected[int64](t, s, bigintKind, int64(-1<<63), int64(7)); len(got) != 2 || *got[0] != -1<<63 || *got[1] != 7 {
		t.Errorf("bigints %v", got)
	}
	if got := selected[bool](t, s, boolKind, true, false); len(got) != 2 || !*got[0] || *got[1] {
		t.Errorf("booleans %v", got)
	}
	for _, k := range []kind{timeKind, plainTimeKind} {
		if got := selected[time.Time](t, s, k, early, &late, late.In(time.FixedZone("", 3600)), never, nil); len(got) != 5 || !got[0].Equal(early) || !got[1].Equal(late) ||
			!got[2].Equal(late) || got[3] != nil || got[4] != nil {
			t.Errorf("%s %v", k, got)
		}
	}
	for k, wrong := range map[kind]any{integerKind: 1 << 31, textKind: 7, bytesKind: "text", timeKind: "2026"} {
		if _, err := s.postgres.Exec(t.Context(), `SELECT $1::`+string(k)+`[]`, column{k, [][]any{{wrong}}, 0}); err == nil {
			t.Errorf("%v went into a column of type %s", wrong, k)
		}
	}
}
