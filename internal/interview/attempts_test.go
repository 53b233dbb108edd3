package interview_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestAttemptPolicyHasItsDefaultsWhereNothingIsSaid(t *testing.T) {
	for text, want := range map[string]interview.AttemptPolicy{
		`{}`:                interview.DefaultAttemptPolicy(),
		`{"max":3}`:         {Max: 3, WaitMinutes: 60},
		`{"max":1,"on":[]}`: {Max: 1, On: []interview.AttemptOutcome{}, WaitMinutes: 60},
		`{"max":2,"on":["BUSY"],"waitMinutes":0}`: {Max: 2, On: []interview.AttemptOutcome{"BUSY"}},
	} {
		var got interview.AttemptPolicy
		if err := json.Unmarshal([]byte(text), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) || got.Faults() != nil {
			t.Errorf("%s: %+v %v, faults %v", text, got, err, got.Faults())
		}
	}
	var p interview.AttemptPolicy
	if json.Unmarshal([]byte(`{"maximum":3}`), &p) == nil {
		t.Error("an unknown name is taken")
	}
	if !p.Retries(interview.OutcomeMachine) || p.Retries(interview.OutcomeCanceled) || p.Limit() != 1 || p.Faults() != nil {
		t.Errorf("the zero policy: %+v", p)
	}
	for field, p := range map[string]interview.AttemptPolicy{
		"attempts.max":         {Max: 21},
		"attempts.on":          {Max: 3, On: []interview.AttemptOutcome{}, WaitMinutes: 60},
		"attempts.on[1]":       {Max: 2, On: []interview.AttemptOutcome{"BUSY", "CANCELED"}},
		"attempts.waitMinutes": {Max: 2, WaitMinutes: 43_201},
	} {
		if faults := p.Faults(); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%+v: %v", p, faults)
		}
	}
	if faults := (interview.AttemptPolicy{WaitMinutes: -1}).Faults(); len(faults) != 2 {
		t.Errorf("nothing is right: %v", faults)
	}
}

func TestWhoAnsweredOrOptedOutIsReached(t *testing.T) {
	at := moment(t, "2026-06-01T08:00:00Z")
	for _, test := range []struct {
		name    string
		call    interview.Call
		outcome interview.AttemptOutcome
		reached bool
	}{
		{"interviewed", interview.Call{Status: interview.CallCompleted, StartedAt: &at, Consent: interview.ConsentGiven, AnsweredBy: "human"}, "", true},
		{"refused", interview.Call{Status: interview.CallCompleted, StartedAt: &at, Consent: interview.ConsentRefused, ConsentBy: interview.ConsentBySpeech}, "", true},
		{"hung up at once", interview.Call{Status: interview.CallCompleted, StartedAt: &at}, "", true},
		{"answered, then the line broke", interview.Call{Status: interview.CallFailed, StartedAt: &at}, "", true},
		{"answered, then canceled", interview.Call{Status: interview.CallCanceled, StartedAt: &at}, "", true},
		{"unknown who", interview.Call{Status: interview.CallCompleted, AnsweredBy: interview.AnsweredByUnknown}, "", true},
		{"a mailbox", interview.Call{Status: interview.CallCompleted, StartedAt: &at, AnsweredBy: "machine_end_beep", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentByDetector}, interview.OutcomeMachine, false},
		{"a mailbox whose greeting said no", interview.Call{Status: interview.CallCompleted, AnsweredBy: "machine_start", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentBySpeech}, interview.OutcomeMachine, false},
		{"a fax", interview.Call{Status: interview.CallCompleted, AnsweredBy: "fax"}, interview.OutcomeMachine, false},
		{"a person taken for a machine", interview.Call{Status: interview.CallCompleted, AnsweredBy: "machine_start", Consent: interview.ConsentGiven, ConsentBy: interview.ConsentByKeypad}, "", true},
		{"a person taken for a machine who pressed no", interview.Call{Status: interview.CallCompleted, AnsweredBy: "machine_start", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentByKeypad}, "", true},
		{"opted out, taken for a machine", interview.Call{Status: interview.CallCompleted, AnsweredBy: "machine_start", OptedOutAt: &at}, "", true},
		{"busy", interview.Call{Status: interview.CallBusy}, interview.OutcomeBusy, false},
		{"not answered", interview.Call{Status: interview.CallNoAnswer}, interview.OutcomeNoAnswer, false},
		{"failed", interview.Call{Status: interview.CallFailed}, interview.OutcomeFailed, false},
		{"canceled", interview.Call{Status: interview.CallCanceled}, interview.OutcomeCanceled, false},
		{"not over", interview.Call{Status: interview.CallInProgress, StartedAt: &at}, "", false},
	} {
		if outcome, reached := interview.OutcomeOf(test.call); outcome != test.outcome || reached != test.reached {
			t.Errorf("%s: %q %t", test.name, outcome, reached)
		}
	}
}

