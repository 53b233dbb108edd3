package interview

import (
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

// spanishConsent is the vocabulary of Spanish; see [englishConsent] for how to add to it. Words are written without accents, as
// recognisers often write them: "si" is yes, for the word for "if" only begins a condition, whose other words are unknown.
var spanishConsent = sync.OnceValue(newSpanishConsent)

func newSpanishConsent() *consentWords {
	w := &consentWords{
		unaccented: true,
		whole: map[string]Answer{
			"1": AnswerYes, "uno": AnswerYes, "numero uno": AnswerYes, "numero 1": AnswerYes, "el uno": AnswerYes, "opcion uno": AnswerYes,
			"2": AnswerNo, "dos": AnswerNo, "numero dos": AnswerNo, "numero 2": AnswerNo, "el dos": AnswerNo, "opcion dos": AnswerNo,
			"conforme": AnswerYes, "dale": AnswerYes, "aceptado": AnswerYes, "encantado": AnswerYes, "encantada": AnswerYes, "grabe": AnswerYes, "graben": AnswerYes,
			"stop": AnswerNo, "pare": AnswerNo, "paren": AnswerNo, "adios": AnswerNo, "paso": AnswerNo, "chao": AnswerNo, "basta": AnswerNo,
		},
		refusals:     lexicon.Set(`no nunca jamas nones`),
		fillers:      lexicon.Set(`eh em este mm mmm ah pues eeh hm`),
		intensifiers: lexicon.Set(`totalmente completamente perfectamente absolutamente muy realmente plenamente`),
		spellings:    map[string]string{"sip": "si", "okey": "ok", "okay": "ok", "oki": "ok", "okei": "ok", "deacuerdo": "de acuerdo", "porfavor": "por favor", "sisi": "si", "claro que": "claro que", "nop": "no", "esta bien": "esta bien", "ta bien": "esta bien", "ta bueno": "esta bien"},
		negation:     func(word string) bool { return spanishNegations[word] },
		notQuestions: []string{"por que no", "como no"},
	}
	w.phrases, w.longest = phraseTable(spanishConsentPhrases)
	return w
}

var spanishNegations = lexicon.Set(`no nunca jamas nada nadie ningun ninguno ninguna tampoco sin ni nones apenas`)

var spanishConsentPhrases = map[meaning]string{
	phraseAffirms: `
		si, si que si, claro, claro que si, por supuesto, por supuesto que si, desde luego, desde luego que si, como no, vale, ok, de acuerdo, {estoy estamos} de acuerdo, {estoy estamos} conforme, conforme, estamos conformes
		{acepto aceptamos consiento consentimos autorizo autorizamos}, lo {acepto aceptamos autorizo permito}, {doy damos} {mi nuestro el} {consentimiento permiso acuerdo}, {le les} {doy damos} {mi nuestro el _} {consentimiento permiso}, tiene {mi nuestro _} {permiso consentimiento autorizacion}, tienen {mi nuestro _} {permiso consentimiento autorizacion}, tienes {mi _} permiso
		{adelante perfecto correcto afirmativo efectivamente exacto}, esta bien, me parece {bien perfecto}, por mi {bien perfecto vale}, {puede pueden puedes} {grabar grabarla grabarme grabarlo grabarnos}, {puede pueden puedes} {hacerlo proceder empezar}, si {puede pueden puedes}, claro {puede pueden puedes}
		no {hay tengo veo} {problema inconveniente}, no {hay tengo} {ningun} {problema inconveniente}, sin {problema problemas inconveniente}, ningun problema, ningun inconveniente, no me {importa molesta}, no hay drama, no hay pedo, sin drama, no pasa nada
		{con mucho_gusto con_gusto encantado_de_la_vida obvio obviamente seguro naturalmente ciertamente}, {con_mucho con} gusto, dele, dale si, {sale ya} vale, va que va, orale, simon, sale, listo si, como usted {quiera diga guste}, {que si}, digo que si, le digo que si, yo si, {que} {grabe graben}, {grabe graben} {la _} {llamada conversacion}, cuente conmigo, {le les} {autorizo permito}`,
	phraseCourtesy: `
		por favor, gracias, muchas gracias, senor, senora, senorita, amigo, hombre, mujer, excelente, genial, estupendo, fenomenal, muy bien, bien, bueno, buenas, buenos dias, buenas tardes, buenas noches, hola, por que no, claro esta, ya, entonces, listo, vamos, venga, gracias a usted, usted, sin duda, no faltaba mas, faltaria mas, che, pues nada, dios mio`,
	phraseObject: `
		con {eso ello esto que_me_graben que_se_grabe la_grabacion que_graben grabar}, que {me nos la lo se} {graben grabe}, a {que_me_graben la_grabacion que_graben ser_grabado ser_grabada grabar}, para {grabar grabarme que_me_graben que_graben}, {esta la} {llamada conversacion entrevista}, en {que_me_graben que_se_grabe que_graben}, {por} mi parte, para mi, ser {grabado grabada}, {la} grabacion, grabar, con la llamada, que grabe, que graben, con ustedes, con usted, en grabar, a grabar, de mi parte`,
	phraseLeans: `
		si bueno, {no_estoy} seguro, {no_estoy} segura, no se, no lo se, no sabria, ni idea, {quizas quiza tal_vez a_lo_mejor puede_ser puede_que posiblemente probablemente depende supongo imagino creo}, supongo que si, creo que si, me da {igual lo_mismo}, da igual, todavia no, aun no, no {entiendo entendi oigo escucho le_oigo le_escucho le_entiendo comprendo}, no {te_oigo te_entiendo le_escuche}, {como que} dice, mande, perdon, perdone, disculpe, repita, {un espere espera} {momento segundo}, un momento, espere, espera, dejeme pensar, dejame pensar, hola quien, quien {es habla llama}, de parte de quien, que {es quiere desea empresa}, para que, por que, cuanto {tiempo dura}, si o no, si y no, bueno no se, no me opongo, no me niego, no estoy en contra, no digo que no, no veo por que no, no puedo decir que no, no le digo que no, no {tengo} nada en contra, nada que {objetar ocultar esconder}, no tengo nada que {objetar ocultar esconder}, {no_me} viene mal, no esta mal, no hace falta, no problem, yes, oui, ja, no voy a decir que no, no creo que {haya _} problema`,
	phraseRefuses: `
		no {quiero deseo acepto autorizo consiento permito doy puedo gracias senor senora estoy_de_acuerdo estamos_de_acuerdo estoy_conforme esta_bien me_parece me_parece_bien me_gusta me_gusta_eso me_interesa me_grabe me_graben grabe graben grabes nos_graben lo_acepto lo_autorizo tiene_permiso tienen_permiso tiene_mi_permiso tienen_mi_permiso tiene_mi_consentimiento tienen_mi_consentimiento}, no {puede pueden puedes} {grabar grabarme grabarla grabarlo}, no {quiero deseo quisiera} {que_me_graben que_graben ser_grabado ser_grabada que_se_grabe que_grabe la_grabacion grabar}, no {doy damos} {mi el _} {consentimiento permiso}, no {le les} {doy damos} {mi el _} {consentimiento permiso}, me {niego opongo}, lo {rechazo prohibo}, {rechazo prohibo}, {prefiero preferiria preferimos} {que_no no}, mejor no, {claro por_supuesto desde_luego seguro} que no, creo que no, digo que no, le digo que no, de ninguna {manera forma}, de ningun modo, ni {hablar pensarlo loco loca muerto muerta de_broma en_suenos}, para nada, en absoluto, que va, negativo, sin {grabar grabacion grabarme que_me_graben}, nada de {grabar grabaciones eso}, {cuelgo cuelgue colgare}, {voy_a} colgar, {no_me} {llame llamen llames} {_ mas}, {deje dejen deja} de {llamarme molestar llamar molestarme grabar}, {borre borren quite quiten} {mi_numero me}, {borreme borrenme quiteme quitenme}, dejeme en paz, dejenme en paz, {apague apaguen} {la_grabacion eso}, {pare paren detenga} {la_grabacion de_grabar}, numero equivocado, se equivoca, se ha equivocado, no grabar, no a la grabacion, no por favor, nunca jamas, retiro mi consentimiento, revoco mi consentimiento, no te lo permito, que no`,
	phraseUnknown: `{estoy} bien, {estoy} muy bien, si claro como_no_ironico, {esta_bien} gracias`,
	phraseMachine: `
		{deje dejen grabe} {su un} mensaje, despues {de_la del} {senal tono}, {buzon} de voz, contestador, {ha se_ha} comunicado con, {en_este_momento} no {puedo podemos} atenderle, no {esta se_encuentra} disponible, fuera de servicio, {marque pulse oprima presione} {uno dos cero 1 2 0} {para _}, {su esta} llamada {puede sera esta_siendo} {ser _} {grabada monitoreada}, {por_motivos_de fines_de} calidad, gracias por llamar, {el_numero} {que_usted_ha_marcado marcado}, su llamada es importante, manténgase en linea, mantengase en linea, no cuelgue, permanezca en linea, servicio de atencion`,
}
