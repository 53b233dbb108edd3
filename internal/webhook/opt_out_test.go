package webhook

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// wantOptOut checks that an event opts out, and that the call is ended with a sentence that confirms it.
func wantOptOut(t *testing.T, call interview.Call, e *inbox.Event, want interview.OptOut) interview.Change {
	t.Helper()
	change, reply := decide(t, call, e)
	if change.OptOut == nil || !reflect.DeepEqual(*change.OptOut, want) {
		t.Errorf("%v: opt-out %+v, want %+v", e.Form, change.OptOut, want)
	}
	if texts := spoken(t, reply.Body); !slices.Equal(texts, []string{call.Script.OptedOut()}) || !strings.HasSuffix(string(reply.Body), "<Hangup/></Response>") {
		t.Errorf("%v: answered %s", e.Form, reply.Body)
	}
	return change
}

func TestOptOutAtTheConsentQuestionIsANoAndEndsTheCall(t *testing.T) {
	for _, c := range []struct {
		language string
		e        *inbox.Event
		by       interview.OptOutMeans
	}{
		{"", event(KindConsent, "Digits", "9"), interview.OptOutByKey},
		{"ja-JP", event(KindConsent, "Digits", "9"), interview.OptOutByKey},
		{"en-US", event(KindConsent, "SpeechResult", "Yes, and take me off your list.", "Confidence", "0.2"), interview.OptOutBySpeech},
		{"es-MX", event(KindConsent, "SpeechResult", "Deje de llamarme.", "Confidence", "0.9"), interview.OptOutBySpeech},
		{"fr-CA", event(KindConsent, "SpeechResult", "Retirez-moi de votre liste.", "Confidence", "0.9"), interview.OptOutBySpeech},
		{"de-AT", event(KindConsent, "SpeechResult", "Rufen Sie hier nie wieder an!", "Confidence", "0.9"), interview.OptOutBySpeech},
		{"de-DE", event(KindConsent, "SpeechResult", "stop calling me"), interview.OptOutBySpeech},
	} {
		call := answered()
		call.Script.Language = c.language
		change := wantOptOut(t, call, c.e, interview.OptOut{Language: c.language, By: c.by, Step: interview.OptOutAtConsent})
		if change.Call.Consent != interview.ConsentRefused || change.Erase {
			t.Errorf("%v left consent %q, erase %t", c.e.Form, change.Call.Consent, change.Erase)
		}
	}
}

func TestPlainOptOutCountsHoweverUnsureTheRecogniserWas(t *testing.T) {
	for _, confidence := range []string{"", "0", "0.0", "0.01", "0.9", "NaN", "high"} {
		e := event(KindConsent, "SpeechResult", "take me off your list", "Confidence", confidence)
		wantOptOut(t, answered(), e, interview.OptOut{Language: answered().Script.Language, By: interview.OptOutBySpeech, Step: interview.OptOutAtConsent})
	}
}

func TestOptOutAtAQuestionEndsTheCallAndKeepsWhatWasSaid(t *testing.T) {
	call := interviewed(1)
	call.Consent, call.Script.Language = interview.ConsentGiven, "es-ES"
	change := wantOptOut(t, call, said("2", "No me llamen más."), interview.OptOut{Language: "es-ES", By: interview.OptOutBySpeech, Step: 2})
	if change.Erase || change.Call.Consent != interview.ConsentGiven {
		t.Errorf("erase %t, consent %q", change.Erase, change.Call.Consent)
	}
	wantAnswer(t, change, 2, "No me llamen más.")

	key := event(KindAnswer, "Digits", "9")
	key.Query.Set("step", "1")
	wantAnswer(t, wantOptOut(t, interviewed(0), key, interview.OptOut{By: interview.OptOutByKey, Step: 1}), 1, "")
}

func TestOptOutCountsWithoutConsentAndAfterTheCall(t *testing.T) {
	call := interviewed(0)
	call.Consent = interview.ConsentRefused
	wantAnswer(t, wantOptOut(t, call, said("1", "stop calling me"), interview.OptOut{By: interview.OptOutBySpeech, Step: 1}), 1, "")
	call = answered()
	call.Status = interview.CallCompleted
	wantOptOut(t, call, event(KindConsent, "Digits", "9"), interview.OptOut{By: interview.OptOutByKey})
}

func TestAnotherKeyAtAQuestionIsSilence(t *testing.T) {
	e := event(KindAnswer, "Digits", "5")
	e.Query.Set("step", "1")
	change, reply := decide(t, interviewed(0), e)
	golden(t, "answer", reply)
	wantAnswer(t, change, 1, "")
	if change.OptOut != nil {
		t.Errorf("opt-out %+v", change.OptOut)
	}
}

func TestEverythingIsSpokenInTheLanguageAndVoiceOfTheCampaign(t *testing.T) {
	call := consented()
	call.Script.Language, call.Script.Voice, call.Script.AnswerMode = "es-MX", "Polly.Mia-Neural", interview.AnswerGather
	call.Script.Identity = interview.Identity{Organisation: "Pan & Datos", CallbackNumber: "+525555550100", Purpose: "el precio del pan"}
	for name, e := range map[string]*inbox.Event{"voice-spanish": event(inbox.KindVoice), "question-spanish": event(KindConsent, "Digits", "1")} {
		call.Consent = interview.ConsentUnknown
		_, reply := decide(t, call, e)
		golden(t, name, reply)
		body := string(reply.Body)
		if says := strings.Count(body, "<Say "); says == 0 || says != strings.Count(body, `<Say language="es-MX" voice="Polly.Mia-Neural">`) ||
			strings.Count(body, "<Gather ") != strings.Count(body, ` input="dtmf speech" language="es-MX" `) {
			t.Errorf("%s: not all in Spanish:\n%s", name, body)
		}
	}
}
