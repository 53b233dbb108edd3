package export

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/store"
)

// Table is what is exported.
type Table string

// The tables.
const (
	Contacts Table = "contacts" // whom the campaign wants to reach, with their final dispositions
	Calls    Table = "calls"
	Answers  Table = "answers" // what people said, with the question where it is known
	Claims   Table = "claims"  // rejected ones too
	Verdicts Table = "verdicts"
)

// Tables are all tables.
func Tables() []Table { return []Table{Contacts, Calls, Answers, Claims, Verdicts} }

// Valid reports whether t is one of the tables.
func (t Table) Valid() bool { return slices.Contains(Tables(), t) }

// Format is how rows are written.
type Format string

// The formats. All are UTF-8, and times are RFC 3339 in UTC.
const (
	CSV    Format = "csv"    // with a line of names; see [HarmlessCell]
	JSON   Format = "json"   // one array of objects
	NDJSON Format = "ndjson" // an object a line
)

// Formats are all formats.
func Formats() []Format { return []Format{CSV, JSON, NDJSON} }

// Valid reports whether f is one of the formats.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// ContentType is the media type of the format.
func (f Format) ContentType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case NDJSON:
		return "application/x-ndjson"
	case JSON:
	}
	return "application/json"
}

// Options say what is exported.
type Options struct {
	CampaignID string
	Table      Table
	Format     Format
	// Viewer masks phone numbers, and leaves them out of whatever people wrote or said.
	Viewer bool
	// Flush, if set, is called after each part was written. An error of it ends the export.
	Flush func() error
}

// Write writes all rows, and returns how many there were. Nothing is written before the first part was read: store.ErrNotFound, for a
// campaign that there is not, comes before the first byte. After an error what was written is not whole.
func Write(ctx context.Context, s *store.Store, to io.Writer, o Options) (rows int, err error) {
	table, ok := tables()[o.Table]
	if !ok || !o.Format.Valid() {
		return 0, fmt.Errorf("exporting %q as %q: there is no such table or format", o.Table, o.Format)
	}
	out := newWriter(to, o.Format, strings.Fields(table.columns), o.Viewer)
	err = table.each(ctx, s, o.CampaignID, func(part [][]any) error {
		for _, row := range part {
			if err := out.row(row); err != nil {
				return err
			}
		}
		rows += len(part)
		return flush(out, o.Flush)
	})
	if err == nil {
		err = out.end()
	}
	if err == nil {
		err = flush(out, o.Flush)
	}
	if err != nil {
		return rows, fmt.Errorf("exporting %s: %w", o.Table, err)
	}
	return rows, nil
}

func flush(out *writer, then func() error) error {
	if err := out.flush(); err != nil || then == nil {
		return err
	}
	return then()
}
