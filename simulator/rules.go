package simulator

import "fmt"

// Violation is a broken rule: something that no application should do, whatever goes wrong around it.
type Violation struct {
	Rule     string   `json:"rule"`     // one of the Rule constants
	Meaning  string   `json:"meaning"`  // of the rule, as a sentence
	Count    int      `json:"count"`    // how often it was broken
	Examples []string `json:"examples"` // the first few, for a search in the application's log
}

// The rules of [Report.Broken], and what breaks them.
const (
	RuleForgedAccepted    = "forged-accepted"      // a forged request was answered 2xx or 3xx
	RuleUnanswered        = "unanswered"           // a webhook got no 2xx at any attempt
	RuleAnswersDiffer     = "answers-differ"       // a duplicate of a TwiML request got another answer than the first
	RuleTakenTwice        = "taken-twice"          // a duplicate was not called one
	RuleFalseDuplicate    = "false-duplicate"      // a new event was called a duplicate
	RuleTooSlow           = "too-slow"             // an answer came after Twilio's time, or that of the URL
	RuleDebuggerErrors    = "debugger-errors"      // the Debugger has an error that no fault caused
	RuleForgedUnrefused   = "forged-unrefused"     // a forged request was answered 5xx and not 403
	RuleCalledTwice       = "called-twice"         // a lost answer of the REST API led to a second call
	RuleTextedTwice       = "texted-twice"         // a lost answer of the REST API led to a second message
	RuleCalledAfterOptOut = "called-after-opt-out" // a person was called who had opted out ([OptOut])
)

// Rules lists the rules with their meanings, in the order in which they are reported.
func Rules() []Violation {
	return []Violation{
		{Rule: RuleForgedAccepted, Meaning: "requests that Twilio never signed were believed"},
		{Rule: RuleForgedUnrefused, Meaning: "requests that Twilio never signed were answered with 5xx instead of 403"},
		{Rule: RuleCalledTwice, Meaning: "somebody was called again because the answer to the first request was lost"},
		{Rule: RuleTextedTwice, Meaning: "somebody was sent the same message again because the answer to the first request was lost"},
		{Rule: RuleCalledAfterOptOut, Meaning: "somebody was called who had said, to the application, that they never want to be called again"},
		{Rule: RuleUnanswered, Meaning: "webhooks never got a 2xx, however often they were retried"},
		{Rule: RuleAnswersDiffer, Meaning: "a repeated TwiML request got another answer than the first"},
		{Rule: RuleTakenTwice, Meaning: "a repeated webhook was taken for a new one"},
		{Rule: RuleFalseDuplicate, Meaning: "a new webhook was taken for a duplicate"},
		{Rule: RuleTooSlow, Meaning: "answers came too late for Twilio"},
		{Rule: RuleDebuggerErrors, Meaning: "Twilio's Debugger shows errors of the application's"},
	}
}

// mostExamples is how many examples of one rule are kept.
const mostExamples = 3

// breakRule notes a broken rule; the report is put in order at the end.
func (rep *Report) breakRule(rule, example string) {
	for i := range rep.Broken {
		if v := &rep.Broken[i]; v.Rule == rule {
			v.Count++
			if len(v.Examples) < mostExamples {
				v.Examples = append(v.Examples, example)
			}
			return
		}
	}
	rep.Broken = append(rep.Broken, Violation{Rule: rule, Count: 1, Examples: []string{example}})
}

// sortBroken adds the errors of the Debugger, and puts the violations into the order of the rules, with their meanings.
func (rep *Report) sortBroken() {
	for _, e := range rep.Debugger {
		if e.Level == "error" && e.Fault == FaultNone {
			rep.breakRule(RuleDebuggerErrors, fmt.Sprintf("%s %d: %s (%s)", e.CallSid+e.MessageSid, e.Code, e.Message, e.URL))
		}
	}
	ordered := []Violation{} // [] in JSON, too
	for _, rule := range Rules() {
		for _, v := range rep.Broken {
			if v.Rule == rule.Rule {
				v.Meaning = rule.Meaning
				ordered = append(ordered, v)
			}
		}
	}
	rep.Broken = ordered
}

// short describes a delivery in one line.
func (d Delivery) short() string {
	name := string(d.Kind)
	switch d.Kind {
	case KindStatus:
		name += " " + d.Params.Get("CallStatus")
	case KindRecording:
		name += " " + d.Params.Get("RecordingStatus")
	case KindMessageStatus:
		name += " " + d.Params.Get("MessageStatus")
	}
	if d.Fault != FaultNone {
		name += " (" + string(d.Fault) + ")"
	}
	text := fmt.Sprintf("%s #%d %s: %d", d.sid(), d.Ordinal, name, d.Status)
	if d.Error != "" {
		text += " " + d.Error
	}
	return text
}
