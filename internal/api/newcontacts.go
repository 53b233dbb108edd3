package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/store"
)

const (
	// maxImport bounds the body of an import, in bytes, and maxImportRows its rows.
	maxImport     = 64 << 20
	maxImportRows = 200_000
	// importTimeout bounds an import: it is longer than other requests.
	importTimeout = 5 * time.Minute
)

// imported is the answer to POST /api/campaigns/{id}/contacts.
type imported struct {
	DryRun bool `json:"dryRun"`
	// Contacts is how many were added, or would be.
	Contacts int                  `json:"contacts"`
	Counts   contactimport.Counts `json:"counts"`
	// Rows says of a dry run what would become of each row.
	Rows []contactimport.Result `json:"rows,omitempty"`
	// RefusedRows are those that are no contacts, each with its line, value and reason.
	RefusedRows []contactimport.Result `json:"refusedRows"`
	// Error says why an import was broken off. What is counted was done.
	Error string `json:"error,omitempty"`

	rows int
}

// createContacts adds contacts to a campaign, JSON or CSV, or says what that would do. The body is read as it comes and taken part by
// part. With an Idempotency-Key the request may be sent again: when it ended, it is answered the same; when it was broken off, the
// rest is added.
func (a *api) createContacts(w http.ResponseWriter, r *http.Request) error {
	campaignID := r.PathValue("id")
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	query, err := queryOf(r, "dryRun")
	if err != nil {
		return err
	}
	dryRun, err := queryFlag(query, "dryRun")
	if err != nil {
		return err
	}
	ctx, cancel := a.longer(w, r)
	defer cancel()
	asked := sha256.New()
	body := io.TeeReader(http.MaxBytesReader(w, r.Body, maxImport), asked)
	if key != "" && !dryRun {
		if kept, ok, err := a.importedBefore(ctx, key, body, asked); err != nil || ok {
			if err != nil {
				return err
			}
			w.Header().Set("Idempotent-Replayed", "true")
			write(w, kept.Status, kept.Body)
			return nil
		}
	}
	rows, err := rowsOf(r, body)
	if err != nil {
		return importProblem(err)
	}
	done := imported{DryRun: dryRun, RefusedRows: []contactimport.Result{}}
	counts, err := contactimport.Import{Store: a.store, CampaignID: campaignID, DryRun: dryRun, Now: a.ready.now, Each: done.take}.Run(ctx, rows)
	done.Counts, done.Contacts = counts, counts.Contacts()
	status := http.StatusAccepted
	if dryRun {
		status = http.StatusOK
	}
	if err != nil {
		if counts.Rows == 0 || dryRun {
			return importProblem(err)
		}
		p := a.brokenOff(r, err)
		done.Error = fmt.Sprintf("%s. Of the rows before, what is counted here was done; the same list again adds only the rest", p.message)
		return answer(w, p.status, done)
	}
	if !dryRun {
		a.log.InfoContext(ctx, "contacts imported", "campaign", campaignID, "rows", counts.Rows, "contacts", done.Contacts)
	}
	if dryRun { // is long, and not kept
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(done) // the client is gone: nobody to tell
		return nil
	}
	encoded, err := json.Marshal(done)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	result := store.Answer{Status: status, Body: encoded}
	if key != "" && !dryRun {
		if result, err = a.store.AnswerOnce(ctx, key, sum(asked), result); err != nil {
			return err
		}
	}
	write(w, result.Status, result.Body)
	return nil
}

// take keeps a result for the answer.
func (i *imported) take(_ contactimport.Row, r contactimport.Result) error {
	if i.DryRun {
		i.Rows = append(i.Rows, r)
	}
	if r.Action == contactimport.ActionRefuse {
		i.RefusedRows = append(i.RefusedRows, r)
	}
	if i.rows++; i.rows > maxImportRows {
		return &contactimport.FileError{Problem: fmt.Sprintf("there are more than %d rows: split the list", maxImportRows)}
	}
	return nil
}

// longer gives a request more time than others have.
func (a *api) longer(w http.ResponseWriter, r *http.Request) (context.Context, context.CancelFunc) {
	control := http.NewResponseController(w)
	until := time.Now().Add(importTimeout) //nolint:forbidigo // deadlines of connections are of the machine's clock
	_ = control.SetReadDeadline(until)     // a writer without deadlines has none to move
	_ = control.SetWriteDeadline(until)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), importTimeout)
	return ctx, cancel
}

// rowsOf begins to read the rows of a request.
func rowsOf(r *http.Request, body io.Reader) (contactimport.Reader, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch media {
		case "application/json":
			return contactimport.NewJSON(body)
		case "text/csv":
			return contactimport.NewCSV(body)
		}
	}
	return nil, &problem{status: http.StatusUnsupportedMediaType, message: "Content-Type must be application/json or text/csv, in UTF-8"}
}

// importProblem is the answer to a list of which nothing was taken.
func importProblem(err error) error {
	var file *contactimport.FileError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &problem{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("Body is over %d MiB: split the list", maxImport>>20)}
	case errors.As(err, &file):
		return invalid([]fault{{Field: "contacts", Error: file.Problem}})
	}
	return err
}

// brokenOff is the answer to a list of which a part was taken.
func (a *api) brokenOff(r *http.Request, err error) *problem {
	if p := problemOf(importProblem(err), "Campaign"); p != nil {
		return p
	}
	a.log.ErrorContext(r.Context(), "import broken off", "path", r.URL.Path, "error", err)
	return &problem{status: http.StatusInternalServerError, message: "The import was broken off"}
}

// importedBefore looks for the answer to the same request of before. Only if there is one the body is read.
func (a *api) importedBefore(ctx context.Context, key string, body io.Reader, asked hash.Hash) (store.Answer, bool, error) {
	there, err := a.store.IsAnswered(ctx, key)
	if err != nil || !there {
		return store.Answer{}, false, err
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return store.Answer{}, false, importProblem(err)
	}
	kept, err := a.store.AnswerOnce(ctx, key, sum(asked), store.Answer{})
	return kept, true, err
}

func sum(h hash.Hash) (sum [sha256.Size]byte) {
	copy(sum[:], h.Sum(nil))
	return sum
}
