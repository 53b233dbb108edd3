package contactimport

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// RefusedRow is a row that was refused, as it was written, and why.
type RefusedRow struct {
	Row    Row
	Result Result
}

// The columns that a file of refused rows has behind the others. Whoever reads such a file does not look at them, so a mended one can be
// imported as it is.
var refusedColumns = []string{"line", "reason", "detail"}

// WriteRefused writes refused rows as CSV: as they were, with their line in the list and the reason behind.
func WriteRefused(to io.Writer, rows []RefusedRow) error {
	columns := []string{}
	for _, row := range rows {
		for name := range row.Row.Fields {
			if strings.HasPrefix(name, varPrefix) && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
		if field := row.Result.Field; strings.HasPrefix(field, varPrefix) && !slices.Contains(columns, field) { // a variable that is missing
			columns = append(columns, field)
		}
	}
	slices.Sort(columns)
	columns = append(Fields(), columns...)
	w := csv.NewWriter(to)
	_ = w.Write(append(slices.Clone(columns), refusedColumns...)) // Error says it
	for _, row := range rows {
		record := make([]string, 0, len(columns)+len(refusedColumns))
		for _, name := range columns {
			record = append(record, row.Row.Fields[name])
		}
		_ = w.Write(append(record, strconv.Itoa(row.Result.Line), row.Result.Reason, row.Result.Detail))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("writing refused rows: %w", err)
	}
	return nil
}
