package interview_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// allowed are facts with which a person may be called: a Monday, 10:00 in Berlin.
func allowed(t testing.TB) interview.GateFacts {
	return interview.GateFacts{
		Now: moment(t, "2026-06-01T08:00:00Z"), Zones: zonesOf(t, "Europe/Berlin"), HasConsentBasis: true,
		Campaign: interview.Campaign{
			Status:   interview.CampaignActive,
			Identity: interview.Identity{Organisation: "Acme", CallbackNumber: "+15550100", Purpose: "the prices of bread"},
		},
	}
}

// Each case breaks one thing.
func obstacles(t testing.TB) []obstacle {
	at := func(text string) *time.Time { m := moment(t, text); return &m }
	poll := "2026-06-01T08:00:30Z"
	return []obstacle{
		{"listed", interview.RefusalDoNotCall, "", func(f *interview.GateFacts) { f.Listed = true }},
		{"completed", interview.RefusalCampaign, "", func(f *interview.GateFacts) { f.Campaign.Status = interview.CampaignCompleted }},
		{"no basis of consent", interview.RefusalNoConsentBasis, "", func(f *interview.GateFacts) {
			f.Campaign.RequireConsentBasis, f.HasConsentBasis = true, false
		}},
		{"attempts used, none named", interview.RefusalAttemptsUsed, "", func(f *interview.GateFacts) { f.Attempts = 1 }},
		{"attempts used", interview.RefusalAttemptsUsed, "", func(f *interview.GateFacts) { f.Campaign.Attempts.Max, f.Attempts = 3, 3 }},
		{"decided", interview.RefusalDecided, "", func(f *interview.GateFacts) { f.Decided = true }},
		{"no zone", interview.RefusalZoneUnknown, "", func(f *interview.GateFacts) { f.Zones = nil }},
		{"stopped", interview.RefusalStopped, poll, func(f *interview.GateFacts) { f.Stopped = true }},
		{"draft", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.Status = interview.CampaignDraft }},
		{"paused", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.Status = interview.CampaignPaused }},
		{"no status", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.Status = "" }},
		{"no purpose", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.Identity.Purpose = " " }},
		{"hours that are none", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.CallingHours = hoursOf("mon x y") }},
		{"holidays that are none", interview.RefusalCampaign, poll, func(f *interview.GateFacts) { f.Campaign.Holidays = []string{"x"} }},
		{"circuit open", interview.RefusalCircuitOpen, "2026-06-01T08:12:00Z", func(f *interview.GateFacts) { f.CircuitOpenUntil = at("2026-06-01T08:12:00Z") }},
		{"live call", interview.RefusalLiveCall, poll, func(f *interview.GateFacts) { f.LiveElsewhere = true }},
		{"too early", interview.RefusalOutsideHours, "2026-06-01T16:00:00Z", func(f *interview.GateFacts) { f.Zones = zonesOf(t, "America/Los_Angeles") }},
		{"one zone too early", interview.RefusalOutsideHours, "2026-06-01T13:00:00Z", func(f *interview.GateFacts) {
			f.Zones = zonesOf(t, "Europe/Berlin", "America/New_York")
		}},
		{"a holiday", interview.RefusalOutsideHours, "2026-06-02T07:00:00Z", func(f *interview.GateFacts) { f.Campaign.Holidays = []string{"2026-06-01"} }},
		{"never all zones", interview.RefusalOutsideHours, "", func(f *interview.GateFacts) {
			f.Zones = zonesOf(t, "Europe/Berlin", "Pacific/Honolulu")
		}},
		{"cap of the campaign", interview.RefusalCapDay, "2026-06-02T07:00:00Z", func(f *interview.GateFacts) {
			f.Campaign.MaxPerDay, f.Dialled = 10, at("2026-06-01T07:00:00Z")
		}},
		{"cap of the person", interview.RefusalCapDay, "2026-06-01T20:00:00Z", func(f *interview.GateFacts) {
			f.PersonCap, f.PersonDialled = 2, at("2026-05-31T20:00:00Z")
		}},
		{"concurrent", interview.RefusalCapConcurrent, poll, func(f *interview.GateFacts) { f.Campaign.MaxConcurrent, f.Concurrent = 5, 5 }},
	}
}

