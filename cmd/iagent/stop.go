package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// stop keeps everybody from being called.
type stop struct {
	listDatabase
	Campaign string `placeholder:"ID" help:"Only the calls of this campaign."`
	HangUp   bool   `help:"End the calls under way, too: who is talking hears a sentence. Without it they may finish."`
	Reason   string `help:"Why; it is kept in the audit log."`
}

// Help goes below the flags of --help.
func (stop) Help() string {
	return "Once it has returned, no process dials. Calls that nobody has answered are canceled at Twilio by the running server. " +
		"It holds until iagent resume, also when servers are restarted."
}

// stopAs is a stop as it is printed.
type stopAs struct {
	ID          string             `json:"id"`
	Scope       string             `json:"scope"`
	Mode        interview.StopMode `json:"mode"`
	RequestedBy string             `json:"requestedBy,omitempty"`
	Reason      string             `json:"reason,omitempty"`
	CreatedAt   time.Time          `json:"createdAt"`
	EndedAt     *time.Time         `json:"endedAt"`
}

func showStop(s interview.Stop) stopAs {
	return stopAs{s.ID, s.Scope, s.Mode, s.RequestedBy, s.Reason, s.CreatedAt.UTC(), s.EndedAt}
}

func (c stop) Run(ctx context.Context) error {
	mode := interview.StopFinish
	if c.HangUp {
		mode = interview.StopHangUp
	}
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		done, err := s.Stop(ctx, store.NewStop{Scope: cmp.Or(c.Campaign, interview.ScopeAll), Mode: mode, RequestedBy: cliActor(), Reason: c.Reason})
		if done.ID == "" {
			return err
		}
		shown := struct {
			stopAs
			Queued int `json:"queued"`
			Live   int `json:"live"`
			Ends   int `json:"ends"`
		}{showStop(done.Stop), done.Queued, done.Live, done.Ends}
		return errors.Join(err, c.print(shown, func(w io.Writer) {
			resume := "iagent resume"
			if c.Campaign != "" {
				resume += " --campaign " + c.Campaign
			}
			fmt.Fprintf(w, "stopped (%s): nobody is called. %d calls wait, %d are live, %d of them are being ended. %s ends the stop.\n",
				done.Scope, done.Queued, done.Live, done.Ends, resume)
		}))
	})
}

// resume ends stops.
type resume struct {
	listDatabase
	Campaign string `placeholder:"ID" help:"End the stops of this campaign. Without it, those of all campaigns."`
	ID       string `name:"id" placeholder:"ID" help:"End this stop alone."`
	Reason   string `help:"Why, for the audit log."`
}

var errNotStopped = errors.New("no such stop is in force")

// notStopped says what is in force instead.
func notStopped(stops []interview.Stop) error {
	if len(stops) == 0 {
		return errNotStopped
	}
	others := make([]string, len(stops))
	for i, stop := range stops {
		others[i] = stop.ID + " (" + stop.Scope + ")"
	}
	return fmt.Errorf("%w; in force are %s: iagent resume --id ID ends one", errNotStopped, strings.Join(others, ", "))
}

// Help goes below the flags of --help.
func (resume) Help() string { return "Exits with 1 when no such stop is in force." }

func (c resume) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		stops, err := s.StopsInForce(ctx)
		if err != nil {
			return err
		}
		ended := []stopAs{}
		for _, stop := range stops {
			if c.ID != "" && stop.ID != c.ID || c.ID == "" && stop.Scope != cmp.Or(c.Campaign, interview.ScopeAll) {
				continue
			}
			if stop, err = s.Resume(ctx, stop.ID, cliActor(), c.Reason); err != nil {
				return err
			}
			ended = append(ended, showStop(stop))
		}
		if len(ended) == 0 {
			return notStopped(stops)
		}
		return c.print(ended, func(w io.Writer) {
			for _, stop := range ended {
				fmt.Fprintf(w, "stop %s (%s) is ended\n", stop.ID, stop.Scope)
			}
			if left := len(stops) - len(ended); left > 0 {
				fmt.Fprintf(w, "%d other stops are in force\n", left)
			}
		})
	})
}
