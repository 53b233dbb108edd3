package console

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	// numbersAtOnce is how many numbers one request to the API has, as many as it takes.
	numbersAtOnce = 1_000
	// importValid is how long a preview may be used. It is much shorter than the API keeps an Idempotency-Key.
	importValid = 24 * time.Hour
	// maxImportForm bounds the form: the numbers, and a file of them.
	maxImportForm = 2*maxImportBytes + 1<<20
	// importRowsShown bounds each table of the pages.
	importRowsShown = 1_000
)

// importView is what the pages of an import show.
type importView struct {
	campaign interview.Campaign
	to, back string
	at       string // where the preview is posted to
	// text and repeat are what somebody typed.
	text   string
	repeat bool
	// key is that of the import: it makes every batch of it be done once.
	key string
	// lines are what was read; good are those that would be called.
	lines []importLine
	good  []string
	// problem is what speaks against all of it, "" for nothing.
	problem string
	curl    string
	// results are by number, in the order of the numbers.
	results []importResult
	queued  int
	calls   string // the list of the campaign's calls
	shown   int    // rows of a table at most
}

// importResult is what became of a number.
type importResult struct {
	number, call, href, problem string
}

// numbers are the good numbers as the form carries them.
func (p importView) numbers() string { return strings.Join(p.good, " ") }

// bad are the lines that cannot be called.
func (p importView) bad() []importLine {
	return slices.DeleteFunc(slices.Clone(p.lines), func(l importLine) bool { return l.problem == "" })
}

// notQueued are the numbers that were not called.
func (p importView) notQueued() []importResult {
	return slices.DeleteFunc(slices.Clone(p.results), func(r importResult) bool { return r.problem == "" })
}

// isQueued are the numbers that will be called.
func (p importView) isQueued() []importResult {
	return slices.DeleteFunc(slices.Clone(p.results), func(r importResult) bool { return r.problem != "" })
}

func (c *Console) importView(r *http.Request) (importView, error) {
	campaign, err := c.store.Campaign(r.Context(), r.PathValue("id"))
	at := "/campaigns/" + campaign.ID
	return importView{campaign: campaign, at: c.path(at + "/import"), to: c.path(at + "/import/calls"), back: c.path(at), shown: importRowsShown,
		calls: address(c.path("/calls"), map[string][]string{"campaignId": {campaign.ID}})}, err
}

func (c *Console) importForm(w http.ResponseWriter, r *http.Request, role Role) error {
	p, err := c.importView(r)
	if err != nil {
		return err
	}
	if p.campaign.Status != interview.CampaignActive {
		p.problem = "The campaign is " + string(p.campaign.Status) + ": numbers can be looked at, and are called only once it is started."
	}
	c.renderImport(w, r, role, http.StatusOK, "Import numbers", importFormPage(p))
	return nil
}

// previewImport reads the numbers, asks the API what it would do, and shows it. Nothing is done, and nothing is kept.
func (c *Console) previewImport(w http.ResponseWriter, r *http.Request, role Role) error {
	if err := readForm(w, r, maxImportForm); err != nil {
		return err
	}
	p, err := c.importView(r)
	if err != nil {
		return err
	}
	p.repeat = r.PostFormValue("repeat") == "on"
	text := r.PostFormValue("numbers")
	uploaded, err := uploadedText(r)
	if err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(text) == "":
		text = uploaded
	case strings.TrimSpace(uploaded) != "":
		text += "\n" + uploaded
	}
	if p.lines, err = readNumbers(text); err != nil {
		return err
	}
	if len(p.lines) == 0 {
		p.problem = "There is no number: paste some, or choose a file."
		c.renderImport(w, r, role, http.StatusBadRequest, "Import numbers", importFormPage(p))
		return nil
	}
	if err := c.checkNumbers(r, &p); err != nil {
		return err
	}
	p.key, p.text = c.newKey(), text
	p.curl = c.curl(importRequest(p.campaign.ID, importKey(p.key, 0), p.good[:min(len(p.good), numbersAtOnce)], p.repeat))
	c.renderImport(w, r, role, http.StatusOK, "Import numbers", importPreviewPage(p))
	return nil
}

