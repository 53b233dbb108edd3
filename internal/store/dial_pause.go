package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// OverdueDialingPaused is the OverdueItem.What of an account that cannot dial.
const OverdueDialingPaused = "dialing-paused"

// DialingPause is an account for which Twilio refuses to place any call: its calls wait until Twilio does again.
type DialingPause struct {
	Account string
	Since   time.Time
	// HTTPStatus and Code are those of Twilio's last refusal.
	HTTPStatus, Code int
	// Probes counts the attempts to go on that Twilio refused.
	Probes int
	// NextProbeAt is when Twilio is asked again.
	NextProbeAt time.Time
}

// ProbeResult says what came of asking Twilio whether an account can be used again.
type ProbeResult int

// The results of a probe.
const (
	// ProbeRefused: Twilio refuses the account still.
	ProbeRefused ProbeResult = iota
	// ProbeFailed: nothing is known.
	ProbeFailed
	// ProbeAnswered: Twilio answered. That ends a pause in which it had refused to answer; in another, one call is let
	// through.
	ProbeAnswered
)

const (
	firstProbe = 10 * time.Second
	maxProbe   = 15 * time.Minute
	// probeLease is how long a probe may take before another process probes.
	probeLease = time.Minute
	// forgottenAfter is when a pause is forgotten that nobody probes, since no process has the account any more.
	forgottenAfter = 24 * time.Hour
)

// mayUseAccount lets the run dial unless dialling is paused for the account. In a pause in which a trial is due, the first
// run that asks makes it.
func (tx *Tx) mayUseAccount(ctx context.Context, run interview.Run) (bool, error) {
	account := tx.store.options.DialAccount
	var since time.Time
	var code, trial int
	err := tx.QueryRow(ctx, `SELECT since, error_code, trial FROM dialing_pauses WHERE account_sid = $1`+tx.store.dialect.lock, account).
		Scan(&since, &code, &trial)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("pause of account %s: %w", account, err)
	}
	if trial != 0 {
		_, err := tx.Exec(ctx, `UPDATE dialing_pauses SET trial = 0, trial_run = $2 WHERE account_sid = $1`, account, run.ID)
		return err == nil, err
	}
	return false, jobs.Wait(tx.Now.Add(pausedFor(tx.Now.Sub(since))), pausedBecause(account, code))
}

func pausedBecause(account string, code int) string {
	return fmt.Sprintf("dialling is paused: Twilio refuses account %s (error %d)", account, code)
}

// pausedFor is how long a call waits before it looks again: the longer the pause, the longer.
func pausedFor(age time.Duration) time.Duration { return min(max(age/4, firstProbe), 5*time.Minute) }

// DialPaused withdraws the intent of a dial that Twilio refused for the whole account, and pauses dialling for it. The call
// stays QUEUED and the run open, until the time that is returned.
func (s *Store) DialPaused(ctx context.Context, run interview.Run, callID string, httpStatus, code int) (until time.Time, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		var since time.Time
		if err := tx.withdraw(ctx, run, callID, fmt.Sprintf("the account cannot dial: error %d", code)); err != nil {
			return err
		}
		if is, err := tx.isSimulated(ctx, callID); err != nil || is {
			until = tx.Now.Add(firstProbe)
			return err
		}
		account := tx.store.options.DialAccount
		// Calls that were under way when the pause began are refused, too: only its own probes and trials prolong it.
		err := tx.QueryRow(ctx, `INSERT INTO dialing_pauses (account_sid, since, http_status, error_code, probes, probe_refused,
			next_probe_at, trial, trial_run) VALUES ($1, $2, $3, $4, 0, 0, $5, 0, '')
			ON CONFLICT (account_sid) DO UPDATE SET http_status = excluded.http_status, error_code = excluded.error_code
			RETURNING since`, account, tx.Now, httpStatus, code, tx.Now.Add(firstProbe)).Scan(&since)
		if err != nil {
			return fmt.Errorf("pausing account %s: %w", account, err)
		}
		if err := tx.prolong(ctx, `trial_run = $2`, run.ID); err != nil {
			return err
		}
		until = tx.Now.Add(pausedFor(tx.Now.Sub(since)))
		return nil
	})
	if err != nil {
		return until, fmt.Errorf("pausing the dial of call %s: %w", callID, err)
	}
	return until, nil
}

