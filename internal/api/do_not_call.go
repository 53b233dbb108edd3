package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// doNotCallRequest is the body of POST /api/do-not-call. The header X-Requested-By does for requestedBy.
type doNotCallRequest struct {
	PhoneNumber string `json:"phoneNumber"`
	// Scope is all, which is the default, or a campaign's id.
	Scope       string `json:"scope"`
	Source      string `json:"source"`
	Reason      string `json:"reason"`
	RequestedBy string `json:"requestedBy"`
}

// doNotCall is an entry of the do-not-call list as it is shown.
type doNotCall struct {
	ID string `json:"id"`
	// PhoneNumber is masked, since the list does not keep numbers, and null once the person was erased.
	PhoneNumber *string   `json:"phoneNumber"`
	Scope       string    `json:"scope"`
	Source      string    `json:"source"`
	Reason      *string   `json:"reason"`
	RequestedBy *string   `json:"requestedBy"`
	CallID      *string   `json:"callId"`
	CreatedAt   time.Time `json:"createdAt"`
}

func showDoNotCall(d interview.DoNotCall) doNotCall {
	return doNotCall{ID: d.ID, PhoneNumber: nullIfZero(d.Masked), Scope: d.Scope, Source: d.Source, Reason: nullIfZero(d.Reason),
		RequestedBy: nullIfZero(d.RequestedBy), CallID: nullIfZero(d.CallID), CreatedAt: d.CreatedAt.UTC()}
}

// maxSource bounds where an entry comes from, in characters.
const maxSource = 64

func (a *api) handleDoNotCall() {
	a.handleQuery("POST /api/do-not-call", "", a.addDoNotCall)
	a.handleQuery("GET /api/do-not-call", "", a.listDoNotCall)
	a.handleQuery("DELETE /api/do-not-call/{id}", "Entry of the do-not-call list", a.removeDoNotCall)
}

// addDoNotCall answers 201, or 200 when the number is there already with this scope. A body of text/csv is imported.
func (a *api) addDoNotCall(w http.ResponseWriter, r *http.Request) error {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "text/csv" {
		return a.importDoNotCall(w, r)
	}
	var body doNotCallRequest
	if _, err := queryOf(r); err != nil { // the scope of a CSV file is there, that of one number in the body
		return err
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	number, ok := interview.NormalPhoneNumber(body.PhoneNumber)
	entry := body.entry(r)
	entry.PhoneNumber = number
	faults := entryFaults(r, &entry)
	if !ok {
		faults = append([]fault{{Field: "phoneNumber", Value: excerpt(body.PhoneNumber), Error: "must be an E.164 number such as +15551234567"}}, faults...)
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	kept, added, err := a.store.AddDoNotCall(r.Context(), entry)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return answer(w, status, showDoNotCall(kept))
}

func (b doNotCallRequest) entry(r *http.Request) store.NewDoNotCall {
	return store.NewDoNotCall{Scope: cmp.Or(strings.TrimSpace(b.Scope), interview.ScopeAll), Source: cmp.Or(strings.TrimSpace(b.Source), "api"),
		Reason: b.Reason, RequestedBy: cmp.Or(b.RequestedBy, r.Header.Get("X-Requested-By"))}
}

func entryFaults(r *http.Request, n *store.NewDoNotCall) []fault {
	faults := append(scopeFaults(n.Scope), textFaults("source", n.Source, maxSource, false)...)
	return append(faults, whoFaults(r, &n.RequestedBy, &n.Reason)...)
}

// listDoNotCall answers with the entries; with phoneNumber, those of the number, none of which says that it may be called. As CSV it
// answers with all of them.
func (a *api) listDoNotCall(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "phoneNumber", "scope", "format")
	if err != nil {
		return err
	}
	var by store.DoNotCallFilter
	if by.PhoneNumber, err = queryPhoneNumber(query, "phoneNumber"); err != nil {
		return err
	}
	if by.Scope, err = queryID(query, "scope"); err != nil {
		return err
	}
	switch format := query.Get("format"); {
	case format == "csv", format == "" && acceptsCSV(r):
		return a.exportDoNotCall(w, r, by)
	case format != "" && format != "json":
		return badRequest("format must be json or csv")
	}
	entries, err := a.store.DoNotCallList(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(entries, showDoNotCall))
}

// acceptsCSV reports whether a request asks for CSV before anything else.
func acceptsCSV(r *http.Request) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	media, _, _ := mime.ParseMediaType(first)
	return media == "text/csv"
}

