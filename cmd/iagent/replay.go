package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/progress"
	ireplay "github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
)

// replay processes stored webhooks again, sends them elsewhere, or retries dead runs.
type replay struct {
	app.Config
	Kind     string   `help:"Only events of this kind, such as status."`
	Outcome  string   `help:"Only events of this outcome: failed, refused, conflict, accepted or forced. Of failed and refused ones only those that are not settled meanwhile. The default is failed."`
	Since    string   `help:"Leave out what is older: a duration such as 24h, or a time such as 2026-11-23T12:00:00Z."`
	Until    string   `help:"Leave out what is not older; as --since."`
	Call     string   `placeholder:"ID" help:"Only events, or with --runs runs, of this call: its id, its CallSid, or the number when it has one call."`
	ID       []string `name:"id" placeholder:"ID" help:"These events, by the id of their rows; may be given again."`
	Limit    int      `default:"10000" help:"How many events or runs at most, the oldest first."`
	Yes      bool     `help:"Do it. Without it, only what would happen is printed."`
	Force    bool     `help:"Decide events again that were accepted already; needs --reason."`
	Reason   string   `help:"Why; it is kept in the audit log."`
	JSON     bool     `name:"json" help:"Print the report as JSON."`
	To       string   `placeholder:"URL" help:"Send the requests, signed anew, to another base URL instead. Nothing changes here."`
	ToToken  string   `name:"to-token" env:"REPLAY_TO_TOKEN" placeholder:"TOKEN" help:"Sign with this token instead of the configured one."`
	Curl     bool     `help:"Print curl commands for --to, or for APP_URL, instead. They have a signature and no token."`
	Runs     bool     `help:"Retry dead runs instead, those that died between --since and --until."`
	Function string   `placeholder:"NAME" help:"With --runs: only runs of this function."`
	Error    string   `placeholder:"TEXT" help:"With --runs: only runs whose last error has this in it, such as 503 or transient."`
}

// Help goes below the flags of --help.
func (replay) Help() string {
	return "Exits with 1 when an event failed or was refused, when a request was not answered with 2xx, or when it was stopped; with 2 " +
		"when a setting is wrong. Works beside a running server. Ctrl-C stops it between two events; another run finds what is left."
}

var (
	errReplay  = errors.New("not all was replayed: see above")
	errStopped = errors.New("stopped; run it again for the rest")
)

func (r replay) Run(ctx context.Context) error {
	ctx = interview.WithActor(ctx, cliActor())
	var faults []string
	moments := map[string]time.Time{}
	for name, text := range map[string]string{"--since": r.Since, "--until": r.Until} {
		at, err := moment(text)
		if err != nil {
			faults = append(faults, name+": "+err.Error())
		}
		moments[name] = at
	}
	if r.Force && r.Reason == "" {
		faults = append(faults, "--force: needs --reason")
	}
	if r.Limit < 1 {
		faults = append(faults, "--limit: must be at least 1")
	}
	switch inbox.Outcome(r.Outcome) {
	case "", inbox.Failed, inbox.Refused, inbox.Conflict, inbox.Accepted, store.Forced:
	default:
		faults = append(faults, "--outcome: must be failed, refused, conflict, accepted or forced")
	}
	base, to := "", r.To
	if r.Curl && to == "" {
		to = r.Config.URL
	}
	if to != "" {
		var err error
		if base, err = ireplay.ParseBase(to); err != nil {
			faults = append(faults, "--to: "+err.Error())
		}
	}
	if len(faults) > 0 {
		return &app.ConfigError{Faults: faults}
	}
	if r.Runs {
		return r.retryRuns(ctx, store.DeadRunFilter{Function: interview.Function(r.Function), Error: r.Error, CallID: r.Call,
			Since: moments["--since"], Until: moments["--until"]})
	}
	replayer, err := app.OpenReplayer(ctx, r.Config, store.Replay{Reason: r.Reason, Force: r.Force})
	if err != nil {
		return err
	}
	defer replayer.Close()
	if r.Call, err = callNamed(ctx, replayer.Store, r.Call, false); err != nil {
		return err
	}
	outcome := inbox.Outcome(r.Outcome)
	if outcome == "" {
		outcome = inbox.Failed
	}
	unsettled := (outcome == inbox.Failed || outcome == inbox.Refused) && !r.Force && to == ""
	events, more, err := ireplay.Find(ctx, replayer.Store, ireplay.Selection{IDs: r.ID, Limit: r.Limit, Filter: store.ReplayFilter{
		Outcome: outcome, Kind: inbox.Kind(r.Kind), Call: r.Call, Since: moments["--since"], Until: moments["--until"], Unsettled: unsettled}})
	if err != nil {
		return err
	}
	if to != "" {
		target := ireplay.Target{Base: base, TokenOf: replayer.TokenOf}
		if r.ToToken != "" {
			target.TokenOf = func(string) string { return r.ToToken }
		}
		return r.elsewhere(ctx, replayer.Store, target, events)
	}
	return r.here(ctx, replayer.Config, events, more)
}

