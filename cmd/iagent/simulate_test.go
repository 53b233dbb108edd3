package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

func TestSimulateExitCodes(t *testing.T) {
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
