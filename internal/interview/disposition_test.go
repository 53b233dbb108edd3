package interview_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// attempt is a call that was dialled and ended as said, to a script of five questions that listens to each answer.
func attempt(status interview.CallStatus, with ...func(*interview.Call)) interview.Call {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := interview.Call{Status: status, Direction: interview.DirectionOutbound, DialedAt: &at, TwilioSid: "CA1",
		Script: interview.Script{Questions: []string{"one", "two", "three", "four", "five"}, AnswerMode: interview.AnswerGather}}
	for _, change := range with {
		change(&c)
	}
	return c
}

func consented(answers int) func(*interview.Call) {
	return func(c *interview.Call) {
		c.Consent, c.ConsentBy, c.Answers, c.AnswerStep = interview.ConsentGiven, interview.ConsentBySpeech, answers, answers
	}
}

func declined(by interview.ConsentMeans) func(*interview.Call) {
	return func(c *interview.Call) { c.Consent, c.ConsentBy = interview.ConsentRefused, by }
}

func answeredBy(who interview.AnsweredBy) func(*interview.Call) {
	return func(c *interview.Call) { c.AnsweredBy = who }
}

func optedOut(c *interview.Call) { c.OptedOutAt = c.DialedAt }

func endedByUs(c *interview.Call) { c.CancelRequestedAt = c.DialedAt }

func inbound(c *interview.Call) { c.Direction, c.DialedAt = interview.DirectionInbound, nil }

func failedWith(code int) func(*interview.Call) {
	return func(c *interview.Call) { c.ErrorCode = code }
}

// paused is an interview whose answers are on the recording alone.
func paused(transcript string) func(*interview.Call) {
	return func(c *interview.Call) {
		consented(0)(c)
		c.Script = interview.Script{AnswerMode: interview.AnswerPause, Questions: []string{"How much is the bread?", "Is it on the shelf today?"}}
		c.Transcript = transcript
	}
}

func TestOneAttemptHasTheDispositionOfTheStandard(t *testing.T) {
	for name, test := range map[string]struct {
		call interview.Call
		want interview.Disposition
	}{
		"all questions answered":            {attempt("COMPLETED", consented(5)), "1.1"},
		"four of five are not over 80 %":    {attempt("COMPLETED", consented(4)), "1.2"},
		"three of five":                     {attempt("COMPLETED", consented(3)), "1.2"},
		"two of five":                       {attempt("COMPLETED", consented(2)), "2.12"},
		"agreed and hung up":                {attempt("COMPLETED", consented(0)), "2.12"},
		"opt-out after two answers":         {attempt("COMPLETED", consented(2), optedOut), "2.12"},
		"opt-out after four answers":        {attempt("COMPLETED", consented(4), optedOut), "1.2"},
		"opt-out before the consent":        {attempt("COMPLETED", optedOut), "2.11"},
		"consent refused":                   {attempt("COMPLETED", declined(interview.ConsentBySpeech)), "2.11"},
		"consent withdrawn on request":      {attempt("COMPLETED", declined(interview.ConsentByRequest)), "2.11"},
		"hung up during the introduction":   {attempt("COMPLETED", answeredBy("human")), "2.11"},
		"we hung up":                        {attempt("COMPLETED", endedByUs), "2.30"},
		"we hung up after an answer":        {attempt("COMPLETED", consented(1), endedByUs), "2.30"},
		"we hung up after the last answer":  {attempt("COMPLETED", consented(5), endedByUs), "1.1"},
		"the line failed during the talk":   {attempt("FAILED", consented(1)), "2.30"},
		"machine":                           {attempt("COMPLETED", answeredBy("machine_start"), declined(interview.ConsentByDetector)), "3.14"},
		"machine, erased later":             {attempt("COMPLETED", answeredBy("machine_start"), declined(interview.ConsentByRequest)), "3.14"},
		"a person taken for a machine":      {attempt("COMPLETED", answeredBy("machine_start"), consented(5)), "1.1"},
		"fax":                               {attempt("COMPLETED", answeredBy("fax"), declined(interview.ConsentByDetector)), "4.20"},
		"busy":                              {attempt("BUSY"), "3.12"},
		"no answer":                         {attempt("NO_ANSWER"), "3.13"},
		"no answer, erased later":           {attempt("NO_ANSWER", declined(interview.ConsentByRequest)), "3.13"},
		"failed without a code":             {attempt("FAILED"), "3.16"},
		"failed: the number is not valid":   {attempt("FAILED", failedWith(21211)), "4.30"},
		"failed: it cannot be reached":      {attempt("FAILED", failedWith(21214)), "4.30"},
		"failed: it is blocked":             {attempt("FAILED", failedWith(21216)), "3.15"},
		"failed: a premium number":          {attempt("FAILED", failedWith(21202)), "4.90"},
		"failed: we may not call there":     {attempt("FAILED", failedWith(21215)), "3.11"},
		"failed: the account is suspended":  {attempt("FAILED", failedWith(20005)), "3.11"},
		"failed: a code that nobody knows":  {attempt("FAILED", failedWith(99999)), "3.16"},
		"canceled while it rang":            {attempt("CANCELED", endedByUs), "3.11"},
		"call back, taken off the list":     {attempt("COMPLETED", optedOut, inbound), "2.11"},
		"call back, interview":              {attempt("COMPLETED", inbound, consented(5)), "1.1"},
		"call back, nothing came of it":     {attempt("COMPLETED", inbound), "2.30"},
		"recording: both answered":          {attempt("COMPLETED", paused("agent: How much is the bread\ncallee: two dollars\nagent: is it on the shelf today\ncallee: it is")), "1.1"},
		"recording: one of two answered":    {attempt("COMPLETED", paused("agent: Thank you. How much is the bread?\ncallee: two dollars\ncallee: or three")), "1.2"},
		"recording: no question recognised": {attempt("COMPLETED", paused("callee: two dollars, and yes it is")), "1.1"},
		"recording: without a word":         {attempt("COMPLETED", paused("")), "2.12"},
		"recording: only our own words":     {attempt("COMPLETED", paused("agent: How much is the bread?\nagent: Is it on the shelf today?")), "2.12"},
	} {
		t.Run(name, func(t *testing.T) {
			contact := interview.Contact{State: interview.ContactExhausted}
			if got := interview.DispositionOf(contact, []interview.Call{test.call}); got != test.want {
				t.Errorf("%s (%s), want %s (%s)", got, got.Name(), test.want, test.want.Name())
			}
		})
	}
}

