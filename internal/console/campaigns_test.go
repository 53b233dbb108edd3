package console_test

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// script is what calls with a script are answered, as in the program.
func script(s interview.Script) ([]interview.ScriptReply, error) {
	return webhook.New(webhook.Config{}).Preview("", s)
}

var (
	inputTag = regexp.MustCompile(`<input[^>]*>`)
	nameIn   = regexp.MustCompile(` name="([^"]*)"`)
	valueIn  = regexp.MustCompile(` value="([^"]*)"`)
	textarea = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>`)
	chosen   = regexp.MustCompile(`(?s)<select[^>]* name="([^"]*)"[^>]*>.*?<option value="([^"]*)" selected`)
	formTag  = regexp.MustCompile(`(?s)<form [^>]*action="([^"]*)".*?</form>`)
)

// fields are the values of the form of a page that is posted to an address, as a browser without scripts would send them.
func fields(t *testing.T, page, action string) url.Values {
	t.Helper()
	for _, form := range formTag.FindAllStringSubmatch(page, -1) {
		if form[1] != action {
			continue
		}
		values := url.Values{}
		for _, tag := range inputTag.FindAllString(form[0], -1) {
			name, value := nameIn.FindStringSubmatch(tag), valueIn.FindStringSubmatch(tag)
			if name != nil && value != nil && !strings.Contains(tag, `type="checkbox"`) {
				values.Set(name[1], html.UnescapeString(value[1]))
			} else if name != nil && value != nil && strings.Contains(tag, " checked") {
				values.Add(name[1], html.UnescapeString(value[1]))
			}
		}
		for _, expression := range []*regexp.Regexp{textarea, chosen} {
			for _, found := range expression.FindAllStringSubmatch(form[0], -1) {
				values.Set(found[1], strings.ReplaceAll(html.UnescapeString(found[2]), "\n", "\r\n"))
			}
		}
		return values
	}
	t.Fatalf("no form for %s:\n%s", action, page)
	return nil
}

// get is a page that must be there.
func (o *site) get(path string) string {
	o.t.Helper()
	response, body := o.do("GET", path, "")
	if response.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %s\n%s", path, response.Status, body)
	}
	return body
}

// activeCampaign makes a campaign that may call.
func (o *site) activeCampaign(name string) (id, page string) {
	o.t.Helper()
	c, err := o.store.CreateCampaign(o.t.Context(), interview.Campaign{Name: name, Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), PromptTemplate: "- How much?"})
	if err != nil {
		o.t.Fatal(err)
	}
	return c.ID, "/console/campaigns/" + c.ID
}

// numbersCalled are the numbers of all calls of a campaign.
func (o *site) numbersCalled(campaign string) map[string]int {
	o.t.Helper()
	calls, err := o.store.Calls(o.t.Context(), store.CallFilter{CampaignID: campaign}, store.Page{Limit: 10_000})
	if err != nil {
		o.t.Fatal(err)
	}
	called := map[string]int{}
	for _, call := range calls.Items {
		called[call.PhoneNumber]++
	}
	return called
}

