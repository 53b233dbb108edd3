package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faultyList has seven rows, of which two are contacts.
const faultyList = "phoneNumber,externalId,timeZone,language,consentAt\n" +
	"+1 212 736 0001,a,,,\n" +
	"+1 (212) 736-0002,b,America/New_York,,\n" +
	"(0)30 90 18 20 77,c,,,\n" +
	"+12127360001,d,,,\n" +
	"+12127360005,e,Mars/Olympus,,\n" +
	"+12127360006,f,,,2131-01-01\n" +
	"+12127360007,\"g\"g,,,\n"

func TestImportSaysWhatBecameOfEachRowWithoutItsNumber(t *testing.T) {
	campaign := campaignOf(t)
	file := written(t, "people.csv", faultyList)
	want := "line 4: INVALID_NUMBER phoneNumber \"(*)** ** ** 20 77\" has no country code, and no region says which\n" +
		"line 5: DUPLICATE phoneNumber \"+1******0001\" is on line 2, too\n" +
		"line 6: ZONE_UNKNOWN timeZone \"Mars/Olympus\" is no time zone such as Europe/Berlin (IANA)\n" +
		"line 7: INVALID_TIME consentAt \"2131-01-01\" is in the future\n" +
		"line 8: INVALID_ROW  \"+*******0007\" cannot be read: extraneous or missing \" in quoted-field\n" +
		"7  rows      \n2  VERB  \n1  refused   DUPLICATE\n1  refused   INVALID_NUMBER\n1  refused   INVALID_ROW\n1  refused   INVALID_TIME\n1  refused   ZONE_UNKNOWN\n"
	squeezed := strings.NewReplacer(" ", "")
	for _, step := range []struct {
		verb string
		args []string
	}{{"would be called", []string{"--dry-run"}}, {"are called", nil}} {
		stdout, stderr, code := ran(t, append([]string{"import", file, "--campaign", campaign}, step.args...)...)
		want := strings.Replace(want, "VERB", step.verb, 1)
		if code != exitFault || squeezed.Replace(stdout) != squeezed.Replace(want) || stderr != "iagent: rows were refused: see above\n" {
			t.Errorf("%s: exit code %d\n%s\nwant\n%s\n%s", step.verb, code, stdout, want, stderr)
		}
	}
	// Now both are contacts, which is no other row's fault.
	if stdout, _, code := ran(t, "import", file, "--campaign", campaign); code != exitFault || !strings.Contains(stdout, "2: CONTACT_EXISTS phoneNumber \"+1******0001\"") {
		t.Errorf("again: exit code %d\n%s", code, stdout)
	}
}

func TestImportOfAListWithoutAFaultExitsWithZero(t *testing.T) {
	campaign := campaignOf(t)
	for name, text := range map[string]string{
		"people.csv":  "phoneNumber\n+12127360011\n",
		"people.json": `{"contacts":[{"phoneNumber":"+12127360012"}]}`,
	} {
		stdout, stderr, code := ran(t, "import", written(t, name, text), "--campaign", campaign)
		if code != 0 || !strings.Contains(stdout, "1  are called") || stderr != "" { // no progress where nobody looks
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	fed(t, "phoneNumber\n+12127360013\n")
	if stdout, stderr, code := ran(t, "import", "-", "--campaign", campaign); code != 0 || !strings.Contains(stdout, "1  are called") || stderr != "" {
		t.Errorf("of the standard input: exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestImportPrintsTheReportOfTheAPIAsJSONAndTheRowsToMend(t *testing.T) {
	campaign := campaignOf(t)
	file, mend := written(t, "people.csv", faultyList), filepath.Join(t.TempDir(), "mend.csv")
	var report struct {
		DryRun   bool
		Contacts int
		Counts   struct {
			Rows, WillCall int
			Refused        map[string]int
		}
		RefusedRows []struct {
			Line                         int
			Reason, Field, Value, Detail string
		}
		Error *string
	}
	stdout, _, code := ran(t, "import", file, "--campaign", campaign, "--json", "--refused", mend)
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitFault || report.DryRun || report.Contacts != 2 || report.Counts.Rows != 7 ||
		len(report.Counts.Refused) != 5 || len(report.RefusedRows) != 5 || report.Error != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, stdout)
	}
	for _, r := range report.RefusedRows {
		if r.Line == 0 || r.Reason == "" || r.Value == "" || r.Detail == "" {
			t.Errorf("%+v", r)
		}
	}
	text, err := os.ReadFile(mend)
	if err != nil || strings.Count(string(text), "\n") != 6 {
		t.Fatalf("%s, %v", text, err)
	}
	if info, err := os.Stat(mend); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if _, stderr, code := ran(t, "import", file, "--campaign", campaign, "--refused", mend); code != exitConfig || !strings.Contains(stderr, "is there already") {
		t.Errorf("over a file that is there: exit code %d, %s", code, stderr)
	}
	mended := strings.NewReplacer("(0)30 90 18 20 77", "+49 30 90 18 20 77", "+12127360001", "+12127360003", "Mars/Olympus", "", "2131-01-01", "2026-01-01").Replace(string(text))
	if stdout, stderr, code := ran(t, "import", written(t, "mended.csv", mended), "--campaign", campaign); code != 0 || !strings.Contains(stdout, "5  rows") {
		t.Errorf("mended: exit code %d\n%s%s\n%s", code, stdout, stderr, mended)
	}
}

func TestImportNamesWhatTheOperatorHasToChange(t *testing.T) {
	campaign := campaignOf(t)
	fine := written(t, "people.csv", "phoneNumber\n+12127360011\n")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no file":             {[]string{"nowhere.csv", "--campaign", campaign}, "nowhere.csv"},
		"no list":             {[]string{written(t, "x.csv", "name\nJane\n"), "--campaign", campaign}, `x.csv: column 1, "name", is none of`},
		"no JSON":             {[]string{written(t, "x.json", "[]"), "--campaign", campaign}, "x.json: must be a JSON object"},
		"no campaign":         {[]string{fine}, "campaign"},
		"another campaign":    {[]string{fine, "--campaign", "01J00000000000000000000000"}, "--campaign: there is no campaign 01J00000000000000000000000"},
		"another database":    {[]string{fine, "--campaign", campaign, "--database-url", "mysql://h/d"}, "DATABASE_URL"},
		"database not there":  {[]string{fine, "--campaign", campaign, "--database-url", "sqlite:nowhere.db"}, "nowhere.db"},
		"database not filled": {[]string{fine, "--campaign", campaign, "--database-url", "sqlite:" + written(t, "empty.db", "")}, "iagent migrate up"},
	} {
		stdout, stderr, code := ran(t, append([]string{"import"}, test.args...)...)
		if code != exitConfig || stdout != "" && name != "no campaign" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "12127360011") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
	// What stands before the fault was done, and is said.
	stdout, stderr, code := ran(t, "import", written(t, "x.json", `{"contacts":[{"phoneNumber":"+12127360011"},{"phoneNumber"`), "--campaign", campaign)
	if code != exitFault || !strings.Contains(stdout, "1  are called") || !strings.Contains(stderr, "broken off after 1 rows; the same file again adds the rest") {
		t.Errorf("broken off: exit code %d\n%s%s", code, stdout, stderr)
	}
}
