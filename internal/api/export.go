package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/export"
)

// partWithin is how long a client may take for one part of an export. The server's own limit is for whole answers.
const partWithin = time.Minute

// exportCampaign answers with all rows of a table of a campaign, part by part: contacts, calls, answers, claims or verdicts, as CSV, as
// one JSON array or as lines of JSON. A viewer gets them masked. An export that fails on the way is cut off, so that no client takes it
// for a whole one.
func (a *api) exportCampaign(w http.ResponseWriter, r *http.Request) error {
	query, err := queryOf(r, "table", "format")
	if err != nil {
		return err
	}
	o := export.Options{CampaignID: r.PathValue("id"), Table: export.Table(query.Get("table")), Format: export.Format(query.Get("format"))}
	if !query.Has("format") {
		o.Format = export.CSV
	}
	if !o.Table.Valid() {
		return badRequest("table must be one of " + joined(export.Tables()))
	}
	if !o.Format.Valid() {
		return badRequest("format must be one of " + joined(export.Formats()))
	}
	buffered, viewer := w.(*bufferedAnswer)
	client := w
	if viewer {
		o.Viewer, client = true, buffered.client
	}
	deadline := http.NewResponseController(client)
	begun := false
	out := writerFunc(func(p []byte) (int, error) {
		if !begun {
			begun = true
			announce(client.Header(), o)
			if viewer {
				buffered.masked = true
			}
		}
		_ = deadline.SetWriteDeadline(time.Now().Add(partWithin))
		return client.Write(p)
	})
	o.Flush = func() error { _ = deadline.Flush(); return nil }
	_, err = export.Write(unbounded(r.Context()), a.store, out, o)
	switch {
	case err == nil:
		return nil
	case !begun:
		return err
	case !errors.Is(unbounded(r.Context()).Err(), context.Canceled):
		a.log.ErrorContext(r.Context(), "export cut off", slog.String("campaign", o.CampaignID), slog.String("table", string(o.Table)), slog.Any("error", err))
	}
	panic(http.ErrAbortHandler)
}

func announce(header http.Header, o export.Options) {
	header.Set("Content-Type", o.Format.ContentType())
	header.Set("Content-Disposition", `attachment; filename="`+string(o.Table)+"-"+fileName(o.CampaignID)+"."+string(o.Format)+`"`)
}

// fileName is an id without what a file name or a header could not have.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, id)
}

func joined[T ~string](words []T) string {
	return strings.Join(each(words, func(w T) string { return string(w) }), ", ")
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// unboundedKey is the key of a request's context as it was before requestTimeout.
type unboundedKey struct{}

// withTimeout bounds what a request may ask of the database. An endpoint that answers part by part has no bound for the whole of it.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, unboundedKey{}, ctx), requestTimeout)
}

// unbounded is the context that ends when the client leaves, and not before.
func unbounded(ctx context.Context) context.Context {
	if original, ok := ctx.Value(unboundedKey{}).(context.Context); ok {
		return original
	}
	return ctx
}
