package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDoNotCallListIsAddedToAskedAndTakenFrom(t *testing.T) {
	campaign := campaignOf(t)
	const number, shown, other = "+12127360001", "+1******0001", "+12127360002"
	if stdout, _, code := ran(t, "do-not-call", "check", number); code != 0 || stdout != "not on the list\n" {
		t.Fatalf("before: exit code %d, %s", code, stdout)
	}
	for _, want := range []string{"added", "was there already"} {
		stdout, stderr, code := ran(t, "do-not-call", "add", number, "--reason", "asked by letter, from "+number)
		if code != 0 || !strings.Contains(stdout, shown) || !strings.Contains(stdout, "scope all") || !strings.Contains(stdout, want) || stderr != "" {
			t.Errorf("%s: exit code %d\n%s%s", want, code, stdout, stderr)
		}
	}
	stdout, stderr, code := ran(t, "do-not-call", "check", number)
	if code != exitListed || !strings.Contains(stdout, shown) || !strings.Contains(stdout, "cli") || stderr != "" || strings.Contains(stdout, number) {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	var answer struct {
		Listed  bool
		Entries []struct{ ID, PhoneNumber, Scope, Source, Reason, RequestedBy string }
	}
	stdout, _, code = ran(t, "do-not-call", "check", number, "--json")
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || code != exitListed || !answer.Listed || len(answer.Entries) != 1 || answer.Entries[0].PhoneNumber != shown ||
		!strings.HasPrefix(answer.Entries[0].RequestedBy, "cli:") || strings.Contains(stdout, number) {
		t.Fatalf("exit code %d, %v\n%s", code, err, stdout)
	}
	// An entry of one campaign is of no other.
	if stdout, _, code := ran(t, "do-not-call", "add", other, "--scope", campaign, "--json"); code != 0 || !strings.Contains(stdout, `"added": true`) {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	if _, _, code := ran(t, "do-not-call", "check", other, "--scope", campaign); code != exitListed {
		t.Errorf("of the campaign: exit code %d", code)
	}
	if stdout, _, code := ran(t, "do-not-call", "check", other, "--scope", "01J00000000000000000000000"); code != 0 {
		t.Errorf("of another: exit code %d, %s", code, stdout)
	}
	if stdout, _, code := ran(t, "do-not-call", "remove", answer.Entries[0].ID, "--reason", "asked to be called again"); code != 0 || stdout != "removed "+answer.Entries[0].ID+"\n" {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	if stdout, _, code := ran(t, "do-not-call", "check", number); code != 0 {
		t.Errorf("after: exit code %d, %s", code, stdout)
	}
	if _, stderr, code := ran(t, "do-not-call", "remove", answer.Entries[0].ID); code != exitFault || !strings.Contains(stderr, "not found") {
		t.Errorf("twice: exit code %d, %s", code, stderr)
	}
}

// Whoever has only the number of a person can take it off the list; the list names the ids for the other cases.
func TestDoNotCallEntryIsRemovedByItsNumber(t *testing.T) {
	campaign := campaignOf(t)
	const number, other = "+12127360001", "+12127360002"
	if stdout, _, code := ran(t, "do-not-call", "list"); code != 0 || stdout != "the list is empty\n" {
		t.Errorf("empty: exit code %d, %s", code, stdout)
	}
	for _, add := range [][]string{{number}, {other}, {other, "--scope", campaign}} {
		if _, stderr, code := ran(t, append([]string{"do-not-call", "add"}, add...)...); code != 0 {
			t.Fatalf("%q: exit code %d, %s", add, code, stderr)
		}
	}
	stdout, _, code := ran(t, "do-not-call", "list")
	if lines := strings.Split(strings.TrimSpace(stdout), "\n"); code != 0 || len(lines) != 3 || !strings.Contains(lines[2], "+1******0001") || strings.Contains(stdout, "2127360") {
		t.Errorf("list: exit code %d\n%s", code, stdout)
	}
	id := strings.Fields(stdout[strings.LastIndex(strings.TrimSpace(stdout), "\n"):])[0]
	if stdout, _, code := ran(t, "do-not-call", "list", "--limit", "1"); code != 0 || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, "export") {
		t.Errorf("a part of the list: exit code %d\n%s", code, stdout)
	}

	if stdout, stderr, code := ran(t, "do-not-call", "remove", "+1 (212) 736-0001"); code != 0 || stdout != "removed "+id+"\n" {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if _, stderr, code := ran(t, "do-not-call", "remove", number); code != exitFault || !strings.Contains(stderr, errNotListed.Error()) {
		t.Errorf("twice: exit code %d, %s", code, stderr)
	}
	// Which of two entries is meant has to be said.
	if _, stderr, code := ran(t, "do-not-call", "remove", other); code != exitConfig || !strings.Contains(stderr, "scope all") || !strings.Contains(stderr, campaign) {
		t.Errorf("two entries: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := ran(t, "do-not-call", "remove", other, "--scope", campaign); code != 0 {
		t.Errorf("of a scope: exit code %d, %s", code, stderr)
	}
	if _, _, code := ran(t, "do-not-call", "check", other); code != exitListed {
		t.Errorf("the entry of all campaigns is gone: exit code %d", code)
	}
	if _, stderr, code := ran(t, "do-not-call", "remove", "2127360002"); code != exitFault || !strings.Contains(stderr, "do-not-call list") || !strings.Contains(stderr, "+15551234567") {
		t.Errorf("neither number nor id: exit code %d, %s", code, stderr)
	}
}

func TestDoNotCallFilesAreImportedAndExportedWithoutANumber(t *testing.T) {
	campaign := campaignOf(t)
	file := written(t, "list.csv", "phoneNumber,scope,source,reason\n+12127360001,,letter,asked\n+12127360002,"+campaign+",,\n+12127360001,,,\n"+
		"(0)30 90 18 20 77,,,\n+12127360003,nowhere,,\n")
	want := "5 rows: 2 added, 1 were there already, 2 refused\n"
	stdout, stderr, code := ran(t, "do-not-call", "import", file, "--source", "old system")
	if code != exitFault || stdout != want || !strings.Contains(stderr, "line 5: \"(*)** ** ** 20 77\" ") || !strings.Contains(stderr, "line 6: \"nowhere\" scope is neither all nor a campaign's id\n") ||
		!strings.HasSuffix(stderr, "iagent: not all rows were taken: see above\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, _, code = ran(t, "do-not-call", "import", file, "--json")
	if code != exitFault || strings.Join(strings.Fields(stdout), "") != `{"added":0,"already":3,"refused":2,"rows":5}` {
		t.Errorf("again: exit code %d, %s", code, stdout)
	}
	fed(t, "phoneNumber\n+12127360004\n")
	if stdout, _, code := ran(t, "do-not-call", "import", "-"); code != 0 || stdout != "1 rows: 1 added, 0 were there already, 0 refused\n" {
		t.Errorf("of the standard input: exit code %d, %s", code, stdout)
	}
	exported, stderr, code := ran(t, "do-not-call", "export")
	if code != 0 || strings.Count(exported, "\n") != 4 || strings.Contains(exported, "2127360") || !strings.Contains(exported, "+1******0001") || stderr != "" {
		t.Fatalf("exit code %d\n%s%s", code, exported, stderr)
	}
	if stdout, _, code := ran(t, "do-not-call", "export", "--scope", campaign); code != 0 || strings.Count(stdout, "\n") != 2 {
		t.Errorf("of the campaign: exit code %d\n%s", code, stdout)
	}
	// What was exported is taken by the database that has the key, and by no other.
	if stdout, stderr, code := ran(t, "do-not-call", "import", written(t, "exported.csv", exported)); code != 0 || stdout != "3 rows: 0 added, 3 were there already, 0 refused\n" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	campaignOf(t)
	if _, _, code := ran(t, "do-not-call", "add", "+12127360009"); code != 0 { // makes its key
		t.Fatalf("exit code %d", code)
	}
	if stdout, stderr, code := ran(t, "do-not-call", "import", written(t, "exported.csv", exported)); code != exitFault || !strings.HasPrefix(stdout, "3 rows: 0 added") || !strings.Contains(stderr, "key") {
		t.Errorf("into another database: exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestDoNotCallNamesWhatTheOperatorHasToChange(t *testing.T) {
	campaignOf(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no number":           {[]string{"add", "212 736 0001"}, "E.164"},
		"no number to check":  {[]string{"check", "Jane"}, "E.164"},
		"no such campaign":    {[]string{"add", "+12127360001", "--scope", "nowhere"}, "there is no such campaign"},
		"no file":             {[]string{"import", "nowhere.csv"}, "nowhere.csv"},
		"no such list":        {[]string{"import", written(t, "x.csv", "name\nJane\n")}, "none of id, phoneNumber, hash"},
		"an empty file":       {[]string{"import", written(t, "x.csv", "")}, "is empty"},
		"another database":    {[]string{"export", "--database-url", "mysql://h/d"}, "DATABASE_URL"},
		"database not there":  {[]string{"check", "+12127360001", "--database-url", "sqlite:nowhere.db"}, "nowhere.db"},
		"database not filled": {[]string{"check", "+12127360001", "--database-url", "sqlite:" + written(t, "empty.db", "")}, "iagent migrate up"},
	} {
		stdout, stderr, code := ran(t, append([]string{"do-not-call"}, test.args...)...)
		if code != exitConfig || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "127360") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
}
