package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// Each condition of a list's address chooses, and can be taken away.
func TestListOfCallsIsChosenByReadableConditions(t *testing.T) {
	o := openCalls(t)
	campaign, calls := o.called("oats", "+15551234567", "+15551234568", "+15551234569")
	o.delivers(calls[0], inbox.KindStatus, o.clock.now(), "CallStatus", "failed", "ErrorCode", "32009", "ErrorMessage", "=SUM(1)")
	o.delivers(calls[1], inbox.KindStatus, o.clock.now(), "CallStatus", "ringing")
	o.signIn(adminToken)
	for page, want := range map[string][]string{
		"?status=FAILED":                            {calls[0]},
		"?status=FAILED%2CRINGING":                  {calls[0], calls[1]},
		"?status=!FAILED":                           {calls[1], calls[2]},
		"?status=!FAILED%2CQUEUED":                  {calls[1]},
		"?errorCode=32009":                          {calls[0]},
		"?phoneNumber=%2B15551234568":               {calls[1]},
		"?phoneNumber=15551234568":                  {calls[1]},
		"?callSid=CA000000" + calls[0]:              {calls[0]},
		"?consentGiven=null&campaignId=" + campaign: calls,
		"?consentGiven=true":                        nil,
		"?since=24h":                                calls,
		"?until=24h":                                nil,
		"?since=2026-01-01&until=2200-01-01":        calls,
		"?overdue=true":                             nil,
		"?awaiting=recording":                       nil,
		"?direction=inbound":                        nil,
		"?awaiting=recording&overdue=false":         nil,
	} {
		body := o.get("/console/calls" + page)
		for _, id := range calls {
			listed := strings.Contains(body, "data-open><code>"+id)
			wanted := false
			for _, w := range want {
				wanted = wanted || w == id
			}
			if listed != wanted {
				t.Errorf("%s: %s is listed: %v", page, id, listed)
			}
		}
	}
	for page, want := range map[string]int{
		"?status=ASLEEP": 400, "?status=!ASLEEP": 400, "?since=soon": 400, "?overdue=no": 400, "?direction=up": 400, "?overdue=false": 200, "?awaiting=rain": 400, "?errorCode=x": 400, "?consentGiven=perhaps": 400, "?phoneNumber=12": 400,
		"?since=1h&until=2h": 400, "?number=1": 400, "?not=on&status=QUEUED&status=FAILED&since=": http.StatusSeeOther,
	} {
		if response, _ := o.do("GET", "/console/calls"+page, ""); response.StatusCode != want {
			t.Errorf("%s: %s, want %d", page, response.Status, want)
		}
	}
	response, _ := o.do("GET", "/console/calls?not=on&status=QUEUED&status=FAILED&errorCode=&since=24h", "")
	if got := response.Header.Get("Location"); got != "/console/calls?since=24h&status=%21QUEUED%2CFAILED" {
		t.Errorf("the form leads to %q", got)
	}
	body := o.get("/console/calls?since=24h&status=FAILED")
	if got := hrefOf(t, body, "status: FAILED"); got != "/console/calls?since=24h" {
		t.Errorf("without its status the list is %q", got)
	}
	if got := hrefOf(t, body, "RINGING <b>"); got != "/console/calls?since=24h&status=FAILED%2CRINGING" {
		t.Errorf("the count leads to %q", got)
	}
	if !strings.Contains(body, "RINGING <b>1</b>") || !strings.Contains(body, "QUEUED <b>1</b>") {
		t.Errorf("no counts of the other statuses:\n%s", body)
	}
	if got := hrefOf(t, body, "Webhooks"); got != "/console/webhooks?since=24h" {
		t.Errorf("the time is not kept on the way to %q", got)
	}
}

func TestListOfCallsSaysAmongHowManyItLooks(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	o.called("rye", "+15551234567")
	for query, want := range map[string]string{
		"?sipResponse=486":    "among the newest 2,000 calls of each end without an answer",
		"?claims=rejected":    "among the newest 5,000 calls with a rejected claim",
		"?overdue=true":       "At most the newest 10,000",
		"?awaiting=recording": "At most the newest 10,000",
		"?status=BUSY":        "",
	} {
		page := o.get("/console/calls" + query)
		if said := strings.Contains(page, "among"); said != (want != "") || !strings.Contains(page, want) {
			t.Errorf("%s: not %q", query, want)
		}
	}
}

