package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/i-agent/iagent/internal/app"
)

func TestSimulateExitCodesTellFaultsFromWrongArguments(t *testing.T) {
	believes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.Write([]byte("<Response/>"))
	}))
	defer believes.Close()
	known := []string{"simulate", "--url", believes.URL, "--account", "AC0123456789abcdef0123456789abcdef", "--token", "secret", "--calls", "3"}
	known = known[:len(known):len(known)] // so that each append has its own
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"nothing said":           {[]string{"simulate"}, exitConfig},
		"no such profile":        {append(known, "--profile", "angry"), exitConfig},
		"no such fault":          {append(known, "--fault", "flu=0.1"), exitConfig},
		"no such script":         {append(known, "--script", filepath.Join(t.TempDir(), "none.yaml")), exitConfig},
		"nothing goes wrong":     {append(known, "--profile", "calm", "--script", "../../examples/people/consenting.json"), 0},
		"a forgery was believed": {append(known, "--profile", "calm", "--fault", "tampered=1", "--report", filepath.Join(t.TempDir(), "r.json")), exitFault},
	} {
		if got := run(test.args); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// parseSimulate parses the arguments of a command line that begins with "simulate".
func parseSimulate(t *testing.T, args []string) simulate {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Vars(app.Defaults()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return c.Simulate
}

// Each option is either in the line that starts a run again, or says nothing about what the run does.
func TestCommandOfARunReproducesAllItsOptions(t *testing.T) {
	const token, oldToken = "the token", "the old token"
	t.Setenv("TWILIO_AUTH_TOKEN", token)
	t.Setenv("TWILIO_AUTH_TOKEN_SECONDARY", oldToken)
	common := []string{"simulate", "--account", "AC0123456789abcdef0123456789abcdef", "--from", "+15550001111", "--calls", "1", "--rate", "70", "--seed", "9",
		"--profile", "hostile", "--fault", "unsigned-flood=0", "--fault", "drop=0.5", "--script", "../../examples/people/difficult.yaml",
		"--listen", "127.0.0.1:0", "--linger", "1ms", "--within", "1ms", "--speed", "2.5", "--models", "minimal", "--marks-duplicates", "--run", "mine"}
	given := map[string]bool{}
	for _, more := range [][]string{
		{"--url", "http://127.0.0.1:1/it's/voice?a=1&b=$HOME#rc=5&rp=5xx,ct", "--status-url", "http://127.0.0.1:1/s", "--recording-url", "http://127.0.0.1:1/r",
			"--fallback-url", "http://127.0.0.1:1/f", "--inbound"},
		{"--url", "http://127.0.0.1:1/m", "--sms"},
		{"--wait-for-calls", "--keep"},
	} {
		report := filepath.Join(t.TempDir(), "report.json")
		args := append(append([]string{}, common...), append(more, "--report", report)...)
		run(args)
		text, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		var result struct{ Command string }
		if err := json.Unmarshal(text, &result); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(token)) || bytes.Contains(text, []byte(oldToken)) {
			t.Error("a token is in the report")
		}
		words, err := exec.Command("sh", "-c", strings.Replace(result.Command, "iagent ", `printf '%s\n' `, 1)).Output()
		if err != nil {
			t.Fatalf("%s: %v", result.Command, err)
		}
		again, want := parseSimulate(t, strings.Split(strings.TrimRight(string(words), "\n"), "\n")), parseSimulate(t, args)
		want.Report, want.RunName = "", ""
		if !reflect.DeepEqual(again, want) {
			t.Errorf("%s\nis %+v\nwant %+v", result.Command, again, want)
		}
		for i := range reflect.ValueOf(want).NumField() {
			if !reflect.ValueOf(want).Field(i).IsZero() {
				given[reflect.TypeOf(want).Field(i).Name] = true
			}
		}
	}
	if all := reflect.TypeOf(simulate{}).NumField() - 2; len(given) != all {
		t.Errorf("%d of %d options were tried: %v", len(given), all, given)
	}
}
