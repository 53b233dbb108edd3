package simulator

// The scripts of this package. Each function takes the lines to say once consent is given; without any, the person says some
// sentences about the prices and sales of a shop.

// Consents is a person who says yes and answers.
func Consents(answers ...Answer) Script {
	return Script{Name: "consents", Greeting: "Hello?", Answers: orOpinions(answers),
		Replies: []Reply{{Say: "Yes, sure, go ahead.", Means: ConsentYes}}}
}

// ConsentsByKeypad is a person who presses 1 in the middle of the question, and answers.
func ConsentsByKeypad(answers ...Answer) Script {
	return Script{Name: "consents-by-keypad", Greeting: "Hello?", Answers: orOpinions(answers),
		Replies: []Reply{{Digits: "1", Means: ConsentYes, BargeIn: true}}}
}

// Refuses is a person who says no.
func Refuses(...Answer) Script {
	return Script{Name: "refuses", Greeting: "Yes, who is this?",
		Replies: []Reply{{Say: "No, I'd rather not.", Means: ConsentNo}}}
}

// RefusesByKeypad is a person who presses 2.
func RefusesByKeypad(...Answer) Script {
	return Script{Name: "refuses-by-keypad", Greeting: "Hello?",
		Replies: []Reply{{Digits: "2", Means: ConsentNo}}}
}

// UnclearThenYes is a person who says yes only when asked for the second time.
func UnclearThenYes(answers ...Answer) Script {
	return Script{Name: "unclear-then-yes", Greeting: "Hello?", Answers: orOpinions(answers),
		Replies: []Reply{{Say: "Sorry, what is this about?"}, {Say: "Oh, okay. Yes.", Means: ConsentYes}}}
}

// UnclearTwice is a person who says neither yes nor no, twice.
func UnclearTwice(...Answer) Script {
	return Script{Name: "unclear-twice", Greeting: "Hello?",
		Replies: []Reply{{Say: "I was there yesterday."}, {Say: "The weather is lovely here."}}}
}

// Silent is a person who answers the phone and says nothing.
func Silent(...Answer) Script { return Script{Name: "silent"} }

// Busy is a person whose line is busy.
func Busy(...Answer) Script { return Script{Name: "busy", Outcome: LineBusy} }

// NoAnswer is a person who does not answer the phone.
func NoAnswer(...Answer) Script { return Script{Name: "no-answer", Outcome: NobodyAnswers} }

// Fails is a number that cannot be reached.
func Fails(...Answer) Script { return Script{Name: "fails", Outcome: CallFails} }

// HangsUpMidway is a person who consents, says one line and hangs up.
func HangsUpMidway(answers ...Answer) Script {
	s := Consents(answers...)
	s.Name, s.HangUp = "hangs-up-midway", &HangUp{Answers: 1}
	return s
}

// Machine is an answering machine.
func Machine(...Answer) Script {
	return Script{Name: "machine", Outcome: AnsweringMachine,
		Greeting: "You have reached the store. Please leave a message after the tone."}
}

// TakenForMachine is a person who presses 1, and whom machine detection takes for a machine. It is not in [Scripts].
func TakenForMachine(answers ...Answer) Script {
	s := ConsentsByKeypad(answers...)
	s.Name, s.AnsweredBy = "taken-for-machine", "machine_start"
	return s
}

// builtIn lists the functions in the order in which lists show their scripts.
func builtIn() []func(...Answer) Script {
	return []func(...Answer) Script{Consents, ConsentsByKeypad, Refuses, RefusesByKeypad, UnclearThenYes, UnclearTwice,
		Silent, Busy, NoAnswer, Fails, HangsUpMidway, Machine}
}

// Scripts returns one of each script of this package, with these answers.
func Scripts(answers ...Answer) []Script {
	var all []Script
	for _, script := range builtIn() {
		all = append(all, script(answers...))
	}
	return all
}

func orOpinions(answers []Answer) []Answer {
	if len(answers) > 0 {
		return answers
	}
	price, sales, supports := 12.5, 40.0, true
	return []Answer{
		{Say: "We pay about twelve dollars fifty a case.", Claims: []Claim{{Field: "PRICE", Number: &price, Unit: "USD", Supports: &supports}}},
		{Say: "It sells around forty cases per week.", Claims: []Claim{{Field: "VELOCITY", Number: &sales, Unit: "UNITS_PER_WEEK", Supports: &supports}}},
		{Say: "We ran out of it twice last month.", Claims: []Claim{{Field: "STOCKOUT", Unit: "NONE", Supports: &supports}}},
	}
}
