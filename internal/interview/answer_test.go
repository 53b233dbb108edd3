package interview

import (
	"slices"
	"strings"
	"testing"
)

func TestConsentIsReadAsMeant(t *testing.T) {
	for _, c := range []struct {
		digits, speech string
		want           Answer
	}{
		// Keypad first.
		{"1", "", AnswerYes}, {"2", "", AnswerNo}, {"3", "", AnswerUnclear}, {"0", "yes", AnswerUnclear},
		{"*", "", AnswerUnclear}, {"12", "", AnswerUnclear}, {"1", "no", AnswerYes}, {"2", "yes", AnswerNo},
		{" 1 ", "", AnswerYes}, {"", "", AnswerUnclear}, {" ", "yes", AnswerYes},
		// Yes.
		{"", "yes", AnswerYes}, {"", "Yes.", AnswerYes}, {"", "YES!!", AnswerYes}, {"", "  yeah  ", AnswerYes},
		{"", "yep", AnswerYes}, {"", "Yup, sure.", AnswerYes}, {"", "ok", AnswerYes}, {"", "Okay.", AnswerYes},
		{"", "O.K.", AnswerYes}, {"", "all right", AnswerYes}, {"", "Alright then", AnswerYes}, {"", "of course", AnswerYes},
		{"", "Sure, go ahead", AnswerYes}, {"", "go ahead", AnswerYes}, {"", "absolutely", AnswerYes},
		{"", "Definitely!", AnswerYes}, {"", "I agree", AnswerYes}, {"", "I consent", AnswerYes}, {"", "yes, I do", AnswerYes},
		{"", "I do", AnswerYes}, {"", "you have my consent", AnswerYes}, {"", "That's fine.", AnswerYes},
		{"", "I'm fine with that", AnswerYes}, {"", "I’m fine with that", AnswerYes}, {"", "one", AnswerYes},
		{"", "Uh, yes please", AnswerYes}, {"", "yes, thank you", AnswerYes}, {"", "Sure, why not?", AnswerYes},
		{"", "please do", AnswerYes}, {"", "Yes, I'm sure.", AnswerYes}, {"", "by all means", AnswerYes},
		{"", "you know what, yes", AnswerYes}, {"", "yes yes yes", AnswerYes}, {"", "yes\tplease\n", AnswerYes},
		// Negations that agree.
		{"", "no problem, go ahead", AnswerYes}, {"", "No problem.", AnswerYes}, {"", "no worries", AnswerYes},
		{"", "I don't mind", AnswerYes}, {"", "I don’t mind", AnswerYes}, {"", "I do not mind at all", AnswerYes},
		{"", "I have no objections", AnswerYes}, {"", "that's really not a problem", AnswerYes},
		// No.
		{"", "no", AnswerNo}, {"", "No.", AnswerNo}, {"", "nope", AnswerNo}, {"", "Nah", AnswerNo}, {"", "no thank you", AnswerNo},
		{"", "absolutely not", AnswerNo}, {"", "of course not", AnswerNo}, {"", "certainly not", AnswerNo},
		{"", "don't record me", AnswerNo}, {"", "don’t record me", AnswerNo}, {"", "Dont record", AnswerNo},
		{"", "do not record this", AnswerNo}, {"", "yes, I do not consent", AnswerNo}, {"", "I do not agree", AnswerNo},
		{"", "yes I mean no", AnswerNo}, {"", "no, go ahead", AnswerNo}, {"", "no, that's okay", AnswerNo},
		{"", "I'd rather not", AnswerNo}, {"", "not interested", AnswerNo}, {"", "I'm not okay with that", AnswerNo},
		{"", "I refuse", AnswerNo}, {"", "yeah, I decline", AnswerNo}, {"", "stop calling me", AnswerNo},
		{"", "never", AnswerNo}, {"", "I can't agree to that", AnswerNo}, {"", "you cannot record", AnswerNo},
		{"", "yes but without recording", AnswerNo}, {"", "okay bye", AnswerNo}, {"", "wrong number", AnswerNo},
		{"", "I don't mind talking but don't record it", AnswerNo}, {"", "no problem, but no", AnswerNo},
		{"", "not sure, no", AnswerNo}, {"", "no way", AnswerNo}, {"", "two", AnswerNo}, {"", "NO, sure", AnswerNo},
		{"", "I won't", AnswerNo}, {"", "that ain't ok", AnswerNo},
		// Unclear: words that only look like an answer.
		{"", "yesterday", AnswerUnclear}, {"", "I know", AnswerUnclear}, {"", "now", AnswerUnclear},
		{"", "nothingness", AnswerUnclear}, {"", "Yesenia speaking", AnswerUnclear}, {"", "okra", AnswerUnclear},
		{"", "yes\u0301", AnswerUnclear}, {"", "banana", AnswerUnclear},
		{"", "we paid one dollar for two", AnswerUnclear}, {"", "…", AnswerUnclear}, {"", "🤷", AnswerUnclear},
		// Unclear: doubts.
		{"", "not sure", AnswerUnclear}, {"", "I'm not really sure", AnswerUnclear}, {"", "unsure", AnswerUnclear},
		{"", "I guess", AnswerUnclear}, {"", "yeah I guess so", AnswerUnclear}, {"", "maybe", AnswerUnclear},
		{"", "I don't know", AnswerUnclear}, {"", "no idea", AnswerUnclear}, {"", "probably yes", AnswerUnclear},
		{"", "yes or no", AnswerUnclear}, {"", "I don't see why not", AnswerUnclear}, {"", "why not", AnswerUnclear},
		{"", "I don't object", AnswerUnclear}, {"", "yes, but later", AnswerUnclear}, {"", "ok if you must", AnswerUnclear},
		// Unclear: how people answer a phone, and what they ask back.
		{"", "hello?", AnswerUnclear}, {"", "Yes, hello?", AnswerUnclear}, {"", "Yes? Who is this?", AnswerUnclear},
		{"", "yes, who's calling", AnswerUnclear}, {"", "I'm fine, and you?", AnswerUnclear},
		{"", "are you sure", AnswerUnclear}, {"", "okay wait, what is this about", AnswerUnclear},
		{"", "do I have to agree", AnswerUnclear}, {"", "consent to what", AnswerUnclear},
		{"", "hardly okay", AnswerUnclear}, {"", "barely fine", AnswerUnclear}, {"", "okay, what?", AnswerUnclear},
		{"", "OK Google", AnswerUnclear}, {"", "yeah right", AnswerUnclear}, {"", "yes I heard you", AnswerUnclear},
		{"", "yes, whatever", AnswerYes}, {"", "that's fine thank you", AnswerYes},
		{"", "can you repeat that, ok?", AnswerUnclear}, {"", "what am I agreeing to", AnswerUnclear},
	} {
		if got := DecideConsent(c.digits, c.speech); got != c.want {
			t.Errorf("DecideConsent(%q, %q) = %s, want %s", c.digits, c.speech, got, c.want)
		}
	}
}

