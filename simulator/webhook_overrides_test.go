package simulator

import (
	"slices"
	"testing"
	"time"
)

func TestConnectionOverridesAreReadFromTheFragment(t *testing.T) {
	for _, test := range []struct {
		url     string
		retries int
		retryOn []string
		total   time.Duration
		ok      bool
	}{
		{"https://h/v", 1, []string{"ct"}, ceiling, true},
		{"https://h/v#rc=5&rp=5xx,ct,rt", 5, []string{"5xx", "ct", "rt"}, ceiling, true},
		{"https://h/v#rc=6&rp=all&tt=2000", 1, []string{"all"}, 2 * time.Second, true},
		{"https://h/v#rc=0&tt=60000&unknown=1", 0, []string{"ct"}, ceiling, true},
		{"https://h/v#rp=never", 1, []string{"ct"}, ceiling, false},
		{"https://h/v#%zz", 1, []string{"ct"}, ceiling, true},
	} {
		o, ok := parseOverrides(test.url)
		if ok != test.ok || o.retries != test.retries || !slices.Equal(o.retryOn, test.retryOn) || o.total != test.total {
			t.Errorf("%s: %+v, %v", test.url, o, ok)
		}
	}
}

func TestRetriesFollowThePolicy(t *testing.T) {
	usual, _ := parseOverrides("https://h/v")
	asked, _ := parseOverrides("https://h/v#rp=5xx,rt")
	all, _ := parseOverrides("https://h/v#rp=all")
	for _, test := range []struct {
		failure           string
		usual, asked, all bool
	}{{"", false, false, false}, {"ct", true, false, true}, {"5xx", false, true, true}, {"rt", false, true, true}, {"4xx", false, false, true}} {
		if usual.retry(test.failure) != test.usual || asked.retry(test.failure) != test.asked || all.retry(test.failure) != test.all {
			t.Errorf("%q is retried wrongly", test.failure)
		}
	}
}
