package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// driverValue is an argument as the driver of SQLite takes it. Times become the text that SQLite keeps.
func driverValue(v any) (driver.Value, error) {
	switch v := v.(type) {
	case nil, string, []byte, int64, float64, bool:
		return v, nil
	case int:
		return int64(v), nil
	case time.Time:
		return sqliteTime(v), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// sqliteLayout is how times are kept, in UTC.
const sqliteLayout = "2006-01-02 15:04:05.999999999-07:00"

// sqliteTime is a time in sqliteLayout. The package time is slower, since it must read the layout.
func sqliteTime(t time.Time) string {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.Format(sqliteLayout)
	}
	hour, minute, second := t.Clock()
	var text [len("2006-01-02 15:04:05.999999999+00:00")]byte
	b := append(text[:0], byte('0'+year/1000), byte('0'+year/100%10))
	for _, part := range [...]struct {
		n      int
		behind byte
	}{{year % 100, '-'}, {int(month), '-'}, {day, ' '}, {hour, ':'}, {minute, ':'}, {second, '.'}} {
		b = append(b, byte('0'+part.n/10), byte('0'+part.n%10), part.behind)
	}
	b = b[:len(b)-1]
	if ns := t.Nanosecond(); ns > 0 {
		b = append(b, '.')
		for unit := 100_000_000; ns > 0; unit /= 10 {
			b = append(b, byte('0'+ns/unit))
			ns %= unit
		}
	}
	return string(append(b, "+00:00"...))
}

// otherLayouts are those in which somebody else may have written a time, such as SQLite's CURRENT_TIMESTAMP.
var otherLayouts = []string{sqliteLayout, "2006-01-02T15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"}

// parseSQLiteTime reads a time that SQLite keeps as text.
func parseSQLiteTime(text string) (time.Time, error) {
	if t, ok := parseUTC(text); ok {
		return t, nil
	}
	for _, layout := range otherLayouts {
		if t, err := time.Parse(layout, strings.TrimSuffix(text, "Z")); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", text)
}

// parseUTC reads what sqliteTime writes.
func parseUTC(text string) (time.Time, bool) {
	const seconds, zone = len("2006-01-02 15:04:05"), "+00:00"
	fraction, ok := strings.CutSuffix(text, zone)
	if !ok || len(fraction) < seconds || fraction[4] != '-' || fraction[7] != '-' || fraction[10] != ' ' || fraction[13] != ':' || fraction[16] != ':' {
		return time.Time{}, false
	}
	read := func(from, to int) (n int) {
		for _, c := range []byte(fraction[from:to]) {
			if c < '0' || c > '9' {
				ok = false
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day, hour, minute, second := read(0, 4), read(5, 7), read(8, 10), read(11, 13), read(14, 16), read(17, 19)
	ns := 0
	if digits := len(fraction) - seconds - 1; digits >= 0 {
		ok = ok && fraction[seconds] == '.' && digits > 0 && digits <= 9
		if !ok {
			return time.Time{}, false
		}
		ns = read(seconds+1, len(fraction))
		for range 9 - digits {
			ns *= 10
		}
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, ns, time.UTC)
	// Whatever is no date, such as the 31st of February, is left to the package time.
	ok = ok && int(t.Month()) == month && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return t, ok
}

// textTimes are columns with those that are times as text, as a sqliteRow reads them: the driver tries two layouts on each time.
func textTimes(columns string) string {
	list := strings.Split(columns, ",")
	for i, column := range list {
		if name := strings.TrimSpace(column); strings.HasSuffix(name, "_at") {
			list[i] = " CAST(" + name + " AS TEXT)"
		}
	}
	return strings.Join(list, ",")
}

// sqliteRow is a row as the driver reads it. What it holds is the reader's own.
type sqliteRow []driver.Value

func (r sqliteRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("scanning %d columns into %d values", len(r), len(dest))
	}
	for i, v := range r {
		if err := assign(dest[i], v); err != nil {
			return fmt.Errorf("scanning column %d: %w", i, err)
		}
	}
	return nil
}

// assign writes a value of the driver to where a pointer points. It refuses what is not certain to mean the same.
func assign(dest any, v driver.Value) error {
	switch to := dest.(type) {
	case *string:
		if s, ok := v.(string); ok {
			*to = s
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok {
			*to = int(n)
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*to = n
			return nil
		}
	case *[]byte:
		switch v := v.(type) {
		case nil:
			*to = nil
			return nil
		case []byte:
			*to = v
			return nil
		case string:
			*to = []byte(v)
			return nil
		}
	case *time.Time:
		switch v := v.(type) {
		case time.Time:
			*to = v
			return nil
		case string:
			t, err := parseSQLiteTime(v)
			*to = t
			return err
		}
	case **time.Time:
		if *to = nil; v == nil {
			return nil
		}
		*to = new(time.Time)
		return assign(*to, v)
	case **int:
		if *to = nil; v == nil {
			return nil
		}
		*to = new(int)
		return assign(*to, v)
	case *bool:
		switch v := v.(type) {
		case bool:
			*to = v
			return nil
		case int64:
			*to = v != 0
			return nil
		}
	case sql.Scanner:
		return to.Scan(v)
	default:
		if s, ok := v.(string); ok { // into a type of its own
			if to := reflect.ValueOf(dest); to.Kind() == reflect.Pointer && to.Elem().Kind() == reflect.String {
				to.Elem().SetString(s)
				return nil
			}
		}
	}
	return fmt.Errorf("%T does not fit into %T", v, dest)
}
