package webhook

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Preview returns what calls with a script are answered, by the decisions that answer real ones: first the replies to a person who
// agrees and answers every question, in their order, then those with which a call ends otherwise.
func (w *Webhooks) Preview(version interview.Version, script interview.Script) ([]interview.ScriptReply, error) {
	p := preview{webhooks: w, call: interview.Call{ID: "preview", Version: version, Status: interview.CallInProgress, Sequence: interview.NoSequence, Script: script}}
	p.call = p.step("when somebody picks up", inbox.KindVoice, nil, nil)
	asked := p.call
	p.call = p.step("after a yes", KindConsent, url.Values{"Digits": {"1"}}, url.Values{"attempt": {"1"}})
	if script.AnswerMode == interview.AnswerGather {
		for n := range script.Asks() {
			step := strconv.Itoa(n + 1)
			p.call = p.step("after the answer to question "+step, KindAnswer, url.Values{"SpeechResult": {"-"}}, url.Values{"step": {step}})
		}
	}
	p.otherwise = true
	p.call = asked
	p.step("after a no", KindConsent, url.Values{"Digits": {"2"}}, url.Values{"attempt": {"1"}})
	p.call = p.step("after silence, or an answer that is neither", KindConsent, nil, url.Values{"attempt": {"1"}})
	p.step("after another one", KindConsent, nil, url.Values{"attempt": {strconv.Itoa(interview.MaxConsentAttempts)}})
	p.call = asked
	p.step("when a machine has picked up", inbox.KindVoice, url.Values{"AnsweredBy": {"machine_start"}}, nil)
	return p.replies, p.err
}

// preview collects replies; after an error it collects no more.
type preview struct {
	webhooks  *Webhooks
	call      interview.Call
	otherwise bool
	replies   []interview.ScriptReply
	err       error
}

// step has an event decided, and returns the call after it.
func (p *preview) step(when string, kind inbox.Kind, form, query url.Values) interview.Call {
	if p.err != nil {
		return p.call
	}
	event := &inbox.Event{Kind: kind, CallSid: "preview", Form: url.Values{"CallSid": {"preview"}}, Query: url.Values{"callId": {p.call.ID}}}
	for name, values := range form {
		event.Form[name] = values
	}
	for name, values := range query {
		event.Query[name] = values
	}
	change, reply, err := p.webhooks.Decide(p.call, event)
	if err != nil {
		p.err = fmt.Errorf("previewing what is said %s: %w", when, err)
		return p.call
	}
	p.replies = append(p.replies, interview.ScriptReply{When: when, Otherwise: p.otherwise, TwiML: reply.Body})
	return change.Call
}
