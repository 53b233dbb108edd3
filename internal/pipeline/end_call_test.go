package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
)

// endingLedger is the least of a store: what it hands out, and what was kept.
type endingLedger struct {
	begin interview.CallEnding
	kept  []string
}

func (s *endingLedger) BeginEndCall(context.Context, interview.Run, string) (interview.CallEnding, error) {
	return s.begin, nil
}

func (s *endingLedger) CallEnded(ctx context.Context, _ interview.Run, callID, outcome string) error {
	if callID != "call-1" || outcome == "" || ctx.Err() != nil {
		return errors.New("kept for something else, or too late")
	}
	s.kept = append(s.kept, outcome)
	return nil
}

func TestMachineIsHungUpOrItIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		answer              http.HandlerFunc
		done, again, forbid bool
	}{
		"hung up":           {answer: reply(200, `{"sid":"CA1","status":"in-progress"}`), done: true},
		"over already":      {answer: reply(400, `{"code":21220,"message":"Call is not in-progress.","status":400}`), done: true},
		"unknown at Twilio": {answer: gone, done: true},
		"wrong credentials": {answer: reply(401, `{"code":20003,"message":"Authenticate","status":401}`), again: true},
		"wrong method":      {answer: reply(405, `{"code":20004,"message":"Method not allowed","status":405}`), forbid: true},
		"maintenance page":  {answer: reply(200, `<html>back soon</html>`), again: true},
		"no call":           {answer: reply(200, `{}`), again: true},
		"proxy's 404":       {answer: reply(404, `<html>not found</html>`), again: true},
		"too many requests": {answer: reply(429, `{"code":20429,"message":"slow down","status":429}`), again: true},
		"server error":      {answer: reply(500, ``), again: true},
		"no answer":         {answer: drop, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCarrier(t, test.answer)
			client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: c.URL})
			if err != nil {
				t.Fatal(err)
			}
			s := &endingLedger{begin: interview.CallEnding{CallSid: "CA1", Words: "Goodbye."}}
			f := &pipeline.EndCall{Store: s, Twilio: client}
			err = f.Run(t.Context(), interview.Run{Args: []byte(`{"callId":"call-1"}`)})
			if (err == nil) != test.done || (len(s.kept) == 1) != test.done || jobs.IsPermanent(err) != test.forbid ||
				(err != nil && !jobs.IsPermanent(err)) != test.again {
				t.Errorf("%v, kept %q", err, s.kept)
			}
		})
	}
}

func TestCallThatIsOverIsNotEndedAgain(t *testing.T) {
	c := newCarrier(t) // any request is unexpected
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: c.URL})
	if err != nil {
		t.Fatal(err)
	}
	s := &endingLedger{begin: interview.CallEnding{Skip: true}}
	f := &pipeline.EndCall{Store: s, Twilio: client}
	if err := f.Run(t.Context(), interview.Run{Args: []byte(`{"callId":"call-1"}`)}); err != nil || len(s.kept) != 0 {
		t.Errorf("%v, kept %q", err, s.kept)
	}
}
