package seed

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/i-agent/iagent/inbox"
)

// template is a call that the program made, and of which copies are made: the same rows, with other ids, another number and turns
// at the gate of their own.
type template struct {
	callID string
	number int
	copies int
	// gateSeq is the turn before that of the first copy.
	gateSeq int64
	rows    map[string][]templateRow // by table
	names   *regexp.Regexp           // finds all ids and numbers of the call
}

// templateRow is a row: a column is the same in each copy, or a text.
type templateRow []any

// text is a column with names in it, at the odd places.
type text struct {
	parts  []string
	binary bool
}

// turn and payloadHash are columns that are computed for each copy.
type (
	turn        struct{}
	payloadHash struct{ target, body int }
)

var ulids = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)

// owns reports whether a row is the template's: it names the call by one id or the other.
func (t *template) owns(row []any) bool {
	sid := sidOf("CA", t.number)
	for _, v := range row {
		if s, ok := textOf(v); ok && (strings.Contains(s, t.callID) || strings.Contains(s, sid)) {
			return true
		}
	}
	return false
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

// learn finds the names in the rows; those that others have, too, are not the call's.
func (t *template) learn(rows map[string][][]any, others map[string]bool) {
	names := map[string]bool{sidOf("CA", t.number): true, sidOf("RE", t.number): true, phoneOf(t.number): true}
	for _, list := range rows {
		for _, row := range list {
			for _, v := range row {
				s, _ := textOf(v)
				for _, id := range ulids.FindAllString(s, -1) {
					names[id] = !others[id]
				}
			}
		}
	}
	var list []string
	for name, own := range names {
		if own {
			list = append(list, regexp.QuoteMeta(name))
		}
	}
	t.names = regexp.MustCompile(strings.Join(list, "|"))
}

// keep takes the rows of a table.
func (t *template) keep(table table, rows [][]any) {
	for _, row := range rows {
		kept := make(templateRow, len(row))
		for i, v := range row {
			kept[i] = v
			switch s, ok := textOf(v); {
			case table.name == "dial_verdicts" && table.columns[i] == "gate_seq":
				kept[i] = turn{}
			case table.name == "webhook_events" && table.columns[i] == "body_hash":
				kept[i] = payloadHash{table.column("target"), table.column("body")}
			case ok && t.names.MatchString(s):
				_, binary := v.([]byte)
				kept[i] = text{t.split(s), binary}
			}
		}
		t.rows[table.name] = append(t.rows[table.name], kept)
	}
}

func (t *template) split(s string) (parts []string) {
	from := 0
	for _, at := range t.names.FindAllStringIndex(s, -1) {
		parts, from = append(parts, s[from:at[0]], s[at[0]:at[1]]), at[1]
	}
	return append(parts, s[from:])
}

// copied is the row in the n-th copy of the template, which is the call of a number.
func (t *template) copied(row templateRow, n, number int) []any {
	out := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case text:
			var b bytes.Buffer
			for j, part := range v.parts {
				if j%2 == 1 {
					part = t.renamed(part, number)
				}
				b.WriteString(part)
			}
			if out[i] = b.String(); v.binary {
				out[i] = b.Bytes()
			}
		case turn:
			out[i] = t.gateSeq + int64(n)
		default:
			out[i] = v
		}
	}
	for i, v := range row {
		if hash, ok := v.(payloadHash); ok {
			target, _ := textOf(out[hash.target])
			body, _ := textOf(out[hash.body])
			sum := (&inbox.Event{Target: target, Body: []byte(body)}).PayloadHash()
			out[i] = sum[:]
		}
	}
	return out
}

// renamed is a name in the copy that is the call of a number. An id keeps its time, and its place among those of the call.
func (t *template) renamed(name string, number int) string {
	switch {
	case len(name) == 26:
		if base32Of(number) == name[10:15] { // by chance, one seed of a million webhooks in forty has this
			number += mostCalls
		}
		return name[:10] + base32Of(number) + name[15:]
	case strings.HasPrefix(name, "CA"), strings.HasPrefix(name, "RE"):
		return sidOf(name[:2], number)
	}
	return phoneOf(number)
}

// mostCalls is more calls than are ever made: half of the numbers that base32Of can write.
const mostCalls = 1 << 24

// base32Of writes a number with five of the digits of ids.
func base32Of(number int) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [5]byte
	for i := range b {
		b[len(b)-1-i] = digits[number%32]
		number /= 32
	}
	return string(b[:])
}

// table is a table of the schema with the columns that can be written.
type table struct {
	name    string
	columns []string
}

func (t table) column(name string) int {
	for i, column := range t.columns {
		if column == name {
			return i
		}
	}
	panic(fmt.Sprintf("there is no column %s in %s", name, t.name))
}