func TestCampaignIsMadeStartedAndCalledWithoutScripts(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	form := fields(t, o.get("/console/campaigns/new"), "/console/campaigns/new")
	form.Set("name", "Oats & <b>")
	form.Set("promptTemplate", "Be kind.\r\n- How much are the oats?\r\n- Why?\r\n")
	form.Set("answerMode", "gather")
	form.Set("language", "es-MX")
	form.Set("identity.organisation", "Shelf Research")
	form.Set("identity.callbackNumber", "+15550009999")
	form.Set("identity.purpose", "prices")
	form.Set("hypotheses", "Oats are dear\r\n\r\nOats are scarce")
	form.Set("do", "preview")
	_, preview := o.do("POST", "/console/campaigns/new", form.Encode())
	for _, want := range []string{"Shelf Research", "Diga sí o pulse 1", "“How much are the oats?” <span class=\"voice\">es-MX", "waits up to 10 seconds for speech (es-MX) or a key",
		"Entendido. No guardamos ninguna grabación", "Idempotency-Key: " + form.Get("key")} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview does not have %q:\n%s", want, preview)
		}
	}
	again := fields(t, preview, "/console/campaigns/new")
	for name := range form {
		if name != "do" && again.Get(name) != form.Get(name) {
			t.Errorf("%s is %q after the preview, was %q", name, again.Get(name), form.Get(name))
		}
	}
	again.Set("do", "save")
	first, body := o.do("POST", "/console/campaigns/new", again.Encode())
	second, _ := o.do("POST", "/console/campaigns/new", again.Encode())
	page := first.Header.Get("Location")
	if first.StatusCode != http.StatusSeeOther || second.Header.Get("Location") != page {
		t.Fatalf("%s %q, again %s %q\n%s", first.Status, page, second.Status, second.Header.Get("Location"), body)
	}
	id := page[strings.LastIndex(page, "/")+1:]
	made, err := o.store.Campaign(t.Context(), id)
	if err != nil || made.PromptTemplate != "Be kind.\n- How much are the oats?\n- Why?\n" || len(made.Hypotheses) != 2 || made.Status != interview.CampaignDraft {
		t.Fatalf("%+v, %v", made, err)
	}
	if response, body := o.do("POST", page+"/start", "reason=now"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	_, preview = o.do("POST", page+"/import", url.Values{"numbers": {"name,number\r\nKim,+1 (555) 123-4567\r\n0015551234568\r\n+1.555.123.4569\r\n555 1234\r\n+15551234567\r\nnobody"}}.Encode())
	for _, want := range []string{"<b>3</b>", "has no country code", "the number of line 2 again", "has no number", "<td>+15551234568</td>"} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview does not have %q:\n%s", want, preview)
		}
	}
	_, result := o.do("POST", page+"/import/calls", fields(t, preview, page+"/import/calls").Encode())
	called := o.numbersCalled(id)
	if !strings.Contains(result, "<b>3</b> numbers will be called") || len(called) != 3 || called["+15551234569"] != 1 {
		t.Errorf("called %v:\n%s", called, result)
	}
	shown := o.get(page)
	for _, want := range []string{"campaignId=" + id + "&amp;direction=outbound&amp;status=QUEUED", "Oats are scarce", "Type <code>complete</code>", "Queued now: 3.", "status ACTIVE", "<span>now</span>"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not have %q:\n%s", want, shown)
		}
	}
	if response, _ := o.do("POST", page+"/complete", "reason=done&typed=x"); response.StatusCode != http.StatusBadRequest {
		t.Error(response.Status)
	}
	if response, _ := o.do("POST", page+"/complete", "reason=done&typed=complete"); response.StatusCode != http.StatusSeeOther {
		t.Error(response.Status)
	}
	if list := o.get("/console/campaigns?status=COMPLETED&name=oats"); !strings.Contains(list, "3 CANCELED") {
		t.Errorf("%s", list)
	}
	log, err := o.store.AuditLog(t.Context(), store.AuditFilter{Subject: id}, store.Page{Limit: 1})
	if err != nil || len(log.Items) != 1 || log.Items[0].Reason != "done" || log.Items[0].Actor != "console" {
		t.Errorf("%v, %v", log.Items, err)
	}
}

func TestImportSentTwiceCallsNobodyTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) { importTwice(t, openOn(t, tokensOf(t), database)) })
}

