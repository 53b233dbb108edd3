package api

import (
	"context"
	"crypto/sha256"
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
	done := imported{dryRun: dryRun}
	done.counts, err = contactimport.Import{Store: a.store, CampaignID: campaignID, DryRun: dryRun, Now: a.ready.now, Each: done.take}.Run(ctx, rows)
	status := http.StatusAccepted
	if dryRun {
		status = http.StatusOK
	}
	if err != nil {
		if done.counts.Rows == 0 || dryRun {
			return importProblem(err)
		}
		p := a.brokenOff(r, err)
		done.problem = fmt.Sprintf("%s. Of the rows before, what is counted here was done; the same list again adds only the rest", p.message)
		return done.send(w, p.status)
	}
	if !dryRun {
		a.log.InfoContext(ctx, "contacts imported", "campaign", campaignID, "rows", done.counts.Rows, "contacts", done.counts.Contacts())
	}
	if dryRun || key == "" {
		return done.send(w, status)
	}
	kept, err := done.compressed()
	if err != nil {
		return err
	}
	result, err := a.store.AnswerOnce(ctx, key, sum(asked), store.Answer{Status: status, Body: kept})
	if err != nil {
		return err
	}
	write(w, result.Status, result.Body)
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