func TestViewerFindsNoNumber(t *testing.T) {
	o := openCalls(t)
	id := o.eventful()
	o.signIn(viewerToken)
	for _, page := range []string{"/console/calls?phoneNumber=%2B15551234999", "/console/calls.csv?phoneNumber=%2B15551234999", "/console/calls/" + id + "?phoneNumber=%2B15551234999",
		"/console/live?list=calls&after=&made=0&phoneNumber=%2B15551234999"} {
		if response, _ := o.do("GET", page, ""); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", page, response.Status)
		}
	}
	for _, page := range []string{"/console/calls", "/console/calls/" + id, "/console/calls/" + id + "?order=arrival", "/console/calls.csv"} {
		body := o.get(page)
		if strings.Contains(body, "5551234999") || strings.Contains(body, "555 123 4999") || strings.Contains(body, `action="/console/calls`) || strings.Contains(body, "phoneNumber\"/>") {
			t.Errorf("%s shows a viewer a number or an action:\n%s", page, body)
		}
	}
	for _, action := range []string{"ask", "retry", "cancel", "withdraw-consent", "erase", "erase-number", "replay/x"} {
		if response, _ := o.do("POST", "/console/calls/"+id+"/"+action, "reason=x&typed=erase"); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", action, response.Status)
		}
	}
}

// What a caller, a campaign or Twilio wrote must not become a formula in somebody's spreadsheet.
func TestCSVHasAllChosenCallsAndNoFormula(t *testing.T) {
	o := openCalls(t)
	_, calls := o.called("oats", numbers(450)...)
	o.delivers(calls[7], inbox.KindStatus, o.clock.now(), "CallStatus", "failed", "ErrorCode", "32009", "ErrorMessage", `=HYPERLINK("https://evil.example","+15551234567")`)
	o.signIn(adminToken)
	response, body := o.do("GET", hrefOf(t, o.get("/console/calls"), "CSV of these calls"), "")
	if rows := readCSV(t, body); len(rows) != 451 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/csv") || rows[1][0] != calls[449] || rows[450][0] != calls[0] {
		t.Errorf("%d rows, %v", len(rows), response.Header)
	}
	rows := readCSV(t, o.get("/console/calls.csv?status=FAILED"))
	if len(rows) != 2 || rows[1][0] != calls[7] || rows[1][3] != "'+15552000007" || rows[1][4] != "FAILED" || rows[1][10] != "32009" || !strings.HasPrefix(rows[1][11], "'=HYPERLINK") {
		t.Errorf("%q", rows)
	}
	o.signIn(viewerToken)
	if rows := readCSV(t, o.get("/console/calls.csv?status=FAILED")); rows[1][3] == "'+15552000007" || strings.Contains(rows[1][11], "15551234567") {
		t.Errorf("a viewer gets the number: %q", rows)
	}
}

func TestNextAndPreviousCallAreThoseOfTheList(t *testing.T) {
	o := openCalls(t)
	_, calls := o.called("oats", numbers(4)...)
	o.called("milk", "+15551234567")
	for _, n := range []int{0, 3} {
		o.delivers(calls[n], inbox.KindStatus, o.clock.now(), "CallStatus", "busy")
	}
	o.signIn(adminToken)
	list := o.get("/console/calls?status=BUSY")
	page := hrefOf(t, list, "<code>"+calls[3])
	body := o.get(page)
	older := hrefOf(t, body, "Older call")
	if older != "/console/calls/"+calls[0]+"?status=BUSY" || strings.Contains(body, "Newer call") {
		t.Fatalf("older is %q", older)
	}
	body = o.get(older)
	if newer := hrefOf(t, body, "Newer call"); newer != page || strings.Contains(body, "Older call") {
		t.Errorf("newer is %q, want %q", newer, page)
	}
	if back := hrefOf(t, body, "Calls</a></nav>"); back != "/console/calls?status=BUSY" {
		t.Errorf("the way back is %q", back)
	}
}

