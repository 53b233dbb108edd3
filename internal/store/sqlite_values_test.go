package store

import (
	"database/sql"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestTimesOfSQLiteAreWrittenAndReadAsThePackageTimeDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	times := []time.Time{{}, time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 0, 0, 0, 1, time.UTC), time.Date(2026, 7, 1, 1, 2, 3, 100_000_000, time.FixedZone("", 5*3600))}
	for range 2000 {
		at := time.Unix(random.Int64N(4e9), random.Int64N(1e9))
		times = append(times, at, at.Truncate(time.Microsecond), at.Truncate(time.Millisecond), at.Truncate(time.Second))
	}
	for _, at := range times {
		text := sqliteTime(at)
		if want := at.UTC().Format(sqliteLayout); text != want {
			t.Fatalf("%v is written as %s, want %s", at, text, want)
		}
		if year := at.UTC().Year(); year < 0 || year > 9999 {
			continue
		}
		if got, err := parseSQLiteTime(text); err != nil || got != at.UTC() {
			t.Fatalf("%s is read as %v (%v), want %v", text, got, err, at.UTC())
		}
		if _, ok := parseUTC(text); !ok {
			t.Fatalf("%s is read the slow way", text)
		}
	}
	for text, want := range map[string]string{
		"2026-11-27 19:12:00":                  "2026-11-27T19:12:00Z",
		"2026-11-27":                           "2026-11-27T00:00:00Z",
		"2026-11-27T19:12:00.5Z":               "2026-11-27T19:12:00.5Z",
		"2026-11-27 19:12:00.25+02:00":         "2026-11-27T17:12:00.25Z",
		"2026-02-31 00:00:00+00:00":            "",
		"2026-11-27 24:00:00+00:00":            "",
		"2026-11-27 19:12:00.+00:00":           "",
		"2026-11-27 19:12:0x+00:00":            "",
		"yesterday":                            "",
		"":                                     "",
		"2026-11-27 19:12:00.0000000001+00:00": "2026-11-27T19:12:00Z",
	} {
		got, err := parseSQLiteTime(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q is read as %v", text, got)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is read as %v (%v), want %s", text, got, err, want)
		}
	}
}

// What the inbox reads past database/sql is what database/sql reads.
func TestRowThatIsReadDirectlyIsThatOfDatabaseSQL(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	at := time.Date(2026, 11, 27, 19, 12, 0, 123_456_000, time.UTC)
	type values struct {
		text       string
		word       interview.CallStatus
		n          int
		pointed    *int
		none       *int
		yes, no    bool
		at         time.Time
		pointedAt  *time.Time
		never      *time.Time
		bytes, nul []byte
		scanned    sql.NullString
		long       int64
	}
	const query = `SELECT $1, $2, $3, $4, NULL, $5 = 1, $6, created_at, created_at, NULL, $7, NULL, NULL, $8 FROM call_times`
	fields := func(v *values) []any {
		return []any{&v.text, &v.word, &v.n, &v.pointed, &v.none, &v.yes, &v.no, &v.at, &v.pointedAt, &v.never, &v.bytes, &v.nul, &v.scanned, &v.long}
	}
	args := []any{"äß", "RINGING", 42, 7, 1, false, []byte{0, 1, 0xff}, int64(1) << 40}
	err := s.write(t.Context(), func(tx *Tx) error {
		if _, err := tx.Exec(t.Context(), `CREATE TABLE call_times (created_at TIMESTAMP NOT NULL)`); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `INSERT INTO call_times (created_at) VALUES ($1)`, at); err != nil {
			return err
		}
		var usual, directly values
		if err := tx.QueryRow(t.Context(), query, args...).Scan(fields(&usual)...); err != nil {
			return err
		}
		found := 0
		_, err := tx.Exec(t.Context(), query, &readRows{args, func(r row) error {
			found++
			return r.Scan(fields(&directly)...)
		}})
		if err != nil {
			return err
		}
		want, got := fields(&usual), fields(&directly)
		for i := range want {
			if !reflect.DeepEqual(want[i], got[i]) {
				t.Errorf("column %d is %v, want %v", i, got[i], want[i])
			}
		}
		if found != 1 || !usual.at.Equal(at) {
			t.Errorf("%d rows, %v", found, usual.at)
		}
		for _, wrong := range []any{new(chan int), new(int), new(time.Time)} {
			_, err := tx.Exec(t.Context(), `SELECT $1`, &readRows{[]any{"word"}, func(r row) error { return r.Scan(wrong) }})
			if err == nil {
				t.Errorf("a text was read into %T", wrong)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
