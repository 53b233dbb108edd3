package store

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// PgBouncer refuses a connection for a startup parameter that it does not know, and knows few.
func TestSessionIsSetUpWithoutStartupParametersThatAPoolerRefuses(t *testing.T) {
	url := storetest.Postgres(t)
	s := open(t, url, Options{})
	for name := range s.postgres.Config().ConnConfig.RuntimeParams {
		if !slices.Contains([]string{"application_name", "client_encoding", "datestyle", "timezone", "standard_conforming_strings"}, name) {
			t.Errorf("%s is a startup parameter", name)
		}
	}
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	for _, test := range []struct {
		url  string
		want map[string]string
	}{
		{url, map[string]string{"lock_timeout": "8s", "plan_cache_mode": "force_generic_plan", "jit": "off", "application_name": "iagent"}},
		{url + separator + "lock_timeout=500&application_name=ours", map[string]string{"lock_timeout": "500ms", "enable_seqscan": "off", "application_name": "ours"}},
	} {
		s := open(t, test.url, Options{})
		got := map[string]string{}
		for name := range test.want {
			var value string
			if err := s.postgres.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value); err != nil {
				t.Fatal(err)
			}
			got[name] = value
		}
		if !maps.Equal(got, test.want) {
			t.Errorf("%v, want %v", got, test.want)
		}
	}
}