func TestTimelineSaysWhatIsLateDoubledMissingAndInConflict(t *testing.T) {
	o := openCalls(t)
	id := o.eventful()
	o.clock.set(o.clock.now().Add(400_000_000_000)) // 400 s: the recording is overdue, as much as its lack of a callback
	o.signIn(adminToken)
	body := o.get("/console/calls/" + id)
	rows := strings.Split(body, "<li class=\"entry")
	find := func(texts ...string) int {
		t.Helper()
	search:
		for n, row := range rows {
			for _, text := range texts {
				if !strings.Contains(row, text) {
					continue search
				}
			}
			return n
		}
		t.Errorf("nothing on the timeline has %q:\n%s", texts, body)
		return -1
	}
	missing := find("status callback 1", "has not come", `badge missing`)
	late := find("in-progress, number 2", "came 4 min 3 s after Twilio", "came after number 3", "badge late")
	ended := find("completed, number 3", "delivered 2 times", "badge duplicate")
	find(`data-lane="Twilio"`, "badge conflict", "the same event with another body")
	find(`data-lane="answer"`, "TwiML", "#answer")
	find(`data-lane="dial"`, "about to be dialled")
	find(`data-lane="dial"`, "orchestrate-call", "badge failed", `<a href="#actions">Retry</a>`)
	find(`data-lane="recording"`, "the recording", "expected by", "overdue", `<a href="#actions">Ask Twilio now</a>`)
	find("said: a dozen &lt;script&gt;")
	if !(missing < late && late < ended) {
		t.Errorf("not in Twilio's order: %d, %d, %d", missing, late, ended)
	}
	arrival := hrefOf(t, body, "order of arrival")
	body = o.get(arrival)
	rows = strings.Split(body, "<li class=\"entry")
	if late, ended := find("in-progress, number 2"), find("completed, number 3"); late < ended {
		t.Error("not in the order of arrival")
	}
	if got := hrefOf(t, body, "Twilio's order"); got != "/console/calls/"+id {
		t.Errorf("the way back is %q", got)
	}
	if response, _ := o.do("GET", "/console/calls/"+id+"?order=alphabet", ""); response.StatusCode != http.StatusBadRequest {
		t.Error(response.Status)
	}
}

