package console

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
)

// maxCampaignForm bounds the form of a campaign, in bytes: the longest template and hypotheses that the API takes, with room.
const maxCampaignForm = 2 << 20

// campaignValues are what somebody typed.
type campaignValues struct {
	name, category, template, mode, language, status string
	// identity has the parts of who calls, in the order of identityFields.
	identity [3]string
	calling  callingValues
	// hypotheses has one in each line.
	hypotheses string
}

// identityFields are the parts of who calls, as the API names them, and what they ask for.
func identityFields() [3][2]string {
	return [3][2]string{
		{"organisation", "Who calls: the organisation's name, spoken first and last"},
		{"callbackNumber", "Number to reach them, spoken with it, such as +15551234567"},
		{"purpose", "Why: the end of “calling about …”"},
	}
}

func valuesOf(c interview.Campaign) campaignValues {
	return campaignValues{calling: callingOf(c), identity: [3]string{c.Identity.Organisation, c.Identity.CallbackNumber, c.Identity.Purpose}, name: c.Name, category: c.Category, template: c.PromptTemplate, mode: string(c.AnswerMode), language: c.Language, status: string(c.Status)}
}

// readValues reads the form. Browsers end lines with CR LF, which is not what was typed.
func readValues(r *http.Request) campaignValues {
	value := func(name string) string { return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n") }
	var identity [3]string
	for i, field := range identityFields() {
		identity[i] = value("identity." + field[0])
	}
	return campaignValues{calling: readCalling(r), identity: identity, name: value("name"), category: value("category"), template: value("promptTemplate"), mode: value("answerMode"),
		language: value("language"), status: value("status"), hypotheses: value("hypotheses")}
}

// campaign is a campaign with the values, for the preview.
func (v campaignValues) campaign() interview.Campaign {
	return interview.Campaign{Name: v.name, Category: v.category, PromptTemplate: v.template, AnswerMode: interview.AnswerMode(v.mode),
		Language: cmp.Or(v.language, interview.DefaultLanguage), Voice: strings.TrimSpace(v.calling["voice"]),
		Identity: interview.Identity{Organisation: v.identity[0], CallbackNumber: v.identity[1], Purpose: v.identity[2]}}
}

// fields are the values that a campaign may be given at any time, by their names in the API.
func (v campaignValues) fields() map[string]string {
	fields := map[string]string{"name": v.name, "category": v.category, "promptTemplate": v.template, "answerMode": v.mode, "language": v.language}
	for i, field := range identityFields() {
		fields["identity."+field[0]] = v.identity[i]
	}
	for _, name := range callingFields {
		fields[name] = v.calling[name]
	}
	return fields
}

// put puts a field into the body of a request, as the API takes it. Of who calls, all parts go together.
func (v campaignValues) put(body map[string]any, name, value string) {
	if slices.Contains(callingFields, name) {
		v.calling.put(body, name)
		return
	}
	if !strings.HasPrefix(name, "identity.") {
		body[name] = value
		return
	}
	identity := map[string]string{}
	for i, field := range identityFields() {
		identity[field[0]] = v.identity[i]
	}
	body["identity"] = identity
}

// questions are the hypotheses, and the line that each is on.
func (v campaignValues) questions() (questions []map[string]any, lines []int) {
	n := 0
	for line := range strings.Lines(v.hypotheses) {
		n++
		if line = strings.TrimSpace(line); line != "" {
			questions, lines = append(questions, map[string]any{"question": line}), append(lines, n)
		}
	}
	return questions, lines
}

// creation is the request that makes a campaign of the values, once for its key.
func (v campaignValues) creation(key string) apiRequest {
	body := map[string]any{"status": v.status}
	for name, value := range v.fields() {
		v.put(body, name, value)
	}
	if questions, _ := v.questions(); len(questions) > 0 {
		body["hypotheses"] = questions
	}
	return apiRequest{method: http.MethodPost, path: "/api/campaigns", body: body, header: map[string]string{"Idempotency-Key": key}}
}

// change is the request that changes what somebody changed: was has the hashes of the values that the form had at first, so that
// what another operator has changed meanwhile stays. nil stands for no change.
func (v campaignValues) change(id string, was map[string]string) *apiRequest {
	body := map[string]any{}
	for name, value := range v.fields() {
		if hashed(value) != was[name] {
			v.put(body, name, value)
		}
	}
	if len(body) == 0 {
		return nil
	}
	return &apiRequest{method: http.MethodPatch, path: "/api/campaigns/" + id, body: body}
}

func hashed(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:8])
}

