package evidence

import (
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

var frenchWords = sync.OnceValue(newFrenchWords)

func newFrenchWords() *wordsOf {
	w := &wordsOf{
		pairs: map[string]float64{"quatre vingt": 80, "quatre vingts": 80, "dix sept": 17, "dix huit": 18, "dix neuf": 19},
		atoms: map[string]float64{"zero": 0, "septante": 70, "huitante": 80, "octante": 80, "nonante": 90}, hundred: lexicon.Set("cent cents"), thousand: lexicon.Set("mille"),
		millions: map[string]float64{"million": 1e6, "millions": 1e6, "milliard": 1e9, "milliards": 1e9}, one: lexicon.Set("un une"), and: lexicon.Set("et"),
		scores: map[float64]bool{60: true, 80: true}, point: lexicon.Set("virgule"), half: lexicon.Set("demi demie"), commaOnly: true,
	}
	counted(1, 1, `un/une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize`, w.atoms)
	counted(20, 10, `vingt/vingts trente quarante cinquante soixante`, w.atoms)
	w.phrases, w.longest = phraseWords(`
		dollar, dollars, piastre, piastres = dollars; euro, euros = euros; livre sterling, livres sterling = pounds; yen, yens = yen; pour cent, pourcent = percent; centime, centimes, cent us = cents;
		unite, unites, piece, pieces, bouteille, bouteilles, canette, canettes, paquet, paquets, sac, sacs, bocal, bocaux, article, articles = units;
		caisse, caisses, casier, casiers, cageot, cageots = cases; boite, boites, carton, cartons = boxes; palette, palettes = pallets;
		jour, jours, journee = days; semaine, semaines = weeks; mois = months; an, ans, annee, annees = years; heure, heures = hours; minute, minutes = minutes; fois = times; douzaine, douzaines = dozen;
		par jour, chaque jour = per day; quotidien, quotidiens, quotidiennement = daily; par semaine, chaque semaine, la semaine = per week; hebdomadaire, hebdomadaires = weekly; par mois, chaque mois, le mois = per month; mensuel, mensuels, mensuellement = monthly; par an = per year; par heure = per hour;
		a = to; entre = between; et = and; ou = or; moins = less; plus = more; plus de, plus d = more than; moins de, moins d = less than; au moins, au minimum = at least; au plus, au maximum = at most; presque = almost; environ = about; a peu pres, plus ou moins = roughly; si, s = if;
		ne, n = not; pas = pas; jamais = never; rien = nothing; personne = nobody; aucun, aucune = none; ni = nor; sans = without; peut etre = maybe; soi disant = supposedly; autrefois = formerly`)
	return w
}
