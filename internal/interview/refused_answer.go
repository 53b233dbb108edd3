package interview

import (
	"regexp"
	"strings"
	"sync"
)

// RefusesAnswer reports whether words in a language plainly refuse to answer a question, and say nothing else. It takes no other words for
// that: "I can't say" may be that somebody does not know, which is an answer.
func RefusesAnswer(language, said string) bool {
	primary, _ := splitLanguage(language)
	if primary == "" {
		primary, _ = splitLanguage(DefaultLanguage)
	}
	refusals := refusedAnswers()[primary]
	return refusals != nil && refusals.MatchString(strings.Join(spokenWords(strings.ReplaceAll(said, "’", "'")), " "))
}

// refusedAnswers are whole utterances that refuse to answer, by language: courtesies, and one of the phrases. Words are as spokenWords
// writes them.
var refusedAnswers = sync.OnceValue(func() map[string]*regexp.Regexp {
	whole := func(courtesies string, phrases ...string) *regexp.Regexp {
		return regexp.MustCompile(`^(?:(?:` + courtesies + `) )*(?:` + strings.Join(phrases, "|") + `)(?: (?:` + courtesies + `))*$`)
	}
	return map[string]*regexp.Regexp{
		"en": whole(`no|oh|well|um|uh|sorry|i'm sorry|i am sorry|i'm afraid|thanks|thank you|please`,
			`(?:i|we)(?:'d| would)? (?:rather|prefer|like) not(?: to)?(?: (?:say|answer|tell|tell you|comment|discuss))?(?: (?:that|this|it|that question|this question|the question))?`,
			`(?:i|we) (?:don't want to|do not want to|don't wish to|do not wish to|won't|will not|refuse to|am not allowed to|are not allowed to|'m not allowed to) `+
				`(?:say|answer|tell|tell you|comment|disclose|discuss)(?: on)?(?: (?:that|this|it|that question|this question|the question))?`,
			`i'm not allowed to (?:say|answer|tell|tell you|comment|disclose|discuss)(?: on)?(?: (?:that|this|it))?`,
			`no comment`, `(?:(?:that's|that is|it's|it is) )?(?:a secret|a trade secret|a company secret|a secret of the trade|confidential|private|none of your business)`,
			`(?:skip|pass)(?: (?:that|this))?(?: question)?`, `next question`),
		"es": whole(`no|ah|bueno|pues|lo siento|perdón|perdone|disculpe|gracias|por favor`,
			`prefiero no (?:decir|decirlo|contestar|responder|comentar)(?: (?:eso|esto|a eso|a esa pregunta|esa pregunta))?`,
			`no (?:quiero|deseo|voy a|puedo) (?:decirlo|contestar|responder)(?: (?:eso|esto|a eso|a esa pregunta|esa pregunta))?`,
			`sin comentarios`, `(?:eso )?es (?:un )?(?:secreto|secreto comercial|secreto profesional|confidencial|privado)`, `(?:eso )?no es asunto suyo`, `siguiente pregunta`),
		"fr": whole(`non|oh|ben|bon|désolé|désolée|pardon|excusez moi|merci|s'il vous plaît`,
			`(?:je préfère|j'aime mieux) ne pas (?:le dire|dire|répondre|en parler)(?: à (?:ça|cela|cette question))?`,
			`je (?:ne )?(?:veux|souhaite|désire) pas (?:le dire|dire|répondre|en parler)(?: à (?:ça|cela|cette question))?`,
			`je (?:ne )?répondrai pas(?: à (?:ça|cela|cette question))?`, `(?:pas|sans) (?:de )?commentaires?`,
			`c'est (?:un )?(?:secret|secret commercial|secret professionnel|confidentiel|privé)`, `(?:ça|cela) (?:ne )?vous regarde pas`, `question suivante`),
		"de": whole(`nein|ach|oh|also|tut mir leid|entschuldigung|danke|bitte`,
			`(?:das )?möchte ich (?:lieber )?nicht (?:sagen|beantworten)`, `ich möchte (?:das |dazu |darauf |die frage )?(?:lieber )?(?:nicht|nichts) (?:sagen|antworten|beantworten)`,
			`das (?:sage|verrate|beantworte) ich (?:lieber |ihnen )?nicht`, `das will ich (?:lieber |ihnen )?nicht (?:sagen|beantworten)`, `kein kommentar`,
			`das ist (?:ein )?(?:geheim|geheimnis|betriebsgeheimnis|geschäftsgeheimnis|vertraulich|privat)`, `das geht sie nichts an`, `nächste frage`),
	}
})
