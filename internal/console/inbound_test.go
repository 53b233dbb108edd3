package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// callsIn has somebody call one of our numbers, and returns the id of the call.
func (o *site) callsIn(sid, from string) string {
	o.t.Helper()
	form := url.Values{"CallSid": {sid}, "AccountSid": {"AC1"}, "Direction": {"inbound"}, "CallStatus": {"ringing"}, "From": {from}, "To": {"+15551230000"}}
	id, subject, err := webhook.Identify(inbox.KindVoice, form, url.Values{})
	if err != nil {
		o.t.Fatal(err)
	}
	_, err = deciding(o.store).Process(o.t.Context(), &inbox.Event{ID: id, Kind: inbox.KindVoice, Subject: subject, CallSid: sid, AccountSid: "AC1",
		Target: "/api/webhooks/v1/twilio/voice", ContentType: "application/x-www-form-urlencoded", Body: []byte(form.Encode()), Form: form,
		Query: url.Values{}, ReceivedAt: o.clock.now()})
	if err != nil {
		o.t.Fatal(err)
	}
	found, err := o.store.Calls(o.t.Context(), store.CallFilter{CallSid: sid}, store.Page{Limit: 1})
	if err != nil || len(found.Items) != 1 || !found.Items[0].Inbound() {
		o.t.Fatalf("%+v, %v", found.Items, err)
	}
	return found.Items[0].ID
}

func TestCallThatCameInIsToldFromThoseThatWeMade(t *testing.T) {
	o := openCalls(t)
	campaign, ours := o.called("oats", "+15551234567", "+15551234568")
	theirs := o.callsIn("CA77", "+15559876543")
	if call, err := o.store.CallDetail(t.Context(), theirs); err != nil || call.Call.CampaignID != campaign || call.Call.Direction != interview.DirectionInbound {
		t.Fatalf("%+v, %v", call.Call, err)
	}
	o.signIn(adminToken)
	const mark = "called us</span>"
	list := o.get("/console/calls")
	if n := strings.Count(list, mark); n != 1 {
		t.Errorf("%d calls of the list called us:\n%s", n, list)
	}
	for query, want := range map[string][]string{"?direction=inbound": {theirs}, "?direction=outbound": ours, "?direction=outbound&status=QUEUED&campaignId=" + campaign: ours,
		"?direction=inbound&campaignId=" + campaign: {theirs}, "?direction=inbound&status=COMPLETED": nil} {
		rows := readCSV(t, o.get("/console/calls.csv"+query))
		page := o.get("/console/calls" + query)
		if len(rows) != 1+len(want) {
			t.Errorf("%s: %q", query, rows)
		}
		for _, id := range append(ours, theirs) {
			if listed := strings.Contains(page, "data-open><code>"+id); listed != strings.Contains(strings.Join(want, " "), id) {
				t.Errorf("%s: %s is listed: %v", query, id, listed)
			}
		}
		for _, row := range rows[1:] {
			if direction := map[bool]string{true: "inbound", false: "outbound"}[row[0] == theirs]; row[len(row)-1] != direction {
				t.Errorf("%s: %q", query, row)
			}
		}
	}
	if response, _ := o.do("GET", "/console/calls?direction=both", ""); response.StatusCode != 400 {
		t.Errorf("an unknown direction: %s", response.Status)
	}
	if page := o.get("/console/calls/" + theirs); !strings.Contains(page, mark) || strings.Contains(page, "attempt 1 of") {
		t.Errorf("the page of their call:\n%s", page)
	}
	if page := o.get("/console/calls/" + ours[0]); strings.Contains(page, mark) {
		t.Errorf("the page of our call:\n%s", page)
	}
	page := o.get("/console/campaigns/" + campaign)
	if got := hrefOf(t, page, "1 call came in"); got != "/console/calls?campaignId="+campaign+"&direction=inbound" {
		t.Errorf("those that came in are at %q", got)
	}
	if got := hrefOf(t, page, "all calls"); got != "/console/calls?campaignId="+campaign+"&direction=outbound" || !strings.Contains(page, `all calls</a></th><td class="number">2</td>`) {
		t.Errorf("all calls are at %q:\n%s", got, page)
	}
}
