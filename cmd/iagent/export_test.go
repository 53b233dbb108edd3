package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// campaignOf makes a campaign with two contacts, and names its database in the environment.
func campaignOf(t *testing.T) string {
	t.Helper()
	url := storetest.SQLite(t)
	t.Setenv("DATABASE_URL", url)
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		t.Fatal(err)
	}
	calls := store.NewCalls{CampaignID: c.ID, PhoneNumbers: []string{"+15550000001", "+15550000002"},
		Answer: func([]interview.Call) (store.Answer, error) { return store.Answer{}, nil }}
	if _, err := s.CreateCalls(t.Context(), calls); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func TestExportedFileIsWholeOrAsItWas(t *testing.T) {
	campaign := campaignOf(t)
	file := filepath.Join(t.TempDir(), "contacts.csv")
	export := func(campaign, table string) int {
		return run([]string{"export", "--campaign", campaign, "--table", table, "--format", "csv", file})
	}
	if code := export(campaign, "contacts"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	whole, err := os.ReadFile(file)
	if err != nil || strings.Count(string(whole), "\n") != 3 || !strings.Contains(string(whole), "'+15550000001") {
		t.Errorf("%s, %v", whole, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if code := export("01J00000000000000000000000", "calls"); code != exitFault {
		t.Errorf("of no campaign: exit code %d", code)
	}
	if code := export(campaign, "people"); code != exitConfig {
		t.Errorf("of no table: exit code %d", code)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(whole) {
		t.Errorf("it is now %q, %v", now, err)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 1 {
		t.Errorf("%v are left, %v", files, err)
	}
	if text, code := printed(t, "export", "--campaign", campaign, "--table", "calls", "--format", "ndjson", "--viewer"); code != 0 ||
		strings.Count(text, "\n") != 2 || strings.Contains(text, "5550000001") || !strings.Contains(text, "+1******0001") {
		t.Errorf("%d: %s", code, text)
	}
}

func TestExportWritesEachTableAndSaysWhatIsWrong(t *testing.T) {
	campaign := campaignOf(t)
	for _, table := range []string{"contacts", "calls", "answers", "claims", "verdicts"} {
		for format, lines := range map[string]int{"csv": 1, "json": 0, "ndjson": 0} {
			stdout, stderr, code := ran(t, "export", "--campaign", campaign, "--table", table, "--format", format)
			if code != 0 || stderr != "" || strings.Count(stdout, "\n") < lines || format == "json" && !json.Valid([]byte(stdout)) {
				t.Errorf("%s as %s: exit code %d\n%s%s", table, format, code, stdout, stderr)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "calls.csv")
	if stdout, stderr, code := ran(t, "export", "--campaign", campaign, "--table", "calls", file); code != 0 || stdout != "" || stderr != "2 rows of calls in "+file+"\n" {
		t.Errorf("into a file: exit code %d, %q, %q", code, stdout, stderr)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no campaign":         {[]string{"--table", "calls"}, exitConfig, "--campaign"},
		"another campaign":    {[]string{"--table", "calls", "--campaign", "01J00000000000000000000000"}, exitFault, "not found"},
		"no such table":       {[]string{"--table", "people", "--campaign", campaign}, exitConfig, "contacts"},
		"no such format":      {[]string{"--table", "calls", "--campaign", campaign, "--format", "xlsx"}, exitConfig, "ndjson"},
		"no such folder":      {[]string{"--table", "calls", "--campaign", campaign, "nowhere/calls.csv"}, exitConfig, "FILE: "},
		"another database":    {[]string{"--table", "calls", "--campaign", campaign, "--database-url", "mysql://h/d"}, exitConfig, "DATABASE_URL"},
		"database not there":  {[]string{"--table", "calls", "--campaign", campaign, "--database-url", "sqlite:nowhere.db"}, exitConfig, "nowhere.db"},
		"database not filled": {[]string{"--table", "calls", "--campaign", campaign, "--database-url", "sqlite:" + written(t, "empty.db", "")}, exitConfig, "iagent migrate up"},
	} {
		stdout, stderr, code := ran(t, append([]string{"export"}, test.args...)...)
		if code != test.code || !strings.Contains(stdout+stderr, test.want) {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
}

func TestStatsOfACampaignHaveItsDispositions(t *testing.T) {
	campaign := campaignOf(t)
	if text, code := printed(t, "stats", "--campaign", campaign); code != 0 || !strings.Contains(text, "contacts    2 of the campaign, of all times: 0 final, 2 open: 2 CALLING\n") {
		t.Errorf("%d: %s", code, text)
	}
	var report struct {
		Calls        struct{ Created int }
		Dispositions *struct{ Contacts, Open int }
	}
	text, code := printed(t, "stats", "--campaign", campaign, "--json")
	if err := json.Unmarshal([]byte(text), &report); err != nil || code != 0 || report.Calls.Created != 2 || report.Dispositions.Contacts != 2 || report.Dispositions.Open != 2 {
		t.Errorf("%d: %s, %v", code, text, err)
	}
	if text, code := printed(t, "stats", "--json"); code != 0 || strings.Contains(text, "dispositions") {
		t.Errorf("%d: %s", code, text)
	}
}
