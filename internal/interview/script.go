package interview

import (
	"cmp"
	"strings"
)

// Script is what a campaign's calls say. Its methods are the only place where spoken words are made: the webhooks put
// them into TwiML, and the transcription finds our own channel by them.
type Script struct {
	// CampaignName and Category name what the interview is about.
	CampaignName, Category string
	// Identity is who calls.
	Identity Identity
	// Voice is the voice that speaks, by Twilio's name, "" for Twilio's default of the language.
	Voice string
	// Questions are asked in order after consent, with the contact's variables in them.
	Questions []string
	// AnswerMode is how the answers are taken; "" counts as AnswerPause.
	AnswerMode AnswerMode
	// Language is what the questions are asked in and the answers are spoken in, BCP 47; "" counts as DefaultLanguage.
	Language string
}

// LanguageCode is the ISO 639-1 code of Language, which speech-to-text takes, or "" for a language that has none.
func (s Script) LanguageCode() string {
	code, _, _ := strings.Cut(cmp.Or(s.Language, DefaultLanguage), "-")
	if len(code) != 2 {
		return ""
	}
	return strings.ToLower(code)
}

// DefaultLanguage is spoken where a campaign names no language.
const DefaultLanguage = "en-US"

// Greeting opens the call. It says that a machine is calling and what about.
func (s Script) Greeting() string {
	if topic := s.topic(); topic != "" {
		return "Hello. This is an automated research call about " + topic + "."
	}
	return "Hello. This is an automated research call."
}

// ConsentQuestion asks whether the call may be recorded, in words that a yes or a no, or 1 or 2, answers.
func (s Script) ConsentQuestion() string {
	return "With your permission we would like to record this call, so that your answers can be evaluated. " +
		"Do you agree? " + s.howToConsent()
}

// ConsentAgain asks once more after an answer that was unclear or missing.
func (s Script) ConsentAgain() string {
	return "Sorry, I did not understand. May we record this call? " + s.howToConsent()
}

// howToConsent names the ways to answer: by keypad alone where a spoken answer would not be understood.
func (s Script) howToConsent() string {
	if !UnderstandsConsent(s.Language) {
		return "Please press 1 for yes, or 2 for no."
	}
	return "Please say yes or press 1, or say no or press 2."
}

// Thanks opens the interview. It is the first thing on the recording, and says that there is one.
func (s Script) Thanks() string {
	return "Thank you. This call is now being recorded. " +
		"Please answer each question after you hear it. You can hang up at any time."
}

// Asks are the questions as they are spoken: without the blank ones, and one open question when there is no other, so
// that a person who agreed to an interview gets one.
func (s Script) Asks() []string {
	asks := make([]string, 0, len(s.Questions))
	for _, q := range s.Questions {
		if q = strings.TrimSpace(q); q != "" {
			asks = append(asks, q)
		}
	}
	if len(asks) > 0 {
		return asks
	}
	if topic := s.topic(); topic != "" {
		return []string{"What would you like to tell us about " + topic + "?"}
	}
	return []string{"What would you like to tell us?"}
}

// Goodbye ends an interview.
func (s Script) Goodbye() string {
	return "Those were all our questions. Thank you for your time. Goodbye."
}

// Declined ends a call whose person said no. It holds for a consent withdrawn later, too: that recording is deleted.
func (s Script) Declined() string { return "Understood. We keep no recording of this call. Goodbye." }

// NotUnderstood ends a call in which there was no clear answer.
func (s Script) NotUnderstood() string {
	return "We could not hear a clear answer, so nothing was recorded. Goodbye."
}

// Ended is for whoever is on the line of a call that is over by our books.
func (s Script) Ended() string { return "This interview has ended. Goodbye." }

// NoMessage is for a machine that answered.
func (s Script) NoMessage() string {
	return "This was an automated research call. We leave no message. Goodbye."
}

// Recorded is all that our side says while the recording runs, in order.
func (s Script) Recorded() []string {
	return append(append([]string{s.Thanks()}, s.Asks()...), s.Goodbye())
}

func (s Script) topic() string {
	if topic := strings.TrimSpace(s.Category); topic != "" {
		return topic
	}
	return strings.TrimSpace(s.CampaignName)
}

// ScriptReply is what a call with a script is answered at one point.
type ScriptReply struct {
	// When says at which point, in words, such as "after a yes".
	When string
	// Otherwise marks the ways in which a call leaves the interview.
	Otherwise bool
	TwiML     []byte
}
