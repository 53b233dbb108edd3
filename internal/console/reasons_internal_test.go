package console

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestCallWithoutRecordingSaysWhatKeptItFromOne(t *testing.T) {
	at := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	for want, call := range map[string]interview.Call{
		"Nobody was called.":                     {Status: interview.CallCanceled},
		"Nobody answered.":                       {Status: interview.CallFailed, DialedAt: &at},
		"the person was not asked, or did not":   {Status: interview.CallCompleted, DialedAt: &at, StartedAt: &at},
		"a machine answered":                     {Status: interview.CallCompleted, DialedAt: &at, StartedAt: &at, AnsweredBy: "machine_start", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentBySpeech},
		"the person said no, or gave no clear":   {Status: interview.CallCompleted, DialedAt: &at, StartedAt: &at, AnsweredBy: "human", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentBySpeech},
		"it was taken back on request":           {Status: interview.CallCompleted, DialedAt: &at, StartedAt: &at, Consent: interview.ConsentRefused, ConsentBy: interview.ConsentByRequest},
		"Nothing is recorded before the person ": {Status: interview.CallQueued},
	} {
		if got := noRecording(call); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFailedCallSaysWhyOrThatTwilioGaveNoReason(t *testing.T) {
	for want, call := range map[string]interview.Call{
		"":                           {Status: interview.CallCompleted},
		"21211 Invalid 'To' Number":  {Status: interview.CallFailed, ErrorCode: 21211, ErrorMessage: "Invalid 'To' Number"},
		"SIP response 404":           {Status: interview.CallFailed, ErrorMessage: "SIP response 404", TwilioSid: "CA1"},
		"Twilio gave no reason":      {Status: interview.CallFailed, TwilioSid: "CA1"},
		"no reason is kept":          {Status: interview.CallFailed},
		"32011 SIP: no response":     {Status: interview.CallNoAnswer, ErrorCode: 32011, ErrorMessage: "SIP: no response"},
		"SIP response 486 of a busy": {Status: interview.CallBusy, ErrorMessage: "SIP response 486 of a busy"},
	} {
		if got := errorWords(call); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestIdempotencyTokenThatOnlyOneDeliveryHasIsSaidToBeSo(t *testing.T) {
	with, without := store.WebhookDetail{}, store.WebhookDetail{}
	with.IdempotencyToken = "t1"
	for _, c := range []struct {
		here, there store.WebhookDetail
		want        string
	}{{with, without, "none, while this one has one"}, {without, with, "that one has one, this one has none"}, {without, without, "none"}, {with, with, "the same: a retry of the same request"}} {
		if got := compareRecords(Viewer, c.here, c.there).token; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestParametersThatDifferInValueComeFirstAndAreNamed(t *testing.T) {
	of := func(body string) store.WebhookDetail {
		return store.WebhookDetail{ContentType: "application/x-www-form-urlencoded", Body: []byte(body)}
	}
	v := compareRecords(Viewer, of("B=1&Called=%2B15551234567&A=1&Same=x&Z=1"), of("B=2&A=2&Same=x&C=1"))
	var got []string
	for _, p := range v.changed {
		got = append(got, p.name)
	}
	const names = "differ in value: A, B; only here: Called, Z; only there: C"
	if order := strings.Join(got, " "); order != "A B Called Z C" || v.changedNames() != names || !v.differs() {
		t.Errorf("%s; %s; differs %v", order, v.changedNames(), v.differs())
	}
	if v := compareRecords(Viewer, of("A=1"), of("A=1&B=2")); v.differs() || v.changedNames() != "only there: B" {
		t.Errorf("%s; differs %v", v.changedNames(), v.differs())
	}
}

func TestRequestWhoseSignatureIsProvenIsNotDoubted(t *testing.T) {
	const doubt = "its signature did not fit"
	if proven, suspected := namesCallWords("callId", true), namesCallWords("callId", false); strings.Contains(proven, doubt) || !strings.Contains(suspected, doubt) {
		t.Errorf("proven: %s; suspected: %s", proven, suspected)
	}
}

func TestAuditNamesTheQuestionOfAnOptOutWhereThereIsOne(t *testing.T) {
	for step, want := range map[float64]string{0: "by=key", 1: "at question=1 by=key", 3: "at question=3 by=key"} {
		row := (&Console{}).auditRow(listView{role: Admin, query: url.Values{}}, store.Audited{AuditEntry: interview.AuditEntry{Action: interview.AuditOptOut, Subject: "X",
			Detail: map[string]any{"step": step, "by": "key"}}})
		var said []string
		for _, d := range row.detail {
			said = append(said, d.name+"="+d.value)
		}
		if got := strings.Join(said, " "); got != want {
			t.Errorf("step %v: %s, want %s", step, got, want)
		}
	}
}

func TestAuditEntryLeadsToWhatItWasDoneTo(t *testing.T) {
	c := &Console{}
	for action, page := range map[string]string{interview.AuditOptOut: "/calls/X", interview.AuditCreateContacts: "/campaigns/X", interview.AuditStop: "/stops/X", interview.AuditResume: "/stops/X",
		interview.AuditOpenCircuit: "/campaigns/X", interview.AuditAddDoNotCall: "/do-not-call", interview.AuditCancelCall: "/calls/X"} {
		if got := c.subjectPage(interview.AuditEntry{Action: action, Subject: "X"}); got != c.path(page) {
			t.Errorf("%s leads to %q, want %q", action, got, c.path(page))
		}
	}
	row := c.auditRow(listView{role: Viewer, query: url.Values{}}, store.Audited{AuditEntry: interview.AuditEntry{Action: interview.AuditStop, Subject: "X", Detail: map[string]any{"queued": 2, "brokenOff": false}}})
	if len(row.detail) != 1 || row.detail[0] != (parameter{name: "calls that wait", value: "2"}) {
		t.Errorf("%+v", row.detail)
	}
}

func TestContactWithoutReasonSaysWhyNobodyCallsItAgain(t *testing.T) {
	const canceled = interview.Refusal(interview.CancelRequested)
	for want, row := range map[string]contactRow{
		"no attempt is left":                      {Contact: interview.Contact{State: interview.ContactExhausted}},
		"is on the do-not-call list":              {Contact: interview.Contact{State: interview.ContactRefused, Reason: interview.RefusalDoNotCall}, optedOut: true},
		"was canceled by somebody here before it": {Contact: interview.Contact{State: interview.ContactRefused, Reason: canceled}},
		"its call was canceled by somebody":       {Contact: interview.Contact{State: interview.ContactRefused, Reason: canceled, Attempts: 1}},
		"its campaign calls nobody any more":      {Contact: interview.Contact{State: interview.ContactRefused, Reason: interview.RefusalCampaign}},
		"the campaign calls nobody now":           {Contact: interview.Contact{State: interview.ContactWaiting, Reason: interview.RefusalCampaign}},
		"":                                        {Contact: interview.Contact{State: interview.ContactReached}, optedOut: true}, // its mark says so
	} {
		if got := row.whyWords(); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCallOfAListedNumberIsNotOfferedForTheList(t *testing.T) {
	offered := func(listed ...doNotCallRow) bool {
		d := store.CallDetail{Call: interview.Call{ID: "X", PhoneNumber: "+15551234567", Status: interview.CallCompleted}}
		return slices.ContainsFunc(callActions(d, nil, listed), func(a action) bool { return a.name == "Put on the do-not-call list" })
	}
	of := func(scope string) doNotCallRow { return doNotCallRow{DoNotCall: interview.DoNotCall{Scope: scope}} }
	if !offered() || !offered(of("one campaign")) || offered(of(interview.ScopeAll)) {
		t.Errorf("offered: %v without an entry, %v with one of a campaign, %v with one of all", offered(), offered(of("one campaign")), offered(of(interview.ScopeAll)))
	}
}

func TestCallSaysItsDisposition(t *testing.T) {
	at := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	call := interview.Call{Status: interview.CallBusy, DialedAt: &at}
	if got := dispositionWords(call); !strings.HasPrefix(got, "3.") || !strings.Contains(got, "busy") {
		t.Errorf("a busy line: %q", got)
	}
	if got := dispositionWords(interview.Call{Status: interview.CallQueued}); got != "" {
		t.Errorf("a call that is not over: %q", got)
	}
}
