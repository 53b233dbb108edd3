package contactimport

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// RefusedRows are rows that were refused, as they were written, and why. They are kept compressed: all rows of a long list may be
// refused. The zero value has none.
type RefusedRows struct {
	rows      CompressedList
	variables []string // the columns of variables that any of them has or should have
}

type refusedRow struct {
	Row    Row
	Result Result
}

// The columns that a file of refused rows has behind the others. Whoever reads such a file does not look at them, so a mended one can be
// imported as it is.
var refusedColumns = []string{"line", "reason", "detail"}

// Add keeps a row that was refused.
func (r *RefusedRows) Add(row Row, result Result) error {
	need := func(name string) {
		if strings.HasPrefix(name, varPrefix) && !slices.Contains(r.variables, name) {
			r.variables = append(r.variables, name)
		}
	}
	for name := range row.Fields {
		need(name)
	}
	need(result.Field) // a variable that is missing
	return r.rows.Add(refusedRow{row, result})
}

// Len is how many there are.
func (r *RefusedRows) Len() int { return r.rows.Len() }

// WriteCSV writes the rows as they were, with their line in the list and the reason behind.
func (r *RefusedRows) WriteCSV(to io.Writer) error {
	columns := append(Fields(), slices.Sorted(slices.Values(r.variables))...)
	w := csv.NewWriter(to)
	_ = w.Write(append(slices.Clone(columns), refusedColumns...)) // Error says it
	err := decoded(&r.rows, func(row refusedRow) error {
		record := make([]string, 0, len(columns)+len(refusedColumns))
		for _, name := range columns {
			record = append(record, row.Row.Fields[name])
		}
		return w.Write(append(record, strconv.Itoa(row.Result.Line), row.Result.Reason, row.Result.Detail))
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	if err != nil {
		return fmt.Errorf("writing refused rows: %w", err)
	}
	return nil
}
