package interview

// French as it is understood in France, Belgium, Switzerland and Canada, with vous.
var frenchTexts = scriptTexts{
	name: "French", language: "fr-FR", regions: []string{"FR", "CA"}, elsewhere: "FR",
	plus: "plus",

	introduction:  "Bonjour. Ici {organisation}. Vous parlez à une machine. Notre appel concerne {purpose}. Vous pouvez nous joindre au {number}.",
	howToOptOut:   "Pour être retiré de notre liste, appuyez sur 9 à tout moment, ou dites : ne m'appelez plus.",
	greetingAbout: "Bonjour. Ceci est un appel automatique pour une étude. Sujet : {topic}.",
	greeting:      "Bonjour. Ceci est un appel automatique pour une étude.",

	consentQuestion: "Avec votre permission, nous aimerions enregistrer cet appel, afin de pouvoir évaluer vos réponses. Êtes-vous d'accord ?",
	consentAgain:    "Pardon, je n'ai pas compris. Pouvons-nous enregistrer cet appel ?",
	consentBySpeech: "Dites oui ou appuyez sur 1, ou dites non ou appuyez sur 2.",
	consentByKeypad: "Appuyez sur 1 pour oui, ou sur 2 pour non.",
	consentHints:    "oui, non, oui d'accord, non merci, bien sûr, allez-y, ne m'appelez plus, retirez-moi de votre liste",
	answerHints:     "ne m'appelez plus, arrêtez de m'appeler, retirez-moi de votre liste",

	thanks:            "Merci. Cet appel est maintenant enregistré. Répondez à chaque question après l'avoir entendue. Vous pouvez raccrocher à tout moment.",
	openQuestionAbout: "Qu'aimeriez-vous nous dire ? Le sujet est : {topic}.",
	openQuestion:      "Qu'aimeriez-vous nous dire ?",

	goodbye:           "C'étaient toutes nos questions. Merci de nous avoir accordé du temps.",
	declined:          "C'est compris. Nous ne gardons aucun enregistrement de cet appel.",
	notUnderstood:     "Nous n'avons pas entendu de réponse claire, donc rien n'a été enregistré.",
	ended:             "Cet entretien est terminé.",
	optedOut:          "Nous vous avons retiré de notre liste et nous ne vous appellerons plus.",
	stopped:           "Nous devons mettre fin à cet appel maintenant. Veuillez nous excuser.",
	noMessage:         "C'était un appel automatique pour une étude. Nous ne laissons pas de message.",
	identifiedMessage: "Ceci est un appel automatique de la part de : {organisation}. Notre appel concerne {purpose}. Vous pouvez nous joindre au {number}.",

	inbound:                "Bonjour. Ici {organisation}. Vous parlez à une machine. Nous vous avons appelé, notre appel concerne {purpose}. Vous pouvez nous joindre au {number}.",
	inboundUnknownCaller:   "Bonjour. Ici {organisation}. Vous parlez à une machine. Ce numéro fait des appels pour des études. Vous pouvez nous joindre au {number}.",
	inboundWithoutIdentity: "Bonjour. Vous parlez à une machine. Ce numéro fait des appels automatiques pour des études.",
	inboundInterview:       "Pour répondre à nos questions maintenant, appuyez sur 1.",
	inboundOptOut:          "Pour être retiré de notre liste, appuyez sur 9, ou dites : ne m'appelez plus.",
	inboundGoodbye:         "Merci de votre appel.",

	closing: "C'était {organisation}. Vous pouvez nous joindre au {number}.",
	bye:     "Au revoir.",
}
