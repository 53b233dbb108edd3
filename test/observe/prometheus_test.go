package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testserver"
)

const (
	rulesFile     = "../../deploy/prometheus/rules.yml"
	rulesTests    = "../../deploy/prometheus/rules_test.yml"
	dashboardFile = "../../deploy/grafana/dashboard.json"
)

// absent are metrics of alerts and dashboard without a series in a run that has no Redis and prunes nothing. A query that needs one
// of them is not expected to find one.
var absent = []string{"iagent_redis_up", "iagent_pruned_total"}

// operationsExists says that docs/operations.md is there and has the places to which the alerts point.
const operationsExists = true

var (
	errNotYet  = errors.New("not yet")
	metricName = regexp.MustCompile(`\b(?:iagent|process|go)_[a-z_]+\b`)
)

// rule is an alert of rules.yml.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Groups[0].Rules
}

// TestAlertsFireWhereTheyMustAndNowhereElse runs promtool on the rules and on their tests.
func TestAlertsFireWhereTheyMustAndNowhereElse(t *testing.T) {
	_, promtool, err := testserver.Prometheus()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"test", "rules", rulesTests}} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	tests, err := os.ReadFile(rulesTests)
	if err != nil {
		t.Fatal(err)
	}
	operations := ""
	if operationsExists {
		text, err := os.ReadFile("../../docs/operations.md")
		if err != nil {
			t.Fatal(err)
		}
		operations = string(text)
	}
	for _, r := range rules(t) {
		if !strings.Contains(string(tests), "'"+r.Alert+" fires'") || !strings.Contains(string(tests), "'"+r.Alert+" does not fire: ") {
			t.Errorf("%s has no test that it fires, or none that it does not", r.Alert)
		}
		anchor := "alert-" + strings.ToLower(r.Alert)
		if r.Annotations["summary"] == "" || !strings.Contains(r.Annotations["description"], "Run: ") || r.Annotations["runbook"] != "docs/operations.md#"+anchor {
			t.Errorf("%s: %v", r.Alert, r.Annotations)
		}
		if operationsExists && !strings.Contains(operations, `id="`+anchor+`"`) {
			t.Errorf("docs/operations.md has no place with the id %s", anchor)
		}
	}
}

// startPrometheus scrapes the server every second, until the test ends.
func startPrometheus(t *testing.T, server string) (api string) {
	t.Helper()
	program, _, err := testserver.Prometheus()
	if err != nil {
		t.Fatal(err)
	}
	address, err := e2e.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n"+
		"  - {job_name: iagent, static_configs: [{targets: [%q]}]}\n", absolute, strings.TrimPrefix(server, "http://"))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	log := &e2e.LogBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Prometheus: %s", log)
		}
	})
	api = "http://" + address
	e2etest.Eventually(t, func() error { // three scrapes make a rate
		n, err := query(t.Context(), api, `count_over_time(up{job="iagent"}[1m]) >= 3 and up == 1`)
		if err == nil && n == 0 {
			err = errNotYet
		}
		return err
	})
	return api
}

// query returns how many series a query finds now.
func query(ctx context.Context, api, expr string) (series int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/api/v1/query?query="+url.QueryEscape(expr), nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return 0, fmt.Errorf("%s: %w", answer.Status, err)
	}
	if body.Status != "success" {
		return 0, errors.New(body.Error)
	}
	return len(body.Data.Result), nil
}

// panels are the queries of the dashboard by the titles of their panels, with the variables set.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			expr := strings.NewReplacer("$__rate_interval", "1m", "$instance", ".+").Replace(target.Expr)
			all[panel.Title] = append(all[panel.Title], expr)
			if strings.Contains(expr, "$") {
				t.Errorf("panel %q has a variable that nobody sets: %s", panel.Title, target.Expr)
			}
		}
	}
	return all
}

// seeSeries holds that each query of the dashboard finds a series, that each alert can be evaluated, and that every metric
// they name is there.
func seeSeries(t *testing.T, api string) {
	queries := 0
	names := map[string]bool{}
	for title, exprs := range panels(t) {
		for _, expr := range exprs {
			for _, name := range metricName.FindAllString(expr, -1) {
				names[name] = true
			}
			if needsAbsent(expr) {
				continue
			}
			queries++
			if n, err := query(t.Context(), api, expr); err != nil || n == 0 {
				t.Errorf("panel %q: %d series, %v: %s", title, n, err, expr)
			}
		}
	}
	for _, r := range rules(t) {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			names[name] = true
		}
		if _, err := query(t.Context(), api, r.Expr); err != nil {
			t.Errorf("alert %s: %v", r.Alert, err)
		}
	}
	for name := range names {
		if slices.Contains(absent, name) || name == "iagent_overdue" { // which has no series while nothing is late
			continue
		}
		if n, err := query(t.Context(), api, name); err != nil || n == 0 {
			t.Errorf("metric %s: %d series, %v", name, n, err)
		}
	}
	firing, err := query(t.Context(), api, `ALERTS{alertstate="firing"}`)
	if err != nil || firing > 0 {
		t.Errorf("%d alerts fire in a healthy run, %v", firing, err)
	}
	if queries < 25 {
		t.Errorf("%d queries of the dashboard were tried", queries)
	}
	t.Logf("%d queries of the dashboard find a series at %s", queries, time.Now().Format(time.TimeOnly))
}

func needsAbsent(expr string) bool {
	return slices.ContainsFunc(absent, func(name string) bool { return strings.Contains(expr, name) })
}
