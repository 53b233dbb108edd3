package simulator

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Outcome is what happens when the person is called.
type Outcome string

// What can happen when a number is dialled. With the zero value the person answers.
const (
	Answers          Outcome = ""
	LineBusy         Outcome = "busy"
	NobodyAnswers    Outcome = "no-answer"
	CallFails        Outcome = "failed"
	AnsweringMachine Outcome = "machine" // an answering machine: it speaks the greeting and then says nothing
)

// Receipt is what becomes of a message to a person.
type Receipt string

// What can happen to a message. The zero value is delivered.
const (
	Delivered    Receipt = ""
	NoReceipt    Receipt = "sent"        // the carrier never says whether it arrived; it does
	Undelivered  Receipt = "undelivered" // the carrier cannot deliver it; 30003 unless the script says otherwise
	SendingFails Receipt = "failed"      // it never leaves Twilio; 30001 unless the script says otherwise
)

// receipt is what becomes of messages to the person, with the error code of one that does not arrive.
func (s Script) receipt() (Receipt, int) {
	switch {
	case s.Receipt == Undelivered:
		return s.Receipt, cmp.Or(s.ErrorCode, 30003)
	case s.Receipt == SendingFails:
		return s.Receipt, cmp.Or(s.ErrorCode, 30001)
	case s.Receipt == Delivered && s.Outcome == CallFails:
		return Undelivered, cmp.Or(s.ErrorCode, 30005)
	}
	return s.Receipt, 0
}

// Consent is what a person means by a reply, whatever the words.
type Consent string

// What a reply can mean. ConsentNone is silence, or words that say neither.
const (
	ConsentNone Consent = ""
	ConsentYes  Consent = "yes"
	ConsentNo   Consent = "no"
	// OptOut is a person who never wants to be called again. Who says so has not consented, or not any more.
	OptOut Consent = "opt-out"
)

// Seconds is a length of time in a script file.
type Seconds float64

// Duration converts to the standard library's type.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Script is how one person behaves on a call and in a text conversation. With the zero value they answer the phone, say nothing
// and listen to the end. [ReadPeople] reads scripts from YAML or JSON.
type Script struct {
	Name string `json:"name" yaml:"name"`
	// Language is what the person speaks, BCP 47; it is for whoever reads the script, "" is English.
	Language string `json:"language,omitempty" yaml:"language,omitempty"`
	// First is what happens in the first calls to the person, one each; then comes Outcome. A machine in it speaks a greeting of its own.
	First   []Outcome `json:"first,omitempty" yaml:"first,omitempty"`
	Outcome Outcome   `json:"outcome,omitempty" yaml:"outcome,omitempty"`
	// Ring is how long the phone rings before it is answered; 0 means 4 s.
	Ring Seconds `json:"ring,omitempty" yaml:"ring,omitempty"`
	// Greeting is said as the phone is picked up, while the application's TwiML is being fetched.
	Greeting string `json:"greeting,omitempty" yaml:"greeting,omitempty"`
	// Replies answer the first Gathers of a call, one each: the questions for consent. They also answer the first messages.
	Replies []Reply `json:"replies,omitempty" yaml:"replies,omitempty"`
	// Answers are said after the replies, one in each Gather or Pause (in a Pause also once a recording runs), or written, one to
	// each message.
	Answers []Answer `json:"answers,omitempty" yaml:"answers,omitempty"`
	// HangUp is when the person hangs up; nil means never.
	HangUp *HangUp `json:"hangUp,omitempty" yaml:"hangUp,omitempty"`
	// Receipt is what becomes of messages to this person, and ErrorCode the error code of those that do not arrive. Messages to
	// a person whose Outcome is CallFails are undelivered with 30005 unless Receipt says otherwise.
	Receipt   Receipt `json:"receipt,omitempty" yaml:"receipt,omitempty"`
	ErrorCode int     `json:"errorCode,omitempty" yaml:"errorCode,omitempty"`
	// AnsweredBy is the result of answering machine detection; empty means human, or machine_start for a machine.
	AnsweredBy string `json:"answeredBy,omitempty" yaml:"answeredBy,omitempty"`
	// CallsBack, if set, makes the person call the number that called them, after each call that they missed: the line was busy,
	// nobody answered, or a machine did.
	CallsBack *CallBack `json:"callsBack,omitempty" yaml:"callsBack,omitempty"`
}

// CallBack is how a person calls back.
type CallBack struct {
	After Seconds `json:"after,omitempty" yaml:"after,omitempty"` // from the end of the call that they missed
	// Script is what they do then; nil is the script that they have anyway.
	Script *Script `json:"script,omitempty" yaml:"script,omitempty"`
}

// nth is the script for the n-th call to the person, from 0.
func (s Script) nth(n int) Script {
	if n >= len(s.First) {
		return s
	}
	if s.Outcome = s.First[n]; s.Outcome == AnsweringMachine {
		machine := Machine()
		s.Greeting, s.Replies, s.Answers = machine.Greeting, nil, nil
	}
	return s
}

