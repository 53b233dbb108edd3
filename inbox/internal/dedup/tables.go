package dedup

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxName is the longest name that Postgres keeps whole, in bytes.
const maxName = 63

// maxPrefix leaves room for the longest name that a prefix is put before, that of an index.
const maxPrefix = maxName - len("inbox_events_accepted")

// Tables names the tables. The zero value is webhook_dedup and inbox_events where the connection looks for tables.
type Tables struct {
	// Schema is the Postgres schema of the tables; "" is the first of the search_path.
	Schema string
	// Prefix is put before the names of the tables and of their indexes.
	Prefix string
}

// Option sets one of the names.
type Option func(*Tables)

func tablesOf(options []Option) (t Tables) {
	for _, option := range options {
		option(&t)
	}
	return t
}

var goodPrefix = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// check returns an error for names that a database would not take, or not keep as they are.
func (t Tables) check(d Dialect) error {
	switch s, p := t.Schema, t.Prefix; {
	case s != "" && d == SQLite:
		return fmt.Errorf("schema %q: SQLite has no schemas, give the tables a prefix", s)
	case len(s) > maxName || !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return fmt.Errorf("schema %q: it must be UTF-8 text of at most %d bytes", s, maxName)
	case p != "" && (!goodPrefix.MatchString(p) || len(p) > maxPrefix || strings.HasPrefix(p, "sqlite_")):
		return fmt.Errorf("table prefix %q: it must be lower-case letters, digits and underscores, at most %d, not a digit first, and not sqlite_", p, maxPrefix)
	}
	return nil
}

// table returns the quoted name of a table.
func (t Tables) table(name string) string {
	if t.Schema == "" {
		return quote(t.Prefix + name)
	}
	return quote(t.Schema) + "." + quote(t.Prefix+name)
}

// named puts the names of the tables into a statement: {dedup}, {events}, and {prefix} for an index, which always is in the
// schema of its table.
func (t Tables) named(statement string) string {
	return strings.NewReplacer("{dedup}", t.table("webhook_dedup"), "{events}", t.table("inbox_events"), "{prefix}", t.Prefix).Replace(statement)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
