package app

import (
	"context"
	"encoding/json"

	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	nethtml "golang.org/x/net/html"

	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/signature"
	"github.com/i-agent/iagent/simulator"
)

// hostile are texts that break out of a page which does not escape them. Each would set window.hostile, or make an element
// "hostile-element" or an attribute "data-hostile" that no page of ours has.
var hostile = []string{
	`<script>window.hostile=1</script><hostile-element>`,
	`"><img src=x onerror="window.hostile=1" data-hostile="1">`,
	`' onmouseover='window.hostile=1' data-hostile='1`,
	`</title></textarea></script></style><svg onload="window.hostile=1"><hostile-element></svg>`,
	`javascript:window.hostile=1//`,
	`{{constructor.constructor('window.hostile=1')()}} ${window.hostile=1} <!-- --!><hostile-element>`,
	"\u202e\u2066<hostile-element>\u2069 \u200f" + strings.Repeat("w", 400),
	`=HYPERLINK("javascript:window.hostile=1")`,
	`]]><hostile-element/><?xml version="1.0"?>`,
}

// hostileText is all of them.
func hostileText() string { return strings.Join(hostile, " ") }

const (
	hostileViewer = "the-token-of-the-viewer"
	hostileKey    = "the-key-of-the-models"
	// spoken is a number as people say it.
	spoken = "five five five one two three zero zero zero one"
)

// numbers are whom the test calls.
func numbers() []string {
	return []string{"+15551230001", "+15551230002", "+15551230003", "+15551230004"}
}

// anyNumber finds a called number in any spelling, in a text without character references and percent encoding.
var anyNumber = regexp.MustCompile(`5[^0-9A-Za-z]{0,6}5[^0-9A-Za-z]{0,6}5[^0-9A-Za-z]{0,6}1[^0-9A-Za-z]{0,6}2[^0-9A-Za-z]{0,6}3[^0-9A-Za-z]{0,6}0[^0-9A-Za-z]{0,6}0[^0-9A-Za-z]{0,6}0[^0-9A-Za-z]{0,6}[1-9]`)

// hostileSite is a server whose campaigns, callers, models and requests are hostile.
type hostileSite struct {
	t       *testing.T
	app     *App
	url     string
	account string
	token   string
}

