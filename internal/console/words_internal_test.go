package console

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/health"
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
		"waits for: the recording":       {name: "awaiting", value: "recording"},
		"last error: permanent: 401":     {name: "lastError", value: "permanent: 401"},
		"campaign: Oat drink":            {name: "campaignId", value: "01A", shown: "Oat drink"},
		"delivered again":                {name: "outcome", value: "duplicate"}, // its rows are those that were accepted
		"attempt: second or later":       {name: "minAttempt", value: "2"},
		"took at least: 12 ms":           {name: "atLeast", value: "12.345678ms"},
	} {
		if got := conditionWords(condition); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestConditionsHaveNamesThatPeopleUse(t *testing.T) {
	raw := regexp.MustCompile(`[a-z][A-Z]`)
	for _, names := range [][]string{store.CallConditions(), webhookConditions, runConditions, rejectionConditions, contactConditions, auditConditions,
		bulkConditions(store.BulkRetry), bulkConditions(store.BulkReplay), {"atLeast", "status", "name", "scope"}} {
		for _, name := range names {
			for _, said := range []string{conditionWords(token{name: name, value: "x"}), bulkConditionWords(store.BulkRetry, token{name: name, value: "x"})} {
				if raw.MatchString(strings.ReplaceAll(said, "CallSid", "")) {
					t.Errorf("%s is shown as %q", name, said)
				}
			}
		}
	}
}

func TestBulkJobsSayWhichTimesTheirConditionsAreOf(t *testing.T) {
	const at, utc = "2026-11-28T05:10:00.123456789Z", "2026-11-28 05:10:00 UTC"
	for want, got := range map[string]string{
		"died before: " + utc:    bulkConditionWords(store.BulkRetry, token{name: "until", value: at}),
		"received since: " + utc: bulkConditionWords(store.BulkReplay, token{name: "since", value: at}),
		"created before: " + utc: bulkConditionWords(store.BulkRetry, token{name: "createdUntil", value: at}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTimesWithinTextsAreTimesOfThePage(t *testing.T) {
	var b strings.Builder
	if err := timed("died before: 2026-11-28 05:10:00 UTC, and 2026-13-28 05:10:00 UTC <b>").Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, `<time datetime="2026-11-28T05:10:00Z"`) || strings.Count(got, "<time") != 1 || strings.Contains(got, "<b>") {
		t.Error(got)
	}
}

func TestFilterAndOverdueSayAlikeWhatIsMissing(t *testing.T) {
	for _, what := range interview.Awaitable() {
		if said, _ := overdueWords(store.OverdueItem{What: string(what)}); !strings.HasPrefix(strings.ToLower(said), strings.ToLower(awaited(what))) {
			t.Errorf("%s: %q is overdue, the filter says %q", what, said, awaited(what))
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
	if got := said(l); !strings.Contains(got, "No call is found with waits for: the recording, status: FAILED.") {
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

func TestRedisThatIsNotSetIsToldFromRedisThatWasNotAsked(t *testing.T) {
	for _, set := range []bool{false, true} {
		service := healthView{redisSet: set}.services()[1]
		item := (&Console{redisSet: set}).serviceItems(health.Snapshot{}, time.Now())[1]
		for _, says := range []string{service.says, item.says} {
			if strings.Contains(says, "REDIS_URL is not set") == set || strings.Contains(says, "not asked") != set {
				t.Errorf("REDIS_URL is set: %v, and it says %q", set, says)
			}
		}
	}
}

// What the page of health says with a time follows the times that the reader chose.
func TestTimesOfHealthAreTimesOfThePage(t *testing.T) {
	at := time.Date(2026, 11, 28, 5, 10, 0, 0, time.UTC)
	up := health.State{Known: true, Up: true, Since: at}
	p := healthView{now: at, link: func(page string) string { return page }, measured: health.Snapshot{At: at, Database: up, Redis: up, Twilio: health.Twilio{Answered: at, Passed: at}},
		charts: charts([]health.Point{{At: at}, {At: at.Add(time.Minute)}}), checks: []Check{{Name: "tokens.rotation", Looked: at, Detail: "signed last at 2026-11-28 04:00:00 UTC"}}}
	var page strings.Builder
	if err := healthPage(p).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	without := regexp.MustCompile(`(?s)<time.*?</time>`).ReplaceAllString(page.String(), "")
	if left := regexp.MustCompile(`\d\d:\d\d.{0,12}`).FindString(without); left != "" {
		t.Errorf("a time that stays UTC: %q", left)
	}
}

func TestLengthOfARecordingIsRoundedAsTwilioRoundsItAndPositionsAreNot(t *testing.T) {
	for s, want := range map[float64][2]string{14.4: {"0:14", "0:14"}, 14.6: {"0:15", "0:14"}, 59.7: {"1:00", "0:59"}, 60: {"1:00", "1:00"}} {
		if got := [2]string{length(s), seconds(s)}; got != want {
			t.Errorf("%v s: %v, want %v", s, got, want)
		}
	}
}

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
