package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrSimulated says that calls and campaign do not go together: one is simulated and the other is not.
var ErrSimulated = errors.New("a simulated campaign has simulated calls only, and another has none")

// aboutSimulated is that a run is about a simulated call or a hypothesis of a simulated campaign.
const aboutSimulated = `function_runs.subject IN (SELECT id FROM calls WHERE simulated UNION ALL
	SELECT hypotheses.id FROM hypotheses JOIN campaigns ON campaigns.id = hypotheses.campaign_id WHERE campaigns.simulated)`

// StartSimulation queues a call of the newest simulated campaign that is active, or of a new one like c. It calls the number after
// that of the campaign's newest call, in the order of the numbers, or the next that has no live call: a verdict needs several people.
//
// Errors: *RefusedNumbersError when each has one.
func (s *Store) StartSimulation(ctx context.Context, c interview.Campaign, numbers []string) (interview.Call, error) {
	c.Simulated, c.Status, c.CallingHours = true, interview.CampaignActive, interview.AllHours()
	if len(c.Identity.Missing()) > 0 {
		c.Identity = interview.Identity{Organisation: "Simulated Research", CallbackNumber: "+15005550006", Purpose: "a simulation"}
	}
	var id string
	err := s.read().QueryRow(ctx, `SELECT id FROM campaigns WHERE simulated AND status = 'ACTIVE' ORDER BY id DESC LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		c, err = s.CreateCampaign(ctx, c)
		id = c.ID
	}
	if err != nil {
		return interview.Call{}, fmt.Errorf("finding the simulated campaign: %w", err)
	}
	if numbers, err = s.afterNewest(ctx, id, numbers); err != nil {
		return interview.Call{}, err
	}
	var call interview.Call
	var refused *RefusedNumbersError
	for _, number := range numbers {
		_, err = s.CreateCalls(ctx, NewCalls{
			CampaignID: id, PhoneNumbers: []string{number}, AllowRepeat: true, Simulated: true,
			Answer: func(calls []interview.Call) (Answer, error) {
				call = calls[0]
				return Answer{Body: []byte{}}, nil
			},
		})
		if !errors.As(err, &refused) {
			break
		}
	}
	return call, err
}

// afterNewest has the numbers in their order, beginning after that of a campaign's newest call, and from the first on again.
func (s *Store) afterNewest(ctx context.Context, campaignID string, numbers []string) ([]string, error) {
	var last string
	err := s.read().QueryRow(ctx, `SELECT phone_number FROM calls WHERE campaign_id = $1 AND phone_number <> '' ORDER BY id DESC LIMIT 1`, campaignID).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("finding the number of the newest call: %w", err)
	}
	next := slices.Index(numbers, last) + 1
	return slices.Concat(numbers[next:], numbers[:next]), nil
}

// requireSimulated makes sure that the campaign is simulated, or is not. What there is not is for others to say.
func (tx *Tx) requireSimulated(ctx context.Context, campaignID string, simulated bool) error {
	var is bool
	err := tx.QueryRow(ctx, `SELECT simulated FROM campaigns WHERE id = $1`, campaignID).Scan(&is)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("loading the campaign: %w", err)
	case is != simulated:
		return ErrSimulated
	}
	return nil
}

// isSimulated reports whether a call is.
func (tx *Tx) isSimulated(ctx context.Context, callID string) (is bool, err error) {
	if err = tx.QueryRow(ctx, `SELECT simulated FROM calls WHERE id = $1`, callID).Scan(&is); errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return is, err
}

// Simulation says whether a run is about something simulated.
type Simulation struct {
	Simulated bool
	// Account is that of the simulator that plays the call, "" while none does, and for what is about no call.
	Account string
	// CreatedAt is when the call was created.
	CreatedAt time.Time
}

// SimulationOf looks whether a run is about something simulated: a call, or a hypothesis.
func (s *Store) SimulationOf(ctx context.Context, run interview.Run) (Simulation, error) {
	var args struct{ CallID, HypothesisID string }
	if err := run.Decode(&args); err != nil {
		return Simulation{}, err
	}
	var found Simulation
	statement, id := `SELECT simulated, account_sid, created_at FROM calls WHERE id = $1`, args.CallID
	if id == "" {
		id = args.HypothesisID
		statement = `SELECT campaigns.simulated, '', campaigns.created_at FROM hypotheses
			JOIN campaigns ON campaigns.id = hypotheses.campaign_id WHERE hypotheses.id = $1`
	}
	err := s.read().QueryRow(ctx, statement, id).Scan(&found.Simulated, &found.Account, &found.CreatedAt)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return found, fmt.Errorf("looking whether run %s is simulated: %w", run.ID, err)
	}
	return found, nil
}

// noteSimulatorGone is what the history of a simulated call says when its simulator ended before the call.
const noteSimulatorGone = "simulator.gone"

// EndLostSimulations fails the simulated calls that were created before a time and are not over: the process whose simulator
// played them has ended. It returns how many there were.
func (s *Store) EndLostSimulations(ctx context.Context, before time.Time) (ended int, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		ended = 0
		var ids []string
		err := collect(ctx, tx, func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM calls WHERE simulated AND ended_as = '' AND created_at < $1 ORDER BY id LIMIT 100`, before.UTC())
		if err != nil {
			return err
		}
		for _, id := range ids {
			call, err := tx.lockCall(ctx, id)
			if err != nil {
				return err
			}
			if call.Status.Terminal() {
				continue
			}
			call.Status, call.CompletedAt = interview.CallFailed, &tx.Now
			if err := tx.saveCall(ctx, call); err != nil {
				return err
			}
			if err := tx.note(ctx, id, noteSimulatorGone, "the simulator ended before the call"); err != nil {
				return err
			}
			ended++
		}
		if ended == 0 {
			return nil
		}
		return tx.endDialRuns(ctx, ids)
	})
	if err != nil {
		return 0, fmt.Errorf("ending simulated calls: %w", err)
	}
	return ended, nil
}
