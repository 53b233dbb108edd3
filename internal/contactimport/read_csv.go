package contactimport

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// FileError says that a file cannot be read as a list of contacts, and why. Rows that were read before are taken.
type FileError struct{ Problem string }

func (e *FileError) Error() string { return e.Problem }

func fileError(format string, args ...any) error { return &FileError{fmt.Sprintf(format, args...)} }

// Reader reads the rows of a list one by one, and io.EOF at its end. A *FileError is the end, too; any other error is of what it reads
// from.
type Reader interface {
	Read() (Row, error)
}

// csvReader reads CSV as spreadsheets write it: UTF-8 with or without byte order mark, lines that end as on any system, separated by
// commas, semicolons or tabs, with a header.
type csvReader struct {
	csv     *csv.Reader
	columns []string
}

const utf8Mark = "\xef\xbb\xbf"

// NewCSV begins to read a CSV file, which has a header with the names of the columns.
func NewCSV(from io.Reader) (Reader, error) {
	buffered := bufio.NewReaderSize(from, 64<<10)
	start, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}),
		len(start) == 4 && (start[0] == 0 && start[1] != 0 || start[0] != 0 && start[1] == 0):
		return nil, fileError("the file is UTF-16: save it as CSV UTF-8")
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return nil, fileError("the file is a spreadsheet: save it as CSV UTF-8")
	case bytes.HasPrefix(start, []byte(utf8Mark)):
		_, _ = buffered.Discard(len(utf8Mark)) // was peeked
	}
	r := &csvReader{csv: csv.NewReader(buffered)}
	r.csv.Comma = separator(buffered)
	r.csv.FieldsPerRecord, r.csv.ReuseRecord, r.csv.TrimLeadingSpace = -1, true, false
	return r, r.readHeader()
}

// separator guesses what separates the fields from what is in the first line outside of quotes. A line "sep=;" says so itself, and is
// skipped.
func separator(buffered *bufio.Reader) rune {
	line := firstLine(buffered)
	if said, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && len(said) == 1 {
		_, _ = buffered.ReadString('\n')
		return rune(said[0])
	}
	counts, quoted := map[rune]int{}, false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[c]++
		}
	}
	best := ','
	for _, c := range []rune{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

func firstLine(buffered *bufio.Reader) string {
	for n := 512; ; n *= 2 {
		start, err := buffered.Peek(n)
		if i := bytes.IndexAny(start, "\r\n"); i >= 0 {
			return string(start[:i])
		}
		if err != nil {
			return string(start)
		}
	}
}

func (r *csvReader) readHeader() error {
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return fileError("the file is empty: its first line must name the columns")
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fileError("line %d: %v", parse.StartLine, parse.Err)
	}
	if err != nil {
		return err
	}
	known := map[string]string{}
	for _, name := range Fields() {
		known[strings.ToLower(name)] = name
	}
	for _, name := range refusedColumns { // of rows that were refused before
		known[name] = name
	}
	seen := map[string]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if !utf8.ValidString(name) {
			return fileError("the file is not UTF-8: save it as CSV UTF-8")
		}
		if variable, ok := cutPrefixFold(name, varPrefix); ok {
			name = varPrefix + variable
		} else if known[strings.ToLower(name)] != "" {
			name = known[strings.ToLower(name)]
		} else if name != "" {
			return fileError("column %d, %q, is none of %s and %sNAME", i+1, excerpt(name), strings.Join(Fields(), ", "), varPrefix)
		}
		if name != "" && seen[name] {
			return fileError("column %q is there twice", excerpt(name))
		}
		seen[name] = true
		r.columns = append(r.columns, name)
	}
	if !seen[fieldPhoneNumber] {
		return fileError("there is no column %s", fieldPhoneNumber)
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func (r *csvReader) Read() (Row, error) {
	for {
		record, err := r.csv.Read()
		var parse *csv.ParseError
		if errors.As(err, &parse) { // what was read before has the number, if one is lucky
			row, _ := r.row(parse.StartLine, record)
			row.Fault, row.Text = "cannot be read: "+parse.Err.Error(), excerpt(strings.Join(record, string(r.csv.Comma)))
			return row, nil
		}
		if err != nil {
			return Row{}, err
		}
		line, _ := r.csv.FieldPos(0)
		if row, filled := r.row(line, record); filled { // spreadsheets write rows that are empty
			return row, nil
		}
	}
}

// row is a record with the names of its columns; filled says that there is something in it.
func (r *csvReader) row(line int, record []string) (row Row, filled bool) {
	row = Row{Line: line, Fields: map[string]string{}}
	for i, text := range record {
		text = strings.TrimSpace(text)
		fault := ""
		switch {
		case text == "" || i < len(r.columns) && slices.Contains(refusedColumns, r.columns[i]):
			continue
		case i >= len(r.columns):
			fault = fmt.Sprintf("has %d fields, but there are %d columns", len(record), len(r.columns))
		case r.columns[i] == "":
			fault = fmt.Sprintf("has something in column %d, which has no name", i+1)
		case !utf8.ValidString(text):
			fault = "is not UTF-8: save the file as CSV UTF-8"
		default:
			row.Fields[r.columns[i]] = text
		}
		if filled = true; fault != "" {
			row.Fault, row.Text = fault, excerpt(text)
		}
	}
	return row, filled
}

// excerpt is the beginning of what was written.
func excerpt(s string) string {
	const most = 40
	runes := []rune(strings.ToValidUTF8(s, "?"))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}
