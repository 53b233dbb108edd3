package interview

// Spanish as it is understood on both sides of the Atlantic, with usted.
var spanishTexts = scriptTexts{
	name: "Spanish", language: "es-ES", regions: []string{"ES", "MX"}, elsewhere: "MX",
	nearest: map[string]string{"GQ": "ES"},
	plus:    "más",

	introduction:  "Hola. Le llama {organisation}. Está hablando con una máquina. Le llamamos en relación con {purpose}. Puede contactarnos en el {number}.",
	howToOptOut:   "Para que borremos su número de nuestra lista, pulse 9 en cualquier momento, o diga: no me llamen más.",
	greetingAbout: "Hola. Esta es una llamada automática para un estudio sobre {topic}.",
	greeting:      "Hola. Esta es una llamada automática para un estudio.",

	consentQuestion: "Con su permiso, quisiéramos grabar esta llamada para poder evaluar sus respuestas. ¿Está de acuerdo?",
	consentAgain:    "Perdone, no le he entendido. ¿Podemos grabar esta llamada?",
	consentBySpeech: "Diga sí o pulse 1, o diga no o pulse 2.",
	consentByKeypad: "Pulse 1 para decir sí, o 2 para decir no.",
	consentHints:    "sí, no, sí de acuerdo, no gracias, claro, adelante, no me llamen más, bórrenme de su lista",
	answerHints:     "no me llamen más, dejen de llamarme, bórrenme de su lista",

	thanks:            "Gracias. A partir de ahora grabamos esta llamada. Conteste cada pregunta después de oírla. Puede colgar en cualquier momento.",
	openQuestionAbout: "¿Qué le gustaría contarnos sobre {topic}?",
	openQuestion:      "¿Qué le gustaría contarnos?",

	goodbye:           "Esas eran todas nuestras preguntas. Gracias por su tiempo.",
	declined:          "Entendido. No guardamos ninguna grabación de esta llamada.",
	notUnderstood:     "No hemos oído una respuesta clara, así que no se ha grabado nada.",
	ended:             "Esta entrevista ha terminado.",
	optedOut:          "Hemos borrado su número de nuestra lista y no volveremos a llamarle.",
	stopped:           "Tenemos que terminar esta llamada ahora. Disculpe.",
	noMessage:         "Esta era una llamada automática para un estudio. No dejamos ningún mensaje.",
	identifiedMessage: "Esta es una llamada automática de {organisation} en relación con {purpose}. Puede contactarnos en el {number}.",

	inbound:                "Hola. Esto es {organisation}. Está hablando con una máquina. Le habíamos llamado en relación con {purpose}. Puede contactarnos en el {number}.",
	inboundUnknownCaller:   "Hola. Esto es {organisation}. Está hablando con una máquina. Desde este número se hacen llamadas para estudios. Puede contactarnos en el {number}.",
	inboundWithoutIdentity: "Hola. Está hablando con una máquina. Desde este número se hacen llamadas automáticas para estudios.",
	inboundInterview:       "Para contestar ahora a nuestras preguntas, pulse 1.",
	inboundOptOut:          "Para que borremos su número de nuestra lista, pulse 9, o diga: no me llamen más.",
	inboundGoodbye:         "Gracias por llamar.",

	closing: "Le ha llamado {organisation}. Puede contactarnos en el {number}.",
	bye:     "Adiós.",
}
