package test_test

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestSimulateBringsACampaignToItsVerdicts points a server at `iagent simulate`, with the settings that it prints and nothing else:
// people of a file are called, and its models hear them, note their claims and judge.
func TestSimulateBringsACampaignToItsVerdicts(t *testing.T) {
	t.Parallel()
	people, err := filepath.Abs("../examples/people/consenting.json")
	if err != nil {
		t.Fatal(err)
	}
	simulate := exec.CommandContext(t.Context(), e2etest.Binary(t), "simulate", "--wait-for-calls", "--calls", "4", "--profile", "calm",
		"--script", people, "--account", e2etest.Account, "--token", e2etest.Token, "--from", e2etest.Number, "--linger", "5m")
	out, err := simulate.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := simulate.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = simulate.Process.Kill()
		_ = simulate.Wait()
	})
	printed := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() && len(printed) == 0 {
		for word := range strings.FieldsSeq(lines.Text()) {
			if name, value, ok := strings.Cut(word, "="); ok {
				printed[name] = value
			}
		}
	}
	go func() {
		for lines.Scan() { // so that it never waits for a reader
		}
	}()
	settings := e2etest.DefaultSettings("sqlite:" + testdb.SQLite(t))
	for _, name := range []string{"TWILIO_API_URL", "OPENAI_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_PHONE_NUMBER"} {
		if printed[name] == "" {
			t.Fatalf("simulate did not print %s: %v", name, printed)
		}
		settings = settings.With(name, printed[name])
	}
	var server *e2etest.Server
	public := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if to, err := url.Parse(server.URL()); err == nil {
			r.SetURL(to)
		}
	}})
	t.Cleanup(public.Close)
	server = e2etest.Serve(t, settings.With("APP_URL", public.URL))
	for _, call := range server.Place(t, "+15550001001", "+15550001002", "+15550001003", "+15550001004") {
		server.AwaitCall(t, call.ID, e2etest.HasStatus("COMPLETED"))
	}
	var list struct {
		Items []struct{ Hypotheses []struct{ ID string } }
	}
	if err := server.Get(t.Context(), "/api/campaigns", &list); err != nil || len(list.Items) != 1 || len(list.Items[0].Hypotheses) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	e2etest.Eventually(t, func() error {
		var hypothesis struct {
			Status string
			Claims []struct {
				ValueNumber float64
				Validated   bool
			}
		}
		if err := server.Get(t.Context(), "/api/hypotheses/"+list.Items[0].Hypotheses[0].ID, &hypothesis); err != nil {
			return err
		}
		if hypothesis.Status != "VALIDATED" || len(hypothesis.Claims) != 4 || hypothesis.Claims[0].ValueNumber != 2.49 {
			return fmt.Errorf("hypothesis is %+v, not VALIDATED by 4 claims", hypothesis)
		}
		return nil
	})
}
