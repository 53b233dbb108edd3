package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/simulator"
)

// people are everybody who is called, in several campaigns of the same study.
type people struct {
	study   demo.Study
	scripts map[string]simulator.Script
	numbers []string
}

// newPeople draws who answers which number, most of them with consent.
func newPeople(seed uint64, n int) *people {
	p := &people{study: demo.OatDrink(), scripts: map[string]simulator.Script{}}
	draw := rand.New(rand.NewPCG(seed, 0x50a4))
	willing := []func(...simulator.Answer) simulator.Script{
		simulator.Consents, simulator.Consents, simulator.ConsentsByKeypad, simulator.UnclearThenYes, simulator.HangsUpMidway,
	}
	others := []func(...simulator.Answer) simulator.Script{
		simulator.Refuses, simulator.RefusesByKeypad, simulator.UnclearTwice, simulator.Silent, simulator.Busy,
		simulator.NoAnswer, simulator.Fails, simulator.Machine,
	}
	for i := range n {
		number := fmt.Sprintf("+1555%07d", 1000+i)
		p.numbers = append(p.numbers, number)
		if draw.IntN(10) < 4 {
			p.scripts[number] = others[draw.IntN(len(others))]()
			continue
		}
		var answers []simulator.Answer
		for _, line := range p.study.People[draw.IntN(len(p.study.People))].Lines {
			answers = append(answers, simulator.Answer{Say: line.Say})
		}
		p.scripts[number] = willing[draw.IntN(len(willing))](answers...)
	}
	return p
}

func (p *people) pick(to string, _ int) simulator.Script { return p.scripts[to] }

// campaign is the n-th campaign as the API takes it.
func (p *people) campaign(n int) map[string]any {
	hypotheses := make([]map[string]string, len(p.study.Hypotheses))
	for i, h := range p.study.Hypotheses {
		hypotheses[i] = map[string]string{"question": h.Question}
	}
	return map[string]any{
		"name": fmt.Sprintf("%s, part %d", p.study.Name, n+1), "category": p.study.Category, "status": "ACTIVE", "hypotheses": hypotheses,
		"promptTemplate": "Ask a shop owner:\n- " + strings.Join(p.study.Questions, "\n- "),
	}
}

// answer is the study's model behind the simulator's OpenAI-compatible endpoint.
func (p *people) answer(_ context.Context, request simulator.ChatRequest) (string, error) {
	messages := make([]string, len(request.Messages))
	for i, m := range request.Messages {
		messages[i] = m.Content
	}
	return p.study.Model(messages, request.SchemaName)
}
