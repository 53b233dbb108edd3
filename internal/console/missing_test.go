package console_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

func TestCallSaysWhichRunFailedForGoodWhereSomethingIsMissing(t *testing.T) {
	for function, page := range map[interview.Function]struct{ has, not []string }{
		interview.TranscribeRecording: {[]string{"None: transcribe-recording failed for good: permanent: model: no answer for ", "not transcribed"}, []string{"is being transcribed", "failed for good: permanent: model: no answer for +15551234567"}},
		interview.ExtractClaims:       {[]string{"None: extract-claims failed for good: permanent: model: no answer for "}, []string{"either nothing was said", "still to be read"}},
	} {
		o := open(t, tokensOf(t))
		ctx := t.Context()
		made, err := o.store.CreateCampaign(ctx, interview.Campaign{Name: "Oats", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), Hypotheses: []interview.Hypothesis{{Question: "Do shops pay more?"}}})
		if err != nil {
			t.Fatal(err)
		}
		var id string
		if _, err := o.store.CreateCalls(ctx, store.NewCalls{CampaignID: made.ID, PhoneNumbers: []string{"+15557654321"}, Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Body: []byte{}}, nil
		}}); err != nil {
			t.Fatal(err)
		}
		c := o.call(id)
		c.send(inbox.KindVoice, "CallStatus", "in-progress")
		c.send(webhook.KindConsent, "SpeechResult", "yes")
		c.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1", "RecordingDuration", "60", "RecordingChannels", "2")
		c.send(inbox.KindStatus, "CallStatus", "completed", "CallDuration", "60")
		run := c.start(interview.TranscribeRecording, id+":RE1")
		o.signIn(viewerToken)
		if got := o.get("/console/calls/" + id); !strings.Contains(got, "The recording is being transcribed.") {
			t.Errorf("while it runs:\n%s", got)
		}
		if function == interview.ExtractClaims {
			if err := o.store.SaveTranscript(ctx, run, id, "RE1", []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "We pay twelve dollars.", StartSec: 1, EndSec: 2}}); err != nil {
				t.Fatal(err)
			}
			if got := o.get("/console/calls/" + id); !strings.Contains(got, "the transcript is still to be read by the model") {
				t.Errorf("while it waits:\n%s", got)
			}
			run = c.start(function, id+":RE1")
		}
		if err := o.store.FailRun(ctx, run, "permanent: model: no answer for +15551234567"); err != nil {
			t.Fatal(err)
		}
		wants(t, string(function), o.get("/console/calls/"+id), append(page.has, `<a href="/console/runs/`+run.ID+`">The run</a>`), append(page.not, "5551234567"))
	}
}
