package console_test

import (
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/rejection"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/signature"
)

const (
	authToken = "0123456789abcdef0123456789abcdef"
	// The server believes that it is called with http; Twilio calls it with https.
	believedURL, publicURL = "http://calls.example.com", "https://calls.example.com"
	accountSid             = "AC00000000000000000000000000000001"
)

// twilioSite is a site whose webhooks are verified, with an APP_URL that is wrong.
type twilioSite struct {
	*site
	hooks     http.Handler
	processor *store.Processor
	// fails has decisions fail.
	fails bool
	// refused counts what was answered 403.
	refused int
}

func openTwilio(t *testing.T) *twilioSite {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	o := &twilioSite{site: &site{t: t, store: s, clock: newClock()}}
	o.processor = store.NewProcessor(s, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		if o.fails {
			return interview.Change{}, inbox.Reply{}, errors.New("broken at +1 555 123 4567")
		}
		return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte(`<Response><Say>Hello</Say><Hangup/></Response>`)},
			call.Bind(e.AccountSid, e.CallSid)
	})
	explainer, err := rejection.NewExplainer(rejection.Settings{BaseURL: believedURL, Tokens: []string{authToken}, AccountSid: accountSid, Accounts: []string{accountSid},
		Paths: []string{"/hooks/"}, Kinds: []inbox.Kind{"status"}, Cut: func(target string) string { return target }, Redact: func(text string) string { return text }})
	if err != nil {
		t.Fatal(err)
	}
	keeper := rejection.NewKeeper(rejection.Config{Store: s, Explainer: explainer, Counted: func(string) {}, Logged: func(context.Context, *store.Rejection) {},
		Faulted: func(_ context.Context, doing string, err error) { t.Errorf("%s: %v", doing, err) }})
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- keeper.Run(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	verifier, err := signature.New(signature.Config{URL: believedURL, Tokens: []string{authToken}})
	if err != nil {
		t.Fatal(err)
	}
	o.hooks, err = inbox.NewHandler(inbox.Config{Kind: "status", Processor: o.processor, Verifier: verifier, Methods: []string{http.MethodPost},
		Identify: func(e *inbox.Event) error {
			e.ID, e.Subject = e.Form.Get("CallSid")+":status:"+e.Form.Get("CallStatus"), e.Query.Get("callId")
			return nil
		},
		OnRejection: func(r *inbox.Rejection) { keeper.Offer(t.Context(), rejection.NewRequest(r, "192.0.2.7")) }})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := console.New(console.Config{Store: s, PublicURL: believedURL, RejectedHash: keeper.Hash, Access: tokensOf(t), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Resign: func(store.WebhookDetail) (string, error) { return "curl signed-anew", nil }, Now: o.clock.now,
		API: api.Admit(api.New(api.Config{Store: s, AdminToken: adminToken, Rejections: keeper, Replay: o.processor.Replay, TryReplay: o.processor.TryReplay,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil))}))})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.url = server.URL
	o.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return o
}

// posts sends a webhook with the signature for a base URL, "" for none.
func (o *twilioSite) posts(signedFor, target, body string) int {
	o.t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Host = "calls.example.com"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("I-Twilio-Idempotency-Token", "token-of-"+body[len(body)-1:])
	if signedFor != "" {
		sum, err := signature.SignForm(authToken, signedFor+target, []byte(body))
		if err != nil {
			o.t.Fatal(err)
		}
		r.Header.Set(signature.Header, sum)
	}
	w := httptest.NewRecorder()
	o.hooks.ServeHTTP(w, r)
	return w.Code
}

// only is the one webhook of an outcome.
func (o *twilioSite) only(outcome inbox.Outcome) store.Webhook {
	o.t.Helper()
	list, err := o.store.Webhooks(o.t.Context(), store.WebhookFilter{Outcome: outcome}, store.Page{Limit: 5})
	if err != nil || len(list.Items) != 1 {
		o.t.Fatalf("%d webhooks are %s, %v", len(list.Items), outcome, err)
	}
	return list.Items[0]
}

// rejected is the newest rejection with a cause.
func (o *twilioSite) rejected(cause string) string {
	o.t.Helper()
	list, err := o.store.Rejections(o.t.Context(), store.RejectionFilter{Cause: cause}, store.Page{Limit: 1})
	if err != nil || len(list.Items) == 0 {
		all, _ := o.store.Rejections(o.t.Context(), store.RejectionFilter{}, store.Page{Limit: 20})
		o.t.Fatalf("nothing was refused because of %s, %v: %+v", cause, err, all.Items)
	}
	return list.Items[0].ID
}

