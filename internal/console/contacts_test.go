package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// contacted makes a campaign with contacts, and returns their ids: one that may be called, one that waits for the hours of Auckland or
// Lisbon, whichever are closed, and one more.
func (o *site) contacted() (campaign string, contacts []string) {
	o.t.Helper()
	now := time.Now().UTC()
	hours := interview.CallingHours{{Days: "mon-sun", From: now.Add(-time.Hour).Format("15:04"), To: "24:00"}}
	if now.Hour() == 0 {
		hours[0].From = "00:00"
	}
	made, err := o.store.CreateCampaign(o.t.Context(), interview.Campaign{Name: "barley", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: hours,
		Attempts: interview.AttemptPolicy{Max: 3, WaitMinutes: 60}})
	if err != nil {
		o.t.Fatal(err)
	}
	added, err := o.store.AddContacts(o.t.Context(), store.NewContacts{CampaignID: made.ID, Contacts: []interview.Contact{
		{PhoneNumber: "+15551230001", ExternalID: "customer-1", TimeZone: "UTC", ConsentBasis: "customer of +15551230001", Variables: map[string]string{"product": "barley"}},
		{PhoneNumber: "+15551230002", ExternalID: "customer-2", TimeZone: "UTC"},
		{PhoneNumber: "+15551230003", TimeZone: "UTC"},
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, a := range added {
		contacts = append(contacts, a.ID)
	}
	return made.ID, contacts
}

func TestContactsAreListedAndShown(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, contacts := o.contacted()
	o.signIn(adminToken)
	for page, want := range map[string][]string{
		"/console/contacts": {"+15551230001", "customer-2", ">waiting<", "/console/contacts/" + contacts[2]},
		"/console/contacts?state=WAITING&campaignId=" + campaign:               {"+15551230003", "state: waiting"},
		"/console/contacts?externalId=customer-2":                              {"+15551230002"},
		"/console/contacts?phoneNumber=%2B15551230003":                         {"/console/contacts/" + contacts[2]},
		"/console/contacts?reason=DO_NOT_CALL":                                 {"No contact is found with reason: is on the do-not-call list"},
		"/console/contacts/" + contacts[0]:                                     {"customer of +15551230001", "in UTC", "0 of 3", "barley", "None yet"},
		"/console/campaigns/" + campaign:                                       {"is due, and called at the dial rate", "Looked at next", "up to 3, after anything but an answer, 60 minutes apart", "/export?format=csv&amp;table=contacts"},
		"/console/campaigns/" + campaign + "/export?table=contacts&format=csv": {"customer-1"},
	} {
		body := o.get(page)
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s: no %q", page, text)
			}
		}
	}
	for asked, contact := range map[string]string{"+1 555 123 0002": contacts[1], "customer-1": contacts[0], contacts[2]: contacts[2]} {
		if response, _ := o.do("GET", "/console/find?q="+url.QueryEscape(asked), ""); response.Header.Get("Location") != "/console/contacts/"+contact {
			t.Errorf("find %s: %s %s", asked, response.Status, response.Header.Get("Location"))
		}
	}
	for page, want := range map[string]int{"/console/contacts?state=ASLEEP": 400, "/console/contacts?reason=NONE": 400, "/console/contacts?phoneNumber=x": 400, "/console/contacts?name=x": 400,
		"/console/contacts/nobody": 404, "/console/campaigns/" + campaign + "/export?table=secrets&format=csv": 400} {
		if response, _ := o.do("GET", page, ""); response.StatusCode != want {
			t.Errorf("%s: %s", page, response.Status)
		}
	}
	o.signIn(viewerToken)
	for _, page := range []string{"/console/contacts", "/console/contacts/" + contacts[0], "/console/campaigns/" + campaign, "/console/campaigns/" + campaign + "/export?table=contacts&format=csv"} {
		if body := o.get(page); strings.Contains(body, "5551230001") {
			t.Errorf("%s shows a viewer a number", page)
		}
	}
	if response, _ := o.do("GET", "/console/contacts?phoneNumber=%2B15551230001", ""); response.StatusCode != http.StatusForbidden {
		t.Error(response.Status)
	}
}

func TestNumbersAreListedCheckedAndRemoved(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, contacts := o.contacted()
	_, calls := o.called("oats", "+15551234567")
	o.signIn(adminToken)
	if response, _ := o.do("POST", "/console/calls/"+calls[0]+"/do-not-call", ""); response.StatusCode != http.StatusBadRequest {
		t.Errorf("without a reason: %s", response.Status)
	}
	if response, body := o.do("POST", "/console/calls/"+calls[0]+"/do-not-call", "reason=asked+by+letter"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	if response, body := o.do("POST", "/console/do-not-call", url.Values{"phoneNumber": {"+1 555 123 0001"}, "scope": {campaign}}.Encode()); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	if response, body := o.do("POST", "/console/do-not-call", "phoneNumber=5&scope=all"); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "phoneNumber must be an E.164 number") {
		t.Errorf("%s\n%s", response.Status, body)
	}
	list := o.get("/console/do-not-call")
	for _, want := range []string{"asked by letter", "+1******4567", "+1******0001", "one campaign"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %q:\n%s", want, list)
		}
	}
	if strings.Contains(list, "5551234567") {
		t.Error("the list has a whole number")
	}
	if body := o.get("/console/contacts/" + contacts[0]); !strings.Contains(body, "On the do-not-call list") {
		t.Errorf("the contact does not say so:\n%s", body)
	}
	if body := o.get("/console/do-not-call?phoneNumber=%2B15550000000"); !strings.Contains(body, "+15550000000 is not on the list.") {
		t.Errorf("%s", body)
	}
	entries, err := o.store.DoNotCallList(t.Context(), store.DoNotCallFilter{PhoneNumber: "+15551234567"}, store.Page{Limit: 5})
	if err != nil || len(entries.Items) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	csv := o.get("/console/do-not-call.csv")
	remove := "/console/do-not-call/" + entries.Items[0].ID + "/remove"
	if response, _ := o.do("POST", remove, "reason=x"); response.StatusCode != http.StatusBadRequest {
		t.Errorf("nothing typed: %s", response.Status)
	}
	if response, _ := o.do("POST", remove, "reason=by+mistake&typed=remove"); response.StatusCode != http.StatusSeeOther {
		t.Error(response.Status)
	}
	if body := o.upload("/console/do-not-call/import", csv, nil); !strings.Contains(body, "<b>1</b> of 2 rows added, 1 there already, 0 refused") {
		t.Errorf("%s", body)
	}
	if body := o.upload("/console/do-not-call/import", "phoneNumber,reason\n+15550001111,letter\nnobody,x\n", nil); !strings.Contains(body, "<b>1</b> of 2 rows") || !strings.Contains(body, "is not an E.164 number") {
		t.Errorf("%s", body)
	}
	o.signIn(viewerToken)
	if body := o.get("/console/do-not-call"); strings.Contains(body, "<form method=\"post\" action=\"/console/do-not-call") || !strings.Contains(body, "+1******4567") {
		t.Errorf("%s", body)
	}
	if response, _ := o.do("GET", "/console/do-not-call.csv", ""); response.StatusCode != http.StatusForbidden {
		t.Error(response.Status)
	}
}