// importTwice sends an import twice at once, and again when all its calls are over.
func importTwice(t *testing.T, o *site) {
	o.signIn(adminToken)
	id, page := o.activeCampaign("oats")
	numbers := make([]string, 1_200) // more than one request to the API takes
	for n := range numbers {
		numbers[n] = fmt.Sprintf("+1555%07d", n)
	}
	_, preview := o.do("POST", page+"/import", url.Values{"numbers": {strings.Join(numbers, "\n")}, "repeat": {"on"}}.Encode())
	form := fields(t, preview, page+"/import/calls")
	// One number is refused by now: the rest of its batch is called without it.
	o.called("milk", numbers[7])
	bodies := make([]string, 3)
	var both sync.WaitGroup
	for n := range 2 {
		both.Go(func() { _, bodies[n] = o.do("POST", page+"/import/calls", form.Encode()) })
	}
	both.Wait()
	// Even when all calls are over, when the API would call them again, a reload does not.
	o.do("POST", page+"/complete", "reason=x&typed=complete")
	o.do("POST", page+"/start", "x=y")
	o.do("POST", "/console/campaigns/"+o.campaignNamed("milk")+"/complete", "reason=x&typed=complete")
	_, bodies[2] = o.do("POST", page+"/import/calls", form.Encode())
	called := o.numbersCalled(id)
	for n, number := range numbers {
		if want := min(1, max(n-7, 7-n)); called[number] != want {
			t.Fatalf("%s was called %d times, want %d", number, called[number], want)
		}
	}
	for n, body := range bodies {
		if !strings.Contains(body, "<b>1199</b> numbers will be called, 1 will not.") {
			t.Errorf("answer %d:\n%.2000s", n, body)
		}
	}
	o.clock.set(o.clock.now().Add(25 * 3600 * 1e9))
	o.signIn(adminToken)
	if response, body := o.do("POST", page+"/import/calls", form.Encode()); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "24 hours") {
		t.Errorf("a preview of yesterday: %s", response.Status)
	}
}

// campaignNamed is the id of a campaign.
func (o *site) campaignNamed(name string) string {
	o.t.Helper()
	list, err := o.store.Campaigns(o.t.Context(), store.CampaignFilter{Name: name}, store.Page{Limit: 1})
	if err != nil || len(list.Items) != 1 {
		o.t.Fatal(list, err)
	}
	return list.Items[0].ID
}

func TestImportSaysWhatTheAPIHasAgainstANumber(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	_, page := o.activeCampaign("oats")
	o.called("milk", "+15551230001")
	_, preview := o.do("POST", page+"/import", url.Values{"numbers": {"+15551230001\n+15551230002"}}.Encode())
	if !strings.Contains(preview, "has a call that is not over") || fields(t, preview, page+"/import/calls").Get("numbers") != "+15551230002" {
		t.Errorf("%s", preview)
	}
	o.do("POST", page+"/pause", "x=y")
	_, preview = o.do("POST", page+"/import", url.Values{"numbers": {"+15551230002"}}.Encode())
	if !strings.Contains(preview, "The campaign is not ACTIVE.") || strings.Contains(preview, "/import/calls") {
		t.Errorf("%s", preview)
	}
	var file bytes.Buffer
	form := multipart.NewWriter(&file)
	part, err := form.CreateFormFile("file", "numbers.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte("\ufeffname;phone\r\n\"Kim\";\"tel:+49 30 1234567\"\r\n"))
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	o.do("POST", page+"/start", "x=y")
	if _, body := o.do("POST", page+"/import", file.String(), "Content-Type: "+form.FormDataContentType()); !strings.Contains(body, "<td>+49301234567</td>") {
		t.Errorf("%s", body)
	}
	for _, numbers := range []string{strings.Repeat("+15551234567 ", 200_000), strings.Repeat("x1\n", 10_001), "\xff\xfe"} {
		if response, _ := o.do("POST", page+"/import", url.Values{"numbers": {numbers}}.Encode()); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%.20q: %s", numbers, response.Status)
		}
	}
}

