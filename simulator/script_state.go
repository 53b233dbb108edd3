package simulator

import (
	"strings"
	"time"
)

// scriptState is how far a person has come with their script, on a call or in a text conversation.
type scriptState struct {
	script    Script
	replies   int       // used so far
	answered  []bool    // answers given, by their place in the script
	question  string    // what the application said last
	busyUntil time.Time // the person is still speaking
}

// turn returns what the person says when it is their turn: the next reply, else the answer to the last question. The answer is
// nil for a reply; ok is false when the person says nothing.
func (p *scriptState) turn() (reply Reply, answer *Answer, ok bool) {
	if p.replies < len(p.script.Replies) {
		reply = p.script.Replies[p.replies]
		p.replies++
		return reply, nil, reply.Say != "" || reply.Digits != ""
	}
	if answer = p.nextAnswer(); answer != nil {
		return Reply{Say: answer.Say, Heard: answer.Heard, Digits: answer.Digits, Means: answer.Means}, answer, true
	}
	return Reply{}, nil, false
}

// nextAnswer returns the answer to the last question: one that is about it, else the next that is about anything.
func (p *scriptState) nextAnswer() *Answer {
	if p.answered == nil {
		p.answered = make([]bool, len(p.script.Answers))
	}
	question, best := strings.ToLower(p.question), -1
	for i, answer := range p.script.Answers {
		switch {
		case p.answered[i]:
		case answer.About != "" && strings.Contains(question, strings.ToLower(answer.About)):
			p.answered[i] = true
			return &p.script.Answers[i]
		case answer.About == "" && best < 0:
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	p.answered[best] = true
	return &p.script.Answers[best]
}

// again makes the person do the same when asked again: the last reply, or this answer.
func (p *scriptState) again(answer *Answer) {
	if answer == nil {
		if p.replies == len(p.script.Replies) {
			p.replies--
		}
		return
	}
	for i := range p.script.Answers {
		if &p.script.Answers[i] == answer {
			p.answered[i] = false
		}
	}
}

// given is how many answers the person has given.
func (p *scriptState) given() int {
	n := 0
	for _, done := range p.answered {
		if done {
			n++
		}
	}
	return n
}