func TestEveryPhraseMeansWhatItsListSays(t *testing.T) {
	want := map[meaning]Answer{affirms: AnswerYes, doubts: AnswerUnclear, nothing: AnswerUnclear, denies: AnswerNo}
	for phrase, meant := range phrases {
		if got := DecideConsent("", phrase); got != want[meant] {
			t.Errorf("phrase %q is read as %s, its list says %s: fillers or contractions keep it from matching", phrase, got, want[meant])
		}
	}
}

var negations = []string{"no", "not", "don’t", "do not", "without"}

func checkNegation(t *testing.T, speech string) {
	t.Helper()
	if DecideConsent("", speech) != AnswerNo {
		return
	}
	said := strings.Fields(speech)
	for i := range len(said) + 1 {
		for _, negation := range negations {
			more := strings.Join(said[:i], " ") + " " + negation + " " + strings.Join(said[i:], " ")
			if DecideConsent("", more) == AnswerYes {
				t.Errorf("%q is a no, and %q a yes", speech, more)
			}
		}
	}
}

// Every denial beside every affirmation, and every three words out of those that form an affirmation with a negation.
func TestAddedNegationNeverTurnsNoIntoYes(t *testing.T) {
	for denial, meant := range phrases {
		if meant != denies {
			continue
		}
		for phrase, meant := range phrases {
			if meant == affirms || meant == nothing {
				checkNegation(t, denial+" "+phrase)
				checkNegation(t, phrase+" "+denial)
			}
		}
	}
	parts := map[string]bool{"do": true, "would": true}
	for phrase, meant := range phrases {
		if meant != affirms && meant != nothing {
			continue
		}
		holdsNegation := func(word string) bool { return DecideConsent("", word) == AnswerNo }
		if said := strings.Fields(phrase); slices.ContainsFunc(said, holdsNegation) {
			for _, word := range said {
				parts[word] = true
			}
		}
	}
	for a := range parts {
		for b := range parts {
			for c := range parts {
				checkNegation(t, a+" "+b+" "+c)
			}
		}
	}
}

func FuzzDecideConsent(f *testing.F) {
	for _, seed := range []string{"yes, I do not consent", "no problem, go ahead", "I don’t mind", "do mind no", "'", "İ ŞÜRE 🤖"} {
		f.Add("", seed)
	}
	f.Add("1", "no")
	f.Fuzz(func(t *testing.T, digits, speech string) {
		switch DecideConsent(digits, speech) {
		case AnswerYes, AnswerNo, AnswerUnclear:
		default:
			t.Fatal("no answer at all")
		}
		if len(speech) < 200 {
			checkNegation(t, speech)
		}
	})
}
