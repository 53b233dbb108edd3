package interview

var englishTexts = scriptTexts{
	name: "English", language: "en-US", regions: []string{"US", "GB", "AU", "CA", "IN"}, elsewhere: "US",
	nearest: map[string]string{"IE": "GB", "NZ": "AU", "ZA": "GB", "MT": "GB", "HK": "GB", "SG": "GB", "KE": "GB", "NG": "GB", "UK": "GB"},
	plus:    "plus",

	introduction:  "Hello. This is {organisation}. You are speaking with a machine. We are calling about {purpose}. You can reach us at {number}.",
	howToOptOut:   "To be taken off our list, press 9 at any time, or say: stop calling me.",
	greetingAbout: "Hello. This is an automated research call about {topic}.",
	greeting:      "Hello. This is an automated research call.",

	consentQuestion: "With your permission we would like to record this call, so that your answers can be evaluated. Do you agree?",
	consentAgain:    "Sorry, I did not understand. May we record this call?",
	consentBySpeech: "Please say yes or press 1, or say no or press 2.",
	consentByKeypad: "Please press 1 for yes, or 2 for no.",
	consentHints:    "yes, no, yes I agree, no thank you, sure, go ahead, stop calling me, take me off your list",
	answerHints:     "stop calling me, take me off your list, do not call me again",

	thanks:            "Thank you. This call is now being recorded. Please answer each question after you hear it. You can hang up at any time.",
	openQuestionAbout: "What would you like to tell us about {topic}?",
	openQuestion:      "What would you like to tell us?",

	goodbye:           "Those were all our questions. Thank you for your time.",
	declined:          "Understood. We keep no recording of this call.",
	notUnderstood:     "We could not hear a clear answer, so nothing was recorded.",
	ended:             "This interview has ended.",
	optedOut:          "You have been taken off our list, and we will not call you again.",
	stopped:           "We have to end this call now. We are sorry.",
	noMessage:         "This was an automated research call. We leave no message.",
	identifiedMessage: "This is an automated call from {organisation} about {purpose}. You can reach us at {number}.",

	inbound:                "Hello. This is {organisation}. You are speaking with a machine. We called you about {purpose}. You can reach us at {number}.",
	inboundUnknownCaller:   "Hello. This is {organisation}. You are speaking with a machine. This number makes research calls. You can reach us at {number}.",
	inboundWithoutIdentity: "Hello. You are speaking with a machine. This number makes automated research calls.",
	inboundInterview:       "To answer our questions now, press 1.",
	inboundOptOut:          "To be taken off our list, press 9, or say: stop calling me.",
	inboundGoodbye:         "Thank you for calling.",

	closing: "This was {organisation}. You can reach us at {number}.",
	bye:     "Goodbye.",
}