type obstacle struct {
	name    string
	refusal interview.Refusal
	until   string // "" for a final refusal
	put     func(*interview.GateFacts)
}

func TestGateNamesWhatIsInTheWay(t *testing.T) {
	if v := interview.MayCall(allowed(t)); !v.Allowed() || v.Final || v.Until != nil || !slices.Equal(v.Zones, []string{"Europe/Berlin"}) {
		t.Fatalf("nothing is in the way: %+v", v)
	}
	named := map[interview.Refusal]bool{}
	for _, test := range obstacles(t) {
		facts := allowed(t)
		test.put(&facts)
		v := interview.MayCall(facts)
		if v.Refusal != test.refusal || v.Final != (test.until == "") || v.Detail == "" {
			t.Errorf("%s: %+v", test.name, v)
			continue
		}
		if !v.Final && !v.Until.Equal(moment(t, test.until)) {
			t.Errorf("%s: until %s, want %s", test.name, v.Until, test.until)
		}
		named[v.Refusal] = true
	}
	for _, r := range interview.Refusals() {
		if !named[r] || !r.Valid() {
			t.Errorf("no case is refused with %s", r)
		}
	}
}

// What keeps one person alone from being called is not what a campaign waits for.
func TestCampaignWaitsForATimeOrASwitchAlone(t *testing.T) {
	ofPerson := []string{"listed", "completed", "no basis of consent", "attempts used, none named", "attempts used", "decided", "no zone", "live call",
		"never all zones", "cap of the person"}
	for _, o := range obstacles(t) {
		f := allowed(t)
		o.put(&f)
		if got, want := f.CampaignWaits(interview.MayCall(f)), !slices.Contains(ofPerson, o.name); got != want {
			t.Errorf("%s: the campaign waits: %t", o.name, got)
		}
	}
	f := allowed(t)
	if f.CampaignWaits(interview.MayCall(f)) {
		t.Error("it waits though the person may be called")
	}
}

