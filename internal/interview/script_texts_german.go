package interview

// German as it is understood in Germany, Austria and Switzerland, with Sie.
var germanTexts = scriptTexts{
	name: "German", language: "de-DE", regions: []string{"DE"}, elsewhere: "DE",
	plus: "plus",

	introduction:  "Guten Tag. Hier ist {organisation}. Sie sprechen mit einer Maschine. Es geht um {purpose}. Sie erreichen uns unter {number}.",
	howToOptOut:   "Wenn wir Sie von unserer Liste streichen sollen, drücken Sie jederzeit die 9, oder sagen Sie: Rufen Sie mich nicht mehr an.",
	greetingAbout: "Guten Tag. Dies ist ein automatischer Anruf für eine Umfrage. Das Thema ist: {topic}.",
	greeting:      "Guten Tag. Dies ist ein automatischer Anruf für eine Umfrage.",

	consentQuestion: "Mit Ihrer Erlaubnis möchten wir dieses Gespräch aufzeichnen, damit wir Ihre Antworten auswerten können. Sind Sie einverstanden?",
	consentAgain:    "Entschuldigung, das habe ich nicht verstanden. Dürfen wir dieses Gespräch aufzeichnen?",
	consentBySpeech: "Bitte sagen Sie Ja oder drücken Sie die 1, oder sagen Sie Nein oder drücken Sie die 2.",
	consentByKeypad: "Bitte drücken Sie die 1 für Ja, oder die 2 für Nein.",
	consentHints:    "ja, nein, ja einverstanden, nein danke, klar, in Ordnung, rufen Sie mich nicht mehr an, streichen Sie mich von Ihrer Liste",
	answerHints:     "rufen Sie mich nicht mehr an, hören Sie auf mich anzurufen, streichen Sie mich von Ihrer Liste",

	thanks:            "Danke. Dieses Gespräch wird ab jetzt aufgezeichnet. Bitte beantworten Sie jede Frage, nachdem Sie sie gehört haben. Sie können jederzeit auflegen.",
	openQuestionAbout: "Was möchten Sie uns sagen? Das Thema ist: {topic}.",
	openQuestion:      "Was möchten Sie uns sagen?",

	goodbye:           "Das waren alle unsere Fragen. Danke für Ihre Zeit.",
	declined:          "Verstanden. Wir behalten keine Aufzeichnung dieses Gesprächs.",
	notUnderstood:     "Wir haben keine klare Antwort gehört, deshalb wurde nichts aufgezeichnet.",
	ended:             "Dieses Interview ist beendet.",
	optedOut:          "Wir haben Sie von unserer Liste gestrichen. Von uns hören Sie nichts mehr.",
	stopped:           "Wir müssen dieses Gespräch jetzt beenden. Bitte entschuldigen Sie.",
	noMessage:         "Das war ein automatischer Anruf für eine Umfrage. Wir hinterlassen keine Nachricht.",
	identifiedMessage: "Dies ist ein automatischer Anruf von {organisation}. Es geht um {purpose}. Sie erreichen uns unter {number}.",

	inbound:                "Guten Tag. Hier ist {organisation}. Sie sprechen mit einer Maschine. Wir hatten Sie angerufen, es geht um {purpose}. Sie erreichen uns unter {number}.",
	inboundUnknownCaller:   "Guten Tag. Hier ist {organisation}. Sie sprechen mit einer Maschine. Von dieser Nummer kommen Anrufe für Umfragen. Sie erreichen uns unter {number}.",
	inboundWithoutIdentity: "Guten Tag. Sie sprechen mit einer Maschine. Von dieser Nummer kommen automatische Anrufe für Umfragen.",
	inboundInterview:       "Wenn Sie unsere Fragen jetzt beantworten möchten, drücken Sie die 1.",
	inboundOptOut:          "Wenn wir Sie von unserer Liste streichen sollen, drücken Sie die 9, oder sagen Sie: Rufen Sie mich nicht mehr an.",
	inboundGoodbye:         "Danke für Ihren Anruf.",

	closing: "Das war {organisation}. Sie erreichen uns unter {number}.",
	bye:     "Auf Wiederhören.",
}
