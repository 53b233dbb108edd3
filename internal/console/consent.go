package console

import (
	"net/url"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
)

// consentWords say whether the person agreed to be recorded, and by what that was decided. Of a no that nobody said, the webhook that
// decided it tells, as long as its payload is kept.
func (t timelineOf) consentWords() string {
	call := t.detail.Call
	word := consentWord(call.Consent)
	switch {
	case call.Consent == interview.ConsentUnknown:
		return word
	case call.ConsentBy == interview.ConsentByDetector:
		return word + ", because a machine answered"
	case call.ConsentBy == interview.ConsentByRequest:
		return word + ", withdrawn on request"
	case call.Consent == interview.ConsentRefused && call.OptedOutAt == nil:
		return t.refusalWords()
	case call.ConsentBy == interview.ConsentByKeypad:
		return word + ", by key"
	case call.ConsentBy == interview.ConsentBySpeech:
		return word + ", spoken"
	}
	return word
}

// refusalWords say how a person refused, who may have said nothing: an unclear answer to the last asking counts as no.
func (t timelineOf) refusalWords() string {
	call := t.detail.Call
	form, ok := t.decidingAnswer()
	if !ok {
		return "no, or no clear answer"
	}
	answer := interview.ConsentAnswer{Digits: form.Get("Digits"), Speech: form.Get("SpeechResult"), Confidence: form.Get("Confidence"), Language: call.Script.Language}
	switch {
	case silent(form):
		return "no clear answer: nothing was said or pressed"
	case answer.Meaning() != interview.AnswerNo && call.ConsentBy == interview.ConsentByKeypad:
		return "no clear answer: another key was pressed"
	case answer.Meaning() != interview.AnswerNo:
		return "no clear answer: what was said is no plain yes or no"
	case call.ConsentBy == interview.ConsentByKeypad:
		return "no, by key"
	}
	return "no, spoken"
}

// decidingAnswer is the answer to the consent question that decided it; false when its payload is not kept.
func (t timelineOf) decidingAnswer() (url.Values, bool) {
	at := t.detail.Call.ConsentAt
	for _, w := range t.detail.Webhooks {
		if body := t.payloads[w.ID].Body; w.Kind == kindConsent && w.Outcome == inbox.Accepted && at != nil && w.ReceivedAt.Equal(*at) && len(body) > 0 {
			return signature.ParseForm(string(body)), true
		}
	}
	return nil, false
}

// The callbacks beside those that package inbox knows.
const (
	kindAMD inbox.Kind = "amd" // the result of the machine detection
	// Those of a Gather: answers to our questions, and what somebody who called us chose.
	kindConsent inbox.Kind = "consent"
	kindAnswer  inbox.Kind = "answer"
	kindMenu    inbox.Kind = "menu"
)

// silent reports whether a Gather heard no words and no key.
func silent(form url.Values) bool {
	return strings.TrimSpace(form.Get("Digits")) == "" && strings.TrimSpace(form.Get("SpeechResult")) == ""
}
