package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/interview"
)

// maxContactsFile bounds a list of contacts that a form carries, in bytes. The API and the command take longer ones.
const maxContactsFile = 8 << 20

// contactsImport is what the pages of an import of contacts show.
type contactsImport struct {
	campaign             interview.Campaign
	at, to, refused, all string
	// list is what somebody pasted or uploaded, key that of the import.
	list, key string
	// answer is the API's, of the dry run or of the import.
	answer importAnswer
	waits  []waiting
	counts []refusedCount
	curl   string
}

// importAnswer is the API's answer to a list of contacts.
type importAnswer struct {
	Contacts    int
	Counts      contactimport.Counts
	RefusedRows []contactimport.Result
	Error       string
}

type waiting struct {
	reason string
	n      int
	until  *time.Time
}

type refusedCount struct {
	reason string
	n      int
}

func (p contactsImport) campaignView() importView {
	return importView{campaign: p.campaign, back: p.all}
}

// few are the rows that a table shows.
func (p contactsImport) few() []contactimport.Result {
	return p.answer.RefusedRows[:min(len(p.answer.RefusedRows), importRowsShown)]
}

func (c *Console) routeImportContacts(mux *http.ServeMux) {
	c.adminPage(mux, "POST /console/campaigns/{id}/import/contacts", c.previewContacts)
	c.adminPage(mux, "POST /console/campaigns/{id}/import/contacts/add", c.addContactsOf)
	c.adminPage(mux, "POST /console/campaigns/{id}/import/contacts/refused", c.refusedContacts)
}

// contactsImport reads the form of an import of contacts.
func (c *Console) contactsImport(w http.ResponseWriter, r *http.Request) (contactsImport, error) {
	var p contactsImport
	if err := readForm(w, r, 2*maxContactsFile); err != nil {
		return p, err
	}
	campaign, err := c.store.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return p, err
	}
	at := "/campaigns/" + campaign.ID
	p = contactsImport{campaign: campaign, at: c.path(at + "/import/contacts"), to: c.path(at + "/import/contacts/add"), refused: c.path(at + "/import/contacts/refused"),
		all: c.path(at), key: r.PostFormValue("import")}
	uploaded, err := uploadedFile(r, maxContactsFile)
	if err != nil {
		return p, err
	}
	// Browsers end the lines of a field with CR LF.
	if p.list = strings.ReplaceAll(r.PostFormValue("list"), "\r\n", "\n"); len(bytes.TrimSpace(uploaded)) > 0 {
		p.list = string(uploaded)
	}
	if strings.TrimSpace(p.list) == "" {
		return p, &badRequest{"There is no list: paste one, or choose a file."}
	}
	return p, nil
}

// request is the import as the API takes it.
func (p contactsImport) request(dryRun bool) apiRequest {
	q := apiRequest{method: http.MethodPost, path: "/api/campaigns/" + p.campaign.ID + "/contacts", media: "text/csv", raw: []byte(p.list)}
	if isJSON(p.list) {
		q.media = "application/json"
	}
	if dryRun {
		q.query = map[string][]string{"dryRun": {"true"}}
	} else {
		q.header = map[string]string{"Idempotency-Key": "contacts-" + p.key}
	}
	return q
}

func isJSON(list string) bool {
	list = strings.TrimSpace(strings.TrimPrefix(list, "\ufeff"))
	return strings.HasPrefix(list, "{") || strings.HasPrefix(list, "[")
}

// ask gives the list to the API and keeps its answer.
func (c *Console) askImport(r *http.Request, p *contactsImport, dryRun bool) error {
	answer, err := c.ask(r, p.request(dryRun))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.body, &p.answer); err != nil {
		return fmt.Errorf("reading the API's answer: %w", err)
	}
	if !answer.ok() && p.answer.Counts.Rows == 0 {
		return &badRequest{"The list was not taken: " + answer.faultWords() + "."}
	}
	for _, reason := range slices.Sorted(maps.Keys(p.answer.Counts.Waits)) {
		w := p.answer.Counts.Waits[reason]
		p.waits = append(p.waits, waiting{reason, w.Count, &w.Until})
	}
	for _, reason := range slices.Sorted(maps.Keys(p.answer.Counts.Refused)) {
		p.counts = append(p.counts, refusedCount{reason, p.answer.Counts.Refused[reason]})
	}
	return nil
}

