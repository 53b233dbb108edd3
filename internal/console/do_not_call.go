package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// maxListFile bounds a file of the do-not-call list that a form carries, in bytes.
const maxListFile = 16 << 20

func (c *Console) routeDoNotCall(mux *http.ServeMux) {
	c.page(mux, "GET /console/do-not-call", c.doNotCall)
	c.adminPage(mux, "GET /console/do-not-call.csv", c.exportDoNotCall)
	c.adminPage(mux, "POST /console/do-not-call/import", c.importDoNotCall)
	c.action(mux, "POST /console/do-not-call", func(r *http.Request) (action, error) {
		return addDoNotCall(r.PostFormValue("phoneNumber"), r.PostFormValue("scope")), nil
	})
	c.action(mux, "POST /console/do-not-call/{id}/remove", func(r *http.Request) (action, error) {
		return removeDoNotCall(r.PathValue("id")), nil
	})
	c.action(mux, "POST /console/calls/{id}/do-not-call", func(r *http.Request) (action, error) {
		detail, err := c.store.CallDetail(r.Context(), r.PathValue("id"))
		if err == nil && detail.Call.PhoneNumber == "" {
			return action{}, &badRequest{"The number of this call is erased."}
		}
		return listCall(detail.Call), err
	})
}

func addDoNotCall(number, scope string) action {
	return action{name: "Add a number", at: "/do-not-call", from: "/do-not-call", reason: optional, said: doNotCallSaid,
		explained: "Nobody dials it once this is done. Only a keyed hash of the number is kept.",
		inputs: []input{{name: "phoneNumber", label: "Number, with + and its country code", value: number, required: true},
			{name: "scope", label: "Scope: all, or the id of a campaign", value: orAll(scope), required: true}},
		request: apiRequest{method: http.MethodPost, path: "/api/do-not-call", body: map[string]any{"phoneNumber": orExample(number), "scope": orAll(scope), "source": "console"}}}
}

func orAll(scope string) string {
	if scope = strings.TrimSpace(scope); scope != "" {
		return scope
	}
	return interview.ScopeAll
}

func orExample(number string) string {
	if number == "" {
		return "…"
	}
	return number
}

func doNotCallSaid(answer []byte) string {
	var entry struct{ PhoneNumber string }
	if json.Unmarshal(answer, &entry) != nil || entry.PhoneNumber == "" {
		return "The number is on the list."
	}
	return entry.PhoneNumber + " is on the list."
}

func removeDoNotCall(id string) action {
	return action{name: "Remove", at: "/do-not-call/" + url.PathEscape(id) + "/remove", from: "/do-not-call", reason: required, typed: "remove", danger: true,
		explained: "The person may be called again, unless another entry has the number. Contacts that were refused stay refused.", done: "The entry is removed.",
		request: apiRequest{method: http.MethodDelete, path: "/api/do-not-call/" + id}}
}

// listCall puts the number of a call on the list.
func listCall(call interview.Call) action {
	a := callAction(call.ID, "do-not-call", http.MethodPost, "/api/do-not-call")
	a.name, a.reason, a.said = "Put on the do-not-call list", required, doNotCallSaid
	a.explained = "The number is not dialled any more, by any campaign. This call goes on if it is under way."
	a.request.body = map[string]any{"phoneNumber": call.PhoneNumber, "scope": interview.ScopeAll, "source": "console"}
	return a
}

// doNotCallRow is an entry as somebody of a role sees it.
type doNotCallRow struct {
	interview.DoNotCall
	by, why string
	// campaign and call are addresses, "" where there is none.
	campaign, call string
	remove         *actionForm
}

func (r doNotCallRow) number() string {
	if r.Masked == "" {
		return "erased"
	}
	return r.Masked
}

// sourceWords say where an entry comes from.
func (r doNotCallRow) sourceWords() string {
	switch r.Source {
	case interview.SourceCall:
		return "asked for on a call"
	case interview.SourceTranscript:
		return "asked for on a recording"
	}
	return r.Source
}

func (c *Console) doNotCallRow(role Role, d interview.DoNotCall) doNotCallRow {
	row := doNotCallRow{DoNotCall: d, by: shownText(role, d.RequestedBy), why: shownText(role, d.Reason)}
	row.Source = shownText(role, d.Source)
	if d.Scope != interview.ScopeAll {
		row.campaign = c.path("/campaigns/" + url.PathEscape(d.Scope))
	}
	if d.CallID != "" {
		row.call = c.path("/calls/" + url.PathEscape(d.CallID))
	}
	return row
}

// listedNumber are the entries that keep a campaign from calling a number.
func (c *Console) listedNumber(ctx context.Context, role Role, number, campaignID string) ([]doNotCallRow, error) {
	if number == "" {
		return nil, nil
	}
	found, err := c.store.DoNotCallList(ctx, store.DoNotCallFilter{PhoneNumber: number}, store.Page{Limit: rowsAPage})
	if err != nil {
		return nil, err
	}
	var rows []doNotCallRow
	for _, d := range found.Items {
		if d.Covers(campaignID) {
			rows = append(rows, c.doNotCallRow(role, d))
		}
	}
	return rows, nil
}

