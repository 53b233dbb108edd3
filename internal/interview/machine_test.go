package interview

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// what happens to a call, by name.
var happenings = map[string]func(c *Call, at time.Time){
	"spoken yes":  func(c *Call, at time.Time) { c.AnswerConsent(1, AnswerYes, ConsentBySpeech, at) },
	"spoken no":   func(c *Call, at time.Time) { c.AnswerConsent(1, AnswerNo, ConsentBySpeech, at) },
	"unclear":     func(c *Call, at time.Time) { c.AnswerConsent(1, AnswerUnclear, ConsentBySpeech, at) },
	"key 1":       func(c *Call, at time.Time) { c.AnswerConsent(2, AnswerYes, ConsentByKeypad, at) },
	"key 1 first": func(c *Call, at time.Time) { c.AnswerConsent(1, AnswerYes, ConsentByKeypad, at) },
	"human":       func(c *Call, at time.Time) { c.Detect("human", at) },
	"unknown":     func(c *Call, at time.Time) { c.Detect("unknown", at) },
	"machine":     func(c *Call, at time.Time) { c.Detect("machine_start", at) },
	"machine end": func(c *Call, at time.Time) { c.Detect("machine_end_other", at) },
	"fax":         func(c *Call, at time.Time) { c.Detect("fax", at) },
	"end":         func(c *Call, at time.Time) { c.Advance(CallCompleted, 3, at, seconds(61)) },
}

func TestVerdictAndConsentLeaveTheSameCallInAnyOrder(t *testing.T) {
	for set, want := range map[string]Consent{
		"key 1 first, machine, end":           ConsentGiven,
		"unclear, key 1, machine, human, end": ConsentGiven,
		"key 1 first, fax, machine end":       ConsentGiven,
		"spoken yes, machine, human":          ConsentRefused,
		"spoken yes, fax, machine, unknown":   ConsentRefused,
		"spoken no, machine, end":             ConsentRefused,
		"unclear, machine, machine end":       ConsentRefused,
		"spoken yes, human, unknown, end":     ConsentGiven,
	} {
		var first *Call
		for _, order := range permutations(strings.Split(set, ", ")) {
			call := Call{ID: "c", Status: CallInProgress, Sequence: 2}
			for _, name := range order {
				// The moment belongs to what happened, not to when it is told.
				happenings[name](&call, dialTime.Add(time.Duration(len(name))*time.Second))
			}
			if call.Consent != want {
				t.Errorf("%v: consent %q", order, call.Consent)
			}
			if first == nil {
				first = &call
			} else if !reflect.DeepEqual(*first, call) {
				t.Errorf("%v: %s, not %s", order, show(call), show(*first))
			}
		}
	}
}

func show(c Call) string {
	return fmt.Sprintf("%q by %q at %v, answered by %q", c.Consent, c.ConsentBy, c.ConsentAt, c.AnsweredBy)
}

func permutations(list []string) (all [][]string) {
	if len(list) < 2 {
		return [][]string{list}
	}
	for i, first := range list {
		rest := append(append([]string{}, list[:i]...), list[i+1:]...)
		for _, p := range permutations(rest) {
			all = append(all, append([]string{first}, p...))
		}
	}
	return all
}

func TestPersonsNoOutlivesADetectorsNo(t *testing.T) {
	call := Call{ID: "c", Status: CallInProgress}
	call.Detect("machine_start", dialTime)
	call.AnswerConsent(1, AnswerNo, ConsentBySpeech, dialTime.Add(time.Second))
	call.AnswerConsent(2, AnswerYes, ConsentByKeypad, dialTime.Add(2*time.Second))
	if call.Consent != ConsentRefused || call.ConsentBy != ConsentBySpeech {
		t.Errorf("a no was overruled: %s", show(call))
	}
	erased := Call{ID: "c", Status: CallInProgress}
	erased.Detect("machine_start", dialTime)
	erased.Erase(dialTime)
	erased.AnswerConsent(1, AnswerYes, ConsentByKeypad, dialTime)
	if erased.Consent != ConsentRefused {
		t.Errorf("an erased call took a yes: %s", show(erased))
	}
}

