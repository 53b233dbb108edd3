package store

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestConditionsOfCallsAreReadOrNamed(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	deadlines := interview.DefaultDeadlines()
	query, err := url.ParseQuery("campaignId=c1&callSid=CA1&phoneNumber=+15551234567&errorCode=21211&consentGiven=null&simulated=false&direction=inbound&claims=rejected&awaiting=recording&overdue=false&since=24h&until=&other=x")
	if err != nil {
		t.Fatal(err)
	}
	by, err := ParseCallFilter(query, deadlines, now)
	if err != nil || by.CampaignID != "c1" || by.CallSid != "CA1" || by.PhoneNumber != "+15551234567" || by.ErrorCode != 21211 || *by.Consent != interview.ConsentUnknown || *by.Simulated ||
		by.Direction != interview.DirectionInbound || !by.RejectedClaims || by.Awaiting.What != "recording" || !by.Awaiting.InTime || by.Overdue != nil || !by.Since.Equal(now.Add(-24*time.Hour)) || !by.Until.IsZero() {
		t.Errorf("%+v, %v", by, err)
	}
	for name, want := range map[string]string{
		"campaignId=%00": "campaignId is not an id", "callSid=a%20b": "callSid is not an id", "campaignId=" + strings.Repeat("x", MaxID+1): "campaignId is not an id",
		"phoneNumber=555-1234": "phoneNumber must be an E.164 number such as +15551234567", "errorCode=0": "errorCode must be a code such as 21211",
		"sipResponse=200": "sipResponse must be a response such as 486", "sipResponse=busy": "sipResponse must be a response such as 486", "errorCode=21211x": "errorCode must be a code such as 21211", "consentGiven=maybe": "consentGiven must be true, false or null", "simulated=1": "simulated must be true or false",
		"disposition=2.12": "disposition needs campaignId", "disposition=2.99&campaignId=c": "disposition must be one of 1.1, 1.2",
		"disposition=2.12&campaignId=c&overdue=true": "disposition is of calls that are over", "claims=good": "claims must be rejected", "direction=both": "direction must be inbound or outbound", "awaiting=rain": "awaiting must be one of ", "overdue=false": "overdue must be true, or false beside awaiting",
		"overdue=no": "overdue must be true, or false beside awaiting", "since=soon": "since must be a time such as", "until=x": "until must be a time such as", "since=1h&until=2h": "since must be before until",
	} {
		query, err := url.ParseQuery(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCallFilter(query, deadlines, now); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if statuses, unknown := ParseStatuses("BUSY,,FAILED"); len(statuses) != 2 || unknown != "" {
		t.Errorf("%v %q", statuses, unknown)
	}
	if _, unknown := ParseStatuses("BUSY,LOST"); unknown != "LOST" {
		t.Errorf("%q", unknown)
	}
}