// here processes the events again, or says what that would do.
func (r replay) here(ctx context.Context, config ireplay.Config, events []store.Replayable, more bool) error {
	report := &ireplay.Report{DryRun: !r.Yes, More: more}
	bar := newBar(len(events), "events")
	work := config.Try
	if r.Yes {
		work = config.Run
	}
	err := work(ctx, events, func(row ireplay.Row) {
		report.Add(row)
		if !r.JSON {
			if bar.Terminal && r.Yes && row.Detail == "" { // the bar tells of it
				bar.Show(report.Done(), report.Summary())
				return
			}
			fmt.Println(report.Line(row))
		} else if r.Yes {
			bar.Show(report.Done(), string(row.Verdict))
		}
	})
	if r.Yes && len(events) > 0 && bar.Terminal {
		bar.End()
	}
	if err != nil {
		report.Error = err.Error()
	}
	if r.JSON {
		if err := report.Write(os.Stdout); err != nil {
			return err
		}
	} else {
		fmt.Println(report.Summary())
	}
	switch counts := report.Counts; {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%d of %d events are over: %w", report.Done(), len(events), errStopped)
	case r.Yes && counts[ireplay.Verdict(inbox.Failed)]+counts[ireplay.Verdict(inbox.Refused)] > 0:
		return errReplay
	}
	return nil
}

// elsewhere sends the requests to another server, or prints what would.
func (r replay) elsewhere(ctx context.Context, s *store.Store, target ireplay.Target, events []store.Replayable) error {
	client, sent, bad := ireplay.NewClient(), 0, 0
	for i, e := range events {
		if ctx.Err() != nil {
			return fmt.Errorf("%d of %d requests are over: %w", i, len(events), errStopped)
		}
		detail, err := s.Webhook(ctx, e.ID)
		if err != nil {
			return err
		}
		answer := "would be sent"
		switch {
		case r.Curl:
			answer, err = target.Curl(detail)
		case r.Yes:
			var status int
			if status, err = target.Send(ctx, client, detail); err == nil {
				answer = fmt.Sprint(status, " ", http.StatusText(status))
				sent++
				if status < 200 || status > 299 {
					bad++
				}
			}
		}
		if err != nil {
			bad++
			fmt.Fprintf(os.Stderr, "%s  %s: %v\n", e.ID, e.EventID, err)
			continue
		}
		if r.Curl {
			fmt.Println(answer)
		} else if r.JSON {
			line, err := json.Marshal(map[string]string{"id": e.ID, "eventId": e.EventID, "url": target.Base + detail.Target, "answer": answer})
			if err != nil {
				return err
			}
			fmt.Println(string(line))
		} else {
			fmt.Printf("%s  %s  %s%s  %s\n", e.ID, e.EventID, target.Base, detail.Target, answer)
		}
	}
	if sent > 0 {
		if err := ireplay.Audit(ctx, s, r.Reason, target.Base, sent); err != nil {
			return err
		}
	}
	if bad > 0 {
		return errReplay
	}
	return nil
}

// retryRuns retries dead runs, or says which.
func (r replay) retryRuns(ctx context.Context, by store.DeadRunFilter) error {
	s, err := openExisting(ctx, r.DatabaseURL)
	if err != nil {
		return &app.ConfigError{Faults: []string{err.Error()}}
	}
	defer s.Close()
	if by.CallID, err = callNamed(ctx, s, by.CallID, true); err != nil {
		return err
	}
	plan, err := s.DeadRuns(ctx, by, 10)
	if err != nil {
		return err
	}
	report := struct {
		DryRun    bool                       `json:"dryRun"`
		Matched   int                        `json:"matched"`
		Functions map[interview.Function]int `json:"functions"`
		Retried   int                        `json:"retried"`
	}{!r.Yes, plan.Count, plan.Functions, 0}
	if !r.JSON {
		for _, run := range plan.Sample {
			fmt.Printf("%s  %s  %s  %d attempts  %s\n", run.ID, run.Function, run.Key, run.Attempts, run.LastError)
		}
		if plan.Count > len(plan.Sample) {
			fmt.Printf("… and %d more\n", plan.Count-len(plan.Sample))
		}
	}
	if r.Yes && plan.Count > 0 {
		bar := newBar(min(plan.Count, r.Limit), "runs")
		report.Retried, err = s.RetryRuns(ctx, by, r.Limit, r.Reason, func(done int) { bar.Show(done, "retried") })
		bar.End()
	}
	switch {
	case r.JSON:
		if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
			return err
		}
	case plan.Count == 0:
		fmt.Println("no dead runs")
	case !r.Yes:
		fmt.Printf("%d dead runs would be retried; nothing was done, --yes does it\n", plan.Count)
	default:
		fmt.Printf("%d of %d dead runs are waiting for their turn again\n", report.Retried, plan.Count)
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%d of %d runs were retried: %w", report.Retried, plan.Count, errStopped)
	}
	return err
}

// newBar shows progress beside what a command prints.
func newBar(total int, unit string) *progress.Bar {
	return &progress.Bar{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Total: total, Unit: unit, Lines: 10}
}