func statusBody(sid, status, more string) string {
	return "AccountSid=" + accountSid + "&CallSid=" + sid + "&CallStatus=" + status + "&To=%2B15551234567&Caller=sip%3A15551234567%40x" + more
}

const hostileParameter = "&Name=%3Cscript%3Ealert(1)%3C%2Fscript%3E%00%FF%E2%80%AEgpj"

// wants fails for each text that a page lacks, or has though it must not.
func wants(t *testing.T, page, body string, has, not []string) {
	t.Helper()
	for _, text := range has {
		if !strings.Contains(body, text) {
			t.Errorf("%s has no %q", page, text)
		}
	}
	for _, text := range not {
		if strings.Contains(body, text) {
			t.Errorf("%s has %q", page, text)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestWebhookTellsItsDeliveriesApart(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15551234567")
	target := "/hooks/status?callId=" + calls[0]
	for _, body := range []string{statusBody("CA1", "busy", hostileParameter+"&Duration=1"), statusBody("CA1", "busy", hostileParameter+"&Duration=1"),
		statusBody("CA1", "busy", hostileParameter+"&Duration=2")} {
		if got := o.posts(believedURL, target, body); got != http.StatusOK {
			t.Fatal(got)
		}
	}
	accepted, conflict := o.only(inbox.Accepted), o.only(inbox.Conflict)
	o.signIn(adminToken)
	_, list := o.do("GET", "/console/webhooks?callId="+calls[0], "")
	wants(t, "the list", list, []string{"1 other payload of this event", "+2", `class="folded"`}, nil)
	_, body := o.do("GET", "/console/webhooks/"+accepted.ID, "")
	wants(t, "the page", body, []string{"2 further deliveries", " later</span>", "<dd>another</dd>", `<th scope="row">Duration</th><td>1</td><td>2</td>`, "token-of-1", `class="escape">\x00<`, `class="escape">\xff<`,
		`class="escape">\u{202e}<`, "&lt;script&gt;alert(1)", "“Hello”", "(hung up)", "curl signed-anew", "they differ from byte", "It took effect, once.",
		"/console/calls/" + calls[0]}, []string{"<script>alert(1)", "\u202e", "\x00"})
	_, body = o.do("GET", "/console/webhooks/"+conflict.ID, "")
	wants(t, "a conflict", body, []string{"accepted before with another payload", `<a href="/console/webhooks/` + accepted.ID + `#answer">that answer</a>`}, []string{"no answer is kept"})
	if response, raw := o.do("GET", "/console/webhooks/"+accepted.ID+"/body", ""); response.StatusCode != http.StatusOK || !strings.Contains(raw, "Duration=1") ||
		!strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %s", response, raw)
	}
	for query, want := range map[string]int{
		"outcome=-accepted": 200, "outcome=forced": 200, "kind=status&callSid=CA1&since=1h&error=": 200, "since=yesterday": 400, "since=2026-01-02&until=2026-01-01": 400,
		"outcome=-failed": 400, "error=%00": 400, "callId=%FF": 400, "campaignId=%0a": 400, "x=1": 400,
	} {
		if response, _ := o.do("GET", "/console/webhooks?"+query, ""); response.StatusCode != want {
			t.Errorf("%s: %s", query, response.Status)
		}
	}
	if _, body := o.do("GET", "/console/webhooks?outcome=-accepted", ""); strings.Contains(body, "/webhooks/"+accepted.ID) || !strings.Contains(body, conflict.ID) ||
		!strings.Contains(body, "outcome: not accepted") {
		t.Errorf("%s", body)
	}

	// A refused event may name a number as its call.
	if got := o.posts(believedURL, "/hooks/status?callId=15551234567", statusBody("CA9", "busy", "")); got != http.StatusNotFound {
		t.Fatal(got)
	}
	if got := o.posts(believedURL, "/hooks/status?callId=%2B15551234567", statusBody("15551234567", "busy", "")); got != http.StatusNotFound {
		t.Fatal(got)
	}
	refused, err := o.store.Webhooks(t.Context(), store.WebhookFilter{Outcome: inbox.Refused}, store.Page{Limit: 5})
	if err != nil || len(refused.Items) != 2 {
		t.Fatalf("%v, %v", refused, err)
	}
	o.signIn(viewerToken)
	for _, hook := range refused.Items {
		_, body := o.do("GET", "/console/webhooks/"+hook.ID, "")
		wants(t, "a refused one of a viewer", body, nil, []string{"5551234567"})
	}
	for _, page := range []string{"/console/webhooks", "/console/webhooks/" + accepted.ID, "/console/webhooks/" + conflict.ID} {
		_, body := o.do("GET", page, "")
		wants(t, page+" of a viewer", body, []string{"CA1:status:busy"}, []string{"5551234567", "%2B1555", "signed-anew", "Replay", "alert(1)"})
	}
	for _, at := range []string{"GET /body", "POST /replay"} {
		method, page, _ := strings.Cut(at, " ")
		if response, _ := o.do(method, "/console/webhooks/"+accepted.ID+page, map[string]string{"POST": "step=do"}[method]); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", at, response.Status)
		}
	}
}

func TestReplaySaysFirstWhatWouldHappen(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15551234567")
	o.fails = true
	if got := o.posts(believedURL, "/hooks/status?callId="+calls[0], statusBody("CA1", "busy", "")); got != http.StatusInternalServerError {
		t.Fatal(got)
	}
	page := "/console/webhooks/" + o.only(inbox.Failed).ID
	o.signIn(adminToken)
	response, body := o.do("POST", page+"/replay", "step=try")
	wants(t, response.Status, body, []string{"It would fail again."}, nil)
	if response, body := o.do("POST", page+"/replay", "step=do"); response.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "the event is failed") {
		t.Errorf("%s %s", response.Status, body)
	}
	o.fails = false
	response, body = o.do("POST", page+"/replay", "step=try&reason=repaired")
	wants(t, response.Status, body, []string{"It would be processed and take effect now", "“Hello”", `value="repaired"`, `value="do"`, "-d &#39;{&#34;reason&#34;:&#34;repaired&#34;}"}, nil)
	if list, err := o.store.Webhooks(t.Context(), store.WebhookFilter{Outcome: inbox.Accepted}, store.Page{Limit: 1}); err != nil || len(list.Items) != 0 {
		t.Fatalf("it was done: %v, %v", list, err)
	}
	if response, _ := o.do("POST", page+"/replay", "step=do", "Sec-Fetch-Site: cross-site"); response.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %s", response.Status)
	}
	response, _ = o.do("POST", page+"/replay", "step=do&reason=repaired")
	done := "/console/webhooks/" + o.only(inbox.Accepted).ID
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != done {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	_, body = o.do("GET", done, "")
	wants(t, done, body, []string{"Replayed: the event is accepted", "An operator asked for it"}, nil)
	response, body = o.do("POST", done+"/replay", "step=try")
	wants(t, response.Status, body, []string{"Nothing: the event was accepted before."}, nil)
	if response, _ := o.do("POST", done+"/replay", "step=do&force=on"); response.StatusCode != http.StatusBadRequest {
		t.Errorf("forced without a reason: %s", response.Status)
	}
	if response, _ := o.do("POST", done+"/replay", "step=do&force=on&reason=r"); response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/console/webhooks/"+o.only(store.Forced).ID {
		t.Errorf("%s", response.Status)
	}
}

