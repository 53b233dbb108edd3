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

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/simulator"
)

// judge lets verify look at the database and holds every call against the truth.
func (r *run) judge(ctx context.Context) error {
	r.report.Simulator = r.simulator.Report()
	for _, s := range r.servers {
		if n := s.Panics(); n > 0 {
			r.report.violate("panic", "a server panicked or raced %d times", n)
		}
	}
	if !r.Reconcile && !r.Unrepaired {
		if err := r.askForUnanswered(ctx); err != nil {
			return err
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
	r.report.After = r.report.Before
	if r.Reconcile && !r.report.Before.OK() {
		if err := r.reconcile(ctx); err != nil {
			return err
		}
	}
	r.countEngine()
	if err := r.judgeCalls(ctx); err != nil {
		return err
	}
	if r.Unrepaired {
		if r.report.After.OK() {
			r.report.violate("unnoticed", "callbacks were dropped for good and verify found nothing")
		}
		if r.report.Overdue == 0 {
			r.report.violate("unnoticed", "callbacks were dropped for good and nothing would be late")
		}
		return nil
	}
	for _, v := range r.report.After.Violations {
		if !r.Reconcile && unknownDial(v) {
			continue // verify is right, and nobody is there who would ask; whether somebody was called is judged with the call
		}
		r.report.violate("verify "+v.Kind, "%s %s: %s", v.Subject, v.Detail, v.Text)
	}
	return nil
}

// askForUnanswered asks Twilio about the calls that lack a webhook which nobody answered while Twilio was sending it: a server that
// takes longer than Twilio's 15 s to come back, as on a loaded machine, has missed it. What was accepted is never asked for: it
// must be there.
func (r *run) askForUnanswered(ctx context.Context) error {
	unanswered := e2e.Unanswered(r.simulator.Deliveries())
	if len(unanswered) == 0 {
		return nil
	}
	ids, err := r.api.IDs(ctx, "/api/calls?")
	if err != nil {
		return err
	}
	for _, id := range ids {
		call, err := r.api.Call(ctx, id)
		if err != nil {
			return err
		}
		if !unanswered[call.TwilioSid] {
			continue
		}
		r.log("call %s lacks a webhook that nobody answered: Twilio is asked", id)
		if _, err := r.api.Do(ctx, http.MethodPost, "/api/calls/"+id+"/reconcile", "", nil, nil); err != nil {
			return err
		}
	}
	return r.awaitSettled(ctx, nothingComes)
}

// unknownDial reports whether verify found a dial whose outcome nobody knows, whether that is late yet or not.
func unknownDial(v verify.Violation) bool {
	return v.Kind == "overdue" && v.Detail == string(interview.OverdueDial) ||
		v.Kind == "unfinished" && v.Detail == string(interview.CallDialUnknown)
}

// retryDead runs again what had used up its attempts, as an operator does who was told of it: a recording whose file was
// late twice while Twilio answered 429 and the server was killed has had its four.
func (r *run) retryDead(ctx context.Context) error {
	dead, err := r.api.Runs(ctx, "failed")
	if err != nil || len(dead) == 0 {
		return err
	}
	r.report.Retried += len(dead)
	for _, run := range dead {
		r.log("%s, and run again", run)
		if r.Refusals > 0 && run.LastError != nil && strings.Contains(*run.LastError, "401") {
			r.report.violate("failed-for-credentials", "%s", run)
		}
		if _, err := r.api.Do(ctx, http.MethodPost, "/api/runs/"+run.ID+"/retry", "", nil, nil); err != nil {
			return err
		}
	}
	return r.awaitSettled(ctx, nothingComes)
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
	// Twilio may answer 429 about a call, which is then asked for by the next one; about some of many it does so each time. Whether
	// anything is still missing is what verify tells, below.
	const attempts = 5
	for n := 1; ; n++ {
		cmd := exec.CommandContext(ctx, r.Binary, "reconcile", "--since", "24h")
		cmd.Env = r.env
		out, err := cmd.CombinedOutput()
		if err == nil || n == attempts && onlyTransient(string(out)) {
			break
		}
		if n == attempts {
			return fmt.Errorf("iagent reconcile: %w: %s", err, out)
		}
	}
	// A dial that left no trace is proven absent, and made again.
	if err := r.awaitSettled(ctx, e2e.AbsenceProvenWithin); err != nil {
		return err
	}
	if err := r.retryDead(ctx); err != nil {
		return err
	}
	// Whoever was dialled again has been called since.
	r.report.Simulator = r.simulator.Report()
	r.report.After = verify.Report{}
	return r.verify(ctx, &r.report.After)
}

// onlyTransient says whether each call of which a reconciler complains met a fault that passes.
func onlyTransient(complaints string) bool {
	calls := 0
	for line := range strings.Lines(complaints) {
		if line = strings.TrimPrefix(line, "iagent: reconciling: "); !strings.HasPrefix(line, "call ") {
			continue
		}
		if calls++; !strings.Contains(line, ": transient: ") {
			return false
		}
	}
	return calls > 0
}

// judgeCalls holds what the API says of each call, and how the webhooks were answered, against what is true.
func (r *run) judgeCalls(ctx context.Context) error {
	ids, err := r.api.IDs(ctx, "/api/calls?")
	if err != nil {
		return err
	}
	if len(ids) != len(r.people.numbers) {
		r.report.violate("calls", "%d numbers were given, there are %d calls", len(r.people.numbers), len(ids))
	}
	// Whether a webhook that was never answered was made good is seen in its call.
	excused := []string{simulator.RuleUnanswered}
	if r.Scenario.Outages > 0 || r.Scenario.Busy {
		excused = append(excused, simulator.RuleTooSlow)
	}
	if r.report.After.Counts.Reconciled > 0 {
		excused = append(excused, simulator.RuleFalseDuplicate) // it had been fetched before it came
	}
	verdict, err := e2e.Judge{API: r.api, Twilio: r.simulator, UnknownDials: !r.Reconcile, Claims: r.people.study.Claims, Excused: excused}.Judge(ctx, ids)
	if err != nil {
		return err
	}
	r.report.Events, r.report.Unanswered, r.report.GivenUp, r.report.Unknown = verdict.Events, verdict.Unanswered, verdict.GivenUp, verdict.Unknown
	for _, call := range verdict.Calls {
		r.report.Statuses[call.Status]++
		if call.Transcript != nil && *call.Transcript != "" {
			r.report.Transcripts++
		}
	}
	for _, fault := range verdict.Faults {
		// What is lost for good is missing in the calls; how each webhook was answered counts all the same.
		if ofSimulator := slices.ContainsFunc(simulator.Rules(), func(v simulator.Violation) bool { return v.Rule == fault.Rule }); !r.Unrepaired || ofSimulator {
			r.report.violate(fault.Rule, "%s", fault.Text)
		}
	}
	return nil
}