// Of several attempts the most informative counts, whatever their order.
func TestMostInformativeAttemptDecides(t *testing.T) {
	busy, unanswered, machine := attempt("BUSY"), attempt("NO_ANSWER"), attempt("COMPLETED", answeredBy("machine_end_beep"), declined(interview.ConsentByDetector))
	refusal, whole, part, breakOff := attempt("COMPLETED", declined(interview.ConsentByKeypad)), attempt("COMPLETED", consented(5)),
		attempt("COMPLETED", consented(3)), attempt("COMPLETED", consented(1))
	disconnected, hungUpByUs, undialled := attempt("FAILED", failedWith(21211)), attempt("COMPLETED", endedByUs), interview.Call{Status: interview.CallCanceled}
	for name, test := range map[string]struct {
		calls []interview.Call
		want  interview.Disposition
	}{
		"always busy":                            {[]interview.Call{busy, busy}, "3.12"},
		"busy once, no answer once":              {[]interview.Call{busy, unanswered}, "3.13"},
		"no answer, then a machine":              {[]interview.Call{unanswered, machine}, "3.14"},
		"a machine where a person was once":      {[]interview.Call{hungUpByUs, machine}, "2.22"},
		"refusal, then no answer":                {[]interview.Call{refusal, unanswered}, "2.11"},
		"refusal, then an interview on callback": {[]interview.Call{refusal, whole}, "1.1"},
		"partial, then refusal":                  {[]interview.Call{part, refusal}, "1.2"},
		"break-off, then refusal":                {[]interview.Call{breakOff, refusal}, "2.12"},
		"a machine, then disconnected":           {[]interview.Call{machine, disconnected}, "4.30"},
		"refusal, then disconnected":             {[]interview.Call{refusal, disconnected}, "2.11"},
		"a call that was never dialled":          {[]interview.Call{undialled, busy}, "3.12"},
	} {
		t.Run(name, func(t *testing.T) {
			contact := interview.Contact{State: interview.ContactExhausted}
			if got := interview.DispositionOf(contact, test.calls); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			test.calls[0], test.calls[1] = test.calls[1], test.calls[0]
			if got := interview.DispositionOf(contact, test.calls); got != test.want {
				t.Errorf("in the other order: %s, want %s", got, test.want)
			}
		})
	}
}

func TestContactThatWasNotTriedIsNotARefusal(t *testing.T) {
	busy := []interview.Call{attempt("BUSY")}
	for reason, want := range map[interview.Refusal][2]interview.Disposition{
		interview.RefusalDoNotCall:      {"3.11", "3.12"},
		interview.RefusalNoConsentBasis: {"3.11", "3.12"},
		interview.RefusalZoneUnknown:    {"3.11", "3.12"},
		interview.RefusalCampaign:       {"3.11", "3.12"},
		interview.RefusalDecided:        {"4.80", "3.12"},
		"ERASED":                        {"3.11", "3.12"},
	} {
		contact := interview.Contact{State: interview.ContactRefused, Reason: reason}
		if got := interview.DispositionOf(contact, nil); got != want[0] {
			t.Errorf("%s, never dialled: %s, want %s", reason, got, want[0])
		}
		if got := interview.DispositionOf(contact, busy); got != want[1] {
			t.Errorf("%s after a busy line: %s, want %s", reason, got, want[1])
		}
	}
	if got := interview.DispositionOf(interview.Contact{State: interview.ContactReached}, nil); got != "3.90" {
		t.Errorf("reached by a call of which nothing is left: %s", got)
	}
}

func TestContactThatIsNotOverHasNoFinalDisposition(t *testing.T) {
	for _, state := range []interview.ContactState{interview.ContactWaiting, interview.ContactCalling} {
		contact := interview.Contact{State: state}
		if got := interview.DispositionOf(contact, []interview.Call{attempt("BUSY")}); got != interview.DispositionOpen {
			t.Errorf("%s: %s", state, got)
		}
	}
}

func TestEveryDispositionHasANameAndACategory(t *testing.T) {
	all := interview.Dispositions()
	for i, d := range all {
		if d.Name() == "" || d.Category() == "" {
			t.Errorf("%s: %q, %q", d, d.Name(), d.Category())
		}
		if i > 0 && all[i-1] >= d {
			t.Errorf("%s comes after %s", all[i-1], d)
		}
		first := map[interview.DispositionCategory]byte{"I": '1', "P": '1', "R": '2', "NC": '2', "O": '2', "UH": '3', "UO": '3', "NE": '4'}[d.Category()]
		if d[0] != first {
			t.Errorf("%s is of category %s", d, d.Category())
		}
	}
	if interview.DispositionOpen.Category() != "" {
		t.Error("an open contact has a category")
	}
}

func ExampleDispositionOf() {
	contact := interview.Contact{State: interview.ContactExhausted}
	d := interview.DispositionOf(contact, []interview.Call{attempt("BUSY"), attempt("NO_ANSWER")})
	fmt.Println(d, d.Name(), d.Category())
	// Output: 3.13 no answer UH
}