// refusedInEachWay has requests refused: for a wrong APP_URL, changed ones, forged ones, and without a signature.
func (o *twilioSite) refusedInEachWay(call string) {
	o.t.Helper()
	target, body := "/hooks/status?callId="+call, statusBody("CA1", "busy", hostileParameter)
	for _, signedFor := range []string{publicURL, "http://10.0.0.7", "http://calls.example.com:8443", "https://forged.example/x", ""} {
		if got := o.posts(signedFor, target, body); got != http.StatusForbidden {
			o.t.Fatalf("signed for %q: %d", signedFor, got)
		}
		o.refused++
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		list, err := o.store.Rejections(o.t.Context(), store.RejectionFilter{}, store.Page{Limit: 50})
		if err != nil {
			o.t.Fatal(err)
		}
		if len(list.Items) == o.refused {
			return
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("%d of %d rejections are kept", len(list.Items), o.refused)
		}
	}
}

func TestRejectionOfEachCauseExplainsItself(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15551234567")
	o.refusedInEachWay(calls[0])
	secrets := []string{"5551234567", "%2B1555", "alert(1)", authToken, "\u202e", "\x00"}
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		_, list := o.do("GET", "/console/rejections", "")
		wants(t, "the list", list, []string{"http for https, or the reverse", "nothing explains it", "no signature", "<b>1</b>", "192.0.2.7", "suspected", "proven"}, secrets)
		for cause, has := range map[string][]string{
			"scheme": {"Set <code class=\"id\" data-copy>APP_URL=" + publicURL + "</code>", `<mark class="only-here"><span class="hidden"> (only in what was signed: </span>s<span class="hidden">`,
				"TLS ends at your proxy"},
			"port":    {`:8443`, `class="only-here"`},
			"unknown": {"<b>Nothing explains it.</b>"},
			"header":  {"no signature", "missing"},
		} {
			page := "/console/rejections/" + o.rejected(cause)
			_, body := o.do("GET", page, "")
			wants(t, page, body, append(has, "/console/calls/"+calls[0], "names it as its callId", "values are not kept"), secrets)
			if strings.Contains(body, "Check again with these settings") != (token == adminToken) {
				t.Errorf("%s: who may check it again", cause)
			}
		}
	}
	scheme := "/console/rejections/" + o.rejected("scheme")
	if response, _ := o.do("POST", scheme+"/check", "x=y"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer: %s", response.Status)
	}
	o.signIn(adminToken)
	if response, _ := o.do("POST", scheme+"/check", "x=y"); response.StatusCode != http.StatusSeeOther {
		t.Errorf("%s", response.Status)
	}
	_, body := o.do("GET", scheme, "")
	wants(t, scheme, body, []string{"Checked again: the signature does not fit with today&#39;s settings."}, nil)
	if response, _ := o.do("POST", scheme+"x/check", "x=y"); response.StatusCode != http.StatusNotFound {
		t.Error(response.Status)
	}
	for query, want := range map[string]int{"cause=scheme&since=1h": 200, "client=192.0.2.7": 200, "since=x": 400, "color=red": 400, "cause=%00": 200} {
		if response, _ := o.do("GET", "/console/rejections?"+query, ""); response.StatusCode != want {
			t.Errorf("%s: %s", query, response.Status)
		}
	}
}

