package interview

import "strings"

// Script is what a campaign's calls say. Its methods are the only place where spoken words are made: the webhooks put
// them into TwiML, and the transcription finds our own channel by them. The words themselves are data, a table for each language
// (script_texts_*.go).
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

// Greeting opens the call. It says who calls, that it is a machine, why, where to reach them, and how to be left alone; for a
// campaign without an identity, that a machine is calling and what about.
func (s Script) Greeting() string {
	if said := s.IdentitySaid(); said != "" {
		return said + " " + s.texts().howToOptOut
	}
	return s.withTopic(s.texts().greetingAbout, s.texts().greeting)
}

// IdentitySaid is the part of the greeting that says who calls, that it is a machine, why, and where to reach them; "" for a
// campaign without an identity. It is what a call keeps as said.
func (s Script) IdentitySaid() string {
	if !s.identified() {
		return ""
	}
	return s.fill(s.texts().introduction)
}

// ConsentQuestion asks whether the call may be recorded, in words that a yes or a no, or 1 or 2, answers.
func (s Script) ConsentQuestion() string { return s.texts().consentQuestion + " " + s.howToConsent() }

// ConsentAgain asks once more after an answer that was unclear or missing.
func (s Script) ConsentAgain() string { return s.texts().consentAgain + " " + s.howToConsent() }

// howToConsent names the ways to answer: by keypad alone where a spoken answer would not be understood.
func (s Script) howToConsent() string {
	if !UnderstandsConsent(s.Language) {
		return s.texts().consentByKeypad
	}
	return s.texts().consentBySpeech
}

// ConsentHints are words that an answer to the consent question may have, for the speech recognition.
func (s Script) ConsentHints() string { return s.texts().consentHints }

// AnswerHints are words that are not an answer to a question and must be understood all the same: those of an opt-out.
func (s Script) AnswerHints() string { return s.texts().answerHints }

// Thanks opens the interview. It is the first thing on the recording, and says that there is one.
func (s Script) Thanks() string { return s.texts().thanks }

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
	return []string{s.withTopic(s.texts().openQuestionAbout, s.texts().openQuestion)}
}

// Goodbye ends an interview.
func (s Script) Goodbye() string { return s.ending(s.texts().goodbye) }

// Declined ends a call whose person said no. It holds for a consent withdrawn later, too: that recording is deleted.
func (s Script) Declined() string { return s.ending(s.texts().declined) }

// NotUnderstood ends a call in which there was no clear answer.
func (s Script) NotUnderstood() string { return s.ending(s.texts().notUnderstood) }

// Ended is for whoever is on the line of a call that is over by our books.
func (s Script) Ended() string { return s.ending(s.texts().ended) }

// OptedOut confirms an opt-out and ends the call.
func (s Script) OptedOut() string { return s.ending(s.texts().optedOut) }

// Stopped tells a person that the call ends now, since somebody stopped all calls. It is short: a stop must have ended every call within
// seconds, and who calls was said first.
func (s Script) Stopped() string { return s.texts().stopped + " " + s.texts().bye }

// NoMessage is for a machine that answered.
func (s Script) NoMessage() string {
	if s.identified() {
		return s.fill(s.texts().identifiedMessage) + " " + s.texts().bye
	}
	return s.texts().noMessage + " " + s.texts().bye
}

// InboundIntroduction tells somebody who calls one of our numbers who we are; called says that we called them, and it says why.
func (s Script) InboundIntroduction(called bool) string {
	switch {
	case !s.identified():
		return s.texts().inboundWithoutIdentity
	case !called:
		return s.fill(s.texts().inboundUnknownCaller)
	}
	return s.fill(s.texts().inbound)
}

// InboundMenu says what the keys do in a call that came in: 9 takes the number off the list, and, if canInterview, 1 holds the
// interview now.
func (s Script) InboundMenu(canInterview bool) string {
	if canInterview {
		return s.texts().inboundInterview + " " + s.texts().inboundOptOut
	}
	return s.texts().inboundOptOut
}

// InboundGoodbye ends a call of somebody who called us and chose nothing.
func (s Script) InboundGoodbye() string { return s.ending(s.texts().inboundGoodbye) }

// Recorded is all that our side says while the recording runs, in order.
func (s Script) Recorded() []string {
	return append(append([]string{s.Thanks()}, s.Asks()...), s.Goodbye())
}

// ending is the last that is said on a call: words, then who called and where to reach them.
func (s Script) ending(words string) string {
	if s.identified() {
		words += " " + s.fill(s.texts().closing)
	}
	return words + " " + s.texts().bye
}

func (s Script) identified() bool { return len(s.Identity.Missing()) == 0 }

// fill puts the identity into a text.
func (s Script) fill(text string) string {
	return strings.NewReplacer(
		"{organisation}", strings.TrimSpace(s.Identity.Organisation),
		"{purpose}", strings.TrimRight(strings.TrimSpace(s.Identity.Purpose), ".!? "),
		"{number}", spokenNumber(s.Identity.CallbackNumber, s.texts().plus),
	).Replace(text)
}

// withTopic is about with the topic in it, or plain where there is none.
func (s Script) withTopic(about, plain string) string {
	topic := strings.TrimSpace(s.Category)
	if topic == "" {
		topic = strings.TrimSpace(s.CampaignName)
	}
	if topic == "" {
		return plain
	}
	return strings.ReplaceAll(about, "{topic}", topic)
}

// spokenNumber is a phone number digit by digit, in groups: a voice reads "+12025550100" as an amount, and "plus 1, 2 0 2, 5 5 5,
// 0 1 0 0" as it is dialled.
func spokenNumber(number, plus string) string {
	digits := make([]string, 0, len(number))
	for _, r := range number {
		if r >= '0' && r <= '9' {
			digits = append(digits, string(r))
		}
	}
	var groups []string
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		groups = append(groups, plus)
		if len(digits) == 11 && digits[0] == "1" { // North America: the country code stands alone
			groups[0] += " 1"
			digits = digits[1:]
		} else if len(digits) > 2 {
			groups[0] += " " + strings.Join(digits[:2], " ")
			digits = digits[2:]
		}
	}
	for len(digits) > 0 {
		n := 3
		if len(digits) <= 4 {
			n = len(digits) // no digit is left alone
		}
		groups = append(groups, strings.Join(digits[:n], " "))
		digits = digits[n:]
	}
	return strings.Join(groups, ", ")
}

// ScriptReply is what a call with a script is answered at one point.
type ScriptReply struct {
	// When says at which point, in words, such as "after a yes".
	When string
	// Otherwise marks the ways in which a call leaves the interview.
	Otherwise bool
	TwiML     []byte
}
