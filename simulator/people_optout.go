package simulator

import "fmt"

// OptsOut says at the question for consent that they never want to be called again. None of the scripts that opt out is in [Scripts].
func OptsOut(...Answer) Script {
	return Script{Name: "opts-out", Greeting: "Hello?", Replies: []Reply{{Say: "Please take me off your list.", Means: OptOut}}}
}

// OptsOutByKey presses 9 at the question for consent.
func OptsOutByKey(...Answer) Script {
	return Script{Name: "opts-out-by-key", Greeting: "Hello?", Replies: []Reply{{Digits: "9", Means: OptOut}}}
}

// OptsOutAt makes a person who answers say these words, or press these keys, in the place of their n-th answer, from 1, and say
// nothing after it.
func (s Script) OptsOutAt(n int, words, keys string) Script {
	answers := append([]Answer(nil), s.Answers...)
	answers = append(answers[:min(n-1, len(answers))], Answer{Say: words, Digits: keys, Means: OptOut})
	for i := range answers { // in their order, whatever the questions are about
		answers[i].About = ""
	}
	s.Name, s.Answers = fmt.Sprintf("%s-opts-out-at-%d", s.Name, n), answers
	return s
}

// After makes the first calls to a person come to these ends, before the script is played: ConsentsByKeypad().After(LineBusy, NobodyAnswers).
func (s Script) After(first ...Outcome) Script {
	s.First = append([]Outcome(nil), first...)
	return s
}

// CallingBack makes a person who missed a call call back after some seconds, and then follow a script.
func (s Script) CallingBack(after Seconds, then Script) Script {
	s.CallsBack = &CallBack{After: after, Script: &then}
	return s
}