func TestFindLeadsToTheOnePage(t *testing.T) {
	o := openTwilio(t)
	campaign, calls := o.called("oats", "+15551234567", "+15557654321", "+5557654321")
	if got := o.posts(believedURL, "/hooks/status?callId="+calls[0], statusBody("CA1", "busy", "")); got != http.StatusOK {
		t.Fatal(got)
	}
	o.refusedInEachWay(calls[0])
	hook, rejection := o.only(inbox.Accepted), o.rejected("scheme")
	runs, err := o.store.Runs(t.Context(), store.RunFilter{}, store.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.signIn(adminToken)
	for asked, want := range map[string]string{
		"CA1": "/calls/" + calls[0], calls[1]: "/calls/" + calls[1], " " + strings.ToLower(calls[1]) + " ": "/calls/" + calls[1], hook.ID: "/webhooks/" + hook.ID,
		"CA1:status:busy": "/webhooks/" + hook.ID, rejection: "/rejections/" + rejection, runs.Items[0].ID: "/runs/" + runs.Items[0].ID,
		"+15551234567": "/calls/" + calls[0], "1 (555) 123-4567": "/calls/" + calls[0], "555.123.4567": "/calls/" + calls[0], "0015551234567": "/calls/" + calls[0],
		"tel:+1-555-123-4567": "/calls/" + calls[0], "Which calls waited for the stop?": "/stops", "rejected claims": "/calls?claims=rejected", "why is this claim rejected?": "/calls?claims=rejected",
	} {
		if response, _ := o.do("GET", "/console/find?q="+url.QueryEscape(asked), ""); response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/console"+want {
			t.Errorf("%q: %s %s, want %s", asked, response.Status, response.Header.Get("Location"), want)
		}
	}
	if response, _ := o.do("GET", "/console/find?q="+campaign, ""); !strings.HasSuffix(response.Header.Get("Location"), campaign) {
		t.Errorf("the campaign: %s %s", response.Status, response.Header.Get("Location"))
	} else if response, _ = o.do("GET", response.Header.Get("Location"), ""); response.StatusCode != http.StatusOK {
		t.Errorf("the page of the campaign: %s", response.Status)
	}
	if _, body := o.do("GET", "/console/find?q=555-765-4321", ""); strings.Count(body, "data-open") != 2 || !strings.Contains(body, calls[1]) {
		t.Errorf("a number of two countries:\n%s", body)
	}
	for asked, want := range map[string]int{"CAnone": 404, "RE1": 404, "21211": 404, "nothing": 404, "%00": 400, "%FF": 400, "<script>": 404, strings.Repeat("a", 300): 400, "%E2%80%AEabc": 404, "": 200, "%zz": 400} {
		asked = strings.NewReplacer("<", "%3C", ">", "%3E").Replace(asked)
		response, body := o.do("GET", "/console/find?q="+asked, "")
		if response.StatusCode != want || strings.Contains(body, "<script>") || strings.Contains(body, "\u202e") {
			t.Errorf("%s: %s, want %d", asked, response.Status, want)
		}
	}
	o.signIn(viewerToken)
	for _, number := range []string{"%2B15551234567", "555-123-4567"} {
		if _, body := o.do("GET", "/console/find?q="+number, ""); !strings.Contains(body, "A viewer cannot search by phone number") || strings.Contains(body, calls[0]) ||
			strings.Contains(body, "5551234567") || strings.Contains(body, "555-123-4567") {
			t.Errorf("a viewer finds %s:\n%s", number, body)
		}
	}
	if response, _ := o.do("GET", "/console/find?q=CA1", ""); response.StatusCode != http.StatusSeeOther {
		t.Errorf("a viewer, by CallSid: %s", response.Status)
	}
}

