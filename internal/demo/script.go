package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/i-agent/iagent/simulator"
)

// Campaign is the study as the API takes it.
func (s Study) Campaign(name string) map[string]any {
	hypotheses := make([]map[string]string, len(s.Hypotheses))
	for i, h := range s.Hypotheses {
		hypotheses[i] = map[string]string{"question": h.Question}
	}
	return map[string]any{
		"name": name, "category": s.Category, "status": "ACTIVE", "hypotheses": hypotheses,
		"identity": map[string]string{"organisation": "Shelf Research", "callbackNumber": "+15005550006", "purpose": "what shops sell and at what price"},
		// The demo must run at any time of day.
		"callingHours":   []map[string]string{{"days": "mon-sun", "from": "00:00", "to": "24:00"}},
		"promptTemplate": "Ask a shop owner:\n- " + strings.Join(s.Questions, "\n- "),
	}
}

// number is whom the n-th call goes to.
func number(n int) string { return fmt.Sprintf("+1555%07d", 1000+n) }

// pick says who answers: first the people of the study, each in a way of their own, then those who give no interview, and
// so on.
func (s Study) pick(calls int) func(to string, n int) simulator.Script {
	consenting := []func(...simulator.Answer) simulator.Script{
		simulator.Consents, simulator.ConsentsByKeypad, simulator.Consents, simulator.UnclearThenYes, simulator.Consents,
		simulator.Consents, simulator.HangsUpMidway,
	}
	others := []func(...simulator.Answer) simulator.Script{
		simulator.Refuses, simulator.Busy, simulator.Silent, simulator.NoAnswer, simulator.Machine, simulator.Fails,
		simulator.UnclearTwice, simulator.RefusesByKeypad,
	}
	scripts := make(map[string]simulator.Script, calls)
	round := len(s.People) + len(others)
	for i := range calls {
		if k := i % round; k < len(s.People) {
			scripts[number(i)] = consenting[k%len(consenting)](s.People[k].Answers()...)
		} else {
			scripts[number(i)] = others[k-len(s.People)]()
		}
	}
	return func(to string, _ int) simulator.Script { return scripts[to] }
}

// Answers are what the person says, in order.
func (p Person) Answers() []simulator.Answer {
	answers := make([]simulator.Answer, len(p.Lines))
	for i, line := range p.Lines {
		answers[i] = simulator.Answer{Say: line.Say}
	}
	return answers
}

// Answer is the study's model behind the simulator's OpenAI-compatible endpoint.
func (s Study) Answer(_ context.Context, request simulator.ChatRequest) (string, error) {
	messages := make([]string, len(request.Messages))
	for i, m := range request.Messages {
		messages[i] = m.Content
	}
	return s.Model(messages, request.SchemaName)
}
