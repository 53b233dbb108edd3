package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestSharesAreRoundedAndSayAllOrNoneOnlyOfAllOrNone(t *testing.T) {
	for _, c := range []struct {
		n, of int
		want  string
	}{{2, 3, "67 %"}, {12, 17, "71 %"}, {1, 3, "33 %"}, {0, 5, "0 %"}, {5, 5, "100 %"}, {1, 1000, "under 1 %"}, {999, 1000, "over 99 %"}} {
		if got := percent(c.n, c.of); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.n, c.of, got, c.want)
		}
	}
}

func TestConditionsAreSaidAlikeAndTimesWithoutFractions(t *testing.T) {
	for want, condition := range map[string]token{
		"since: 2026-11-27 17:29:10 UTC": {name: "since", value: "2026-11-27T17:29:10.443576597Z"},
		"since: 24h":                     {name: "since", value: "24h"},
		"outcome: not accepted":          {name: "outcome", value: "-accepted"},
		"status: FAILED":                 {name: "status", value: "FAILED"},
		"awaiting: the recording":        {name: "awaiting", value: "recording"},
	} {
		if got := conditionWords(condition); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestListWithoutRowsSaysWhatNoneIs(t *testing.T) {
	said := func(l listView) string {
		var b strings.Builder
		if err := nothing(l, "call", "No calls.").Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	l := listView{role: Viewer, all: "/console/calls", query: url.Values{}, tokens: []token{{name: "awaiting", value: "recording"}, {name: "status", value: "FAILED"}}}
	if got := said(l); !strings.Contains(got, "No call is found with awaiting: the recording, status: FAILED.") {
		t.Errorf("%s", got)
	}
	l.tokens = []token{{name: "sort", value: "rate"}}
	if got := said(l); !strings.Contains(got, "No calls.") {
		t.Errorf("an order chooses no rows: %s", got)
	}
}

func TestLongIDIsCutInTheMiddle(t *testing.T) {
	const sid = "CAb971305287fa879850fca1b9445ccbb4"
	for id, tail := range map[string]string{sid: "", sid + ":voice": "445ccbb4:voice", sid + ":status:busy": "bb4:status:busy"[1:], sid + ":recording:RE44aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01:completed": "aa01:completed"} {
		head, end := headAndTail(id)
		if head+end != id || end != tail {
			t.Errorf("%q: %q, %q", id, head, end)
		}
	}
}

func TestDaysAreSaidAsDays(t *testing.T) {
	for d, want := range map[time.Duration]string{7 * 24 * time.Hour: "7 days", 90 * 24 * time.Hour: "90 days", 2*time.Hour + 9*time.Minute + 57777*time.Millisecond: "2 h 9 min"} {
		if got := Duration(d); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := gapWords(-d); got != want+" earlier" {
			t.Errorf("%q", got)
		}
	}
}

func TestLengthOfARecordingIsRoundedAsTwilioRoundsItAndPositionsAreNot(t *testing.T) {
	for s, want := range map[float64][2]string{14.4: {"0:14", "0:14"}, 14.6: {"0:15", "0:14"}, 59.7: {"1:00", "0:59"}, 60: {"1:00", "1:00"}} {
		if got := [2]string{length(s), seconds(s)}; got != want {
			t.Errorf("%v s: %v, want %v", s, got, want)
		}
	}
}

// The pages of a campaign, a hypothesis and a call count the same: a rejected claim does not count.
func TestRejectedClaimsAreNotAmongThoseThatCount(t *testing.T) {
	for want, c := range map[string]store.ClaimCount{"3 claims count": {Claims: 4, Rejected: 1}, "1 claim counts": {Claims: 1}, "0 claims count": {Claims: 2, Rejected: 2},
		"of the newest 10,000 claims 9,990 count": {Claims: store.MaxCountedClaims, Rejected: 10}} {
		if got := claimWords(c); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
	v := speechView{claims: []claimView{{}, {Claim: interview.Claim{Rejected: "the quote was not said"}}}}
	if got := v.claimCounts(); got != "1 claim counts, 1 rejected" {
		t.Errorf("of a call: %q", got)
	}
}