// previewContacts says what would become of a list. Nothing is done, and nothing is kept.
func (c *Console) previewContacts(w http.ResponseWriter, r *http.Request, role Role) error {
	p, err := c.contactsImport(w, r)
	if err != nil {
		return err
	}
	if err := c.askImport(r, &p, true); err != nil {
		return err
	}
	p.key = c.newKey()
	p.curl = "curl -X POST " + shellQuoted(c.publicURL+p.request(true).target()) + ` -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: ` + p.request(true).media + `' --data-binary @FILE`
	c.renderImport(w, r, role, http.StatusOK, "Import contacts", contactsPreviewPage(p))
	return nil
}

// addContactsOf imports the list of a preview. To send it again, or twice at once, adds and calls nobody twice: the request has the
// Idempotency-Key of its preview, and a number that is a contact already is refused.
func (c *Console) addContactsOf(w http.ResponseWriter, r *http.Request, role Role) error {
	p, err := c.contactsImport(w, r)
	if err != nil {
		return err
	}
	id, err := ulid.ParseStrict(p.key)
	if err != nil {
		return &badRequest{"The form has no import. Preview the list again."}
	}
	if age := c.now().Sub(ulid.Time(id.Time())); age > importValid || age < -time.Hour {
		return &badRequest{"The preview is over 24 hours old. Preview the list again."}
	}
	if err := c.askImport(r, &p, false); err != nil {
		return err
	}
	c.renderImport(w, r, role, http.StatusOK, "Imported", contactsResultPage(p))
	return nil
}

// refusedContacts answers with the rows that a dry run refuses as a file, to be mended and imported again.
func (c *Console) refusedContacts(w http.ResponseWriter, r *http.Request, _ Role) error {
	p, err := c.contactsImport(w, r)
	if err != nil {
		return err
	}
	if err := c.askImport(r, &p, true); err != nil {
		return err
	}
	reasons := map[int]contactimport.Result{}
	for _, row := range p.answer.RefusedRows {
		reasons[row.Line] = row
	}
	rows, err := rowsOfList(p.list)
	if err != nil {
		return &badRequest{"The list cannot be read again."}
	}
	var refused contactimport.RefusedRows
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &badRequest{"The list cannot be read to its end: " + err.Error()}
		}
		if result, ok := reasons[row.Line]; ok {
			if err := refused.Add(row, result); err != nil {
				return err
			}
		}
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="refused-`+c.now().UTC().Format("20060102-150405")+`.csv"`)
	header.Set("Cache-Control", "no-store")
	_ = refused.WriteCSV(w) // who does not read it to its end does not want it
	return nil
}

func rowsOfList(list string) (contactimport.Reader, error) {
	if isJSON(list) {
		return contactimport.NewJSON(strings.NewReader(list))
	}
	return contactimport.NewCSV(strings.NewReader(list))
}

// refusedWords say why rows are refused or wait.
func refusedWords(reason string) string {
	switch reason {
	case contactimport.ReasonRow:
		return "the row cannot be read"
	case contactimport.ReasonPhoneNumber:
		return "is no number that can be called"
	case contactimport.ReasonDuplicate:
		return "the number stands above in the list"
	case contactimport.ReasonContactExists:
		return "the number is a contact of the campaign"
	case contactimport.ReasonLanguage:
		return "is no language tag"
	case contactimport.ReasonConsentAt:
		return "is no time"
	case contactimport.ReasonText:
		return "is too long, or cannot be spoken or kept"
	case contactimport.ReasonVariable:
		return "the variable cannot be used"
	case contactimport.ReasonMissingVariable:
		return "a variable is missing that a question names"
	}
	return reasonWords(interview.Refusal(reason))
}