// campaignForm is what the form of a campaign shows.
type campaignForm struct {
	campaignValues
	// id is that of the campaign, "" for a new one.
	id       string
	to, back string
	// key makes one campaign of a form, however often it is sent.
	key string
	was map[string]string
	// problems are by field, "" for what is about none.
	problems  map[string]string
	script    []spokenPart
	curl      string
	underWay  int
	languages []string
}

func (p campaignForm) words(text string) string { return text } // the form is an Admin's

// problem is what is wrong with a field.
func (p campaignForm) problem(field string) string { return p.problems[field] }

// spokenLanguages are proposed; any other tag may be written.
func spokenLanguages() []string {
	return []string{"en-US", "en-GB", "en-AU", "de-DE", "es-ES", "es-MX", "fr-FR", "fr-CA", "it-IT", "ja-JP", "nl-NL", "pl-PL", "pt-BR"}
}

func modeWords(m interview.AnswerMode) string {
	if m == interview.AnswerGather {
		return "heard one by one"
	}
	return "recorded in a pause after each question"
}

func (c *Console) newCampaign(w http.ResponseWriter, r *http.Request, role Role) error {
	p := campaignForm{key: c.newKey(), campaignValues: campaignValues{calling: callingOf(interview.Campaign{}), mode: string(interview.AnswerPause), language: interview.DefaultLanguage,
		status: string(interview.CampaignDraft)}}
	return c.showCampaignForm(w, r, role, p, http.StatusOK)
}

func (c *Console) editCampaign(w http.ResponseWriter, r *http.Request, role Role) error {
	campaign, err := c.store.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := campaignForm{campaignValues: valuesOf(campaign), id: campaign.ID, was: map[string]string{}}
	for name, value := range p.fields() {
		p.was[name] = hashed(value)
	}
	return c.showCampaignForm(w, r, role, p, http.StatusOK)
}

// newKey is a key for one form, which begins with its time.
func (c *Console) newKey() string { return ulid.MustNew(ulid.Timestamp(c.now()), rand.Reader).String() }

// showCampaignForm draws a form with a preview of what calls would say; only the preview when a script asks for it.
func (c *Console) showCampaignForm(w http.ResponseWriter, r *http.Request, role Role, p campaignForm, status int) error {
	var err error
	if p.script, err = c.script(p.campaign()); err != nil {
		return err
	}
	title := "New campaign"
	p.to, p.back, p.languages = c.path("/campaigns/new"), c.path("/campaigns"), spokenLanguages()
	request := p.creation(p.key)
	if p.id != "" {
		title, p.to, p.back = "Edit "+p.name, c.path("/campaigns/"+p.id+"/edit"), c.path("/campaigns/"+p.id)
		request = apiRequest{method: http.MethodPatch, path: "/api/campaigns/" + p.id, body: map[string]any{}}
		if change := p.change(p.id, p.was); change != nil {
			request = *change
		}
		live, err := c.store.LiveCalls(r.Context(), p.id)
		if err != nil {
			return err
		}
		for status, calls := range live {
			if status != interview.CallQueued {
				p.underWay += calls
			}
		}
	}
	p.curl = c.curl(request)
	if r.Method == http.MethodPost && r.PostFormValue("do") == "fragment" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		return campaignPreview(p).Render(r.Context(), w)
	}
	f := c.frame(r, role, title)
	f.scripts = append(f.scripts, "campaigns.js")
	c.render(w, r, status, f, campaignFormPage(p))
	return nil
}

