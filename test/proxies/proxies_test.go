package proxies

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/explain"
	"github.com/i-agent/iagent/signature"
)

// arrival is a request as the application got it.
type arrival struct {
	raw    []byte
	report explain.Report // as log and API have it
	app    *application
}

// application is the webhook of a configuration: the real handler, and an explanation of what it refuses.
type application struct {
	server    *httptest.Server
	explainer *explain.Explainer
	arrived   chan arrival
}

type accepts struct{}

func (accepts) Process(context.Context, *inbox.Event) (inbox.Result, error) {
	return inbox.Result{Outcome: inbox.Accepted}, nil
}

func startApplication(t *testing.T, a App) *application {
	t.Helper()
	config := app.Config{AuthToken: a.AuthToken, AccountTokens: AccountTokens, AccountSid: AccountSid, URL: a.URL, Host: "127.0.0.1", Port: "3000"}
	explainer, err := config.Explainer()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.New(signature.Config{URL: a.URL, Tokens: []string{a.AuthToken}, AccountTokens: map[string][]string{SubSid: {SubToken}}})
	if err != nil {
		t.Fatal(err)
	}
	webhook, err := inbox.NewHandler(inbox.Config{Verifier: verifier, Processor: accepts{}, Kind: inbox.KindVoice, Methods: []string{http.MethodPost}})
	if err != nil {
		t.Fatal(err)
	}
	x := &application{explainer: explainer, arrived: make(chan arrival, 1)}
	x.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		length := r.ContentLength
		if r.Header.Get("X-Read-Before") != "" {
			_ = r.ParseForm()
			r.Header.Del("X-Read-Before")
		}
		body, _ := io.ReadAll(r.Body)
		x.arrived <- arrival{rawOf(r, length, body), explained(explainer, r, body), x}
		r.Body = io.NopCloser(bytes.NewReader(body))
		webhook.ServeHTTP(w, r)
	}))
	t.Cleanup(x.server.Close)
	return x
}

// explained is what the server says of a request whose body has been read.
func explained(explainer *explain.Explainer, r *http.Request, body []byte) explain.Report {
	return explainer.Explain(signature.Request{
		Method: r.Method, Target: r.RequestURI, ContentType: r.Header.Get("Content-Type"), Signature: r.Header.Get(signature.Header), Body: body,
	}, signature.SuspectsOf(r))
}

