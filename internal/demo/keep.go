package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/e2e"
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

// addSamples adds what else the study's calls do not have: a run that died, and a webhook that was refused. The calls of the study are
// judged by then.
func (r *run) addSamples(ctx context.Context) error {
	var other campaign
	if _, err := r.api.Do(ctx, http.MethodPost, "/api/campaigns", "", r.study.Campaign("Oat drink, a call that the model does not understand"), &other); err != nil {
		return err
	}
	calls, err := r.api.Place(ctx, other.ID, "", []string{unreadable})
	if err != nil {
		return err
	}
	for died := false; !died; {
		var runs struct {
			Items []struct{ ID string } `json:"items"`
		}
		if err := r.api.Get(ctx, "/api/runs?state=failed", &runs); err != nil {
			return err
		}
		if died = len(runs.Items) > 0; !died {
			if err := e2e.Wait(ctx, pollEvery); err != nil {
				return errors.New("no run has died")
			}
		}
	}
	return r.refused(ctx, calls[0])
}

// refused sends a webhook that is signed for another URL than APP_URL, as where a proxy ends TLS and nobody says so.
func (r *run) refused(ctx context.Context, call e2e.Call) error {
	at := r.url + "/api/webhooks/v1/twilio/status?callId=" + url.QueryEscape(call.ID)
	form := url.Values{"AccountSid": {r.account}, "CallSid": {"CA" + secret()}, "CallStatus": {"completed"}, "To": {unreadable}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(signature.Header, signature.Sign(r.token, strings.Replace(at, "http://", "https://", 1), form))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusForbidden {
		return fmt.Errorf("a webhook signed for another URL was answered %s", response.Status)
	}
	return nil
}