// uploadedText is the text of the file that came with a form, "" for none.
func uploadedText(r *http.Request) (string, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["file"]) == 0 {
		return "", nil
	}
	header := r.MultipartForm.File["file"][0]
	if header.Size > maxImportBytes {
		return "", &badRequest{fmt.Sprintf("The file is over %d MiB.", maxImportBytes>>20)}
	}
	file, err := header.Open()
	if err != nil {
		return "", fmt.Errorf("opening the file of numbers: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("reading the file of numbers: %w", err)
	}
	return string(text), nil
}

// importRequest asks the API to call numbers.
func importRequest(campaignID, key string, numbers []string, repeat bool) apiRequest {
	body := map[string]any{"phoneNumbers": numbers}
	if repeat {
		body["allowRepeat"] = true
	}
	q := apiRequest{method: http.MethodPost, path: "/api/campaigns/" + campaignID + "/calls", body: body}
	if key != "" {
		q.header = map[string]string{"Idempotency-Key": key}
	}
	return q
}

// importKey is the Idempotency-Key of a batch. It says nothing of the numbers, so that each batch of an import is done once,
// whatever of it the API refuses.
func importKey(key string, batch int) string { return "import-" + key + "-" + strconv.Itoa(batch) }

// checkNumbers asks the API what it has against the numbers, in a dry run, and keeps those against which it has nothing.
func (c *Console) checkNumbers(r *http.Request, p *importView) error {
	var asked []*importLine
	for n := range p.lines {
		if p.lines[n].number != "" {
			asked = append(asked, &p.lines[n])
		}
	}
	for batch := range slices.Chunk(asked, numbersAtOnce) {
		numbers := make([]string, len(batch))
		for n, line := range batch {
			numbers[n] = line.number
		}
		request := importRequest(p.campaign.ID, "", numbers, p.repeat)
		request.body["dryRun"] = true
		answer, err := c.ask(r, request)
		if err != nil {
			return err
		}
		faults := answer.faults()
		if !answer.ok() && len(faults) == 0 {
			p.problem = answer.problem()
			return nil
		}
		for _, fault := range faults {
			if n, ok := indexOf(fault.Field, "phoneNumbers"); ok && n < len(batch) {
				batch[n].problem = callWords(fault.Error)
			} else {
				p.problem = "The " + fault.Field + " " + fault.Error + "."
			}
		}
	}
	for _, line := range asked {
		if line.problem == "" {
			p.good = append(p.good, line.number)
		}
	}
	return nil
}

// callWords is what the API has against a number, in the words of the page.
func callWords(said string) string {
	if strings.Contains(said, "allowRepeat") {
		return "was called by this campaign"
	}
	return said
}

// doImport has the numbers of a preview called, in batches. To send it again, or twice at once, calls nobody twice: each batch
// has an Idempotency-Key of its import's. What the API refuses is left out, and the rest of its batch called.
func (c *Console) doImport(w http.ResponseWriter, r *http.Request, role Role) error {
	if err := readForm(w, r, maxImportForm); err != nil {
		return err
	}
	p, err := c.importView(r)
	if err != nil {
		return err
	}
	p.key, p.repeat, p.good = r.PostFormValue("import"), r.PostFormValue("repeat") == "on", strings.Fields(r.PostFormValue("numbers"))
	id, err := ulid.ParseStrict(p.key)
	if err != nil || len(p.good) == 0 || len(p.good) > maxImportLines {
		return &badRequest{"The form has no import. Preview the numbers again."}
	}
	since := ulid.Time(id.Time())
	if age := c.now().Sub(since); age > importValid || age < -time.Hour {
		return &badRequest{"The preview is over 24 hours old. Preview the numbers again."}
	}
	batch := 0
	for numbers := range slices.Chunk(p.good, numbersAtOnce) {
		results, err := c.importBatch(r, p, importKey(p.key, batch), numbers, since)
		if err != nil {
			return err
		}
		p.results = append(p.results, results...)
		batch++
	}
	for n := range p.results {
		if result := &p.results[n]; result.problem == "" {
			p.queued++
			result.href = c.path("/calls/" + result.call)
		}
	}
	status := http.StatusOK
	if p.queued == 0 {
		status = http.StatusUnprocessableEntity
	}
	c.renderImport(w, r, role, status, "Imported", importResultPage(p))
	return nil
}