func TestFaultsOfACampaignStandBesideTheirFields(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	form := fields(t, o.get("/console/campaigns/new"), "/console/campaigns/new")
	form.Set("language", "?!")
	form.Set("category", "kept <as typed>")
	form.Set("hypotheses", "fine\r\n\r\n"+strings.Repeat("x", 1_001))
	form.Set("do", "save")
	response, body := o.do("POST", "/console/campaigns/new", form.Encode())
	if response.StatusCode != http.StatusUnprocessableEntity {
		t.Error(response.Status)
	}
	for _, want := range []string{`id="name-problem">must not be empty`, `id="language-problem">must be a BCP 47`, `id="hypotheses-problem">line 3 must not have more than 1000`,
		`value="kept &lt;as typed&gt;"`, `aria-describedby="language-problem"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q:\n%s", want, body)
		}
	}
	_, page := o.activeCampaign("oats")
	form = fields(t, o.get(page+"/edit"), page+"/edit")
	form.Set("name", " ")
	form.Set("do", "save")
	if _, body := o.do("POST", page+"/edit", form.Encode()); !strings.Contains(body, `id="name-problem">must not be empty`) {
		t.Errorf("%s", body)
	}
}

func TestEditChangesOnlyWhatWasEdited(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	id, page := o.activeCampaign("oats")
	form := fields(t, o.get(page+"/edit"), page+"/edit")
	language := "de-DE"
	if _, err := o.store.UpdateCampaign(t.Context(), id, store.CampaignChange{Language: &language}); err != nil {
		t.Fatal(err)
	}
	form.Set("category", "breakfast")
	form.Set("do", "save")
	if response, body := o.do("POST", page+"/edit", form.Encode()); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	got, err := o.store.Campaign(t.Context(), id)
	if err != nil || got.Category != "breakfast" || got.Language != "de-DE" || got.PromptTemplate != "- How much?" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLegalHoldIsSetAndLiftedWithAReason(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	id, page := o.activeCampaign("oats")
	for _, tc := range []struct {
		word, form string
		want       int
		held       bool
	}{{"hold", "reason=", 400, false}, {"hold", "reason=case+7", 303, true}, {"lift", "reason=over", 303, false}} {
		if response, _ := o.do("POST", page+"/"+tc.word, tc.form); response.StatusCode != tc.want {
			t.Errorf("%s: %s", tc.word, response.Status)
		}
		if c, err := o.store.Campaign(t.Context(), id); err != nil || (c.HeldAt != nil) != tc.held {
			t.Errorf("%s: held at %v, %v", tc.word, c.HeldAt, err)
		}
	}
}

// judged makes a campaign whose first hypothesis has claims of some calls; each number is one call's, told as dollars.
func (o *site) judged(claims ...interview.Claim) (campaign interview.Campaign, hypothesis string) {
	o.t.Helper()
	ctx := o.t.Context()
	campaign, err := o.store.CreateCampaign(ctx, interview.Campaign{Name: "Oats, +1 555 987 6543", Category: "<script>alert(1)</script>", PromptTemplate: "- Call +15559876543?",
		Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), Hypotheses: []interview.Hypothesis{{Question: "Oats cost more than 5 dollars <b>"}}})
	if err != nil {
		o.t.Fatal(err)
	}
	hypothesis = campaign.Hypotheses[0].ID
	for n, claim := range claims {
		number := fmt.Sprintf("+1555765%04d", n)
		var id string
		_, err := o.store.CreateCalls(ctx, store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: []string{number}, Answer: func(made []interview.Call) (store.Answer, error) {
			id = made[0].ID
			return store.Answer{Body: []byte{}}, nil
		}})
		if err != nil {
			o.t.Fatal(err)
		}
		claim.HypothesisID, claim.Unit, claim.Field = hypothesis, interview.UnitUSD, interview.FieldPrice
		o.claimed(id, fmt.Sprintf("RE%032d", n), claim)
	}
	return campaign, hypothesis
}

func TestHypothesisShowsEvidenceAndWhatIsMissing(t *testing.T) {
	o := open(t, tokensOf(t))
	yes, no := true, false
	value := func(n float64) *float64 { return &n }
	campaign, hypothesis := o.judged(
		interview.Claim{Supports: &yes, ValueNumber: value(6.5), RawText: "six fifty, call me at +1 555 222 3333", Text: "They pay 6.50.", Confidence: 0.9},
		interview.Claim{Supports: &no, ValueNumber: value(4), RawText: "four bucks <script>", Text: "They pay 4.", Confidence: 0.5, LowConfidence: true},
		interview.Claim{Rejected: "the quote is not in the transcript", RawText: "ten", Text: "They pay 10.", Confidence: 0.9},
	)
	page := "/console/hypotheses/" + hypothesis
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		body := o.get(page)
		for _, want := range []string{"1 more claim with a quote: there are 2 of 3", "1 more call with a claim", "1 more person", "PRICE in USD: 2 calls", "6.5 USD, for, confidence 0.90",
			"4 USD, against, confidence 0.50", "four bucks &lt;script&gt;", "low confidence", "Rejected claims: 1", "the quote is not in the transcript", "None yet."} {
			if !strings.Contains(body, want) {
				t.Errorf("no %q:\n%s", want, body)
			}
		}
		for _, shown := range []string{body, o.get("/console/campaigns/" + campaign.ID), o.get("/console/campaigns")} {
			if strings.Contains(shown, "<script>alert") || strings.Contains(shown, " style=") {
				t.Errorf("%s", shown)
			}
			leaks := regexp.MustCompile(`555.?(987|222|765)`).FindString(shown)
			if token == viewerToken && leaks != "" {
				t.Errorf("a viewer sees %q:\n%s", leaks, shown)
			}
			if token == viewerToken && (strings.Contains(shown, `method="post" action="/console/campaigns`) || strings.Contains(shown, "/import")) {
				t.Errorf("a viewer has a form:\n%s", shown)
			}
		}
	}
	for _, path := range []string{"/new", "/" + campaign.ID + "/edit", "/" + campaign.ID + "/import"} {
		if response, _ := o.do("GET", "/console/campaigns"+path, ""); response.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer: %s: %s", path, response.Status)
		}
	}
	if response, _ := o.do("POST", "/console/campaigns/"+campaign.ID+"/import/calls", "numbers=%2B15551234567"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer: %s", response.Status)
	}
}

