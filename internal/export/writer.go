package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
)

// writer writes rows in one format.
type writer struct {
	to      *bufio.Writer
	format  Format
	columns []string
	viewer  bool
	csv     *csv.Writer
	// names are the columns as JSON strings with their colons.
	names []string
	begun bool
}

func newWriter(to io.Writer, format Format, columns []string, viewer bool) *writer {
	buffered := bufio.NewWriter(to)
	w := &writer{to: buffered, format: format, columns: columns, viewer: viewer, csv: csv.NewWriter(buffered), names: make([]string, len(columns))}
	for i, column := range columns {
		w.names[i] = `"` + column + `":`
	}
	return w
}

// row writes one row, and what comes before the first.
func (w *writer) row(cells []any) error {
	if err := w.begin(); err != nil {
		return err
	}
	if w.viewer {
		for i := range cells {
			cells[i] = forViewer(cells[i])
		}
	}
	if w.format == CSV {
		return w.csvRow(cells)
	}
	return w.jsonRow(cells)
}

func (w *writer) begin() error {
	if w.begun {
		if w.format == JSON {
			return w.write(",\n")
		}
		return nil
	}
	w.begun = true
	switch w.format {
	case CSV:
		return w.csv.Write(w.columns)
	case JSON:
		return w.write("[\n")
	case NDJSON:
	}
	return nil
}

func (w *writer) csvRow(cells []any) error {
	record := make([]string, len(cells))
	for i, cell := range cells {
		record[i] = csvCell(cell)
	}
	return w.csv.Write(record)
}

// jsonRow keeps the order of the columns, as a map would not.
func (w *writer) jsonRow(cells []any) error {
	line := []byte{'{'}
	for i, cell := range cells {
		encoded, err := json.Marshal(jsonCell(cell))
		if err != nil {
			return err
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(line, w.names[i]...), encoded...)
	}
	line = append(line, '}')
	if w.format == NDJSON {
		line = append(line, '\n')
	}
	_, err := w.to.Write(line)
	return err
}

// end writes what comes after the last row.
func (w *writer) end() error {
	switch {
	case w.format == CSV && !w.begun:
		return w.begin()
	case w.format == JSON && !w.begun:
		return w.write("[]\n")
	case w.format == JSON:
		return w.write("\n]\n")
	}
	return nil
}

// flush hands on all that was written.
func (w *writer) flush() error {
	if w.csv.Flush(); w.csv.Error() != nil {
		return w.csv.Error()
	}
	return w.to.Flush()
}

func (w *writer) write(s string) error {
	_, err := w.to.WriteString(s)
	return err
}
