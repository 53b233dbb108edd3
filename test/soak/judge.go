package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/outside"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/simulator"
)

// judge lets verify look at the ledger and holds every call against the truth.
func (r *run) judge(ctx context.Context) error {
	r.report.Simulator = r.simulator.Report()
	for _, s := range r.servers {
		if n := s.panics(); n > 0 {
			r.report.violate("panic", "a server panicked or raced %d times", n)
		}
	}
	if err := r.retryDead(ctx); err != nil {
		return err
	}
	var err error
	if r.report.Overdue, err = r.missing(ctx); err != nil {
		return err
	}
	if err := r.verify(ctx, &r.report.Before); err != nil {
		return err
	}
	r.report.Ledger = r.report.Before
	if r.Reconcile && !r.report.Before.OK() {
		if err := r.reconcile(ctx); err != nil {
			return err
		}
	}
	given := r.judgeDeliveries()
	if r.Unrepaired {
		if r.report.Ledger.OK() {
			r.report.violate("unnoticed", "callbacks were dropped for good and verify found nothing")
		}
		if r.report.Overdue == 0 {
			r.report.violate("unnoticed", "callbacks were dropped for good and nothing would be late")
		}
		return nil
	}
	r.countEngine()
	for _, v := range r.report.Ledger.Violations {
		if !r.Reconcile && unknownDial(v) {
			continue // verify is right, and nobody is there who would ask; whether somebody was called is judged with the call
		}
		r.report.violate("verify "+v.Kind, "%s %s: %s", v.Subject, v.Detail, v.Text)
	}
	return r.judgeCalls(ctx, given)
}

// unknownDial reports whether verify found a dial whose outcome nobody knows, whether that is late yet or not.
func unknownDial(v verify.Violation) bool {
	return v.Kind == "overdue" && v.Detail == string(interview.OverdueDial) ||
		v.Kind == "unfinished" && v.Detail == string(interview.CallDialUnknown)
}

// retryDead runs again what had used up its attempts, as an operator does who was told of it: a recording whose file was
// late twice while Twilio asked for patience and the server was killed has had its four.
func (r *run) retryDead(ctx context.Context) error {
	dead, err := r.api.dead(ctx)
	if err != nil || len(dead) == 0 {
		return err
	}
	r.report.Retried += len(dead)
	for _, id := range dead {
		why, err := r.api.lastError(ctx, id)
		if err != nil {
			return err
		}
		r.log("run %s is dead, and run again: %s", id, why)
		if r.Refusals > 0 && strings.Contains(why, "401") {
			r.report.violate("failed-for-credentials", "run %s is dead: %s", id, why)
		}
		if err := r.api.do(ctx, http.MethodPost, "/api/runs/"+id+"/retry", "", nil, nil); err != nil {
			return err
		}
	}
	return r.awaitRest(ctx, 3*time.Second)
}

// verify runs iagent verify of the judge's build, as an operator would.
func (r *run) verify(ctx context.Context, into *verify.Report) error {
	cmd := exec.CommandContext(ctx, r.Judge, "verify", "--json", "--settled", "--database-url", r.databaseURL)
	cmd.Env = r.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && (!errors.As(err, &exit) || stdout.Len() == 0) {
		return fmt.Errorf("iagent verify: %w: %s", err, stderr.String())
	}
	if parse := json.Unmarshal(stdout.Bytes(), into); parse != nil {
		return fmt.Errorf("iagent verify: %w: %s", parse, stderr.String())
	}
	if (err == nil) != into.OK() {
		return fmt.Errorf("iagent verify: the report is %v, the exit %v", into.OK(), err)
	}
	return nil
}

// reconcile asks Twilio about everything that is unfinished, without waiting until it is late, and what it comes to.
func (r *run) reconcile(ctx context.Context) error {
	// Twilio may ask for patience; then the rest is asked for by the next one.
	const attempts = 5
	for n := 1; ; n++ {
		cmd := exec.CommandContext(ctx, r.Binary, "reconcile", "--since", "24h")
		cmd.Env = r.env
		out, err := cmd.CombinedOutput()
		if err == nil {
			break
		}
		if n == attempts {
			return fmt.Errorf("iagent reconcile: %w: %s", err, out)
		}
	}
	// A dial that left no trace is proven absent within two minutes, and made again.
	if err := r.awaitRest(ctx, 3*time.Minute); err != nil {
		return err
	}
	if err := r.retryDead(ctx); err != nil {
		return err
	}
	// Whoever was dialled again has been called since.
	r.report.Simulator = r.simulator.Report()
	r.report.Ledger = verify.Report{}
	return r.verify(ctx, &r.report.Ledger)
}