func TestAttemptThatEndedIsSettled(t *testing.T) {
	at := moment(t, "2026-06-01T08:00:00Z")
	twice := interview.Campaign{Status: interview.CampaignActive, Attempts: interview.AttemptPolicy{Max: 2, On: []interview.AttemptOutcome{"BUSY", "NO_ANSWER"}, WaitMinutes: 60}}
	done := twice
	done.Status = interview.CampaignCompleted
	for _, test := range []struct {
		name     string
		campaign interview.Campaign
		call     interview.Call
		stop     bool
		want     interview.ContactState
		reason   interview.Refusal
	}{
		{"somebody answered", twice, interview.Call{Status: interview.CallCompleted, Attempt: 1}, false, interview.ContactReached, ""},
		{"busy, first", twice, interview.Call{Status: interview.CallBusy, Attempt: 1}, false, interview.ContactWaiting, ""},
		{"busy, last", twice, interview.Call{Status: interview.CallBusy, Attempt: 2}, false, interview.ContactExhausted, ""},
		{"an outcome that is not retried", twice, interview.Call{Status: interview.CallFailed, Attempt: 1}, false, interview.ContactExhausted, ""},
		{"no policy", interview.Campaign{}, interview.Call{Status: interview.CallBusy, Attempt: 1}, false, interview.ContactExhausted, ""},
		{"canceled", twice, interview.Call{Status: interview.CallCanceled, Attempt: 1}, false, interview.ContactExhausted, ""},
		{"canceled with its campaign", done, interview.Call{Status: interview.CallCanceled, Attempt: 1}, false, interview.ContactRefused, interview.RefusalCampaign},
		{"taken back by a stop", twice, interview.Call{Status: interview.CallCanceled, Attempt: 2}, true, interview.ContactWaiting, ""},
		{"rang when a stop came", twice, interview.Call{Status: interview.CallCanceled, Attempt: 1, DialedAt: &at}, true, interview.ContactWaiting, ""},
		{"rang for the last time when a stop came", twice, interview.Call{Status: interview.CallCanceled, Attempt: 2, DialedAt: &at}, true, interview.ContactExhausted, ""},
		{"answered when a stop came", twice, interview.Call{Status: interview.CallCompleted, Attempt: 1, StartedAt: &at}, true, interview.ContactReached, ""},
	} {
		test.call.CompletedAt = &at
		s := interview.SettleAttempt(interview.EndedAttempt{Contact: interview.Contact{ID: "c"}, Campaign: test.campaign, Call: test.call,
			Zones: zonesOf(t, "Europe/Berlin"), StopEnded: test.stop}, at)
		if s.State != test.want || s.Reason != test.reason || (s.NextAt != nil) != (s.State == interview.ContactWaiting) {
			t.Errorf("%s: %+v", test.name, s)
		}
	}
}

func TestNextAttemptIsInAnotherPartOfTheDay(t *testing.T) {
	berlin := zonesOf(t, "Europe/Berlin")
	retry := interview.Retry{ContactID: "c", Policy: interview.AttemptPolicy{Max: 9, WaitMinutes: 60}, Zones: berlin}
	part := func(at time.Time) string {
		switch hour := at.In(berlin[0]).Hour(); {
		case hour < 12:
			return "morning"
		case hour < 17:
			return "afternoon"
		}
		return "evening"
	}
	at := moment(t, "2026-06-01T07:30:00Z") // a Monday, 9:30
	var parts []string
	for range 6 {
		parts = append(parts, part(at))
		retry.Ended = append(retry.Ended, at)
		next, ok := interview.NextAttempt(retry)
		if !ok || next.Before(at.Add(time.Hour)) {
			t.Fatalf("after %s: %s %t", at, next, ok)
		}
		at = next
	}
	for i := 0; i < len(parts); i += 3 {
		three := slices.Sorted(slices.Values(parts[i : i+3]))
		if !slices.Equal(three, []string{"afternoon", "evening", "morning"}) {
			t.Errorf("attempts were made in the %v", parts)
		}
	}
	// Where the hours have one part only, that is used.
	retry.Hours, retry.Ended = hoursOf("mon 09:00 11:00"), []time.Time{moment(t, "2026-06-01T07:30:00Z")}
	if next, ok := interview.NextAttempt(retry); !ok || next.Before(moment(t, "2026-06-01T08:30:00Z")) || next.After(moment(t, "2026-06-08T09:00:00Z")) {
		t.Errorf("only mornings: %s %t", next, ok)
	}
}