// Reply is what a person does when they are asked for consent. The zero value is silence.
type Reply struct {
	Say    string  `json:"say,omitempty" yaml:"say,omitempty"`       // the words
	Heard  string  `json:"heard,omitempty" yaml:"heard,omitempty"`   // what speech recognition makes of Say; default: Say
	Digits string  `json:"digits,omitempty" yaml:"digits,omitempty"` // keys pressed instead of speaking
	Means  Consent `json:"means,omitempty" yaml:"means,omitempty"`   // for [Truth.Consent]
	After  Seconds `json:"after,omitempty" yaml:"after,omitempty"`   // hesitation; 0 means 0.8 s
	// BargeIn: the person speaks or presses keys in the middle of the prompt, which cuts it off.
	BargeIn bool `json:"bargeIn,omitempty" yaml:"bargeIn,omitempty"`
	// Confidence of the recognition, 0..1; 0 means one drawn between 0.80 and 0.98.
	Confidence float64 `json:"confidence,omitempty" yaml:"confidence,omitempty"`
}

// Answer is one line of an interview.
type Answer struct {
	Say    string `json:"say,omitempty" yaml:"say,omitempty"`       // the words
	Heard  string `json:"heard,omitempty" yaml:"heard,omitempty"`   // what speech-to-text makes of Say; default: Say
	Digits string `json:"digits,omitempty" yaml:"digits,omitempty"` // keys pressed instead of speaking
	// Means is OptOut for a person who now says never again; nothing else.
	Means Consent `json:"means,omitempty" yaml:"means,omitempty"`
	// About, if set, are words of the question that this line answers (case-insensitive). Lines without it are said in order.
	About string `json:"about,omitempty" yaml:"about,omitempty"`
	// Claims are the facts in this line; they are kept in [Truth.Lines].
	Claims []Claim `json:"claims,omitempty" yaml:"claims,omitempty"`
}

// Claim is a fact in an answer, for tests that judge what an application extracted.
type Claim struct {
	Hypothesis string   `json:"hypothesis,omitempty" yaml:"hypothesis,omitempty"` // words of the hypothesis that it is about
	Field      string   `json:"field,omitempty" yaml:"field,omitempty"`           // what the application calls such a fact, such as PRICE
	Number     *float64 `json:"number,omitempty" yaml:"number,omitempty"`         // nil: the fact has none
	Unit       string   `json:"unit,omitempty" yaml:"unit,omitempty"`             // of Number, as the application names units, such as USD
	Quote      string   `json:"quote,omitempty" yaml:"quote,omitempty"`           // the words that say it; empty: the whole answer
	Supports   *bool    `json:"supports,omitempty" yaml:"supports,omitempty"`     // nil: neither for nor against
}

// HangUp says when a person hangs up: at whichever comes first. In a text conversation Answers is how many they give.
type HangUp struct {
	After   Seconds `json:"after,omitempty" yaml:"after,omitempty"`     // since answering; 0: not by time
	Answers int     `json:"answers,omitempty" yaml:"answers,omitempty"` // half a second after so many answers; 0: not by answers
}

// Validate says what is wrong with a script that was read from a file.
func (s Script) Validate() error {
	switch s.Outcome {
	case Answers, LineBusy, NobodyAnswers, CallFails, AnsweringMachine:
	default:
		return fmt.Errorf("script %q: outcome %q is not one of busy, no-answer, failed, machine", s.Name, s.Outcome)
	}
	switch s.Receipt {
	case Delivered, NoReceipt, Undelivered, SendingFails:
	default:
		return fmt.Errorf("script %q: receipt %q is not one of sent, undelivered, failed", s.Name, s.Receipt)
	}
	for i, first := range s.First {
		switch first {
		case Answers, LineBusy, NobodyAnswers, CallFails, AnsweringMachine:
		default:
			return fmt.Errorf("script %q: first outcome %d is %q: not one of busy, no-answer, failed, machine", s.Name, i+1, first)
		}
	}
	if s.CallsBack != nil && s.CallsBack.Script != nil {
		if err := s.CallsBack.Script.Validate(); err != nil {
			return fmt.Errorf("script %q: calling back: %w", s.Name, err)
		}
	}
	for i, r := range s.Replies {
		switch r.Means {
		case ConsentNone, ConsentYes, ConsentNo, OptOut:
		default:
			return fmt.Errorf("script %q: reply %d means %q: not one of yes, no, opt-out", s.Name, i+1, r.Means)
		}
		if strings.Trim(r.Digits, "0123456789*#") != "" {
			return fmt.Errorf("script %q: reply %d has digits %q: only 0-9, * and # can be pressed", s.Name, i+1, r.Digits)
		}
		if r.Digits != "" && r.Say != "" {
			return fmt.Errorf("script %q: reply %d both speaks and presses keys: give one", s.Name, i+1)
		}
	}
	for i, a := range s.Answers {
		switch {
		case a.Say == "" && a.Digits == "":
			return fmt.Errorf("script %q: answer %d says nothing", s.Name, i+1)
		case a.Say != "" && a.Digits != "":
			return fmt.Errorf("script %q: answer %d both speaks and presses keys: give one", s.Name, i+1)
		case strings.Trim(a.Digits, "0123456789*#") != "":
			return fmt.Errorf("script %q: answer %d has digits %q: only 0-9, * and # can be pressed", s.Name, i+1, a.Digits)
		case a.Means != ConsentNone && a.Means != OptOut:
			return fmt.Errorf("script %q: answer %d means %q: not opt-out", s.Name, i+1, a.Means)
		}
	}
	return nil
}