func TestFindKnowsSIPResponsesDispositionsAndWordsOfTheNamesOfCampaigns(t *testing.T) {
	o := open(t, tokensOf(t))
	oats, calls := o.called("oats", "+15551234567", "+15557654321")
	if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE calls SET status = 'BUSY', live_number = '', error_message = 'SIP response 486' WHERE id = $1`, calls[0]); err != nil {
		t.Fatal(err)
	}
	leads := func(asked, want string) {
		t.Helper()
		if response, body := o.do("GET", "/console/find?q="+url.QueryEscape(asked), ""); response.Header.Get("Location") != "/console"+want {
			t.Errorf("%q: %s %s, want %s\n%s", asked, response.Status, response.Header.Get("Location"), want, body)
		}
	}
	lists := func(asked string, want ...string) {
		t.Helper()
		_, body := o.do("GET", "/console/find?q="+url.QueryEscape(asked), "")
		for _, to := range want {
			if !strings.Contains(body, `href="/console`+html.EscapeString(to)+`"`) {
				t.Errorf("%q does not list %s", asked, to)
			}
		}
		if n := strings.Count(body, "data-open"); n != len(want) {
			t.Errorf("%q lists %d, want %d:\n%s", asked, n, len(want), body)
		}
	}
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		leads("486", "/calls?sipResponse=486")
		if body := o.get("/console/calls?sipResponse=486"); !strings.Contains(body, calls[0]) || strings.Contains(body, calls[1]) || !strings.Contains(body, "SIP response: 486") {
			t.Errorf("the calls with that response:\n%s", body)
		}
		lists("487")
		leads("2.12", "/calls?campaignId="+oats+"&disposition=2.12")
		lists("2.13")
		leads("Oats", "/campaigns/"+oats)
	}
	panel, _ := o.called("Café Panel of +15551230009, winter", "+15559990001")
	o.signIn(adminToken)
	leads("winter PANEL", "/campaigns/"+panel)
	leads("café", "/campaigns/"+panel)
	leads("panel 15551230009", "/campaigns/"+panel)
	lists("panel oats")
	lists("1.1", "/calls?campaignId="+oats+"&disposition=1.1", "/calls?campaignId="+panel+"&disposition=1.1")
	o.signIn(viewerToken)
	lists("panel 15551230009")
	leads("the winter panel", "/campaigns/"+panel)
	winter, _ := o.called("Health of winter", "+15559990002")
	lists("winter", "/campaigns/"+panel, "/campaigns/"+winter)
	leads("health", "/health")
}

// A real browser, and no mouse.
func TestKeysFindListOpenAndReplay(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15551234567")
	o.fails = true
	o.posts(believedURL, "/hooks/status?callId="+calls[0], statusBody("CA1", "ringing", ""))
	o.fails = false
	for _, n := range []string{"1", "2"} {
		o.posts(believedURL, "/hooks/status?callId="+calls[0], statusBody("CA1", "busy", hostileParameter+"&Duration="+n))
	}
	o.refusedInEachWay(calls[0])
	accepted, failed, scheme := o.only(inbox.Accepted), o.only(inbox.Failed), o.rejected("scheme")
	newTab := browser.Start(t)
	tab := newTab(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	at := func(path string) { t.Helper(); tab.Until(`location.pathname === "/console` + path + `"`) }

	tab.Press("/")
	tab.Until(`document.getElementById("find").open && document.activeElement.id === "find-box"`)
	tab.Press("jkrdcg?") // nothing fires while one types
	tab.Until(`document.activeElement.value.endsWith("jkrdcg?") && !document.getElementById("help").open`)
	browsertest.Eval[bool](tab, `document.activeElement.select(), true`)
	tab.Press("CA1\r")
	at("/calls/" + calls[0])
	tab.Press("gw")
	at("/webhooks")
	tab.Press("j")
	tab.Press("d")
	tab.Until(`document.querySelector(".folded details")?.open`)
	tab.Press("c")
	tab.Until(`document.getElementById("toast").textContent.startsWith("Copied CA1:status:busy")`)
	tab.Press("j")
	tab.Press("\r")
	at("/webhooks/" + failed.ID)
	tab.Press("r")
	tab.Until(`document.activeElement.value === "try"`)
	tab.Press("\r")
	tab.Until(`document.activeElement.value === "do" && document.querySelector(".tried")`)
	tab.Press("\r")
	tab.Until(`document.querySelector(".notice")?.textContent.startsWith("Replayed: the event is accepted")`)
	tab.Press("[")
	at("/webhooks")
	tab.Press("t")
	tab.Until(`/ s ago$|\d min|0 s/.test(document.querySelector("tbody time").textContent)`)
	tab.Press("gx")
	at("/rejections")
	tab.Until(`/ago$/.test(document.querySelector("tbody time").textContent)`) // it is remembered
	tab.Press("t")
	tab.Until(`/ UTC$/.test(document.querySelector("tbody time").textContent)`)
	tab.Press("?")
	tab.Until(`document.getElementById("help").open`)
	tab.Press("j\x1b")
	tab.Until(`!document.getElementById("help").open && document.activeElement.tagName !== "A"`)

	pages := []string{"/webhooks", "/webhooks?outcome=-accepted", "/webhooks/" + accepted.ID, "/rejections", "/rejections/" + scheme, "/rejections/" + o.rejected("unknown"), "/find", "/find?q=5551234567890"}
	for _, look := range browsertest.Looks() {
		t.Run(look.String(), func(t *testing.T) {
			tab := newTab(t, look)
			o.signedIn(t, tab, adminToken)
			for _, page := range pages {
				tab.Go(o.url + "/console" + page)
				// What is folded is looked at too.
				browsertest.Eval[bool](tab, `document.querySelectorAll("main details").forEach(d => { d.open = true }), true`)
				tab.Accessible()
				if strings.Contains(page, "q=") {
					_ = tab.Messages() // the browser says that a page was answered 404
				}
			}
		})
	}
}

// The help sheet lists what there is a handler for, and nothing else.
func TestHelpSheetListsEveryKeyThatDoesSomething(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	_, page := o.do("GET", "/console/calls", "")
	sheet := page[strings.Index(page, `<dialog id="help"`):]
	sheet = sheet[:strings.Index(sheet, "</dl>")]
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`<kbd>([^<]*)</kbd>`).FindAllStringSubmatch(sheet, -1) {
		listed[m[1]] = true
	}
	name := regexp.MustCompile(`/console/assets/keys\.[0-9a-f]+\.js`).FindString(page)
	_, script := o.do("GET", name, "")
	player, err := os.ReadFile("assets/player.js")
	if err != nil {
		t.Fatal(err)
	}
	var found [][]string
	for _, script := range []string{script, string(player)} {
		handlers := script[strings.Index(script, "const handlers = {"):]
		handlers = handlers[:strings.Index(handlers, "\n};")]
		found = append(found, regexp.MustCompile(`(?m)^  "([^"]+)":`).FindAllStringSubmatch(handlers, -1)...)
	}
	if len(found) < 10 {
		t.Fatalf("%d handlers", len(found))
	}
	for _, m := range found {
		if !listed[m[1]] {
			t.Errorf("%s does something and is not listed", m[1])
		}
		delete(listed, m[1])
	}
	delete(listed, "Esc") // the browser's own
	for key := range listed {
		t.Errorf("%s is listed and does nothing", key)
	}
	for _, m := range regexp.MustCompile(`<kbd>g</kbd> <kbd>(.)</kbd>`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `data-go="`+m[1]+`"`) {
			t.Errorf("g %s is listed and leads nowhere", m[1])
		}
	}
}
