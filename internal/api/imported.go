package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/i-agent/iagent/internal/contactimport"
)

// imported becomes the answer to POST /api/campaigns/{id}/contacts. What it says of rows is kept compressed until it is sent: there may
// be 200,000.
type imported struct {
	dryRun bool
	counts contactimport.Counts
	// rows says of a dry run what would become of each row, refused of each that is no contact, with its line, value and reason.
	rows, refused contactimport.CompressedList
	// problem says why an import was broken off. What is counted was done.
	problem string

	taken int
}

// take keeps a result for the answer.
func (i *imported) take(_ contactimport.Row, r contactimport.Result) error {
	if i.dryRun {
		if err := i.rows.Add(r); err != nil {
			return err
		}
	}
	if r.Action == contactimport.ActionRefuse {
		if err := i.refused.Add(r); err != nil {
			return err
		}
	}
	if i.taken++; i.taken > maxImportRows {
		return &contactimport.FileError{Problem: fmt.Sprintf("there are more than %d rows: split the list", maxImportRows)}
	}
	return nil
}

// writeTo writes the answer's JSON.
func (i *imported) writeTo(w io.Writer) error {
	counts, err := json.Marshal(i.counts)
	if err != nil {
		return fmt.Errorf("encoding counts: %w", err)
	}
	problem, _ := json.Marshal(i.problem) // a string alone: cannot fail
	write := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	list := func(name string, l *contactimport.CompressedList) {
		write(`,%q:`, name)
		if err == nil {
			_, err = l.WriteTo(w)
		}
	}
	write(`{"dryRun":%t,"contacts":%d,"counts":%s`, i.dryRun, i.counts.Contacts(), counts)
	if i.dryRun {
		list("rows", &i.rows)
	}
	list("refusedRows", &i.refused)
	if i.problem != "" {
		write(`,"error":%s`, problem)
	}
	write("}")
	return err
}

// compressed is the answer's JSON as it is kept; see [write].
func (i *imported) compressed() ([]byte, error) {
	var kept bytes.Buffer
	w, err := gzip.NewWriterLevel(&kept, gzip.BestSpeed)
	if err == nil {
		err = i.writeTo(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compressing the answer: %w", err)
	}
	return kept.Bytes(), nil
}

// send sends the answer as it is decompressed.
func (i *imported) send(w http.ResponseWriter, status int) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if i.writeTo(w) == nil {
		_, _ = io.WriteString(w, "\n")
	} // else the client is gone: nobody to tell
	return nil
}