func TestWhatDoesNotApplyIsNotInTheWay(t *testing.T) {
	past := moment(t, "2026-05-31T08:00:00Z") // 24 hours ago: has left the window
	for name, put := range map[string]func(*interview.GateFacts){
		"a basis that is not required": func(f *interview.GateFacts) { f.HasConsentBasis = false },
		"an attempt that is left":      func(f *interview.GateFacts) { f.Campaign.Attempts.Max, f.Attempts = 3, 2 },
		"a dial that left the window":  func(f *interview.GateFacts) { f.Campaign.MaxPerDay, f.Dialled = 1, &past },
		"a call a day ago":             func(f *interview.GateFacts) { f.PersonCap, f.PersonDialled = 1, &past },
		"dials without a cap":          func(f *interview.GateFacts) { f.Dialled, f.PersonDialled = &f.Now, &f.Now },
		"a circuit that closes now":    func(f *interview.GateFacts) { f.CircuitOpenUntil = &f.Now },
		"calls below the bound":        func(f *interview.GateFacts) { f.Campaign.MaxConcurrent, f.Concurrent = 5, 4 },
		"calls without a bound":        func(f *interview.GateFacts) { f.Concurrent = 500 },
		"a holiday of yesterday":       func(f *interview.GateFacts) { f.Campaign.Holidays = []string{"2026-05-31"} },
	} {
		facts := allowed(t)
		put(&facts)
		if v := interview.MayCall(facts); !v.Allowed() {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestWhatNothingCuresIsNamedBeforeWhatTimeCures(t *testing.T) {
	cases := obstacles(t)
	for _, never := range cases {
		if never.until != "" || never.refusal == interview.RefusalOutsideHours {
			continue
		}
		for _, wait := range cases {
			if wait.until == "" {
				continue
			}
			facts := allowed(t)
			wait.put(&facts)
			never.put(&facts)
			if v := interview.MayCall(facts); !v.Final {
				t.Errorf("%s and %s: waits, %+v", never.name, wait.name, v)
			}
		}
	}
	for _, wait := range cases {
		facts := allowed(t)
		wait.put(&facts)
		facts.Stopped = true
		if v := interview.MayCall(facts); !v.Final && v.Refusal != interview.RefusalStopped {
			t.Errorf("%s outranks a stop: %+v", wait.name, v)
		}
	}
}

// A verdict that waits says a later moment; at that moment hours and caps are not in the way for the same cause again.
func TestVerdictThatWaitsIsOverWhenItSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	names := []string{"America/New_York", "America/Boise", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kolkata"}
	cases := obstacles(t)
	for range 3000 {
		facts := allowed(t)
		facts.Now = facts.Now.Add(time.Duration(rng.Int64N(int64(365 * 24 * time.Hour))))
		facts.Zones = zonesOf(t, names[rng.IntN(len(names))], names[rng.IntN(len(names))])[:1+rng.IntN(2)]
		if rng.IntN(2) == 0 {
			cases[rng.IntN(len(cases))].put(&facts)
		}
		if rng.IntN(2) == 0 {
			facts.Campaign.CallingHours = drawHours(rng)
		}
		dialled := facts.Now.Add(-time.Duration(rng.Int64N(int64(30 * time.Hour))))
		facts.Campaign.MaxPerDay, facts.Dialled = rng.IntN(2), &dialled
		facts.PersonCap, facts.PersonDialled = rng.IntN(2), &dialled

		v := interview.MayCall(facts)
		switch {
		case v.Allowed():
			if v.Final || v.Until != nil || v.ContactState() != interview.ContactCalling {
				t.Fatalf("%+v of %+v", v, facts)
			}
			continue
		case v.Final:
			if v.Until != nil || !v.ContactState().Terminal() {
				t.Fatalf("%+v of %+v", v, facts)
			}
			continue
		case v.Until == nil || !v.Until.After(facts.Now) || v.ContactState() != interview.ContactWaiting:
			t.Fatalf("%+v of %+v", v, facts)
		}
		facts.Now = *v.Until
		then := interview.MayCall(facts)
		switch v.Refusal {
		case interview.RefusalOutsideHours, interview.RefusalCircuitOpen:
			if then.Refusal == v.Refusal {
				t.Fatalf("%+v at %s is followed by %+v", v, facts.Now, then)
			}
		case interview.RefusalCapDay:
			if then.Refusal == v.Refusal && then.Detail == v.Detail {
				t.Fatalf("%+v at %s is followed by %+v", v, facts.Now, then)
			}
		}
	}
}

func TestVerdictIsKeptWithoutItsEmptyParts(t *testing.T) {
	facts := allowed(t)
	kept, err := json.Marshal(interview.MayCall(facts))
	if err != nil || string(kept) != `{"zones":["Europe/Berlin"]}` {
		t.Errorf("%s %v", kept, err)
	}
	facts.Zones = zonesOf(t, "America/New_York", "America/Boise", "America/Chicago", "America/Denver", "Pacific/Honolulu")
	if v := interview.MayCall(facts); len(v.Zones) != 5 || !strings.HasSuffix(v.Detail, "America/Chicago and 2 more") {
		t.Errorf("a number that could be anywhere: %+v", v)
	}
}

func TestContactWithoutAttemptsLeftIsExhausted(t *testing.T) {
	facts := allowed(t)
	facts.Attempts = 1
	if state := interview.MayCall(facts).ContactState(); state != interview.ContactExhausted {
		t.Errorf("attempts used: %s", state)
	}
	facts.Listed = true
	if state := interview.MayCall(facts).ContactState(); state != interview.ContactRefused {
		t.Errorf("listed, too: %s", state)
	}
}

func BenchmarkGateOfANumberThatCouldBeAnywhere(b *testing.B) {
	facts := allowed(b)
	facts.Zones = zonesOf(b, "America/New_York", "America/Boise", "Pacific/Honolulu", "Pacific/Guam", "America/St_Johns", "Pacific/Pago_Pago")
	for b.Loop() {
		interview.MayCall(facts)
	}
}
