package pipeline_test

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
)

// onMachine makes a call that a machine answered, and takes the run that ends it.
func (db *database) onMachine(t *testing.T, status interview.CallStatus) (callID string, run interview.Run) {
	t.Helper()
	id := db.call(t)
	db.change(t, id, func(call *interview.Call) interview.Change {
		call.TwilioSid, call.Status, call.AnsweredBy = "CA"+id, status, "machine_start"
		return interview.Change{Jobs: []interview.Job{interview.NewEndCall(id)}}
	})
	return id, db.start(t, interview.EndCall, id)
}

// ended answers with the call that was asked for.
func ended(w http.ResponseWriter, r *http.Request) {
	sid := strings.TrimSuffix(path.Base(r.URL.Path), ".json")
	reply(200, `{"sid":"`+sid+`","status":"in-progress"}`)(w, r)
}

// outcomes is what the history of a call says of being hung up.
func (db *database) outcomes(t *testing.T, callID string) (all []string) {
	t.Helper()
	for _, h := range db.detail(t, callID).History {
		if h.What == "call.ended" && h.Detail != "" {
			all = append(all, h.Detail)
		}
	}
	return all
}

func TestMachineIsHungUpOrItIsTriedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		for name, test := range map[string]struct {
			answer              http.HandlerFunc
			done, again, forbid bool
		}{
			"hung up":           {answer: ended, done: true},
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
				c := newFakeTwilio(t, test.answer)
				client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: c.URL})
				if err != nil {
					t.Fatal(err)
				}
				id, run := db.onMachine(t, interview.CallInProgress)
				f := &pipeline.EndCall{Store: db.store, Twilio: client}
				err = f.Run(t.Context(), run)
				kept := db.outcomes(t, id)
				if (err == nil) != test.done || (len(kept) == 1) != test.done || jobs.IsPermanent(err) != test.forbid ||
					(err != nil && !jobs.IsPermanent(err)) != test.again {
					t.Errorf("%v, kept %q", err, kept)
				}
			})
		}
	})
}

func TestCallThatIsOverIsNotEndedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		c := newFakeTwilio(t) // any request is unexpected
		client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: c.URL})
		if err != nil {
			t.Fatal(err)
		}
		id, run := db.onMachine(t, interview.CallCompleted)
		f := &pipeline.EndCall{Store: db.store, Twilio: client}
		if err := f.Run(t.Context(), run); err != nil || len(db.outcomes(t, id)) != 0 || db.runState(t, run.Function, run.Key) != interview.RunDone {
			t.Errorf("%v, kept %q", err, db.outcomes(t, id))
		}
	})
}