// removeDoNotCall answers 204.
func (a *api) removeDoNotCall(w http.ResponseWriter, r *http.Request) error {
	who, err := whoAsks(w, r)
	if err != nil {
		return err
	}
	if err := a.store.RemoveDoNotCall(r.Context(), r.PathValue("id"), who.RequestedBy, who.Reason); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// doNotCallImport is what came of a file.
type doNotCallImport struct {
	Rows    int `json:"rows"`
	Added   int `json:"added"`
	Already int `json:"already"`
	// RefusedRows counts the rows that cannot be taken; Refused names the first 1,000 of them.
	RefusedRows int          `json:"refusedRows"`
	Refused     []refusedRow `json:"refused"`
}

type refusedRow struct {
	Line   int    `json:"line"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

const (
	// maxDoNotCallFile bounds a file of the do-not-call list, in bytes: more than 1,000,000 numbers.
	maxDoNotCallFile = 64 << 20
	// transferWithin bounds how long a file may take on its way.
	transferWithin = 10 * time.Minute
)

// importDoNotCall takes a file of any length, row by row: 200 with counts, also when some rows were refused. A file that cannot be
// read to its end is 422, with what was added before it in the message.
func (a *api) importDoNotCall(w http.ResponseWriter, r *http.Request) error {
	query, err := queryOf(r, "scope", "source", "reason", "requestedBy")
	if err != nil {
		return err
	}
	defaults := doNotCallRequest{Scope: query.Get("scope"), Source: cmp.Or(query.Get("source"), "import"), Reason: query.Get("reason"),
		RequestedBy: query.Get("requestedBy")}.entry(r)
	if faults := entryFaults(r, &defaults); len(faults) > 0 {
		return invalid(faults)
	}
	r, done := longer(w, r)
	defer done()
	result, err := a.store.ImportDoNotCall(r.Context(), store.ReadDoNotCallCSV(http.MaxBytesReader(w, r.Body, maxDoNotCallFile)), defaults)
	if file := new(store.FileError); errors.As(err, &file) {
		status := http.StatusUnprocessableEntity
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		return &problem{status: status, message: fmt.Sprintf("%v; %d rows were read, %d of them added", file, result.Rows, result.Added)}
	}
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, doNotCallImport{Rows: result.Rows, Added: result.Added, Already: result.Already, RefusedRows: result.RefusedRows,
		Refused: each(result.Refused, func(r store.DoNotCallRow) refusedRow { return refusedRow{r.Line, r.Value, r.Refused} })})
}

// exportDoNotCall writes the whole list as CSV.
func (a *api) exportDoNotCall(w http.ResponseWriter, r *http.Request, by store.DoNotCallFilter) error {
	r, done := longer(w, r)
	defer done()
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="do-not-call.csv"`)
	if err := a.store.ExportDoNotCall(r.Context(), by, w, nil); err != nil {
		if r.Context().Err() == nil {
			a.log.ErrorContext(r.Context(), "writing the do-not-call list", "error", err)
		}
		panic(http.ErrAbortHandler) // a file that ends too early must not look complete
	}
	return nil
}

// longer gives a request that carries a file the time for it.
func longer(w http.ResponseWriter, r *http.Request) (*http.Request, context.CancelFunc) {
	until := time.Now().Add(transferWithin)
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(until) // where there is none, nothing ends the request either
	_ = controller.SetWriteDeadline(until)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(r.Context()), until)
	return r.WithContext(ctx), cancel
}
