package main

import (
	"fmt"
	"math/rand/v2"

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
		answers := p.study.People[draw.IntN(len(p.study.People))].Answers()
		p.scripts[number] = willing[draw.IntN(len(willing))](answers...)
	}
	return p
}

func (p *people) pick(to string, _ int) simulator.Script { return p.scripts[to] }

// campaign is the n-th campaign as the API takes it.
func (p *people) campaign(n int) map[string]any {
	return p.study.Campaign(fmt.Sprintf("%s, part %d", p.study.Name, n+1))
}
