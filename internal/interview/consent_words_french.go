package interview

import (
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

// frenchConsent is the vocabulary of French, as it is spoken in France, Belgium, Switzerland and Canada; see [englishConsent] for how to
// add to it. Words are written without accents and without apostrophes: "d'accord" is "d accord".
var frenchConsent = sync.OnceValue(newFrenchConsent)

func newFrenchConsent() *consentWords {
	w := &consentWords{
		unaccented: true, elides: true,
		whole: map[string]Answer{
			"1": AnswerYes, "un": AnswerYes, "le un": AnswerYes, "numero un": AnswerYes, "numero 1": AnswerYes, "le 1": AnswerYes,
			"2": AnswerNo, "deux": AnswerNo, "le deux": AnswerNo, "numero deux": AnswerNo, "numero 2": AnswerNo, "le 2": AnswerNo,
			"accepte": AnswerYes, "autorise": AnswerYes, "enregistrez": AnswerYes, "accorde": AnswerYes,
			"stop": AnswerNo, "arretez": AnswerNo, "au revoir": AnswerNo, "adieu": AnswerNo, "je passe": AnswerNo, "pas": AnswerNo,
		},
		refusals:     lexicon.Set(`non nan nenni jamais`),
		fillers:      lexicon.Set(`euh heu ben bah hein hum hm mm mmm`),
		intensifiers: lexicon.Set(`totalement completement parfaitement absolument entierement vraiment tres`),
		spellings:    map[string]string{"ouais": "oui", "ouai": "oui", "ouaip": "oui", "moui": "oui mais", "okay": "ok", "okey": "ok", "d accord": "daccord", "dac": "daccord", "s il": "sil", "sil vous": "sil vous", "mouais": "peutetre", "bien sur": "biensur", "pantoute": "pas", "allez y": "allezy", "vas y": "vasy", "peut etre": "peutetre", "chui": "je suis"},
		negation:     func(word string) bool { return frenchNegations[word] },
		notQuestions: []string{"pourquoi pas"},
	}
	w.phrases, w.longest = phraseTable(frenchConsentPhrases)
	return w
}

var frenchNegations = lexicon.Set(`non nan pas jamais ne n rien personne aucun aucune sans ni plus nenni guere point pus`)

var frenchConsentPhrases = map[meaning]string{
	phraseAffirms: `
		oui, si, oui oui, biensur, biensur que oui, daccord, ok, certainement, evidemment, naturellement, volontiers, avec plaisir, allezy, vasy, absolument, tout a fait, exactement, parfait, entendu, c est {bon ok daccord entendu parfait}, ca {marche roule va me_va me_convient}, {je nous on} {suis sommes est} {daccord}, je suis {tout_a_fait entierement parfaitement} daccord, je {suis} pour, {je nous j} {accepte acceptons consens}, {je} {vous _} {autorise donne_mon_accord donne_mon_consentement donne_la_permission donne_ma_permission}, vous avez {mon notre} {accord consentement autorisation}, vous avez {ma} permission, vous pouvez, vous pouvez {enregistrer y_aller l_enregistrer m_enregistrer proceder commencer}, tu peux {enregistrer y_aller m_enregistrer}, oui vous pouvez
		pas de {probleme problemes souci soucis}, aucun {probleme souci inconvenient}, {il_n_y_a y_a} {pas_de aucun} {probleme souci}, sans {probleme souci}, {ca_ne ca} me {derange} pas, {ca_ne ca} me {derange} pas du tout, je n {ai} {pas_d aucune} objection, aucune objection, pas d objection, je {n_y} vois pas d inconvenient, je n y vois {pas_d aucun} inconvenient, je n ai rien contre, je le veux bien, je veux bien, on y va, allezy enregistrez, c est correct, correct, bin oui, {mais} oui, pour moi c est {bon ok}, certain, mets en, {affirmatif positif}, daccord pour moi, j autorise, j accepte, je vous {y} autorise, faites donc, faites, faites {seulement}, {oui} {seulement}, {ca} {joue}, {va} pour moi, c est en ordre, {ca} {passe}, ca me va`,
	phraseCourtesy: `
		sil vous plait, sil te plait, svp, merci, merci beaucoup, merci bien, monsieur, madame, mademoiselle, bien, tres bien, super, genial, excellent, pourquoi pas, bonjour, bonsoir, alors, donc, voila, sans doute aucun, sans aucun doute, je vous en prie, la, eh, ah, oh, volontiers merci, allo oui, bon`,
	phraseObject: `
		pour {l_enregistrement etre_enregistre etre_enregistree moi enregistrer que_vous_enregistriez cet_appel ca cela}, {que} vous {enregistriez m_enregistriez}, d etre {enregistre enregistree}, a {l_enregistrement etre_enregistre etre_enregistree}, avec {ca cela l_enregistrement}, {l} enregistrement, {cet l} appel, {cette la} {conversation communication}, qu on {enregistre m_enregistre}, si vous {enregistrez m_enregistrez}, enregistrer, de {mon} cote, l appel, cet appel, la conversation, y compris, ca, cela`,
	phraseLeans: `
		peutetre, {je_ne je} sais pas, je {ne_suis suis} pas {sur sure certain}, pas {sur sure certain}, ca depend, je {suppose crois pense}, je crois que oui, je suppose que oui, probablement, possiblement, pas encore, {oui_et} non, oui ou non, un {instant moment}, attendez, une {seconde minute}, {je_n je n} {ai_pas} {compris entendu}, je {ne_comprends comprends} pas, je n entends pas, {comment pardon quoi}, qui {etes_vous est_ce est_a_l_appareil parle appelle}, {c_est} {qui quoi}, pour {quoi qui}, pourquoi, repetez, vous pouvez repeter, pouvez vous repeter, allo, {laissez_moi} reflechir, je ne {dis_pas} non, je dis pas non, je ne m y oppose pas, je ne m oppose pas, je ne refuse pas, je {ne_suis suis} pas contre, {ca_m_est ca_m} egal, ca me derange, j ai pas {compris entendu}, {comme} vous voulez, comme vous voudrez, {rien_a} {cacher dire redire}, je {n_ai ai} rien a {cacher dire redire}, pas {mal grave}, c est pas grave, ce n est pas grave, yes, si senor, ja, {oui_mais mais}, oui mais, combien de temps`,
	phraseRefuses: `
		non merci, {j je} {accepte autorise} pas, je {veux souhaite consens} pas, {je_ne je n} {veux_pas souhaite_pas accepte_pas consens_pas autorise_pas desire_pas suis_pas_daccord suis_pas_pour donne_pas}, je {veux accepte suis} pas {daccord _}, {ne_suis n_est ne_sommes} pas daccord, {pas} daccord, je {ne_vous} autorise pas, je {ne_donne} pas, {je_ne_veux je_veux veux} pas {etre_enregistre etre_enregistree que_vous_enregistriez d_enregistrement qu_on_m_enregistre qu_on_enregistre}, je {refuse decline m_oppose m_y_oppose rejette}, {refuse oppose}, {plutot_pas surtout_pas certainement_pas absolument_pas biensur_que_non pas_question pas_du_tout pas_moyen}, hors de question, il n en est pas question, en aucun cas, en aucune facon, jamais de la vie, {je_prefere j_aimerais_mieux je_preferererais je_prefererais} {pas que_non ne_pas non}, je crois que non, je pense que non, {sans} {enregistrement enregistrer m_enregistrer}, pas d enregistrement, n enregistrez {pas rien}, ne m enregistrez pas, {ne_m m} appelez plus, arretez de m appeler, {arretez} {l_enregistrement d_enregistrer}, ca ne m interesse pas, ca m interesse pas, pas interesse, pas interessee, ca ne me {va_pas convient_pas plait_pas}, ca me va pas, c est non, {je_dis} non, vous {ne_pouvez n_avez pouvez} pas, {retirez enlevez rayez} moi, laissez moi tranquille, je raccroche, mauvais numero, vous vous trompez, faux numero, {negatif}, je retire mon {consentement accord}, je vous interdis, je ne peux pas, non non`,
	phraseUnknown: `{je_suis} bien, ca va merci, oui c est ca`,
	phraseMachine: `
		{laissez} {un_message votre_message moi_un_message}, apres le {bip signal}, {boite} vocale, repondeur, messagerie, vous etes {bien} {chez sur}, vous avez {joint bien_joint}, {n_est} pas disponible, {est} indisponible, {appuyez tapez faites le} {sur} {le 1 2 un deux}, {votre} appel {est} important, pour des raisons de qualite, cet appel {est peut_etre sera} enregistre, {le} numero que vous avez {compose demande}, {ne_quittez} pas, veuillez patienter, merci de patienter, merci d avoir appele, service client, {n_est} pas attribue, rappelez {plus ulterieurement}`,
}