// openHostile serves a server that a simulated Twilio calls and that hears hostile people and models.
func openHostile(t *testing.T) *hostileSite {
	t.Helper()
	h := &hostileSite{t: t, account: "AC" + strings.Repeat("a", 32), token: "fedcba9876543210fedcba9876543210"}
	say := "My number is 555-123-0001, or " + spoken + ". " + hostileText()
	sim, err := simulator.New(simulator.Config{
		AccountSid: h.account, AuthToken: h.token, OpenAIKey: hostileKey, Channels: simulator.ChannelsPersonFirst,
		Pick: func(to string, _ int) simulator.Script {
			switch to {
			case numbers()[1]:
				return simulator.Fails()
			case numbers()[2]:
				s := simulator.Refuses()
				s.Replies[0].Say = "No. " + hostileText()
				return s
			}
			s := simulator.Consents(simulator.Answer{Say: say})
			s.Replies[0].Say = "Yes. " + hostile[1]
			return s
		},
		Model: func(_ context.Context, request simulator.ChatRequest) (string, error) {
			return hostileAnswer(request, say)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	twilio := httptest.NewServer(sim)
	t.Cleanup(func() {
		_ = sim.Close()
		twilio.CloseClientConnections()
		twilio.Close()
	})
	listener, url := listen(t)
	h.url = url
	c := complete()
	c.DatabaseURL, c.URL, c.AuthToken, c.AccountSid, c.PhoneNumber = storetest.SQLite(t), h.url, h.token, h.account, "+15550009999"
	c.APIURL, c.OpenAIBaseURL, c.OpenAIKey, c.ViewerToken, c.DialsPerMinute = twilio.URL, twilio.URL+"/v1", hostileKey, hostileViewer, "1000"
	h.app, _ = run(t, c, Options{Listener: listener, Simulator: newSimulator})
	return h
}

// hostileAnswer is what the model says: claims whose quote was said, and one that was not; a verdict in hostile words; and for
// some a text that is no answer.
func hostileAnswer(request simulator.ChatRequest, said string) (string, error) {
	prompt := request.Messages[len(request.Messages)-1].Content
	hypothesis := regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{26}`).FindString(prompt)
	var answer any = map[string]any{"verdict": "VALIDATED", "conclusion": hostileText(), "reasons": []string{hostileText()}}
	if request.SchemaName == "claims" {
		if !strings.Contains(prompt, "hostile-element") {
			return hostileText(), nil
		}
		claim := func(quote string) map[string]any {
			return map[string]any{"hypothesisId": hypothesis, "field": "CUSTOMER_FEEDBACK", "valueNumber": nil, "valueText": hostileText()[:200], "unit": "NONE",
				"skuId": hostile[1], "geoCode": hostile[2], "statement": hostileText(), "quote": quote, "utterance": 1, "stance": "supports", "confidence": 0.9}
		}
		answer = map[string]any{"claims": []any{claim(hostile[0]), claim(hostile[3]), claim("nobody said <hostile-element> 555 123 0001"), claim(said[:20])}}
	}
	text, err := json.Marshal(answer)
	return string(text), err
}

// fill has everything said and sent that the pages show.
func (h *hostileSite) fill() (campaign string, calls []string) {
	t := h.t
	t.Helper()
	body := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	clip := func(s string, most int) string { return string([]rune(s)[:min(most, len([]rune(s)))]) }
	made := apiObject(t, "POST", h.url+"/api/campaigns", body(map[string]any{
		"name": clip(hostile[1]+" call +15551230001 "+hostile[0], 200), "category": clip(hostile[3], 100), "status": "ACTIVE", "answerMode": "gather",
		"identity":       map[string]any{"organisation": clip(hostile[0], 100), "callbackNumber": "+15551230002", "purpose": clip(hostile[3], 200)},
		"callingHours":   []map[string]any{{"days": "mon-sun", "from": "00:00", "to": "24:00"}},
		"promptTemplate": "Ask 555-123-0001:\n- What? " + strings.Join(hostile, "\n- Is it? "),
		"hypotheses":     []any{map[string]any{"question": clip(hostile[0]+hostile[2], 300)}, map[string]any{"question": clip("+1 (555) 123-0001? "+hostile[4]+hostile[6], 400)}},
	}), http.StatusCreated)
	campaign = made["id"].(string)
	queued := apiObject(t, "POST", h.url+"/api/campaigns/"+campaign+"/calls", body(map[string]any{"phoneNumbers": numbers()}), http.StatusAccepted)
	for _, call := range queued["calls"].([]any) {
		calls = append(calls, call.(map[string]any)["id"].(string))
	}
	h.settled()
	h.sendHostile(calls[0])
	apiObject(t, "PATCH", h.url+"/api/campaigns/"+campaign, body(map[string]any{"legalHold": true, "requestedBy": clip(hostile[0], 90), "reason": clip("for +15551230001 "+hostile[1], 190)}), http.StatusOK)
	apiObject(t, "PATCH", h.url+"/api/campaigns/"+campaign, body(map[string]any{"legalHold": false, "requestedBy": clip(hostile[1], 90), "reason": clip(hostile[2], 190)}), http.StatusOK)
	apiObject(t, "POST", h.url+"/api/simulations", "{}", http.StatusAccepted)
	h.settled()
	added := apiObject(t, "POST", h.url+"/api/campaigns/"+campaign+"/contacts", body(map[string]any{"contacts": []any{
		map[string]any{"phoneNumber": "+15551230009", "externalId": clip("+15551230001 "+hostile[1], 200), "timeZone": "UTC", "consentBasis": clip("call +15551230002 "+hostile[0], 500),
			"variables": map[string]any{"product": clip(hostile[3]+" +15551230003", 500)}},
		map[string]any{"phoneNumber": clip(hostile[1], 60), "externalId": hostile[2]},
	}}), http.StatusAccepted)
	if n, ok := added["contacts"].(float64); !ok || n != 1 {
		t.Errorf("contacts: %v", added)
	}
	apiObject(t, "POST", h.url+"/api/do-not-call", body(map[string]any{"phoneNumber": "+15551230008", "source": clip(hostile[2], 60), "requestedBy": clip(hostile[1], 90), "reason": clip("of +15551230001 "+hostile[0], 190)}), http.StatusCreated)
	for _, scope := range []string{campaign, "all"} {
		apiObject(t, "POST", h.url+"/api/stops", body(map[string]any{"scope": scope, "mode": "hangup", "requestedBy": clip(hostile[0], 90), "reason": clip("of +15551230001 "+hostile[1], 190)}), http.StatusCreated)
	}
	return campaign, calls
}

// sendHostile sends webhooks: signed ones with hostile parameters, names and sids, of a call that there is and of one that there is
// not, and unsigned ones, with hostile headers and addresses.
func (h *hostileSite) sendHostile(call string) {
	h.t.Helper()
	kinds := []string{"status", "voice", "recording", "amd", "consent", "answer"}
	for i, text := range append(slices.Clone(hostile), "\x00\xff\xfe<hostile-element>", spoken+" 555.123.0001") {
		for _, signed := range []bool{true, false} {
			kind := kinds[i%len(kinds)]
			query := url.Values{"callId": {call}, "step": {"1"}, "attempt": {"1"}, "x": {text}}
			if i%3 == 2 {
				query.Set("callId", text)
			}
			form := url.Values{"AccountSid": {h.account}, "CallSid": {text}, "CallStatus": {text}, "From": {numbers()[0]}, "To": {text}, "SpeechResult": {text},
				"AnsweredBy": {text}, "RecordingUrl": {text}, "RecordingSid": {text}, "RecordingStatus": {text}, "ErrorMessage": {text}, "ErrorCode": {text},
				"SequenceNumber": {text}, "Timestamp": {text}, "CallerName": {text}, "SipHeader_" + text: {text}, "Digits": {text}, "Confidence": {text}}
			at := h.url + "/api/webhooks/v1/twilio/" + kind + "?" + query.Encode()
			r, err := http.NewRequestWithContext(h.t.Context(), "POST", at, strings.NewReader(form.Encode()))
			if err != nil {
				h.t.Fatal(err)
			}
			printable := strings.Map(func(c rune) rune {
				if c < ' ' || c > '~' {
					return -1
				}
				return c
			}, text)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("I-Twilio-Idempotency-Token", printable)
			r.Header.Set("User-Agent", printable)
			r.Header.Set("X-Forwarded-Host", printable)
			r.Header.Set("X-Twilio-Signature", printable)
			if signed {
				r.Header.Set("X-Twilio-Signature", signature.Sign(h.token, at, form))
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				h.t.Fatal(err)
			}
			_ = response.Body.Close()
			if !signed && response.StatusCode != http.StatusForbidden && response.StatusCode != http.StatusTooManyRequests {
				h.t.Errorf("an unsigned webhook: %s", response.Status)
			}
		}
	}
}

// settled waits until nothing is left to do.
func (h *hostileSite) settled() {
	h.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		work, err := h.app.Store().OpenWork(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if work.Calls == 0 && work.Runs == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not over: %+v", work)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// firstPages are those of the registered routes, with the ids that there are, and with hostile ones.
func (h *hostileSite) firstPages(ids ...string) []string {
	pages := []string{"/console", "/console/sign-in"}
	for _, pattern := range h.app.pages.Patterns() {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || method != "GET" {
			continue
		}
		path = strings.TrimSuffix(path, "{$}")
		if !strings.Contains(path, "{") {
			for _, text := range hostile[:3] {
				pages = append(pages, path+"?"+url.Values{"status": {text}}.Encode(), path+"?"+url.Values{text: {text}}.Encode(), path+"?cursor="+url.QueryEscape(text))
			}
			pages = append(pages, path)
			continue
		}
		for _, id := range append([]string{url.PathEscape(hostile[1])}, ids...) {
			pages = append(pages, wildcard.ReplaceAllString(path, id))
		}
	}
	return pages
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// checkPage looks for what content made of a page.
func checkPage(t *testing.T, at string, document *nethtml.Node) {
	t.Helper()
	for n := range document.Descendants() {
		if n.Type != nethtml.ElementNode {
			continue
		}
		if n.Data == "hostile-element" {
			t.Errorf("%s has an element of a text", at)
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "data-hostile", a.Key == "srcdoc":
				t.Errorf("%s: <%s> has an attribute %s", at, n.Data, a.Key)
			case (a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction") &&
				!strings.HasPrefix(value, "/console") && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "?") && !strings.HasPrefix(value, "https://www.twilio.com/docs/"):
				t.Errorf("%s: <%s %s=%q> leads away", at, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" && (n.FirstChild != nil && attribute(n, "type") != "application/json" || !strings.HasPrefix(attribute(n, "src"), "/console/assets/") && attribute(n, "type") != "application/json") {
			t.Errorf("%s has a script of its own", at)
		}
	}
}

// decoded is a body as somebody reads it: without character references and percent encoding.
func decoded(body string) string {
	body = html.UnescapeString(body)
	return regexp.MustCompile(`%[0-9A-Fa-f]{2}`).ReplaceAllStringFunc(body, func(code string) string {
		text, _ := url.PathUnescape(code)
		return text
	})
}

// TestNoPageRunsWhatOthersWrote sends hostile names, words, parameters, headers and answers of models through the real path, and looks at
// every page that is registered or linked to, as an Admin and as a Viewer, and in a browser.
func TestNoPageRunsWhatOthersWrote(t *testing.T) {
	h := openHostile(t)
	campaign, calls := h.fill()
	ids := append([]string{campaign}, calls...)
	secrets := []string{h.token, hostileKey, adminToken, hostileViewer, h.app.simulation.token}
	marked := 0

	admin := newCrawler(t, h.url, adminToken, nil)
	admin.look = func(at, body string, document *nethtml.Node) {
		for _, secret := range secrets {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows a secret", at)
			}
		}
		if strings.Contains(decoded(body), "hostile-element") {
			marked++
		}
		if document != nil {
			checkPage(t, at, document)
		}
	}
	admin.run(h.firstPages(ids...)...)
	if marked < 40 {
		t.Errorf("the hostile texts are on %d of %d pages only: the test has lost its sting", marked, len(admin.seen))
	}

	viewer := newCrawler(t, h.url, hostileViewer, nil)
	viewer.look = func(at, body string, document *nethtml.Node) {
		text := decoded(decoded(body))
		if found := anyNumber.FindString(text); found != "" {
			i := strings.Index(text, found)
			t.Errorf("%s shows a viewer the number %q: …%s…", at, found, text[max(0, i-120):min(len(text), i+40)])
		}
		if strings.Contains(text, spoken) {
			t.Errorf("%s shows a viewer a number that was spoken", at)
		}
		for _, secret := range secrets {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows a viewer a secret", at)
			}
		}
		if document == nil {
			return
		}
		checkPage(t, at, document)
		for n := range document.Descendants() {
			if n.Data == "form" && strings.EqualFold(attribute(n, "method"), "post") && attribute(n, "action") != "/console/sign-out" && attribute(n, "action") != "/console/sign-in" {
				t.Errorf("%s has a form for a viewer that posts to %s", at, attribute(n, "action"))
			}
		}
	}
	viewer.run(h.firstPages(ids...)...)

	actions := 0
	for _, pattern := range h.app.pages.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method != "POST" {
			continue
		}
		actions++
		path = wildcard.ReplaceAllString(path, calls[0])
		for _, site := range []string{"cross-site", "same-site"} {
			if response, _ := admin.ask("POST", path, site); response.StatusCode != http.StatusForbidden {
				t.Errorf("POST %s from a page of another site: %s", path, response.Status)
			}
		}
		if response, _ := viewer.ask("POST", path, "same-origin"); response.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s of a viewer: %s", path, response.Status)
		}
	}
	if actions == 0 {
		t.Error("no action was tried")
	}
	t.Logf("%d addresses as an Admin, %d as a Viewer, %d actions, hostile texts on %d pages", len(admin.seen), len(viewer.seen), actions, marked)
	h.uploads(t, campaign)
	h.inBrowser(admin.pages)
}

// inBrowser opens a page of each form and sees that nothing has run. What the browser's console says, of scripts and of the
// Content-Security-Policy, fails the test as well.
func (h *hostileSite) inBrowser(pages map[string]string) {
	t := h.t
	tab := browsertest.Start(t)(t, browsertest.Look{})
	tab.Go(h.url + "/console/sign-in")
	tab.Type("#token", adminToken)
	tab.Press("\r")
	tab.Until(`location.pathname === "/console/calls"`)
	for _, at := range pages {
		if response, _ := newCrawler(t, h.url, adminToken, nil).ask("GET", at, "same-origin"); response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
			continue // a browser reports an error, and asks for the icon of what is no page
		}
		tab.Go(h.url + at)
		if browsertest.Eval[bool](tab, `window.hostile !== undefined || document.querySelector("hostile-element, [data-hostile]") !== null`) {
			t.Errorf("%s runs what others wrote", at)
		}
	}
}