// judgeDeliveries looks at how the webhooks were answered. It returns the calls that Twilio had to end, because no
// attempt at their TwiML was answered in time.
func (r *run) judgeDeliveries() (given map[string]bool) {
	type event struct {
		call    string
		ordinal int
	}
	answered, chained := map[event]bool{}, map[event]bool{}
	for _, d := range r.simulator.Deliveries() {
		switch d.Fault {
		case simulator.FaultWrongToken, simulator.FaultTampered, simulator.FaultHTTPForHTTPS, simulator.FaultQuerySorted, simulator.FaultFlood:
			continue
		}
		e := event{d.CallSid, d.Ordinal}
		answered[e] = answered[e] || d.Status/100 == 2
		chained[e] = d.Kind == simulator.KindVoice || d.Kind == simulator.KindGather || d.Kind == simulator.KindRedirect
	}
	given = map[string]bool{}
	for e, ok := range answered {
		if ok {
			continue
		}
		r.report.Unanswered++
		if chained[e] {
			given[e.call] = true
		}
	}
	r.report.Events, r.report.GivenUp = len(answered), len(given)
	for _, v := range r.report.Simulator.Broken {
		switch v.Rule {
		case simulator.RuleUnanswered:
			continue // whether it was made good is seen in its call
		case simulator.RuleTooSlow:
			if r.Scenario.Outages > 0 {
				continue
			}
		case simulator.RuleFalseDuplicate:
			if r.report.Ledger.Counts.Reconciled > 0 {
				continue // it had been fetched before it came
			}
		case simulator.RuleDebuggerErrors:
			if !slices.ContainsFunc(r.report.Simulator.Debugger, func(e simulator.Entry) bool {
				return e.Level == "error" && e.Fault == simulator.FaultNone && !given[e.CallSid]
			}) {
				continue
			}
		}
		r.report.violate(v.Rule, "%d times: %s, such as %s", v.Count, v.Meaning, strings.Join(v.Examples, "; "))
	}
	return given
}

// judgeCalls holds what the API says of each call against what is true of it.
func (r *run) judgeCalls(ctx context.Context, given map[string]bool) error {
	truths := map[string][]simulator.Truth{}
	for _, t := range r.report.Simulator.Truths {
		truths[t.To] = append(truths[t.To], t)
	}
	ids, err := r.api.ids(ctx)
	if err != nil {
		return err
	}
	if len(ids) != len(r.people.numbers) {
		r.report.violate("calls", "%d numbers were given, there are %d calls", len(r.people.numbers), len(ids))
	}
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		failed error
		queue  = make(chan string)
	)
	for range 4 {
		asking.Go(func() {
			for id := range queue {
				got, err := r.api.call(ctx, id)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					r.judgeCall(got, truths[got.PhoneNumber], given)
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		queue <- id
	}
	close(queue)
	asking.Wait()
	return failed
}

func (r *run) judgeCall(got outside.Call, dialled []simulator.Truth, given map[string]bool) {
	r.report.Statuses[got.Status]++
	if got.Transcript != nil && *got.Transcript != "" {
		r.report.Transcripts++
	}
	switch {
	case len(dialled) > 1:
		r.report.violate("called-twice", "call %s was placed %d times", got.ID, len(dialled))
		return
	case len(dialled) == 0 && got.Status == "DIAL_UNKNOWN" && !r.Reconcile:
		r.report.Unknown++ // said honestly, and nobody there who would ask
		return
	case len(dialled) == 0:
		r.report.violate("never-called", "call %s is %s and was never placed", got.ID, got.Status)
		return
	}
	for _, fault := range got.Against(dialled[0]) {
		if fault.Rule == "consent" && given[dialled[0].CallSid] {
			continue
		}
		r.report.violate(fault.Rule, "%s", fault.Text)
	}
}
