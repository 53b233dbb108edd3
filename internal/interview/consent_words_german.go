package interview

import (
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

// germanConsent is the vocabulary of German, as it is spoken in Germany, Austria and Switzerland; see [englishConsent] for how to add to
// it. Words are written without umlauts: "natürlich" is "naturlich".
var germanConsent = sync.OnceValue(newGermanConsent)

func newGermanConsent() *consentWords {
	w := &consentWords{
		unaccented: true,
		whole: map[string]Answer{
			"1": AnswerYes, "eins": AnswerYes, "die eins": AnswerYes, "nummer eins": AnswerYes, "nummer 1": AnswerYes, "die 1": AnswerYes,
			"2": AnswerNo, "zwei": AnswerNo, "die zwei": AnswerNo, "nummer zwei": AnswerNo, "nummer 2": AnswerNo, "die 2": AnswerNo, "zwo": AnswerNo,
			"zugestimmt": AnswerYes, "genehmigt": AnswerYes, "erlaubt": AnswerYes, "aufzeichnen": AnswerYes,
			"stopp": AnswerNo, "stop": AnswerNo, "aufhoren": AnswerNo, "tschuss": AnswerNo, "auf wiederhoren": AnswerNo, "auf wiedersehen": AnswerNo, "nicht": AnswerNo,
		},
		refusals:     lexicon.Set(`nein ne nee no nie niemals na nix noi`),
		fillers:      lexicon.Set(`ah ahm hm hmm mm mmm tja eh halt also naja oh`),
		intensifiers: lexicon.Set(`vollig absolut total ganz sehr vollkommen wirklich uneingeschrankt voll eigentlich`),
		spellings:    map[string]string{"okay": "ok", "okey": "ok", "jo": "ja", "joa": "ja", "jep": "ja", "jup": "ja", "jawohl": "ja", "joo": "ja", "jaja": "ja vielleicht", "ja ja": "ja ja", "jawoll": "ja", "yo": "ja", "jau": "ja", "nich": "nicht", "ned": "nicht", "net": "nicht", "nit": "nicht", "hab": "habe", "gehts": "geht es", "is": "ist", "passts": "passt es", "selbstverstandlich": "naturlich", "natuerlich": "naturlich", "gerne": "gern", "einverstande": "einverstanden", "nope": "nein", "uhu": "hm"},
		negation:     func(word string) bool { return germanNegations[word] },
		notQuestions: []string{"warum nicht", "wieso nicht", "warum denn nicht"},
	}
	w.phrases, w.longest = phraseTable(germanConsentPhrases)
	return w
}

var germanNegations = lexicon.Set(`nein ne nee no nicht nie niemals kein keine keinen keiner keinem nichts nix niemand ohne weder kaum noi na`)

var germanConsentPhrases = map[meaning]string{
	phraseAffirms: `
		ja, ja ja, klar, na klar, ja klar, naturlich, aber naturlich, sicher, aber sicher, sicherlich, gern, sehr gern, aber gern, ok, in ordnung, {das ist geht} in ordnung, das ist in ordnung, das geht in ordnung, einverstanden, {ich wir} {bin sind} {damit _} einverstanden, {bin sind} {damit _} einverstanden, {ich_bin wir_sind} dafur, {ich wir} {stimme stimmen} {dem _} zu, {stimme} zu, {ich} {erlaube gestatte genehmige} {es das ihnen_das es_ihnen}, {ich} {gebe} {meine mein ihnen_meine} {einwilligung zustimmung erlaubnis einverstandnis}, {sie_haben} meine {einwilligung zustimmung erlaubnis}, {ich} willige ein, {sie} {durfen konnen} {aufzeichnen aufnehmen das das_aufzeichnen das_aufnehmen gern_aufzeichnen gern_aufnehmen es_aufzeichnen das_gesprach_aufzeichnen das_gesprach_aufnehmen mich_aufzeichnen mich_aufnehmen}, {sie} {durfen}, {konnen durfen} sie, {konnen durfen} sie {machen gern gern_machen}, du {darfst kannst} {aufnehmen aufzeichnen}, {zeichnen} sie {_ ruhig} auf, {nehmen} sie {_ ruhig} auf, {nur los_gehts legen_sie} los, nur zu, {machen} sie {_ das_ruhig ruhig nur es das}, von mir aus, von mir aus gern, meinetwegen, {das es _} {passt} {mir fur_mich schon _}, {das es _} ist {ok gut mir_recht recht}, {das es} geht {klar ok}, geht klar, alles klar, {jederzeit} gern, {auf} jeden fall, unbedingt, genau, richtig, damit {bin_ich sind_wir} einverstanden, {ich_bin wir_sind} mit der {aufzeichnung aufnahme} einverstanden, ich stimme der {aufzeichnung aufnahme} zu, {das} {ist_fur_mich_ok ist_fur_mich_in_ordnung}, fur mich {ist_das_ok in_ordnung ok}, {kein gar_kein uberhaupt_kein} problem, {habe ich_habe} {nichts} dagegen, da {habe_ich} nichts dagegen, {ich_habe habe} {keine} {einwande bedenken}, keine {einwande bedenken}, stort mich nicht, das stort mich nicht, macht mir nichts aus, {das macht} mir nichts aus, {spricht} nichts dagegen, da spricht nichts dagegen, {eh} klar, passt schon, {sowieso freilich jawohl_ja gwies}, isch guet, isch ok, das isch guet, das isch ok, sicher ja`,
	phraseCourtesy: `
		bitte, danke, danke schon, vielen dank, danke sehr, gut, super, prima, toll, schon, wunderbar, perfekt, bestens, mein herr, gnadige frau, warum nicht, wieso nicht, guten tag, guten morgen, guten abend, gruss gott, gruezi, servus, moin, na, dann, doch, bitte schon, bitte sehr, herzlich, na gut, na dann, ohne frage, ohne zweifel, kein ding, keine frage, merci`,
	phraseObject: `
		mit {der_aufzeichnung der_aufnahme dem_mitschnitt dem allem der_sache}, {der_aufzeichnung der_aufnahme dem_mitschnitt}, dass {sie_aufzeichnen sie_das_aufzeichnen sie_aufnehmen das_aufgezeichnet_wird das_gesprach_aufgezeichnet_wird sie_das_gesprach_aufzeichnen sie_mich_aufzeichnen aufgezeichnet_wird}, {das dieses} gesprach, den anruf, {die} {aufzeichnung aufnahme}, {aufgezeichnet} {zu} werden, fur {mich uns}, damit, aufzeichnen, aufnehmen, das, es, mir, zu`,
	phraseLeans: `
		hallo, na ja, vielleicht, {weiss ich_weiss} {nicht} {_ so_recht genau}, {ich_bin bin} {mir} {nicht_sicher unsicher}, {nicht} {sicher}, {kommt_drauf kommt_darauf das_kommt_darauf das_kommt_drauf es_kommt_darauf} an, {ich} {glaube denke vermute} {schon _}, {eventuell moglicherweise wahrscheinlich vermutlich}, noch nicht, jein, ja und nein, {einen} moment, {eine} sekunde, moment, warten sie, moment mal, {ich_muss} {uberlegen nachdenken}, lassen sie mich {uberlegen nachdenken}, {das_habe_ich habe_ich ich_habe das_hab_ich} nicht verstanden, nicht verstanden, {ich} verstehe {sie_nicht nicht}, {wie was} bitte, wie bitte, wer {sind_sie ist_da spricht_da spricht}, was {wollen_sie ist_das}, worum geht {es}, warum, wieso, wozu, wofur, wie lange, {konnen_sie_das konnen_sie} wiederholen, noch mal, noch einmal, ist mir egal, das ist mir egal, {mir} egal, egal, wenn es sein muss, wenns sein muss, {ich_habe} nichts zu verbergen, nichts zu verbergen, {ich_sage} nicht nein, da sage ich nicht nein, ich lehne nicht ab, {nicht_dass_ich} wusste, nicht schlimm, {das_ist} nicht schlimm, yes, oui, si, ja aber, ja oder nein, nicht verkehrt, keine ahnung, stort mich, das stort mich, {ich_bin_nicht bin_nicht} dagegen, nicht dagegen`,
	phraseRefuses: `
		nein danke, {ich_bin bin wir_sind} {damit _} nicht {damit _} einverstanden, nicht {einverstanden ok in_ordnung gern erlaubt gestattet}, {das_ist ist} nicht {ok in_ordnung recht mir_recht}, {ich} {mochte will wunsche wurde_das} {das es _} {lieber _} nicht, {ich} {mochte will} nicht {_ aufgezeichnet aufgenommen dass_sie_aufzeichnen dass_das_aufgezeichnet_wird dass_sie_das_aufzeichnen dass_aufgezeichnet_wird}, {ich} {lehne} {das es _} ab, {lehne} ab, {ich} {verweigere widerspreche} {das dem _}, {verweigere}, {ich_bin bin} dagegen, dagegen, {ich} stimme {dem _} nicht zu, {ich} erlaube {das es ihnen_das} nicht, {sie} {durfen konnen} {das mich es _} nicht {_ aufzeichnen aufnehmen}, nicht {aufzeichnen aufnehmen}, keine {aufzeichnung aufnahme zustimmung erlaubnis einwilligung lust zeit}, {kein} {interesse bedarf mitschnitt}, {ich_habe habe} {kein} interesse, ohne {aufzeichnung aufnahme mitschnitt}, {lieber eher besser naturlich sicher bestimmt gewiss klar} nicht, {auf_keinen auf_gar_keinen} fall, {kommt} nicht in frage, {das_kommt} nicht in frage, {keinesfalls keineswegs}, niemals, {in} keinem fall, {unter_keinen} umstanden, {ich_sage das_ist} {nein ein_nein}, ich glaube nicht, ich denke nicht, gar nicht, uberhaupt nicht, {ich_lege lege} auf, {rufen} sie {mich_nicht nicht_mehr mich_nicht_mehr nie_wieder hier_nicht} {an _ mehr_an wieder_an}, horen sie auf, {lassen} sie mich in ruhe, {streichen loschen} sie {mich meine_nummer}, falsch verbunden, falsche nummer, sie haben sich verwahlt, {ich_ziehe} {meine} {zustimmung einwilligung} zuruck, {widerrufe} {meine} {zustimmung einwilligung}, machen sie das {aus nicht}, schalten sie das {aus ab}, das geht nicht, geht nicht, das geht gar nicht, nein nein`,
	phraseUnknown: `{mir} geht es gut, {danke} gut, alles gut`,
	phraseMachine: `
		{hinterlassen sprechen} sie {_ bitte} {eine ihre _} {nachricht}, nach dem {signalton ton piep}, anrufbeantworter, mailbox, {ist_zurzeit ist_derzeit ist_momentan ist} nicht {erreichbar verfugbar zu_erreichen}, {sie_sind} verbunden mit, {drucken} sie {die} {eins zwei 1 2 null}, {bitte} {warten}, {bleiben} sie {bitte _} {in_der_leitung dran}, {zu} {qualitatszwecken schulungszwecken}, {ihr} anruf ist {uns} wichtig, {die_gewahlte} rufnummer, {kein} anschluss, {der} teilnehmer, unter dieser nummer, vielen dank fur ihren anruf, {dieses_gesprach dieser_anruf} {wird} aufgezeichnet`,
}