func TestVerdictAndItsHistoryAreShown(t *testing.T) {
	o := open(t, tokensOf(t))
	yes := true
	_, hypothesis := o.judged(
		interview.Claim{Supports: &yes, RawText: "six", Text: "six", Confidence: 0.5},
		interview.Claim{Supports: &yes, RawText: "seven", Text: "seven", Confidence: 0.5},
		interview.Claim{Supports: &yes, RawText: "eight", Text: "eight", Confidence: 0.5},
	)
	o.signIn(adminToken)
	if body := o.get("/console/hypotheses/" + hypothesis); !strings.Contains(body, "a model&#39;s judgement: there is enough evidence") || !strings.Contains(body, "The run that judges it is") {
		t.Errorf("%s", body)
	}
	o.judge(hypothesis, interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "They are dear.", Reasons: []string{"All said so."}})
	body := o.get("/console/hypotheses/" + hypothesis)
	for _, want := range []string{"INCONCLUSIVE", "They are dear.", "All said so.", "to validate it must be 0.6", "surer claims: their average confidence is 0.50, and to validate it must be 0.60"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q:\n%s", want, body)
		}
	}
}

// claimed has a call be recorded with consent, transcribed, and a claim be made of it.
func (o *site) claimed(call, recording string, claim interview.Claim) {
	o.t.Helper()
	ctx := o.t.Context()
	p := store.NewProcessor(o.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		call.Consent, call.Status = interview.ConsentGiven, interview.CallCompleted
		return interview.Change{Call: call, Recordings: []interview.Recording{{Sid: recording, CallID: call.ID, Status: interview.RecordingCompleted}},
			Jobs: []interview.Job{interview.NewTranscribeRecording(call.ID, recording, "")}}, inbox.Reply{Status: 200}, nil
	})
	event := &inbox.Event{ID: recording, Kind: inbox.KindRecording, Subject: call, CallSid: recording, Target: "/", ReceivedAt: o.clock.now()}
	if _, err := p.Process(ctx, event); err != nil {
		o.t.Fatal(err)
	}
	said := []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: claim.RawText, EndSec: 2}}
	if err := o.store.SaveTranscript(ctx, o.begun(interview.TranscribeRecording, call), call, recording, said); err != nil {
		o.t.Fatal(err)
	}
	if err := o.store.SaveClaims(ctx, o.begun(interview.ExtractClaims, call), call, recording, []interview.Claim{claim}); err != nil {
		o.t.Fatal(err)
	}
}