func TestActionsOfACallAreInTheAuditLogAndSayWhy(t *testing.T) {
	o := openCalls(t)
	id := o.eventful()
	o.signIn(adminToken)
	path := "/console/calls/" + id
	for _, wrong := range []struct{ action, form string }{
		{"withdraw-consent", "typed=withdraw"}, {"withdraw-consent", "reason=letter&typed=yes"}, {"erase", "reason=letter"}, {"erase-number", "reason=letter&typed=erase"}, {"cancel", "x=y"},
	} {
		response, body := o.do("POST", path+"/"+wrong.action, wrong.form)
		if response.StatusCode/100 != 4 || !strings.Contains(body, "Not done") || !strings.Contains(body, "curl -X") {
			t.Errorf("%v: %s", wrong, response.Status)
		}
	}
	for _, right := range []struct{ action, form, said string }{
		{"ask", "reason=night+shift", "1 event was missing and is here now"}, {"retry", "reason=", "1 run waits for a worker"}, {"withdraw-consent", "reason=letter&typed=withdraw", "The consent is withdrawn"},
		{"erase", "reason=letter&typed=erase", "The personal data of this call is erased"},
	} {
		response, body := o.do("POST", path+"/"+right.action, right.form)
		if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != path {
			t.Fatalf("%v: %s\n%s", right, response.Status, body)
		}
		if body := o.get(path); !strings.Contains(body, right.said) {
			t.Errorf("%v is not said:\n%s", right, body)
		}
	}
	if body := mainOf(o.get(path)); !strings.Contains(body, "reconcile.run") || !strings.Contains(body, "night shift") || !strings.Contains(body, "by console") {
		t.Errorf("the page does not say who did what to the call, and why:\n%s", body)
	}
	var did []string
	log, err := o.store.AuditLog(t.Context(), store.AuditFilter{}, store.Page{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range log.Items {
		did = append(did, entry.Action+" "+entry.Reason)
	}
	all := strings.Join(did, "\n")
	for _, want := range []string{"reconcile.run night shift", "run.retry ", "consent.withdraw letter", "call.erase letter"} {
		if !strings.Contains(all, want) {
			t.Errorf("the audit log has no %q:\n%s", want, all)
		}
	}
	if len(o.asked) != 1 || o.asked[0] != id {
		t.Errorf("Twilio was asked about %v", o.asked)
	}
	if d, err := o.store.CallDetail(t.Context(), id); err != nil || d.Call.Consent != interview.ConsentRefused || d.Call.ErasedAt == nil {
		t.Errorf("%+v, %v", d.Call, err)
	}
	if body := o.get(path); strings.Contains(body, "erase-number") || strings.Contains(body, "withdraw-consent\"") {
		t.Error("what is done is offered again")
	}
}

func TestTimelineBeginsWithTheCall(t *testing.T) {
	o := openCalls(t)
	_, calls := o.called("oats", "+15551234567")
	if _, err := o.store.CancelCall(t.Context(), calls[0], ""); err != nil {
		t.Fatal(err)
	}
	o.signIn(adminToken)
	for _, order := range []string{"", "?order=arrival"} {
		page := o.get("/console/calls/" + calls[0] + order)
		_, page, _ = strings.Cut(page, `class="timeline"`)
		if queued, run := strings.Index(page, ">queued<"), strings.Index(page, ">orchestrate-call<"); queued < 0 || run < 0 || queued > run {
			t.Errorf("%q: queued at %d, its run at %d:\n%s", order, queued, run, page)
		}
		if !strings.Contains(page, "Nobody was called.") {
			t.Errorf("%q: it is not said that nobody was called", order)
		}
	}
}

// Why a call failed is in the list as on its page: by Twilio's code where there is one, else by what else is known.
func TestListOfCallsSaysTheSIPResponseOfACallWithoutACode(t *testing.T) {
	o := openCalls(t)
	_, calls := o.called("oats", "+15551234567", "+15551234568", "+15551234569")
	o.delivers(calls[0], inbox.KindStatus, o.clock.now(), "CallStatus", "failed", "SipResponseCode", "404")
	o.delivers(calls[1], inbox.KindStatus, o.clock.now(), "CallStatus", "busy", "ErrorCode", "13224", "SipResponseCode", "486")
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		for n, want := range []string{`<span class="none">SIP response 404</span>`, `<span title="13224 SIP response 486">13224</span>`, ``} {
			row := o.rowWith("/console/calls", calls[n])
			if got := regexp.MustCompile(`<span (?:class="none"|title="[^"]*")>[^<]*[0-9]{3}[^<]*</span>`).FindString(row); got != want {
				t.Errorf("%s: %q, want %q in %s", token, got, want, row)
			}
		}
	}
}

// rowWith is the row of a list's table that has a text.
func (o *site) rowWith(page, text string) string {
	o.t.Helper()
	for _, row := range regexp.MustCompile(`(?s)<tr>.*?</tr>`).FindAllString(o.get(page), -1) {
		if strings.Contains(row, text) {
			return row
		}
	}
	o.t.Errorf("%s has no row with %s", page, text)
	return ""
}

func TestListOfRunsLeadsToTheCallOfEachRun(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	runs, err := o.store.Runs(t.Context(), store.RunFilter{Function: interview.OrchestrateCall}, store.Page{Limit: 10})
	if err != nil || len(runs.Items) != len(calls) {
		t.Fatal(len(runs.Items), err)
	}
	verdict := runs.Items[1]
	if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE function_runs SET function = 'validate-claim', key = 'h1:1', args = '{"hypothesisId":"h1"}' WHERE id = $1`, verdict.ID); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		for _, run := range runs.Items[:1] {
			row := o.rowWith("/console/runs", run.ID)
			if call := strings.Count(row, `<a href="/console/calls/`); call != 1 || !strings.Contains(row, "/console/calls/"+run.Key+`"`) {
				t.Errorf("run %s of call %s: %s", run.ID, run.Key, row)
			}
		}
		if row := o.rowWith("/console/runs", verdict.ID); strings.Contains(row, "/console/calls/") || !strings.Contains(row, `<span class="none">–</span>`) {
			t.Errorf("a run of a hypothesis: %s", row)
		}
	}
}

func TestNameOfTheCampaignOnACallLeadsToTheCampaign(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, calls := o.called("oats of +15550001111", "+15551234567")
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		body := o.get("/console/calls/" + calls[0])
		match := regexp.MustCompile(`<a href="(/console/campaigns/` + campaign + `)">([^<]*)</a>`).FindStringSubmatch(body)
		if match == nil || !strings.HasPrefix(match[2], "oats of ") || strings.Contains(match[2], "5550001111") != (token == adminToken) {
			t.Errorf("%s: the link to the campaign is %q", token, match)
			continue
		}
		if response, page := o.do("GET", match[1], ""); response.StatusCode != http.StatusOK || !strings.Contains(page, "<h1>"+match[2]) {
			t.Errorf("the page of the campaign: %s", response.Status)
		}
	}
}
