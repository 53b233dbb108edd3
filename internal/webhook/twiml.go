package webhook

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/twilio/twilio-go/twiml"
)

const (
	// consentTimeout is how long, in seconds, we wait for an answer to begin.
	consentTimeout = 6
	// answerPause is how long, in seconds, a person has to answer a question of the interview.
	answerPause = 20
	// answerTimeout is how long, in seconds, we wait for a live answer to begin.
	answerTimeout = 10
	// recordingName is unique within a call, as Twilio wants it.
	recordingName = "interview"
)

// ask says the prompts and waits for the answer to asking n of the consent question. The prompts are spoken inside the
// Gather, so that an answer cuts them short. Silence is an answer too; should Twilio fall through to what follows the
// Gather all the same, the call ends, and nothing was recorded.
func (d v1) ask(call interview.Call, n int, prompts ...string) []twiml.Element {
	gather := choice(call.Script, d.urls.Of(call.Version).Consent(call.ID, n), call.Script.ConsentHints(), prompts)
	return append([]twiml.Element{gather}, farewell(call.Script, call.Script.NotUnderstood())...)
}

// choice says the prompts and waits for one key, or for words where those of the language are understood.
func choice(script interview.Script, action, hints string, prompts []string) twiml.VoiceGather {
	gather := twiml.VoiceGather{
		Action:              action,
		Method:              http.MethodPost,
		Input:               "dtmf",
		NumDigits:           "1",
		Timeout:             strconv.Itoa(consentTimeout),
		ActionOnEmptyResult: "true",
	}
	if interview.UnderstandsConsent(script.Language) {
		gather.Input, gather.Language = "dtmf speech", script.HeardLanguage()
		gather.SpeechTimeout, gather.Hints = "auto", hints
	}
	for _, prompt := range prompts {
		gather.InnerElements = append(gather.InnerElements, say(script, prompt))
	}
	return gather
}

// interview starts the recording, which runs on beside the verbs that follow, and asks the questions. Hanging up ends it.
func (d v1) interview(call interview.Call) []twiml.Element {
	document := []twiml.Element{
		twiml.VoiceStart{InnerElements: []twiml.Element{twiml.VoiceRecording{
			Channels:                      "dual",
			Track:                         "both",
			Trim:                          "do-not-trim", // else times in the audio are not times in the call
			RecordingStatusCallback:       d.urls.Of(call.Version).Recording(call.ID),
			RecordingStatusCallbackMethod: http.MethodPost,
			RecordingStatusCallbackEvent:  "in-progress completed absent",
			// The SDK has no field for the name.
			OptionalAttributes: map[string]string{"name": recordingName},
		}}},
		say(call.Script, call.Script.Thanks()),
	}
	return append(document, d.questions(call)...)
}

// questions asks what is left to ask, after the last answered question: the next one, or in a campaign with pauses all of them. There
// each pause waits for a key, so that the key of the opt-out works while the person answers on the recording; silence goes on with
// the document, without a request.
func (d v1) questions(call interview.Call) []twiml.Element {
	if call.Script.AnswerMode == interview.AnswerGather {
		return d.question(call)
	}
	var document []twiml.Element
	for i, question := range call.Script.Asks() {
		if i < call.AnswerStep {
			continue
		}
		document = append(document, sayQuestion(call.Script, question), twiml.VoiceGather{
			Action: d.urls.Of(call.Version).Answer(call.ID, i+1), Method: http.MethodPost,
			Input: "dtmf", NumDigits: "1", Timeout: strconv.Itoa(answerPause),
		})
	}
	return append(document, farewell(call.Script, call.Script.Goodbye())...)
}

// question asks the question after the last answered one and listens until the speaker stops or presses a key, or says goodbye
// after the last. Should Twilio fall through to what follows the Gather, that is silence too, and moves on.
func (d v1) question(call interview.Call) []twiml.Element {
	asks, step := call.Script.Asks(), call.AnswerStep+1
	if step > len(asks) {
		return farewell(call.Script, call.Script.Goodbye())
	}
	action := d.urls.Of(call.Version).Answer(call.ID, step)
	return []twiml.Element{
		twiml.VoiceGather{
			Action:              action,
			Method:              http.MethodPost,
			Input:               "dtmf speech",
			NumDigits:           "1",
			Language:            call.Script.HeardLanguage(),
			Hints:               call.Script.AnswerHints(),
			Timeout:             strconv.Itoa(answerTimeout),
			SpeechTimeout:       "auto",
			ActionOnEmptyResult: "true",
			InnerElements:       []twiml.Element{sayQuestion(call.Script, asks[step-1])},
		},
		twiml.VoiceRedirect{Url: action, Method: http.MethodPost},
	}
}

// say speaks one of our own texts.
func say(s interview.Script, words string) twiml.VoiceSay {
	return twiml.VoiceSay{Message: words, Language: s.SpokenLanguage(), Voice: s.SpokenVoice()}
}

// sayQuestion speaks a question, in the campaign's language whether we have texts in it or not.
func sayQuestion(s interview.Script, question string) twiml.VoiceSay {
	return twiml.VoiceSay{Message: question, Language: s.QuestionLanguage(), Voice: s.Voice}
}

// farewell says goodbye and hangs up.
func farewell(s interview.Script, words string) []twiml.Element {
	return []twiml.Element{say(s, words), twiml.VoiceHangup{}}
}

// render writes a TwiML document. The SDK puts attributes in the order of a map, a new one each time; sorted, the same
// call and event give the same bytes.
func render(verbs []twiml.Element) (inbox.Reply, error) {
	document, response := twiml.CreateDocument()
	twiml.AddAllVerbs(response, verbs)
	for _, verb := range response.ChildElements() {
		verb.SortAttrs()
		for _, noun := range verb.ChildElements() { // TwiML goes no deeper
			noun.SortAttrs()
		}
	}
	text, err := twiml.ToXML(document)
	if err != nil {
		return inbox.Reply{}, fmt.Errorf("writing TwiML: %w", err)
	}
	return inbox.Reply{Status: http.StatusOK, ContentType: "text/xml", Body: []byte(text)}, nil
}
