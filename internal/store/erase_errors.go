package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// KeepWords keeps what a service said when an attempt at a run failed, in place of what it said before. It is kept with the
// run's call, so that an erasure finds it: nothing is kept of a call that was erased or lost its consent, or for a run that
// is about no single call.
func (s *Store) KeepWords(ctx context.Context, run interview.Run, words string) error {
	var about struct {
		CallID string `json:"callId"`
	}
	if err := run.Decode(&about); err != nil || about.CallID == "" {
		return nil // the arguments are what is wrong with the run, or name no call
	}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, err := tx.lockCall(ctx, about.CallID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil || call.ErasedAt != nil || call.Consent == interview.ConsentRefused {
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO run_errors (run_id, call_id, words, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (run_id) DO UPDATE SET words = excluded.words, at = excluded.at`,
			run.ID, call.ID, storable(truncated(words, 4000)), tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping the error of run %s: %w", run.ID, err)
	}
	return nil
}

// eraseErrors erases what services said when runs about a call, or about a hypothesis that it was evidence for, failed. This
// transaction holds its row. Earlier versions kept that in last_error and in River, too.
//
// A run, or a job, that somebody else holds at this moment is left out: whoever ends a run holds its row while it waits for
// the call's. What it writes is in our words.
func (tx *Tx) eraseErrors(ctx context.Context, subject string) error {
	skip := tx.store.dialect.skipLocked
	for _, statement := range []string{
		`DELETE FROM run_errors WHERE call_id = $1`,
		`UPDATE function_runs SET last_error = '' WHERE id IN
			(SELECT id FROM function_runs WHERE subject = $1 AND last_error <> ''` + skip + `)`,
		`UPDATE river_job SET errors = NULL WHERE id IN (SELECT id FROM river_job WHERE errors IS NOT NULL AND args ->> 'runId' IN
			(SELECT id FROM function_runs WHERE subject = $1)` + skip + `)`,
	} {
		if _, err := tx.Exec(ctx, statement, subject); err != nil {
			return fmt.Errorf("erasing errors: %w", err)
		}
	}
	return nil
}

// eraseHistory takes the words of others and the number out of a call's history.
func (tx *Tx) eraseHistory(ctx context.Context, call interview.Call) error {
	clean := map[string]string{}
	err := collect(ctx, tx, func(r row) error {
		var id, what, detail string
		err := r.Scan(&id, &what, &detail)
		if without := withoutWords(what, detail, call.PhoneNumber); without != detail {
			clean[id] = without
		}
		return err
	}, `SELECT id, what, detail FROM call_history WHERE call_id = $1`, call.ID)
	if err != nil {
		return fmt.Errorf("reading the history: %w", err)
	}
	for id, detail := range clean {
		if _, err := tx.Exec(ctx, `UPDATE call_history SET detail = $2 WHERE id = $1`, id, detail); err != nil {
			return fmt.Errorf("erasing in the history: %w", err)
		}
	}
	return nil
}

// leadingCode is the code before Twilio's words.
var leadingCode = regexp.MustCompile(`^[0-9]{1,6}\b`)

// errorOfRetried is the error of a run that was retried.
var errorOfRetried = regexp.MustCompile(`(?s)( for good after [0-9]+ attempts?): .*; retried`)

// withoutWords is the detail of a note without the words of others: earlier versions kept those of Twilio.
func withoutWords(what, detail, phoneNumber string) string {
	switch what {
	case noteAccepted: // a CallSid
		return detail
	case noteRefused:
		return leadingCode.FindString(detail)
	case NoteRetried:
		detail = errorOfRetried.ReplaceAllString(detail, "$1; retried")
	case noteUnknown, noteEnded:
		if detail != dialedElsewhere {
			return ""
		}
	}
	return withoutNumber(detail, phoneNumber)
}

// withoutNumber replaces a phone number in a text however it is written: with or without its country code, and with signs
// between its digits.
func withoutNumber(text, phoneNumber string) string {
	const (
		least = 7 // a number within its area
		signs = `[^0-9\pL]{0,3}`
	)
	digits := strings.TrimPrefix(phoneNumber, "+")
	if len(digits) < least {
		return text
	}
	last := strings.Join(strings.Split(digits[len(digits)-least:], ""), signs)
	spelled, err := regexp.Compile(`(?:[+(]*[0-9]` + signs + `){0,12}` + last)
	if err != nil {
		return "" // the number is none
	}
	return spelled.ReplaceAllString(text, erasedNumber)
}