// importBatch has the numbers of one batch called, but those that the API refuses, and says what became of each.
func (c *Console) importBatch(r *http.Request, p importView, key string, numbers []string, since time.Time) ([]importResult, error) {
	problems, calls := map[string]string{}, map[string]string{}
	for left, tries := numbers, 0; len(left) > 0; {
		answer, err := c.ask(r, importRequest(p.campaign.ID, key, left, p.repeat))
		if err != nil {
			return nil, err
		}
		faults := answer.faults()
		switch {
		case answer.ok():
			var done struct {
				Calls []struct{ ID, PhoneNumber string }
			}
			if err := json.Unmarshal(answer.body, &done); err != nil {
				return nil, fmt.Errorf("reading the API's answer: %w", err)
			}
			for n, call := range done.Calls {
				calls[left[n]] = call.ID // the answer is in their order, and has no number of a call that was erased since
			}
			left = nil
		case answer.status == http.StatusConflict && tries < 5:
			tries++ // another request with the key is at it: the API waits for it
		case answer.status == http.StatusUnprocessableEntity && len(faults) == 0:
			// The key was used with what was left of the batch after the API had refused some of it.
			made, err := c.store.CallsTo(r.Context(), p.campaign.ID, numbers, since)
			if err != nil {
				return nil, err
			}
			for _, number := range numbers {
				if call, ok := made[number]; ok {
					calls[number] = call.ID
				} else {
					problems[number] = "was left out when this import was sent before"
				}
			}
			left = nil
		default:
			before := len(left)
			left = withoutRefused(left, faults, problems)
			if len(left) == before { // it has nothing against single numbers
				for _, number := range left {
					problems[number] = answer.problem()
				}
				left = nil
			}
		}
	}
	results := make([]importResult, len(numbers))
	for n, number := range numbers {
		results[n] = importResult{number: number, call: calls[number], problem: problems[number]}
	}
	return results, nil
}

// withoutRefused are the numbers that the API has nothing against; what it has against the others goes into problems.
func withoutRefused(numbers []string, faults []apiFault, problems map[string]string) []string {
	refused := map[int]bool{}
	for _, fault := range faults {
		if n, ok := indexOf(fault.Field, "phoneNumbers"); ok && n < len(numbers) {
			refused[n], problems[numbers[n]] = true, callWords(fault.Error)
		}
	}
	var left []string
	for n, number := range numbers {
		if !refused[n] {
			left = append(left, number)
		}
	}
	return left
}

func (c *Console) renderImport(w http.ResponseWriter, r *http.Request, role Role, status int, title string, body templ.Component) {
	f := c.frame(r, role, title)
	f.scripts = append(f.scripts, "campaigns.js")
	c.render(w, r, status, f, body)
}

// few are the lines of one sort that a table shows.
func (p importView) few(lines []importLine, bad bool) []importLine {
	var few []importLine
	for _, line := range lines {
		if (line.problem != "") == bad && len(few) < p.shown {
			few = append(few, line)
		}
	}
	return few
}

// hiddenLines is how many lines of one sort a table does not show.
func (p importView) hiddenLines(lines []importLine, bad bool) int {
	n := 0
	for _, line := range lines {
		if (line.problem != "") == bad {
			n++
		}
	}
	return n - len(p.few(lines, bad))
}

func importCaption(bad bool) string {
	if bad {
		return "not called"
	}
	return "called"
}
