package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeFind(mux *http.ServeMux) {
	c.page(mux, "GET /console/find", c.find)
}

// Bounds of what is found.
const (
	maxFind       = 200 // bytes of what is looked for
	maxCandidates = 20  // of each kind
)

// candidate is a page that may be the one that is looked for.
type candidate struct {
	what, name, detail, at string
	when                   *time.Time
}

// named reports whether its name is words, and no id.
func (f candidate) named() bool {
	return f.what == "page" || f.what == "campaign" && !ourID.MatchString(f.name) || f.what == "calls"
}

// findView is what the page shows when it does not lead to one page.
type findView struct {
	role  Role
	asked string
	found []candidate
	// partly says that what was found has some of the words only, or is a step before what is looked for: it is shown, though it is alone.
	partly bool
	// notes say what was not looked for, and why.
	notes []string
}

// find leads to the one page of an id, a number or a code, or lists the candidates. Each lookup is by an index.
func (c *Console) find(w http.ResponseWriter, r *http.Request, role Role) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &badRequest{"The address cannot be read: its query is malformed."}
	}
	asked := strings.TrimSpace(query.Get("q"))
	p := findView{role: role, asked: asked}
	status := http.StatusOK
	switch {
	case asked == "":
	case len(asked) > maxFind || !utf8.ValidString(asked) || strings.ContainsFunc(asked, func(r rune) bool { return r < ' ' || r == 0x7f }):
		p.notes, status = []string{"No id, number or code has these characters, or is that long."}, http.StatusBadRequest
	default:
		if err := c.lookUp(r.Context(), &p); err != nil {
			return err
		}
		if len(p.found) == 1 && !p.partly {
			http.Redirect(w, r, p.found[0].at, http.StatusSeeOther)
			return nil
		}
		if len(p.found) == 0 {
			status = http.StatusNotFound
		}
	}
	c.render(w, r, status, c.frame(r, role, "Find"), findPage(p))
	return nil
}

