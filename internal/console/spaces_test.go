package console_test

import (
	"regexp"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
)

// glued finds words that touch what stands beside them, and marks that stand alone. A template drops the space at the end of a line
// beside an element.
var glued = regexp.MustCompile(`[\p{L}\p{N},;:.)](<(time|a|code|b|mark)\b|<span class="(badge|none|soft))[^>]*>|</(time|a|code|b|bdi|mark)>[\p{L}\p{N}(“]|</(time|a|code|b|bdi|span)>\s+[.,;:](\s|<)|</time><(a|code|b)\b`)

// The pages are those of the data that the other tests of the console make.
func TestNoWordOnAPageTouchesTheNext(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15550000001", "+15550000002")
	o.receives(calls[0], inbox.KindVoice, "/api/webhooks/twilio/voice?callId="+calls[0], "To=%2B15550000001&CallStatus=in-progress",
		`<?xml version="1.0"?><Response><Gather input="dtmf"><Say>May we record what you say?</Say></Gather><Hangup/></Response>`)
	o.refusedInEachWay(calls[1])
	run := o.deadRun()
	pages := []string{"/console/calls", "/console/calls/" + calls[0], "/console/calls/" + interviewed(t, o.site, 120), "/console/webhooks", "/console/rejections", "/console/runs", "/console/overdue",
		"/console/bulk", "/console/audit", "/console/health", "/console/rejections/" + o.rejected("scheme"), "/console/runs/" + run, "/console/contacts", "/console/campaigns"}
	pages = append(pages, o.campaignPages()...)
	pages = append(pages, o.callingPages()...)
	o.signIn(adminToken)
	o.do("POST", "/console/runs/"+run+"/retry", "reason=again")
	if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE calls SET opted_out_at = created_at WHERE id = $1`, calls[0]); err != nil {
		t.Fatal(err)
	}
	hooks, err := o.store.Webhooks(t.Context(), store.WebhookFilter{}, store.Page{Limit: 50})
	if err != nil || len(hooks.Items) == 0 {
		t.Fatalf("%d webhooks, %v", len(hooks.Items), err)
	}
	for _, hook := range hooks.Items {
		pages = append(pages, "/console/webhooks/"+hook.ID)
	}
	for _, page := range pages {
		body := mainOf(o.get(page))
		for _, at := range glued.FindAllStringIndex(body, 5) {
			t.Errorf("%s: …%s…", page, body[max(at[0]-60, 0):min(at[1]+60, len(body))])
		}
	}
}