// callingPages are those of contacts, the do-not-call list, stops and imports, with all that they can show.
func (o *site) callingPages() []string {
	o.t.Helper()
	campaign, contacts := o.contacted()
	for _, n := range []store.NewDoNotCall{
		{PhoneNumber: "+15551230002", Scope: interview.ScopeAll, Source: "api", RequestedBy: "Kim", Reason: "asked by letter"},
		{PhoneNumber: "+15551230003", Scope: campaign, Source: "console", RequestedBy: "Kim"},
	} {
		if _, _, err := o.store.AddDoNotCall(o.t.Context(), n); err != nil {
			o.t.Fatal(err)
		}
	}
	for _, scope := range []string{campaign, interview.ScopeAll} {
		if _, err := o.store.Stop(o.t.Context(), store.NewStop{Scope: scope, Mode: interview.StopFinish, RequestedBy: "Kim", Reason: "wrong questions"}); err != nil {
			o.t.Fatal(err)
		}
	}
	// Of the longest words that there may be.
	if _, err := o.store.SQLite().ExecContext(o.t.Context(), `UPDATE contacts SET state = 'REFUSED', reason = $1, external_id = 'customer 2 of the northern district',
		time_zone = 'America/Argentina/Buenos_Aires' WHERE id = $2`, store.ReasonRestored, contacts[1]); err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.store.SQLite().ExecContext(o.t.Context(), `UPDATE contacts SET reason = $1, time_zone = 'America/Argentina/Buenos_Aires' WHERE id = $2`,
		interview.RefusalCapDay, contacts[2]); err != nil {
		o.t.Fatal(err)
	}
	return []string{"/console/contacts", "/console/contacts?state=WAITING&campaignId=" + campaign, "/console/contacts/" + contacts[1], "/console/campaigns/" + campaign,
		"/console/campaigns/" + campaign + "/edit", "/console/campaigns/" + campaign + "/import", "/console/do-not-call", "/console/stops"}
}