func TestManyRetriesDoNotComeAtOnce(t *testing.T) {
	perMinute := map[time.Time]int{}
	for i := range 1000 {
		retry := interview.Retry{ContactID: fmt.Sprintf("01K0000000%04d", i), Policy: interview.AttemptPolicy{WaitMinutes: 60},
			Zones: zonesOf(t, "America/Denver"), Ended: []time.Time{moment(t, "2026-06-01T16:00:00Z")}}
		next, _ := interview.NextAttempt(retry)
		if again, _ := interview.NextAttempt(retry); !again.Equal(next) {
			t.Fatalf("%s, then %s", next, again)
		}
		perMinute[next.Truncate(time.Minute)]++
	}
	for minute, n := range perMinute {
		if n > 20 { // 1,000 over the five hours of an afternoon are 3 or 4
			t.Errorf("%d retries at %s", n, minute)
		}
	}
}

func TestNextAttemptIsInsideTheHoursAndNotBeforeTheWait(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	names := []string{"America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago", "Europe/London"}
	for i := range 1500 {
		at := moment(t, "2026-03-01T00:00:00Z").Add(time.Duration(rng.Int64N(int64(365 * 24 * time.Hour))))
		retry := interview.Retry{
			ContactID: fmt.Sprint(i), Policy: interview.AttemptPolicy{WaitMinutes: rng.IntN(3000)}, Hours: drawHours(rng),
			Holidays: []string{at.AddDate(0, 0, 1).Format(time.DateOnly)},
			Zones:    zonesOf(t, names[rng.IntN(len(names))], names[rng.IntN(len(names))])[:1+rng.IntN(2)],
		}
		for range 1 + rng.IntN(4) {
			retry.Ended = append(retry.Ended, at)
			at = at.Add(time.Duration(rng.IntN(2000)) * time.Minute)
		}
		earliest := retry.Ended[len(retry.Ended)-1].Add(time.Duration(retry.Policy.WaitMinutes) * time.Minute)
		next, ok := interview.NextAttempt(retry)
		if _, open := retry.Hours.NextOpen(earliest, retry.Zones, retry.Holidays); ok != open {
			t.Fatalf("%+v: %s %t, open %t", retry, next, ok, open)
		}
		if ok && (next.Before(earliest) || !openInAll(retry.Hours, next, retry.Zones, retry.Holidays)) {
			t.Fatalf("%+v: %s", retry, next)
		}
	}
}

func TestCircuitOpensWhenNearlyAllCallsFailAndLetsOneThroughAtATime(t *testing.T) {
	now := moment(t, "2026-06-01T08:00:00Z")
	ends := func(newestFirst string) []interview.AttemptEnd {
		var ended []interview.AttemptEnd
		for _, c := range newestFirst {
			end := interview.AttemptEnd{Status: interview.CallCompleted, At: now.Add(-5 * time.Minute)}
			switch c {
			case 'F':
				end.Status, end.ErrorCode = interview.CallFailed, 20003
			case 'f': // without an error: the number was not reached
				end.Status = interview.CallFailed
			case 'b':
				end.Status = interview.CallBusy
			}
			ended = append(ended, end)
		}
		return ended
	}
	for _, test := range []struct {
		name, ended string
		underway    int
		later, want time.Duration // after now; a want of 0 is closed
	}{
		{"all failed", "FFFFFFFFFFFFFFFFFFFF", 0, 0, 10 * time.Minute},
		{"80 % failed", "FFFFFFFFFFFFFFFFoooo", 0, 0, 10 * time.Minute},
		{"fewer failed", "FFFFFFFFFFFFFFFooooo", 0, 0, 0},
		{"failed long ago", "ooooooooooooooooooooFFFFFFFFFFFFFFFFFFFF", 0, 0, 0},
		{"too few to tell", "FFFFFFFFFFFFFFFFFFF", 0, 0, 0},
		{"none", "", 0, 0, 0},
		{"busy people", "bbbbbbbbbbbbbbbbbbbb", 0, 0, 0},
		{"numbers that are not reached", "ffffffffffffffffffff", 0, 0, 0},
		{"half-open", "FFFFFFFFFFFFFFFFFFFF", 0, 10 * time.Minute, 0},
		{"half-open, with its call under way", "FFFFFFFFFFFFFFFFFFFF", 1, 10 * time.Minute, 10*time.Minute + interview.GatePoll},
		{"closed by one that did not fail", "bFFFFFFFFFFFFFFFFFFF", 0, 10 * time.Minute, 0},
	} {
		until := interview.CircuitOpen(ends(test.ended), test.underway, now.Add(test.later))
		if test.want == 0 && until != nil || test.want != 0 && (until == nil || !until.Equal(now.Add(test.want))) {
			t.Errorf("%s: %v, want %s", test.name, until, test.want)
		}
	}
}
