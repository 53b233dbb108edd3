package interview_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestRefusalToAnswerIsToldFromAnAnswerInEachLanguage(t *testing.T) {
	for language, said := range map[string]struct{ refusals, answers []string }{
		"en-US": {
			[]string{"That is a secret of the trade.", "I'd rather not say.", "I’d rather not say, sorry.", "No comment", "Sorry, I don't want to answer that question.", "We prefer not to say.",
				"That's confidential.", "None of your business!", "Skip that question, please.", "Well, I won't tell you that."},
			[]string{"", "no", "I don't know.", "I can't say.", "It's a secret, but two dollars.", "I'd rather not pay more than two dollars.", "Two dollars. Next question.", "We don't want to raise it.",
				"I'd rather not stock it.", "Private label is two dollars.", "Pass me to the manager"}},
		"":      {[]string{"I would rather not say."}, []string{"two dollars"}},
		"es-MX": {[]string{"Prefiero no decirlo.", "Lo siento, no quiero contestar.", "Eso es confidencial.", "Sin comentarios"}, []string{"no", "no sé", "Prefiero no subir el precio", "dos dólares"}},
		"fr-FR": {[]string{"Je préfère ne pas répondre.", "Désolé, c'est confidentiel.", "Ça ne vous regarde pas.", "Je veux pas répondre à cette question"}, []string{"non", "je ne sais pas", "c'est deux euros"}},
		"de":    {[]string{"Das möchte ich lieber nicht sagen.", "Tut mir leid, das ist vertraulich.", "Kein Kommentar."}, []string{"nein", "das weiß ich nicht", "Das ist privat gelabelt, zwei Euro"}},
		"pl":    {nil, []string{"No comment"}},
	} {
		for _, text := range said.refusals {
			if !interview.RefusesAnswer(language, text) {
				t.Errorf("%s: %q is taken for an answer", language, text)
			}
		}
		for _, text := range said.answers {
			if interview.RefusesAnswer(language, text) {
				t.Errorf("%s: %q is taken for a refusal", language, text)
			}
		}
	}
}

// The standard counts a question as answered that got another reply than a refusal.
func TestRefusedQuestionsAreNotAnswered(t *testing.T) {
	answer := func(first, second string) func(*interview.Call) {
		return paused("agent: How much is the bread?\ncallee: " + first + "\nagent: Is it on the shelf today?\ncallee: " + second)
	}
	live := func(c *interview.Call) { c.Script.AnswerMode, c.Answers = interview.AnswerGather, 2 }
	for name, test := range map[string]struct {
		call interview.Call
		want interview.Disposition
	}{
		"both answered":                  {attempt("COMPLETED", answer("Two dollars.", "I don't know.")), "1.1"},
		"one refused":                    {attempt("COMPLETED", answer("Two dollars.", "I'd rather not say.")), "1.2"},
		"both refused":                   {attempt("COMPLETED", answer("That's a secret.", "No comment.")), "2.12"},
		"both refused, answers are live": {attempt("COMPLETED", answer("That's a secret.", "No comment."), live), "2.12"},
		"refused at first, then answered": {attempt("COMPLETED",
			paused("agent: How much is the bread?\ncallee: I'd rather not say.\ncallee: Well, two dollars.\nagent: Is it on the shelf today?\ncallee: Yes.")), "1.1"},
		"live answers without a transcript": {attempt("COMPLETED", consented(5)), "1.1"},
	} {
		if got := test.call.Disposition(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
