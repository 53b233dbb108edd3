package interview

// scriptTexts are the texts of one language. To add a language: a table beside the others, a case in scriptTextsIn, and its words of
// consent and of opting out; scriptLanguages of the tests names it.
//
// A text is one or more whole sentences, plain and short, since it is spoken. Placeholders: {topic} is what the campaign is about;
// {organisation}, {purpose} and {number} are the identity, of which the purpose is in the campaign's own words and stands at the end
// of a sentence.
type scriptTexts struct {
	// name is the language in English.
	name string
	// language is the tag of a script that names no region.
	language string
	// regions are those in which every voice of Twilio speaks the language; for others nearest names one of them, or
	// elsewhere does. Source: Twilio: TwiML Say, languages of its basic voices.
	regions   []string
	nearest   map[string]string
	elsewhere string
	// plus is the sign before a phone number.
	plus string

	// introduction opens a call: who, that it is a machine, why, where to reach them. howToOptOut follows it.
	introduction, howToOptOut string
	// greetingAbout and greeting open the calls of a campaign without an identity, with a topic and without.
	greetingAbout, greeting                                                                                string
	consentQuestion, consentAgain, consentBySpeech, consentByKeypad                                        string
	consentHints, answerHints                                                                              string
	thanks, openQuestionAbout, openQuestion                                                                string
	goodbye, declined, notUnderstood, ended, optedOut, stopped                                             string
	noMessage, identifiedMessage                                                                           string
	inbound, inboundUnknownCaller, inboundWithoutIdentity, inboundInterview, inboundOptOut, inboundGoodbye string
	// closing says again who called and where to reach them; bye is the last word.
	closing, bye string
}

// scriptTextsIn returns the texts of a language, by its primary subtag.
func scriptTextsIn(primary string) (*scriptTexts, bool) {
	switch primary {
	case "en":
		return &englishTexts, true
	case "es":
		return &spanishTexts, true
	case "fr":
		return &frenchTexts, true
	case "de":
		return &germanTexts, true
	}
	return nil, false
}