// The forms of what is looked for.
var (
	callSid      = regexp.MustCompile(`^CA[0-9A-Za-z]+$`)
	recordingSid = regexp.MustCompile(`^RE[0-9A-Za-z]+$`)
	ourID        = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$`)
	errorCode    = regexp.MustCompile(`^[1-9][0-9]{3,5}$`)
	requestName  = regexp.MustCompile(`^[0-9a-f]{16,32}$|^[0-9a-f]{8}-[0-9a-f]{4}-`)
)

// lookUp looks for everything that a text can be.
func (c *Console) lookUp(ctx context.Context, p *findView) error {
	text := p.asked
	numbers := phoneSpellings(text)
	switch {
	case callSid.MatchString(text):
		return c.orNamed(ctx, p, c.findCallSid(ctx, p))
	case recordingSid.MatchString(text):
		return c.orNamed(ctx, p, c.findRecording(ctx, p))
	case interview.Disposition(text).Name() != "":
		return c.findDisposition(ctx, p, interview.Disposition(text))
	case ourID.MatchString(text):
		return c.findID(ctx, p, strings.ToUpper(text))
	case strings.HasPrefix(text, "CA") && strings.Contains(text, ":"), strings.HasPrefix(text, "SM"), strings.HasPrefix(text, "MM"):
		return c.findEvent(ctx, p)
	case errorCode.MatchString(text):
		if err := c.findErrorCode(ctx, p); err != nil {
			return err
		}
		return c.addNamed(ctx, p) // it may be in the name of a campaign
	case len(numbers) > 0 && p.role != Admin:
		p.notes = append(p.notes, "A viewer cannot search by phone number: finding it would tell the number that is masked. This needs ADMIN_TOKEN.")
		return nil
	case len(numbers) > 0:
		return c.findNumber(ctx, p, numbers)
	case requestName.MatchString(text):
		p.notes = append(p.notes, "Request ids (X-Request-Id) are in the log of the server, and not in the database.")
	}
	if p.role == Admin { // it may be a number that is masked
		if err := c.addContacts(ctx, p, store.ContactFilter{ExternalID: text}, nil); err != nil {
			return err
		}
	}
	if err := c.findEvent(ctx, p); err != nil {
		return err
	}
	hasID := len(p.found) > 0
	if err := c.addSIPResponse(ctx, p); err != nil || hasID {
		return err
	}
	return c.addNamed(ctx, p)
}

// orNamed finds campaigns and pages by words where nothing has a text as its id: CANCELED begins as a CallSid does, RECORDING as that of a
// recording.
func (c *Console) orNamed(ctx context.Context, p *findView, err error) error {
	if err == nil && len(p.found) == 0 {
		notes := p.notes
		p.notes = nil
		if err = c.addNamed(ctx, p); len(p.found) == 0 {
			p.notes = notes
		}
	}
	return err
}

// addNamed finds campaigns by words of their names, and pages by words of what they show. The name of a page alone is that page.
func (c *Console) addNamed(ctx context.Context, p *findView) error {
	if _, named := sectionNamed(wordsOf(p.asked)); !named {
		if err := c.addCampaigns(ctx, p); err != nil {
			return err
		}
	}
	c.addPlaces(p)
	return nil
}

// maxNames is how many campaigns are looked through for words of a name.
const maxNames = 1_000

// addCampaigns finds the newest campaigns whose names have all words that are asked for. A viewer finds them by what a viewer sees of them.
func (c *Console) addCampaigns(ctx context.Context, p *findView) error {
	asked := slices.DeleteFunc(nameWords(p.asked), func(word string) bool { return strings.Contains(saysNothing, " "+word+" ") })
	if len(asked) == 0 {
		return nil
	}
	campaigns, err := c.store.CampaignNames(ctx, maxNames)
	if err != nil {
		return err
	}
	found := 0
	for _, campaign := range campaigns {
		name := shownText(p.role, campaign.Name)
		if !hasWords(nameWords(name), asked) {
			continue
		}
		if found++; found > maxCandidates {
			p.notes = append(p.notes, "There are more campaigns: these are the newest "+strconv.Itoa(maxCandidates)+".")
			break
		}
		p.found = append(p.found, candidate{"campaign", name, string(campaign.Status), c.pageOf(store.Found{What: "campaign", ID: campaign.ID}), &campaign.CreatedAt})
	}
	return nil
}

// nameWords are the words of a name in any language, in lower case.
func nameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
}

// hasWords reports whether all words that are asked for are among others, or begin one of them.
func hasWords(words, asked []string) bool {
	for _, word := range asked {
		if !slices.ContainsFunc(words, func(of string) bool { return of == word || len(word) >= 3 && strings.HasPrefix(of, word) }) {
			return false
		}
	}
	return true
}

// addSIPResponse finds the calls that ended with a SIP response, if there are any.
func (c *Console) addSIPResponse(ctx context.Context, p *findView) error {
	code, err := strconv.Atoi(p.asked)
	if err != nil || !interview.FinalSIPResponse(code) {
		return nil
	}
	calls, err := c.store.Calls(ctx, store.CallFilter{SIPResponse: code}, store.Page{Limit: 1})
	if err == nil && len(calls.Items) > 0 {
		p.found = append(p.found, candidate{"calls", "with SIP response " + p.asked, "those that ended so", address(c.path("/calls"), url.Values{"sipResponse": {p.asked}}), nil})
	}
	return err
}

// findDisposition leads to the calls that gave their contacts a disposition, which are those of one campaign each.
func (c *Console) findDisposition(ctx context.Context, p *findView, d interview.Disposition) error {
	campaigns, err := c.store.CampaignNames(ctx, maxCandidates+1)
	if err != nil {
		return err
	}
	if len(campaigns) > maxCandidates {
		campaigns = campaigns[:maxCandidates]
		p.notes = append(p.notes, "There are more campaigns: these are the newest "+strconv.Itoa(maxCandidates)+".")
	}
	for _, campaign := range campaigns {
		query := url.Values{"campaignId": {campaign.ID}, "disposition": {string(d)}}
		p.found = append(p.found, candidate{"calls", "with disposition " + string(d) + " " + d.Name(), "of the campaign " + shownText(p.role, campaign.Name), address(c.path("/calls"), query), &campaign.CreatedAt})
	}
	return nil
}

// addContacts finds contacts, the newest first, but those of whom exactly one call was found: its page leads to them.
func (c *Console) addContacts(ctx context.Context, p *findView, by store.ContactFilter, calls map[string]int) error {
	contacts, err := c.store.Contacts(ctx, by, store.Page{Limit: maxCandidates})
	if err != nil {
		return err
	}
	for _, contact := range contacts.Items {
		if calls[contact.ID] == 1 {
			continue
		}
		p.found = append(p.found, candidate{"contact", contact.ID, shownNumber(p.role, contact.PhoneNumber) + ", " + contactStateWords(contact.State), c.path("/contacts/" + url.PathEscape(contact.ID)), &contact.CreatedAt})
	}
	if contacts.Next != "" {
		p.notes = append(p.notes, "There are more contacts: these are the newest "+strconv.Itoa(maxCandidates)+".")
	}
	return nil
}

func (c *Console) findCallSid(ctx context.Context, p *findView) error {
	if err := c.addCalls(ctx, p, store.CallFilter{CallSid: p.asked}, nil); err != nil || len(p.found) > 0 {
		return err
	}
	p.notes = append(p.notes, "No call is bound to this CallSid.")
	return c.addWebhooks(ctx, p, store.WebhookFilter{CallSid: p.asked, NotAccepted: true})
}

func (c *Console) findRecording(ctx context.Context, p *findView) error {
	call, err := c.store.CallOfRecording(ctx, p.asked)
	if err == nil {
		p.found = append(p.found, candidate{what: "recording", name: p.asked, at: c.path("/calls/" + url.PathEscape(call))})
		return nil
	}
	return ignoreNotFound(err)
}

// findID looks for what has an id of ours.
func (c *Console) findID(ctx context.Context, p *findView, id string) error {
	found, err := c.store.FindID(ctx, id)
	for _, f := range found {
		p.found = append(p.found, candidate{what: f.What, name: f.ID, at: c.pageOf(f)})
	}
	return err
}

// pageOf is the page of something that has an id: its own, or that of what it belongs to.
func (c *Console) pageOf(f store.Found) string {
	id, of := url.PathEscape(f.ID), url.PathEscape(f.Of)
	switch f.What {
	case "webhook":
		return c.path("/webhooks/" + id)
	case "run":
		return c.path("/runs/" + id)
	case "rejection":
		return c.path("/rejections/" + id)
	case "contact":
		return c.path("/contacts/" + id)
	case "stop":
		return c.path("/stops/" + id)
	case "campaign":
		return c.firstPage("/campaigns/"+id, "/calls?campaignId="+id)
	case "hypothesis":
		return c.firstPage("/hypotheses/"+id, "/campaigns/"+of, "/calls?campaignId="+of)
	case "verdict":
		return c.firstPage("/hypotheses/"+of, "/campaigns", "/calls")
	case "claim":
		return c.path("/calls/" + of + "#claim-" + id)
	}
	return c.path("/calls/" + id)
}

// firstPage is the first address for which there is a page.
func (c *Console) firstPage(addresses ...string) string {
	last := len(addresses) - 1
	for _, page := range addresses[:last] {
		if _, pattern := c.pages.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/console" + page}}); pattern != "" && pattern != "GET /console/" {
			return c.path(page)
		}
	}
	return c.path(addresses[last])
}

// findEvent looks for the records of an event. The page of the accepted one has the others.
func (c *Console) findEvent(ctx context.Context, p *findView) error {
	records, err := c.store.WebhooksOfEvent(ctx, p.asked)
	if err != nil {
		return err
	}
	if len(records) > 0 && records[0].Outcome == inbox.Accepted {
		records = records[:1]
	}
	p.addRecords(c, records)
	return nil
}

func (p *findView) addRecords(c *Console, records []store.Webhook) {
	for _, hook := range records {
		p.found = append(p.found, candidate{"webhook", shownText(p.role, hook.EventID), string(hook.Kind) + ", " + string(hook.Outcome), c.path("/webhooks/" + url.PathEscape(hook.ID)), &hook.ReceivedAt})
	}
}

// findErrorCode lists the newest of everything that ended with one of Twilio's error codes.
func (c *Console) findErrorCode(ctx context.Context, p *findView) error {
	code, err := strconv.Atoi(p.asked)
	if err != nil {
		return nil // too large for a code
	}
	if err := c.addCalls(ctx, p, store.CallFilter{ErrorCode: code}, nil); err != nil {
		return err
	}
	runs, err := c.store.Runs(ctx, store.RunFilter{Error: p.asked}, store.Page{Limit: maxCandidates})
	if err != nil {
		return err
	}
	for _, run := range runs.Items {
		p.found = append(p.found, candidate{"run", run.ID, string(run.Function) + ", " + runsWord(run) + ": " + run.LastError, c.path("/runs/" + url.PathEscape(run.ID)), &run.CreatedAt})
	}
	return c.addWebhooks(ctx, p, store.WebhookFilter{Error: p.asked})
}

func (c *Console) findNumber(ctx context.Context, p *findView, numbers []string) error {
	for _, number := range numbers {
		calls := map[string]int{}
		if err := c.addCalls(ctx, p, store.CallFilter{PhoneNumber: number}, calls); err != nil {
			return err
		}
		if err := c.addContacts(ctx, p, store.ContactFilter{PhoneNumber: number}, calls); err != nil {
			return err
		}
	}
	if len(p.found) == 0 {
		p.notes = append(p.notes, "No contact has "+strings.Join(numbers, " or ")+", and no call went there. A call whose personal data was erased is not found by its number.")
	}
	return nil
}

// addCalls finds calls, the newest first, and counts them by contact where somebody wants to know.
func (c *Console) addCalls(ctx context.Context, p *findView, by store.CallFilter, of map[string]int) error {
	calls, err := c.store.Calls(ctx, by, store.Page{Limit: maxCandidates})
	if err != nil {
		return err
	}
	for _, call := range calls.Items {
		if of != nil {
			of[call.ContactID]++
		}
		p.found = append(p.found, candidate{"call", call.ID, shownNumber(p.role, call.PhoneNumber) + ", " + string(call.Status), c.path("/calls/" + url.PathEscape(call.ID)), &call.CreatedAt})
	}
	if calls.Next != "" {
		p.notes = append(p.notes, "There are more calls: these are the newest "+strconv.Itoa(maxCandidates)+".")
	}
	return nil
}

func (c *Console) addWebhooks(ctx context.Context, p *findView, by store.WebhookFilter) error {
	hooks, err := c.store.Webhooks(ctx, by, store.Page{Limit: maxCandidates})
	if err != nil {
		return err
	}
	p.addRecords(c, hooks.Items)
	if hooks.Next != "" {
		p.notes = append(p.notes, "There are more webhooks: these are the newest "+strconv.Itoa(maxCandidates)+".")
	}
	return nil
}

// phoneSpellings are the E.164 numbers that a text may mean: +1 (555) 123-4567, 001 555…, tel:+1555…, 555-123-4567. A number of
// ten digits without a country may be one of North America.
func phoneSpellings(text string) []string {
	text = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(text), "tel:"), "sip:")
	text, _, _ = strings.Cut(text, "@")
	text = strings.ReplaceAll(text, "(0)", "")
	var digits strings.Builder
	for n, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && n == 0, strings.ContainsRune(" -().\u00a0\u2010\u2011\u2013/", r):
		default:
			return nil
		}
	}
	number := digits.String()
	var numbers []string
	add := func(number string) {
		if interview.ValidPhoneNumber(number) {
			numbers = append(numbers, number)
		}
	}
	switch {
	case strings.HasPrefix(text, "+"):
		add("+" + number)
	case strings.HasPrefix(number, "00"):
		add("+" + number[2:])
	case strings.HasPrefix(number, "011"):
		add("+" + number[3:])
	default:
		add("+" + number)
		if len(number) == 10 {
			add("+1" + number)
		}
	}
	return numbers
}

// ignoreNotFound leaves the error that there is nothing.
func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