func TestMissingDetectionIsOverdueOnlyOfAnsweredCalls(t *testing.T) {
	d := DefaultDeadlines()
	at := dialTime.Add(10 * time.Second)
	for name, c := range map[string]struct {
		call Call
		want Overdue
		now  time.Time
	}{
		"in progress":        {Call{Status: CallInProgress, DialedAt: &dialTime, StartedAt: &at}, OverdueVerdict, at},
		"should be over":     {Call{Status: CallInProgress, DialedAt: &dialTime, StartedAt: &at}, OverdueEnd, at.Add(d.End + 1)},
		"in progress, known": {Call{Status: CallInProgress, DialedAt: &dialTime, StartedAt: &at, AnsweredBy: "human"}, OverdueEnd, at},
		"over":               {Call{Status: CallCompleted, TwilioSid: "CA1", CompletedAt: &at, Consent: ConsentGiven}, OverdueVerdict, at},
		"over, known":        {Call{Status: CallCompleted, TwilioSid: "CA1", CompletedAt: &at, Consent: ConsentGiven, AnsweredBy: "human"}, OverdueClearance, at},
		"over, unknown":      {Call{Status: CallCompleted, TwilioSid: "CA1", CompletedAt: &at, ClearedAt: &at, AnsweredBy: "unknown"}, "", at},
		"busy":               {Call{Status: CallBusy, TwilioSid: "CA1", CompletedAt: &at}, "", at},
		"ringing":            {Call{Status: CallRinging, DialedAt: &dialTime}, OverdueAnswer, at},
	} {
		if what, due, _ := c.call.NextDue(d, Known{Recording: true}, c.now); what != c.want || what == OverdueVerdict && !due.Equal(at.Add(d.Verdict)) {
			t.Errorf("%s: %q by %v, want %q", name, what, due, c.want)
		}
	}
}

func TestEveryAnsweredCallMustBeCleared(t *testing.T) {
	d := DefaultDeadlines()
	end, later := dialTime.Add(time.Minute), dialTime.Add(time.Hour)
	base := Call{Status: CallCompleted, TwilioSid: "CA1", StartedAt: &dialTime, CompletedAt: &end, AnsweredBy: "human", Consent: ConsentRefused, ConsentAt: &dialTime}
	for name, c := range map[string]struct {
		change func(c *Call)
		due    time.Time // zero: nothing expected
	}{
		"refused":          {func(*Call) {}, end.Add(d.Clearance)},
		"never answered":   {func(c *Call) { c.Consent, c.ConsentAt = ConsentUnknown, nil }, end.Add(d.Clearance)},
		"withdrawn late":   {func(c *Call) { c.ConsentAt = &later }, later.Add(d.Clearance)},
		"erased":           {func(c *Call) { c.ClearedAt = &end; c.Erase(later) }, later.Add(d.Clearance)},
		"failed midway":    {func(c *Call) { c.Status = CallFailed }, end.Add(d.Clearance)},
		"cleared":          {func(c *Call) { c.ClearedAt = &later }, time.Time{}},
		"consent":          {func(c *Call) { c.Consent = ConsentGiven }, end.Add(d.Clearance)},
		"nobody picked up": {func(c *Call) { c.Status, c.StartedAt = CallNoAnswer, nil }, time.Time{}},
		"not over":         {func(c *Call) { c.Status, c.CompletedAt = CallInProgress, nil }, dialTime.Add(d.End)},
	} {
		call := base
		c.change(&call)
		what, due, ok := call.NextDue(d, Known{Recording: true}, later)
		if want := OverdueClearance; ok != !c.due.IsZero() || !due.Equal(c.due) || ok && what != want && name != "not over" {
			t.Errorf("%s: %q by %v, want by %v", name, what, due, c.due)
		}
	}
	// A consent that is lost after it was settled is looked after again.
	call := base
	call.Consent, call.ConsentBy, call.ClearedAt, call.Status = ConsentGiven, ConsentBySpeech, &end, CallInProgress
	call.AnswerConsent(2, AnswerNo, ConsentBySpeech, later)
	if call.ClearedAt != nil {
		t.Error("a lost consent left the call cleared")
	}
}
