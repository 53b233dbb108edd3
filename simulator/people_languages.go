package simulator

import (
	"fmt"
	"slices"
)

// Phrases are what people say in one language. The texts are as speech recognition writes them: with punctuation or without it, with
// capitals or without them, and at times without accents.
type Phrases struct {
	Language string // BCP 47
	Greeting string
	Yes      []string // to the question for consent
	No       []string
	Unclear  []string // neither
	OptOut   []string // "never call me again", in plain words
	Answers  []Answer // about a price, sales and stock of a shop
}

// Languages are those of which there are [Phrases].
func Languages() []string {
	var languages []string
	for _, p := range phrases() {
		languages = append(languages, p.Language)
	}
	return languages
}

// PhrasesOf are the phrases of a language, such as "de-DE"; false when there are none.
func PhrasesOf(language string) (Phrases, bool) {
	all := phrases()
	i := slices.IndexFunc(all, func(p Phrases) bool { return p.Language == language })
	if i < 0 {
		return Phrases{}, false
	}
	return all[i], true
}

// Consents is a person who says yes, in the n-th of the ways to say it, and answers.
func (p Phrases) Consents(n int) Script {
	return p.script("consents", Reply{Say: pick(p.Yes, n), Means: ConsentYes}, p.Answers)
}

// Refuses is a person who says no.
func (p Phrases) Refuses(n int) Script {
	return p.script("refuses", Reply{Say: pick(p.No, n), Means: ConsentNo}, nil)
}

// OptsOut is a person who opts out at the question for consent.
func (p Phrases) OptsOut(n int) Script {
	return p.script("opts-out", Reply{Say: pick(p.OptOut, n), Means: OptOut}, nil)
}

// OptsOutAt is a person who consents, and opts out at a question, from 1.
func (p Phrases) OptsOutAt(question, n int) Script {
	return p.Consents(n).OptsOutAt(question, pick(p.OptOut, n), "")
}

func (p Phrases) script(name string, reply Reply, answers []Answer) Script {
	return Script{Name: fmt.Sprintf("%s-%s", name, p.Language), Language: p.Language, Greeting: p.Greeting, Replies: []Reply{reply},
		Answers: slices.Clone(answers)}
}

func pick(of []string, n int) string { return of[n%len(of)] }

func phrases() []Phrases {
	price, sales, supports := 2.5, 40.0, true
	answers := func(money, sold, empty string) []Answer {
		return []Answer{
			{Say: money, Claims: []Claim{{Field: "PRICE", Number: &price, Unit: "EUR", Supports: &supports}}},
			{Say: sold, Claims: []Claim{{Field: "VELOCITY", Number: &sales, Unit: "UNITS_PER_WEEK", Supports: &supports}}},
			{Say: empty, Claims: []Claim{{Field: "STOCKOUT", Unit: "NONE", Supports: &supports}}},
		}
	}
	return []Phrases{
		{Language: "en-US", Greeting: "Hello?",
			Yes:     []string{"Yes.", "yes sure go ahead", "Yeah, that's fine.", "Okay, yes."},
			No:      []string{"No.", "no thank you", "I'd rather not.", "No, I don't want that."},
			Unclear: []string{"Who is this?", "what is it about"},
			OptOut: []string{"Stop calling me.", "take me off your list", "Please don't ever call me again.", "remove my number from your list",
				"Do not call this number again."},
			Answers: answers("We pay two euros fifty.", "about forty a week", "Yes, we ran out of it twice.")},
		{Language: "es-ES", Greeting: "¿Diga?",
			Yes:     []string{"Sí.", "si claro", "Sí, por supuesto.", "Vale, de acuerdo."},
			No:      []string{"No.", "no gracias", "Prefiero que no.", "No, no quiero."},
			Unclear: []string{"¿Quién es?", "de qué se trata"},
			OptOut: []string{"No me llame más.", "no vuelvan a llamarme", "Quíteme de su lista.", "borre mi número de la lista",
				"Deje de llamarme, por favor."},
			Answers: answers("Pagamos dos euros con cincuenta.", "unas cuarenta por semana", "Sí, nos quedamos sin existencias dos veces.")},
		{Language: "fr-FR", Greeting: "Allô ?",
			Yes:     []string{"Oui.", "oui bien sûr", "D'accord, oui.", "oui allez-y"},
			No:      []string{"Non.", "non merci", "Je préfère pas.", "Non, je ne veux pas."},
			Unclear: []string{"C'est qui ?", "c'est à quel sujet"},
			OptOut: []string{"Ne m'appelez plus.", "arrêtez de m'appeler", "Retirez-moi de votre liste.", "ne me rappelez plus jamais",
				"Supprimez mon numéro de votre liste."},
			Answers: answers("Nous payons deux euros cinquante.", "environ quarante par semaine", "Oui, nous avons été en rupture deux fois.")},
		{Language: "de-DE", Greeting: "Hallo?",
			Yes:     []string{"Ja.", "ja gerne", "Ja, das ist in Ordnung.", "okay ja"},
			No:      []string{"Nein.", "nein danke", "Lieber nicht.", "Nein, das möchte ich nicht."},
			Unclear: []string{"Wer ist da?", "worum geht es"},
			OptOut: []string{"Rufen Sie mich nicht mehr an.", "hören sie auf mich anzurufen", "Streichen Sie mich von Ihrer Liste.",
				"nehmen sie mich von der liste", "Bitte nie wieder anrufen."},
			Answers: answers("Wir zahlen zwei Euro fünfzig.", "etwa vierzig pro Woche", "Ja, wir waren zweimal ausverkauft.")},
	}
}