func TestCallSaysWhoseAttemptItIsAndWhatWasSaidOfWhoCalls(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567")
	p := store.NewProcessor(o.store, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		at := e.ReceivedAt
		call.IdentitySaid, call.IdentitySaidAt, call.StirStatus = "This is Shelf Research, at +15551230009.", &at, "A"
		return interview.Change{Call: call, OptOut: &interview.OptOut{By: "speech"}}, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte("<Response/>")}, nil
	})
	event := &inbox.Event{ID: "CA1:consent", Kind: inbox.KindVoice, Subject: calls[0], CallSid: "CA1", Target: "/api/webhooks/twilio/consent?callId=" + calls[0],
		ContentType: "application/x-www-form-urlencoded", Body: []byte("SpeechResult=stop"), ReceivedAt: o.clock.now()}
	if _, err := p.Process(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	detail, err := o.store.CallDetail(t.Context(), calls[0])
	if err != nil {
		t.Fatal(err)
	}
	o.signIn(adminToken)
	body := o.get("/console/calls/" + calls[0])
	for _, want := range []string{"<b>Opted out</b>", "/console/contacts/" + detail.Call.ContactID, "attempt 1 of 1", "This is Shelf Research, at +15551230009.", "Attestation (STIR)", "never to be called again, at"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, `action="/console/calls/`+calls[0]+`/do-not-call"`) {
		t.Error("a number that is on the list is offered for it")
	}
	if list := o.get("/console/do-not-call"); !strings.Contains(list, "asked for on a call") || !strings.Contains(list, `href="/console/calls/`+calls[0]) {
		t.Errorf("the list does not lead to the call:\n%s", list)
	}
	o.signIn(viewerToken)
	if body := o.get("/console/calls/" + calls[0]); !strings.Contains(body, "<b>Opted out</b>") || strings.Contains(body, "5551230009") || strings.Contains(body, "/do-not-call\"") && strings.Contains(body, `action="/console/calls/`+calls[0]+`/do-not-call"`) {
		t.Errorf("%s", body)
	}
}

// A state is a code of the API: people read what it means, and why, once.
func TestContactSaysItsStateInWordsOnce(t *testing.T) {
	o := open(t, tokensOf(t))
	_, contacts := o.contacted()
	for n, is := range []struct{ state, reason string }{{"REFUSED", string(interview.RefusalDoNotCall)}, {"EXHAUSTED", ""}, {"WAITING", string(interview.RefusalOutsideHours)}} {
		if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE contacts SET state = $1, reason = $2 WHERE id = $3`, is.state, is.reason, contacts[n]); err != nil {
			t.Fatal(err)
		}
	}
	o.signIn(adminToken)
	shown := regexp.MustCompile(`(?s)<main.*</main>`)
	inWords := func(page string) string {
		body := shown.FindString(o.get(page))
		return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")), " ")
	}
	for n, want := range []string{"not to be called is on the do-not-call list", "not reached no attempt is left", "waiting"} {
		page := inWords("/console/contacts/" + contacts[n])
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
		for _, code := range []string{"REFUSED", "EXHAUSTED", "WAITING", "DO_NOT_CALL", "OUTSIDE_HOURS"} {
			if strings.Contains(page, code) {
				t.Errorf("the code %s in %s", code, page)
			}
		}
		if list := inWords("/console/contacts"); !strings.Contains(list, want) {
			t.Errorf("no %q in the list %s", want, list)
		}
	}
}