// createCampaign makes a campaign, or shows what its calls would say.
func (c *Console) createCampaign(w http.ResponseWriter, r *http.Request, role Role) error {
	if err := readForm(w, r, maxCampaignForm); err != nil {
		return err
	}
	p := campaignForm{campaignValues: readValues(r), key: r.PostFormValue("key")}
	if _, err := ulid.ParseStrict(p.key); err != nil {
		return &badRequest{"The form has no key. Open it again."}
	}
	if r.PostFormValue("do") != "save" {
		return c.showCampaignForm(w, r, role, p, http.StatusOK)
	}
	answer, err := c.ask(r, p.creation(p.key))
	if err != nil {
		return err
	}
	if !answer.ok() {
		if len(answer.faults()) == 0 && answer.status == http.StatusUnprocessableEntity {
			p.key = c.newKey() // this form has made a campaign
			p.problems = map[string]string{"": "This form has made another campaign already. Send it again to make one more."}
			return c.showCampaignForm(w, r, role, p, http.StatusConflict)
		}
		p.problems = p.problemsOf(answer)
		return c.showCampaignForm(w, r, role, p, answer.status)
	}
	var created struct{ ID string }
	if err := json.Unmarshal(answer.body, &created); err != nil {
		return fmt.Errorf("reading the API's answer: %w", err)
	}
	c.notify(w, "The campaign is created.")
	http.Redirect(w, r, c.path("/campaigns/"+created.ID), http.StatusSeeOther)
	return nil
}

// changeCampaign changes what somebody changed in the form.
func (c *Console) changeCampaign(w http.ResponseWriter, r *http.Request, role Role) error {
	if err := readForm(w, r, maxCampaignForm); err != nil {
		return err
	}
	id := r.PathValue("id")
	if _, err := c.store.Campaign(r.Context(), id); err != nil {
		return err
	}
	p := campaignForm{campaignValues: readValues(r), id: id, was: map[string]string{}}
	for name := range p.fields() {
		p.was[name] = r.PostFormValue("was." + name)
	}
	if r.PostFormValue("do") != "save" {
		return c.showCampaignForm(w, r, role, p, http.StatusOK)
	}
	notice := "Nothing was changed."
	if change := p.change(id, p.was); change != nil {
		answer, err := c.ask(r, *change)
		if err != nil {
			return err
		}
		if !answer.ok() {
			p.problems = p.problemsOf(answer)
			return c.showCampaignForm(w, r, role, p, answer.status)
		}
		notice = "The campaign is changed."
	}
	c.notify(w, notice)
	http.Redirect(w, r, c.path("/campaigns/"+id), http.StatusSeeOther)
	return nil
}

// problemsOf puts what the API has against the values beside their fields.
func (v campaignValues) problemsOf(answer apiAnswer) map[string]string {
	problems := map[string]string{}
	add := func(field, text string) {
		if problems[field] != "" {
			text = problems[field] + "; " + text
		}
		problems[field] = text
	}
	_, lines := v.questions()
	for _, fault := range answer.faults() {
		if n, ok := indexOf(fault.Field, "hypotheses"); ok && n < len(lines) {
			add("hypotheses", "line "+strconv.Itoa(lines[n])+" "+fault.Error)
		} else if name, about := v.calling.callingField(fault.Field); name != "" {
			add(name, about+fault.Error)
		} else if _, known := v.fields()[fault.Field]; known || fault.Field == "status" || fault.Field == "hypotheses" {
			add(fault.Field, fault.Error)
		} else {
			add("", fault.Field+" "+fault.Error)
		}
	}
	if len(problems) == 0 {
		add("", answer.problem())
	}
	return problems
}

// apiFault is what the API has against one field.
type apiFault struct{ Field, Value, Error string }

// faults are what the API has against single fields.
func (a apiAnswer) faults() []apiFault {
	var said struct{ Fields []apiFault }
	if json.Unmarshal(a.body, &said) != nil {
		return nil
	}
	return said.Fields
}

// indexOf reads the index of a field such as phoneNumbers[3].
func indexOf(field, list string) (int, bool) {
	rest, ok := strings.CutPrefix(field, list+"[")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, "]")
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0
}

// readForm reads a form of at most some bytes. Files that come with it stay in memory.
func readForm(w http.ResponseWriter, r *http.Request, most int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	err := r.ParseMultipartForm(most)
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil // it was read as an ordinary form
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &badRequest{fmt.Sprintf("The form is over %d MiB.", most>>20)}
	case err != nil:
		return &badRequest{"The form cannot be read."}
	}
	return nil
}

// described are the attributes of a field that has a problem.
func described(field, problem string) templ.Attributes {
	if problem == "" {
		return nil
	}
	return templ.Attributes{"aria-describedby": field + "-problem", "aria-invalid": "true"}
}
