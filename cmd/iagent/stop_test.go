package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestStopAndResumeSayWhatTheyDid(t *testing.T) {
	campaign := campaignOf(t) // with two calls that wait for their turn
	stdout, stderr, code := ran(t, "resume")
	if code != exitFault || stdout != "" || stderr != "iagent: no such stop is in force\n" {
		t.Errorf("before: exit code %d, %q, %q", code, stdout, stderr)
	}
	stdout, stderr, code = ran(t, "stop", "--reason", "complaints about +12127360001")
	if code != 0 || stdout != "stopped (all): nobody is called. 2 calls wait, 0 are live, 0 of them are being ended. iagent resume ends the stop.\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	var of struct {
		ID, Scope, Mode, RequestedBy, Reason string
		Queued, Live, Ends                   int
		EndedAt                              *string
	}
	stdout, _, code = ran(t, "stop", "--campaign", campaign, "--hang-up", "--json")
	if err := json.Unmarshal([]byte(stdout), &of); err != nil || code != 0 || of.ID == "" || of.Scope != campaign || of.Mode != "hangup" || !strings.HasPrefix(of.RequestedBy, "cli:") || of.EndedAt != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, stdout)
	}
	stdout, _, code = ran(t, "resume")
	if code != 0 || !strings.HasSuffix(stdout, " (all) is ended\n1 other stops are in force\n") {
		t.Errorf("exit code %d, %q", code, stdout)
	}
	if stdout, stderr, code := ran(t, "resume", "--campaign", "01J00000000000000000000000"); code != exitFault || stdout != "" || !strings.Contains(stderr, of.ID+" ("+campaign+")") {
		t.Errorf("of another campaign: exit code %d, %q, %q", code, stdout, stderr)
	}
	var ended []struct{ ID, EndedAt string }
	stdout, _, code = ran(t, "resume", "--id", of.ID, "--json")
	if err := json.Unmarshal([]byte(stdout), &ended); err != nil || code != 0 || len(ended) != 1 || ended[0].ID != of.ID || ended[0].EndedAt == "" {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
	if _, _, code := ran(t, "resume", "--campaign", campaign); code != exitFault {
		t.Errorf("twice: exit code %d", code)
	}
	if stdout, _, _ := ran(t, "stop", "--campaign", campaign); !strings.HasSuffix(stdout, "iagent resume --campaign "+campaign+" ends the stop.\n") {
		t.Errorf("%q does not say what ends the stop of a campaign", stdout)
	}
	if _, _, code := ran(t, "resume", "--campaign", campaign); code != 0 {
		t.Errorf("as it was said: exit code %d", code)
	}
}

func TestStopNamesWhatTheOperatorHasToChange(t *testing.T) {
	campaignOf(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no such campaign":    {[]string{"stop", "--campaign", "nowhere"}, "there is no such campaign"},
		"no such mode":        {[]string{"stop", "--mode", "finish"}, "--mode"},
		"another database":    {[]string{"stop", "--database-url", "mysql://h/d"}, "DATABASE_URL"},
		"database not there":  {[]string{"resume", "--database-url", "sqlite:nowhere.db"}, "nowhere.db"},
		"database not filled": {[]string{"resume", "--database-url", "sqlite:" + written(t, "empty.db", "")}, "iagent migrate up"},
	} {
		_, stderr, code := ran(t, test.args...)
		if code != exitConfig || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, %q", name, code, stderr)
		}
	}
}
