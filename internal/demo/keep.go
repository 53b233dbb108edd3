package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
	"github.com/i-agent/iagent/simulator"
)

// What a kept demo has beside the study's calls, so that its console has something of everything.
const (
	// unreadable is the person of whom the model says nothing that can be read, so that a run dies.
	unreadable = "+15550002000"
	// secretAnswer is what they say.
	secretAnswer = "That is a secret of the trade."
	// canceled is whom nobody calls: the call is canceled before its turn.
	canceled = "+15550002001"
)

// keptPick is pick with the people of a kept demo.
func keptPick(pick func(to string, n int) simulator.Script) func(to string, n int) simulator.Script {
	return func(to string, n int) simulator.Script {
		if to == unreadable {
			answer := simulator.Answer{Say: secretAnswer}
			return simulator.Consents(answer, answer, answer)
		}
		return pick(to, n)
	}
}

// keptAnswer is the study's model, which says nothing that can be read of one call.
func (s Study) keptAnswer(ctx context.Context, request simulator.ChatRequest) (string, error) {
	for _, m := range request.Messages {
		if request.SchemaName == "claims" && strings.Contains(m.Content, "secret of the trade") {
			return "I would rather not say.", nil
		}
	}
	return s.Answer(ctx, request)
}

// cancelOne places a call and cancels it before its turn. The campaign has dialled as many as it may in a minute, so the call waits.
func (r *run) cancelOne(ctx context.Context) error {
	waiting, err := r.api.Place(ctx, r.campaign.ID, "", []string{canceled})
	if err != nil {
		return err
	}
	_, err = r.api.Do(ctx, http.MethodPost, "/api/calls/"+waiting[0].ID+"/cancel", "", map[string]any{}, nil)
	return err
}

// addSamples adds what else the study's calls do not have: a call that waited for the end of a stop and of which a run died, a webhook
// that came again with other content, and one that was refused. The calls of the study are judged by then.
func (r *run) addSamples(ctx context.Context) error {
	if err := r.conflict(ctx); err != nil {
		return err
	}
	var other campaign
	if _, err := r.api.Do(ctx, http.MethodPost, "/api/campaigns", "", r.study.Campaign("Oat drink, a call that the model does not understand"), &other); err != nil {
		return err
	}
	call, err := r.placeStopped(ctx, other.ID)
	if err != nil {
		return err
	}
	err = until(ctx, "no run has died", func() (bool, error) {
		var runs struct {
			Items []struct{ ID string } `json:"items"`
		}
		err := r.api.Get(ctx, "/api/runs?state=failed", &runs)
		return len(runs.Items) > 0, err
	})
	if err != nil {
		return err
	}
	// As where a proxy ends TLS and nobody says so.
	return r.deliver(ctx, call.ID, "https://", http.StatusForbidden, url.Values{"CallSid": {"CA" + secret()}, "CallStatus": {"completed"}, "To": {unreadable}})
}

// placeStopped places a call while a stop is in force, and ends the stop once it keeps the call waiting.
func (r *run) placeStopped(ctx context.Context, campaignID string) (call e2e.Call, err error) {
	var stop struct{ ID string }
	request := map[string]string{"scope": campaignID, "requestedBy": "Kim", "reason": "The questions name the wrong shop"}
	if _, err := r.api.Do(ctx, http.MethodPost, "/api/stops", "", request, &stop); err != nil {
		return call, err
	}
	calls, err := r.api.Place(ctx, campaignID, "", []string{unreadable})
	if err != nil {
		return call, err
	}
	err = until(ctx, "no call waits for the end of the stop", func() (bool, error) {
		var waiting struct {
			Gate *struct{ Refusal interview.Refusal } `json:"gate"`
		}
		err := r.api.Get(ctx, "/api/calls/"+calls[0].ID, &waiting)
		return waiting.Gate != nil && waiting.Gate.Refusal == interview.RefusalStopped, err
	})
	if err != nil {
		return call, err
	}
	_, err = r.api.Do(ctx, http.MethodDelete, "/api/stops/"+stop.ID, "", map[string]string{"requestedBy": "Kim", "reason": "The questions are right now"}, nil)
	return calls[0], err
}

// conflict sends the last webhook of a call of the study again, with another duration.
func (r *run) conflict(ctx context.Context) error {
	call, err := r.api.Call(ctx, r.calls[0].ID)
	if err != nil {
		return err
	}
	return r.deliver(ctx, call.ID, "http://", http.StatusOK, url.Values{"CallSid": {call.TwilioSid}, "CallStatus": {"completed"}, "CallDuration": {"4000"}, "To": {call.PhoneNumber}})
}

// until asks again and again whether something is so.
func until(ctx context.Context, otherwise string, is func() (bool, error)) error {
	for {
		if so, err := is(); so || err != nil {
			return err
		}
		if err := e2e.Wait(ctx, pollEvery); err != nil {
			return errors.New(otherwise)
		}
	}
}

// deliver sends a status callback of a call that is signed for its address with a scheme.
func (r *run) deliver(ctx context.Context, callID, scheme string, want int, form url.Values) error {
	form.Set("AccountSid", r.account)
	at := r.url + "/api/webhooks/v1/twilio/status?callId=" + url.QueryEscape(callID)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(signature.Header, signature.Sign(r.token, strings.Replace(at, "http://", scheme, 1), form))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("a webhook signed for %s was answered %s", scheme, response.Status)
	}
	return nil
}
