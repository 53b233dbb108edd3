package simulator

import (
	"slices"
	"strings"
	"testing"
)

// outcomes are the ends of some calls to one person, one after another.
func outcomes(t *testing.T, script Script, calls int) []string {
	t.Helper()
	r := newFixture(t, Config{Pick: func(string, int) Script { return script }})
	for range calls {
		r.call(t, testCaller)
		r.wait(t)
	}
	var ends []string
	for _, truth := range r.sim.Truths() {
		end := truth.Status
		if truth.Consent != ConsentNone {
			end += " " + string(truth.Consent)
		}
		ends = append(ends, end)
	}
	return ends
}

func TestFirstCallsToAPersonEndAsTheScriptSays(t *testing.T) {
	got := outcomes(t, ConsentsByKeypad().After(LineBusy, NobodyAnswers, AnsweringMachine, CallFails), 6)
	want := []string{"busy", "no-answer", "completed", "failed", "completed yes", "completed yes"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSamePeopleAreTheSameInEveryCall(t *testing.T) {
	people := MixedPeople()
	people.Same = true
	pick := people.Pick(5)
	for _, number := range []string{"+12125550101", "+12125550102", "+12125550103"} {
		for n := range 10 {
			if a, b := pick(number, 0).Name, pick(number, n).Name; a != b {
				t.Errorf("%s is %s, then %s", number, a, b)
			}
		}
	}
}

func TestOptOutIsTrueOnceTheApplicationHeardIt(t *testing.T) {
	for name, script := range map[string]Script{"words": OptsOut(), "key": OptsOutByKey()} {
		_, truth, log := play(t, script)
		if !truth.OptedOut || truth.Consent != ConsentNo {
			t.Errorf("%s: %+v", name, truth)
		}
		if d := only(t, log[:slices.IndexFunc(log, func(d Delivery) bool { return d.Kind == KindGather })+1], "gather"); d.Params.Get("Digits")+d.Params.Get("SpeechResult") == "" {
			t.Errorf("%s: %v", name, d.Params)
		}
	}
	_, truth, _ := play(t, Refuses())
	if truth.OptedOut {
		t.Error("a refusal is no opt-out")
	}
}

func TestOptOutInThePlaceOfAnAnswer(t *testing.T) {
	script := Consents().OptsOutAt(2, "", "9")
	if len(script.Answers) != 2 || script.Answers[1].Digits != "9" || len(Consents().Answers) != 3 {
		t.Fatalf("%+v", script.Answers)
	}
	if err := script.Validate(); err != nil {
		t.Error(err)
	}
	p := scriptState{script: script}
	_, _, _ = p.turn() // consent
	_, _, _ = p.turn()
	reply, answer, ok := p.turn()
	if !ok || reply.Digits != "9" || reply.Means != OptOut {
		t.Errorf("%+v", reply)
	}
	if p.again(answer); p.given() != 1 {
		t.Error("asked again, the person does not say it again")
	}
	if _, _, ok := p.turn(); !ok {
		t.Error("asked again, the person says nothing")
	}
	if _, _, ok := p.turn(); ok {
		t.Error("the person goes on after opting out")
	}
}

func TestCallingSomebodyWhoOptedOutIsCaught(t *testing.T) {
	for script, want := range map[string]int{"opts-out": 1, "refuses": 0} {
		r := newFixture(t, Config{Pick: func(string, int) Script {
			if script == "refuses" {
				return Refuses()
			}
			return OptsOut()
		}})
		for range 2 {
			r.call(t, testCaller)
			r.wait(t)
		}
		got := 0
		for _, v := range r.sim.Report().Broken {
			if v.Rule == RuleCalledAfterOptOut {
				got = v.Count
			}
		}
		if got != want {
			t.Errorf("%s: %d calls after it were caught, want %d", script, got, want)
		}
	}
}

func TestPeopleSpeakTheirLanguage(t *testing.T) {
	if got := strings.Join(Languages(), " "); got != "en-US es-ES fr-FR de-DE" {
		t.Errorf("languages %s", got)
	}
	for _, language := range Languages() {
		p, ok := PhrasesOf(language)
		if !ok {
			t.Fatal(language)
		}
		for n := range max(len(p.Yes), len(p.No), len(p.OptOut)) {
			for _, script := range []Script{p.Consents(n), p.Refuses(n), p.OptsOut(n), p.OptsOutAt(1, n)} {
				if err := script.Validate(); err != nil || script.Language != language {
					t.Errorf("%+v, %v", script, err)
				}
			}
		}
	}
	p, _ := PhrasesOf("de-DE")
	_, truth, log := play(t, p.OptsOut(0))
	if got := only(t, log[:len(log)-1], "gather").Params.Get("SpeechResult"); got != "Rufen Sie mich nicht mehr an." || !truth.OptedOut {
		t.Errorf("heard %q, %+v", got, truth)
	}
	if _, ok := PhrasesOf("xx"); ok {
		t.Error("phrases of no language")
	}
}

func TestScriptsOfWhoOptsOutAndCallsBackAreRead(t *testing.T) {
	people, err := ReadPeople(strings.NewReader(`
same: true
people:
  - name: busy, then opts out
    language: es-ES
    first: [busy, no-answer]
    replies: [{say: "No me llame más.", means: opt-out}]
    callsBack: {after: 60, script: {name: back, replies: [{digits: "9", means: opt-out}]}}
    answers: [{digits: "9", means: opt-out}]
`))
	if err != nil {
		t.Fatal(err)
	}
	script := people.Pick(1)("+15550000001", 0)
	if !people.Same || script.CallsBack.Script.Replies[0].Digits != "9" || len(script.First) != 2 || script.Answers[0].Means != OptOut {
		t.Errorf("%+v", script)
	}
	for text, want := range map[string]string{
		"people: [{name: a, first: [asleep]}]":                             "asleep",
		"people: [{name: a, callsBack: {script: {name: b, outcome: hm}}}]": "calling back",
		"people: [{name: a, answers: [{digits: x}]}]":                      `"x"`,
		`people: [{name: a, answers: [{digits: "9", say: no}]}]`:           "both",
		`people: [{name: a, answers: [{say: "yes", means: "yes"}]}]`:       "not opt-out",
	} {
		if _, err := ReadPeople(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %s", text, err, want)
		}
	}
}