// begun is the newest run of a function about something, begun.
func (o *site) begun(function interview.Function, subject string) interview.Run {
	o.t.Helper()
	runs, err := o.store.Runs(o.t.Context(), store.RunFilter{Function: function, CallID: subject}, store.Page{Limit: 1})
	if err != nil || len(runs.Items) != 1 {
		o.t.Fatalf("%d runs of %s, %v", len(runs.Items), function, err)
	}
	run, started, err := o.store.StartRun(o.t.Context(), runs.Items[0].ID)
	if err != nil || started != jobs.RunStarted {
		o.t.Fatal(started, err)
	}
	return run
}

// judge has a model judge a hypothesis.
func (o *site) judge(hypothesis string, opinion interview.Opinion) {
	o.t.Helper()
	run := o.begun(interview.ValidateClaim, hypothesis)
	revision, err := run.Revision()
	if err != nil {
		o.t.Fatal(err)
	}
	v, err := o.store.BeginValidation(o.t.Context(), run, hypothesis, revision)
	if err != nil || v.Skip {
		o.t.Fatal(v.Skip, err)
	}
	if err := o.store.SaveVerdict(o.t.Context(), run, v.Judge(opinion)); err != nil {
		o.t.Fatal(err)
	}
}

func TestCampaignSaysWhomItCallsWhenAndHowOften(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	form := fields(t, o.get("/console/campaigns/new"), "/console/campaigns/new")
	for name, value := range map[string]string{"name": "oats", "promptTemplate": "- How much?", "voice": "Polly.Joanna-Neural", "region": "us", "callingHours": "mon,wed-fri 09:30-18:00\r\n\r\nsat 25:00-18:00",
		"holidays": "2026-12-25\r\nchristmas", "attempts.max": "99", "attempts.waitMinutes": "90", "maxConcurrent": "many", "maxPerDay": "100", "requireConsentBasis": "on", "do": "save"} {
		form.Set(name, value)
	}
	form["attempts.on"] = []string{"BUSY", "NO_ANSWER"}
	response, body := o.do("POST", "/console/campaigns/new", form.Encode())
	for _, want := range []string{`id="callingHours-problem">“sat 25:00-18:00”: from must be a time`, `id="holidays-problem">“christmas”: must be a date`, `id="attempts.max-problem">must be from 1 to 20`, `id="maxConcurrent-problem">`} {
		if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
			t.Errorf("%s, no %q", response.Status, want)
		}
	}
	form = fields(t, body, "/console/campaigns/new") // as it was typed
	for name, value := range map[string]string{"callingHours": "mon,wed-fri 09:30-18:00\r\nsat 10:00 - 18:00", "holidays": "2026-12-25", "attempts.max": "3", "maxConcurrent": "5", "do": "save"} {
		form.Set(name, value)
	}
	form.Set("callingHours", "mon,wed-fri 09:30-18:00")
	response, body = o.do("POST", "/console/campaigns/new", form.Encode())
	if response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	page := response.Header.Get("Location")
	got, err := o.store.Campaign(t.Context(), page[strings.LastIndex(page, "/")+1:])
	if err != nil || got.Voice != "Polly.Joanna-Neural" || got.Region != "US" || got.CallingHours.String() != "mon,wed-fri 09:30-18:00" || len(got.Holidays) != 1 ||
		got.Attempts.Max != 3 || got.Attempts.WaitMinutes != 90 || len(got.Attempts.On) != 2 || got.MaxConcurrent != 5 || got.MaxPerDay != 100 || !got.RequireConsentBasis || got.StopWhenDecided {
		t.Errorf("%+v, %v", got, err)
	}
	if response, body := o.do("POST", page+"/start", ""); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Missing: the name of the organisation, a number to reach it and the purpose of the call.") {
		t.Errorf("%s\n%s", response.Status, body)
	}
	form = fields(t, o.get(page+"/edit"), page+"/edit")
	form.Del("requireConsentBasis")
	form.Del("attempts.on")
	form.Set("stopWhenDecided", "on")
	form.Set("do", "save")
	// Neither can ever take effect.
	for _, want := range []string{`id="attempts.on-problem">must name an outcome`, `id="stopWhenDecided-problem">must not be set without hypotheses`} {
		response, body = o.do("POST", page+"/edit", form.Encode())
		if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
			t.Errorf("%s, no %q:\n%s", response.Status, want, body)
		}
		form["attempts.on"] = []string{"BUSY"}
	}
	form.Del("stopWhenDecided")
	if response, body := o.do("POST", page+"/edit", form.Encode()); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	if got, err = o.store.Campaign(t.Context(), got.ID); err != nil || got.RequireConsentBasis || len(got.Attempts.On) != 1 || got.Attempts.Max != 3 || got.Holidays[0] != "2026-12-25" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhichCampaignReachedMostIsOneClickAway(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	o.called("Reached one", "+12125550101", "+12125550102", "+12125550103", "+12125550104")
	if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE contacts SET state = 'REACHED' WHERE phone_number = '+12125550102'`); err != nil {
		t.Fatal(err)
	}
	o.activeCampaign("Newest")
	list := o.get("/console/campaigns")
	for _, want := range []string{`<td class="number">1 of 4 (25 %)</td>`, `<td class="number">–</td>`, `href="/console/campaigns?sort=reached"`} {
		if !strings.Contains(list, want) {
			t.Errorf("the list does not have %q:\n%s", want, list)
		}
	}
	for _, sort := range []string{"reached", "rate"} {
		page := o.get("/console/campaigns?sort=" + sort + "&status=ACTIVE")
		first, newest := strings.Index(page, ">Reached one<"), strings.Index(page, ">Newest<")
		if first < 0 || newest < first {
			t.Errorf("by %s:\n%s", sort, page)
		}
	}
	for _, path := range []string{"/console/campaigns?sort=name", "/console/campaigns?sort=reached&cursor=x"} {
		if response, body := o.do("GET", path, ""); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s\n%s", path, response.Status, body)
		}
	}
}

func TestClaimIsForOrAgainstTheHypothesisWhateverTheVerdict(t *testing.T) {
	o := open(t, tokensOf(t))
	yes, no := true, false
	campaign, hypothesis := o.judged(
		interview.Claim{Supports: &no, RawText: "six", Text: "six", Confidence: 0.9},
		interview.Claim{Supports: &no, RawText: "seven", Text: "seven", Confidence: 0.9},
		interview.Claim{Supports: &no, RawText: "eight", Text: "eight", Confidence: 0.9},
		interview.Claim{Supports: &yes, RawText: "nine", Text: "nine", Confidence: 0.9},
		interview.Claim{Supports: &yes, RawText: "ten", Text: "ten", Confidence: 0.9, Rejected: "the quote was not said"},
	)
	o.judge(hypothesis, interview.Opinion{Status: interview.HypothesisInvalidated, Conclusion: "They are cheap."})
	o.signIn(viewerToken)
	page := o.get("/console/hypotheses/" + hypothesis)
	for mark, want := range map[string]int{`badge unsure">against the hypothesis<`: 3, `badge good">for the hypothesis<`: 1, `badge bad">rejected<`: 1, "the verdict</span>": 0, "contradicts": 0} {
		if n := strings.Count(page, mark); n != want {
			t.Errorf("%q %d times, want %d:\n%s", mark, n, want, page)
		}
	}
	wants(t, "the campaign", o.get("/console/campaigns/"+campaign.ID), []string{"4 claims count", `<a href="/console/hypotheses/` + hypothesis + `#claims-rejected">1 rejected</a>`}, nil)
}