// prolong counts a refusal and sets the time of the next probe.
func (tx *Tx) prolong(ctx context.Context, where string, arg any) error {
	var account string
	var probes int
	err := tx.QueryRow(ctx, `UPDATE dialing_pauses SET probes = probes + 1, trial = 0, trial_run = '', next_probe_at = $1
		WHERE `+where+` RETURNING account_sid, probes`, tx.Now.Add(maxProbe), arg).Scan(&account, &probes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE dialing_pauses SET next_probe_at = $2 WHERE account_sid = $1`,
			account, tx.Now.Add(min(firstProbe<<min(probes, 10), maxProbe)))
	}
	if err != nil {
		return fmt.Errorf("prolonging the pause of an account: %w", err)
	}
	return nil
}

// trialEnds says what came of the call that was let through in a pause, if the run's was the one: Twilio placed it, which
// ends the pause, or it says nothing about the account, and the next call is let through.
func (tx *Tx) trialEnds(ctx context.Context, run interview.Run, placed bool) error {
	statement := `UPDATE dialing_pauses SET trial = 1, trial_run = '' WHERE trial_run = $1`
	if placed {
		statement = `DELETE FROM dialing_pauses WHERE trial_run = $1`
	}
	if _, err := tx.Exec(ctx, statement, run.ID); err != nil {
		return fmt.Errorf("ending the trial of an account: %w", err)
	}
	return nil
}

// DialingPauses lists the accounts that cannot dial. Pauses that nobody probes any more are forgotten.
func (s *Store) DialingPauses(ctx context.Context) ([]DialingPause, error) {
	list, err := dialingPauses(ctx, s.read())
	if err != nil {
		return nil, err
	}
	kept := list[:0]
	for _, p := range list {
		if s.now().Sub(p.NextProbeAt) < forgottenAfter {
			kept = append(kept, p)
			continue
		}
		err := s.write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM dialing_pauses WHERE account_sid = $1 AND next_probe_at = $2`, p.Account, p.NextProbeAt)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("forgetting the pause of account %s: %w", p.Account, err)
		}
	}
	return kept, nil
}

func dialingPauses(ctx context.Context, q querier) ([]DialingPause, error) {
	var list []DialingPause
	err := collect(ctx, q, func(r row) error {
		var p DialingPause
		err := r.Scan(&p.Account, &p.Since, &p.HTTPStatus, &p.Code, &p.Probes, &p.NextProbeAt)
		list = append(list, p)
		return err
	}, `SELECT account_sid, since, http_status, error_code, probes, next_probe_at FROM dialing_pauses ORDER BY account_sid`)
	if err != nil {
		return nil, fmt.Errorf("reading paused accounts: %w", err)
	}
	return list, nil
}

// ProbeSoon makes the probe of a paused account due: the configuration may be another one now.
func (s *Store) ProbeSoon(ctx context.Context, account string) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE dialing_pauses SET next_probe_at = $2, probes = 0 WHERE account_sid = $1`, account, tx.Now)
		return err
	})
}

// ClaimProbe takes the probe of a paused account if it is due, so that one process makes it.
func (s *Store) ClaimProbe(ctx context.Context, account string) (claimed bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		n, err := tx.Exec(ctx, `UPDATE dialing_pauses SET next_probe_at = $2 WHERE account_sid = $1 AND next_probe_at <= $3 AND trial = 0`,
			account, tx.Now.Add(probeLease), tx.Now)
		claimed = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claiming the probe of account %s: %w", account, err)
	}
	return claimed, nil
}

// Probed keeps what came of a probe.
func (s *Store) Probed(ctx context.Context, account string, result ProbeResult) error {
	err := s.write(ctx, func(tx *Tx) error {
		switch result {
		case ProbeRefused:
			if _, err := tx.Exec(ctx, `UPDATE dialing_pauses SET probe_refused = 1 WHERE account_sid = $1`, account); err != nil {
				return err
			}
			return tx.prolong(ctx, `account_sid = $2`, account)
		case ProbeFailed:
			_, err := tx.Exec(ctx, `UPDATE dialing_pauses SET next_probe_at = $2 WHERE account_sid = $1`, account, tx.Now.Add(3*firstProbe))
			return err
		case ProbeAnswered:
		}
		// Where nobody waits, the next call is the trial.
		_, err := tx.Exec(ctx, `DELETE FROM dialing_pauses WHERE account_sid = $1 AND (probe_refused = 1
			OR NOT EXISTS (SELECT 1 FROM calls WHERE ended_as = '' AND status = 'QUEUED'))`, account)
		if err == nil {
			_, err = tx.Exec(ctx, `UPDATE dialing_pauses SET trial = 1, trial_run = '', next_probe_at = $2 WHERE account_sid = $1`,
				account, tx.Now.Add(probeLease))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping the probe of account %s: %w", account, err)
	}
	return nil
}
