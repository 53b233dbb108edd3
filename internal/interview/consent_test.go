package interview

import (
	"testing"
	"time"
)

func TestConsentIsDecidedOnceAndOnlyWithdrawnLater(t *testing.T) {
	for name, c := range map[string]struct {
		answers  []Answer // in the order in which they were heard
		attempts []int
		want     Consent
		decided  int // which answer decided, -1 for none
	}{
		"yes":                          {[]Answer{AnswerYes}, []int{1}, ConsentGiven, 0},
		"no":                           {[]Answer{AnswerNo}, []int{1}, ConsentRefused, 0},
		"unclear":                      {[]Answer{AnswerUnclear}, []int{1}, ConsentUnknown, -1},
		"unclear, yes":                 {[]Answer{AnswerUnclear, AnswerYes}, []int{1, 2}, ConsentGiven, 1},
		"unclear twice is no":          {[]Answer{AnswerUnclear, AnswerUnclear}, []int{1, 2}, ConsentRefused, 1},
		"yes, late unclear":            {[]Answer{AnswerYes, AnswerUnclear}, []int{2, 1}, ConsentGiven, 0},
		"yes, late no":                 {[]Answer{AnswerYes, AnswerNo}, []int{2, 1}, ConsentGiven, 0},
		"yes, same asking answered no": {[]Answer{AnswerYes, AnswerNo}, []int{1, 1}, ConsentGiven, 0},
		"yes, withdrawn":               {[]Answer{AnswerYes, AnswerNo}, []int{1, 2}, ConsentRefused, 1},
		"yes, then unclear":            {[]Answer{AnswerYes, AnswerUnclear}, []int{1, 2}, ConsentGiven, 0},
		"no, then yes":                 {[]Answer{AnswerNo, AnswerYes}, []int{1, 2}, ConsentRefused, 0},
		"no attempt 0":                 {[]Answer{AnswerUnclear, AnswerYes}, []int{0, -5}, ConsentGiven, 1},
	} {
		var call Call
		for i, answer := range c.answers {
			call.AnswerConsent(c.attempts[i], answer, ConsentBySpeech, dialTime.Add(time.Duration(i)*time.Second))
		}
		if call.Consent != c.want {
			t.Errorf("%s: consent %q, want %q", name, call.Consent, c.want)
		}
		switch {
		case c.decided < 0 && call.ConsentAt != nil:
			t.Errorf("%s: decided at %v", name, call.ConsentAt)
		case c.decided >= 0 && (call.ConsentAt == nil || !call.ConsentAt.Equal(dialTime.Add(time.Duration(c.decided)*time.Second))):
			t.Errorf("%s: decided at %v", name, call.ConsentAt)
		}
	}
}