// doNotCallView is what the page of the list shows.
type doNotCallView struct {
	listView
	rows []doNotCallRow
	// checked is a number that was looked for, "" for none.
	checked string
	add     *actionForm
	// imported says what came of a file, nil when none was imported.
	imported *listImport
	to, csv  string
	path     func(string) string
}

// listImport is what the API says of a file.
type listImport struct {
	Rows, Added, Already, RefusedRows int
	Refused                           []struct {
		Line          int
		Value, Reason string
	}
}

func (c *Console) doNotCall(w http.ResponseWriter, r *http.Request, role Role) error {
	return c.showDoNotCall(w, r, role, nil)
}

func (c *Console) showDoNotCall(w http.ResponseWriter, r *http.Request, role Role, imported *listImport) error {
	l, query, err := c.listView(r, role, "/do-not-call", "scope", "phoneNumber")
	if err != nil {
		return err
	}
	p := doNotCallView{listView: l, imported: imported, to: c.path("/do-not-call/import"), csv: c.path("/do-not-call.csv"), path: c.path}
	by := store.DoNotCallFilter{Scope: query.Get("scope")}
	if number := query.Get("phoneNumber"); number != "" {
		if role != Admin {
			return &forbidden{"A viewer does not look a number up: that would tell the number that is masked."}
		}
		numbers := phoneSpellings(number)
		if len(numbers) == 0 {
			return &badRequest{"phoneNumber must be an E.164 number such as +15551234567."}
		}
		by.PhoneNumber = numbers[len(numbers)-1]
		p.checked = by.PhoneNumber
	}
	found, err := c.store.DoNotCallList(r.Context(), by, l.page)
	if err != nil {
		return err
	}
	p.next = l.older(found.Next)
	for _, d := range found.Items {
		row := c.doNotCallRow(role, d)
		if role == Admin {
			form := c.form(removeDoNotCall(d.ID))
			row.remove = &form
		}
		p.rows = append(p.rows, row)
	}
	if role == Admin {
		form := c.form(addDoNotCall("", ""))
		p.add = &form
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Do-not-call list"), doNotCallPage(p))
	return nil
}

// exportDoNotCall answers with the whole list as CSV.
func (c *Console) exportDoNotCall(w http.ResponseWriter, r *http.Request, _ Role) error {
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="do-not-call-`+c.now().UTC().Format("20060102-150405")+`.csv"`)
	header.Set("Cache-Control", "no-store")
	if err := c.store.ExportDoNotCall(r.Context(), store.DoNotCallFilter{}, w, func() { extendWrite(w) }); err != nil {
		if r.Context().Err() == nil {
			c.log.ErrorContext(r.Context(), "exporting the do-not-call list", slog.Any("error", err))
		}
		panic(http.ErrAbortHandler) // a file that ends too early must not look complete
	}
	return nil
}

// importDoNotCall gives a file to the API, and says what came of it.
func (c *Console) importDoNotCall(w http.ResponseWriter, r *http.Request, role Role) error {
	if err := readForm(w, r, maxListFile+1<<20); err != nil {
		return err
	}
	text, err := uploadedFile(r, maxListFile)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return &badRequest{"Choose a CSV file. Its first line names the columns: phoneNumber, and if wanted scope, source, reason, requestedBy."}
	}
	query := url.Values{}
	for _, name := range []string{"scope", "reason"} {
		if value := strings.TrimSpace(r.PostFormValue(name)); value != "" {
			query.Set(name, value)
		}
	}
	answer, err := c.ask(r, apiRequest{method: http.MethodPost, path: "/api/do-not-call", query: query, media: "text/csv", raw: text})
	if err != nil {
		return err
	}
	if !answer.ok() {
		return &badRequest{"The list was not imported: " + answer.faultWords()}
	}
	var imported listImport
	if err := json.Unmarshal(answer.body, &imported); err != nil {
		return err
	}
	return c.showDoNotCall(w, r, role, &imported)
}

// uploadedFile is the file that came with a form, nil for none.
func uploadedFile(r *http.Request, most int64) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["file"]) == 0 {
		return nil, nil
	}
	file, err := r.MultipartForm.File["file"][0].Open()
	if err != nil {
		return nil, &badRequest{"The file cannot be read."}
	}
	defer func() { _ = file.Close() }() // it is only read
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil || int64(len(text)) > most {
		return nil, &badRequest{"The file cannot be read, or is too large."}
	}
	return text, nil
}

// variablesOf are the variables of a contact, as somebody of a role may see them.
func variablesOf(role Role, variables map[string]string) []parameter {
	var list []parameter
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, parameter{name: shownText(role, name), value: shownText(role, variables[name])})
	}
	return list
}