// rawOf is the request as a capture shows it.
func rawOf(r *http.Request, length int64, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Host)
	if length > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	header := r.Header.Clone()
	header.Del("Content-Length")
	_ = header.Write(&b)
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// Each is explained from the request in the server, as log and API do it, and from its capture, as the command does it.
func TestBrokenSetupIsExplainedWithItsCure(t *testing.T) {
	apps := map[string]*application{}
	for _, a := range Apps() {
		apps[a.Name] = startApplication(t, a)
	}
	upstream := func(name string) string { return strings.TrimPrefix(apps[name].server.URL, "http://") }
	proxies, err := Start(t.Context(), upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxies.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	pairs, real, most := 0, 0, 0
	for _, s := range Setups() {
		t.Run(s.Name, func(t *testing.T) {
			status, err := proxies.Send(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			got := arrived(t, apps[s.App])
			if status < 400 || status >= 500 {
				t.Errorf("answered with %d", status)
			}
			for from, report := range got.reports(t) {
				kinds := s.Kinds
				if from == "server" && s.Sent().ReadBefore {
					kinds = kinds[:1] // proven by what was read
				}
				checkExplanation(t, from, report, kinds, s.Says)
				checkCure(t, from, report, got.raw)
				if report.Proven() {
					most = max(most, report.Tried)
				}
			}
			if len(s.Kinds) > 1 && s.Kinds[1] != signature.CauseUnknown {
				pairs++
			}
			if s.Via != "" {
				real++
			}
		})
	}
	if n := len(Setups()); n < 40 || pairs < 12 {
		t.Errorf("%d set-ups, %d pairs", n, pairs)
	}
	t.Logf("%d set-ups, %d of them behind nginx or Caddy, %d pairs; at most %d HMACs until a cause was proven", len(Setups()), real, pairs, most)
}

func arrived(t *testing.T, a *application) arrival {
	t.Helper()
	select {
	case got := <-a.arrived:
		return got
	case <-time.After(30 * time.Second):
		t.Fatal("the request did not reach the application")
		return arrival{}
	}
}

func (a arrival) reports(t *testing.T) map[string]explain.Report {
	t.Helper()
	input, err := explain.Read(a.raw, nil)
	if err != nil {
		t.Fatalf("%v in %s", err, a.raw)
	}
	return map[string]explain.Report{"server": a.report, "command": a.app.explainer.Explain(input.Request, input.Suspects())}
}

func checkExplanation(t *testing.T, from string, report explain.Report, kinds []signature.CauseKind, says []string) {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	var got []signature.CauseKind
	for _, c := range report.Causes {
		got = append(got, signature.CauseKind(c.Kind))
		if c.Cure == "" && c.Kind != string(signature.CauseMalformed) {
			t.Errorf("%s: %s has no cure", from, c.Kind)
		}
	}
	if !slices.Equal(got, kinds) {
		t.Errorf("%s: %v, want %v:\n%s", from, got, kinds, text)
	}
	for _, said := range says {
		if !strings.Contains(report.Line(), said) || !strings.Contains(text, said) {
			t.Errorf("%s: %q is not in\n%s", from, said, text)
		}
	}
	for _, secret := range []string{Token, SubToken, "hunter2secret", "public base URL", "{URL}"} {
		if strings.Contains(text+report.Line(), secret) {
			t.Errorf("%s: %q is in\n%s", from, secret, text)
		}
	}
}

var setURL = regexp.MustCompile(`APP_URL=([^ ,]+)`)

// checkCure follows a cure that is a setting alone: with it the same request is verified.
func checkCure(t *testing.T, from string, report explain.Report, raw []byte) {
	t.Helper()
	var url string
	for _, c := range report.Causes {
		found := setURL.FindStringSubmatch(c.Cure)
		if found == nil || !c.Proven {
			return
		}
		url = found[1]
	}
	e, err := app.Config{AuthToken: Token, AccountTokens: AccountTokens, AccountSid: AccountSid, URL: url}.Explainer()
	if err != nil {
		t.Fatal(err)
	}
	input, err := explain.Read(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cured := e.Explain(input.Request, input.Suspects()); !cured.Verified {
		t.Errorf("%s: not verified with APP_URL=%s: %s", from, url, cured.Line())
	}
}

func TestForgedRequestIsNotExplained(t *testing.T) {
	a := startApplication(t, Apps()[0])
	for name, sent := range Forged() {
		t.Run(name, func(t *testing.T) {
			status, err := sent.Send(t.Context(), strings.TrimPrefix(a.server.URL, "http://"))
			if err != nil || status != http.StatusForbidden {
				t.Fatalf("%d, %v", status, err)
			}
			for from, report := range arrived(t, a).reports(t) {
				checkExplanation(t, from, report, kinds(signature.CauseUnknown), says("nothing that is known to go wrong", "another host than voice.example.com", "token that is not configured"))
				if report.Proven() || report.Signed != nil {
					t.Errorf("%s: %+v", from, report)
				}
			}
		})
	}
}

// Without a fault every request is verified, behind either proxy.
func TestUnbrokenSetupIsVerified(t *testing.T) {
	a := startApplication(t, Apps()[0])
	status, err := Setup{}.Sent().Send(t.Context(), strings.TrimPrefix(a.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for from, report := range arrived(t, a).reports(t) {
		if !report.Verified || len(report.Causes) > 0 {
			t.Errorf("%s: %d, %+v", from, status, report)
		}
	}
}
